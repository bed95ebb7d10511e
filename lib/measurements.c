/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measurements.h"

#include "json_write.h"
#include "measurements_read.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *measurements_role_name(enum measurements_role role)
{
    switch (role) {
    case MEASUREMENTS_FIRMWARE:
        return "firmware";
    case MEASUREMENTS_INITRD:
        return "initrd";
    case MEASUREMENTS_KERNEL:
        return "kernel";
    case MEASUREMENTS_TDX_FIRMWARE:
        return "tdx_firmware";
    case MEASUREMENTS_ROLES:
        break;
    }
    return "none";
}

bool measurements_has(const struct measurements *m, enum measurements_role role)
{
    return m->files[role].name[0] != '\0';
}

bool measurements_name_ok(const char *name)
{
    static const char known[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    const size_t len = strspn(name, known);

    return len > 0 && len <= MEASUREMENTS_NAME_MAX && name[len] == '\0' && name[0] != '.';
}

void measurements_mrconfigid(const uint8_t sha256[SHA256_SIZE], uint8_t out[MEASUREMENTS_MRCONFIGID_SIZE])
{
    memset(out, 0, MEASUREMENTS_MRCONFIGID_SIZE);
    memcpy(out, sha256, SHA256_SIZE);
}

static void put_file(struct json_write *j, const char *key, const struct measurements_file *f)
{
    json_write_object(j, key);
    json_write_str(j, "name", f->name);
    json_write_hex(j, "sha256", span_of(f->sha256, SHA256_SIZE));
    json_write_hex(j, "sha384", span_of(f->sha384, SHA384_SIZE));
    json_write_u64(j, "size", f->size);
    json_write_close(j);
}

/* "0x21": how such numbers stand in tools and manuals */
static void put_number(struct json_write *j, const char *key, uint64_t value)
{
    char text[24];

    (void) snprintf(text, sizeof text, "0x%llx", (unsigned long long) value);
    json_write_str(j, key, text);
}

struct vcpus_key {
    char text[12];
    unsigned count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct vcpus_key *) a)->text, ((const struct vcpus_key *) b)->text);
}

/* Keys stand in the order of their bytes: 1, 10, 100, 101, ... */
static void put_digests(struct json_write *j, const struct measurements_cpu *cpu)
{
    struct vcpus_key keys[MEASUREMENTS_VCPUS];

    for (unsigned i = 0; i < MEASUREMENTS_VCPUS; i++) {
        keys[i].count = i + 1;
        (void) snprintf(keys[i].text, sizeof keys[i].text, "%u", i + 1);
    }
    qsort(keys, MEASUREMENTS_VCPUS, sizeof keys[0], by_text);
    json_write_object(j, "launch_digests");
    for (unsigned i = 0; i < MEASUREMENTS_VCPUS; i++)
        json_write_hex(j, keys[i].text, span_of(cpu->digests[keys[i].count - 1], SHA384_SIZE));
    json_write_close(j);
}

static void put_snp(struct json_write *j, const struct measurements_snp *snp)
{
    json_write_object(j, "snp");
    json_write_array(j, "cpus");
    for (size_t i = 0; i < snp->cpu_count; i++) {
        json_write_object(j, NULL);
        put_digests(j, &snp->cpus[i]);
        put_number(j, "vcpu_sig", snp->cpus[i].sig);
        json_write_str(j, "vcpu_type", snp->cpus[i].model);
        json_write_close(j);
    }
    json_write_close(j);
    json_write_hex(j, "firmware_digest", span_of(snp->firmware_digest, SHA384_SIZE));
    put_number(j, "guest_features", snp->features);
    json_write_close(j);
}

static void put_tdx(struct json_write *j, const struct measurements_tdx *tdx)
{
    json_write_object(j, "tdx");
    json_write_hex(j, "mrtd_single_pass", span_of(tdx->mrtd_single_pass, SHA384_SIZE));
    json_write_hex(j, "mrtd_two_pass", span_of(tdx->mrtd_two_pass, SHA384_SIZE));
    json_write_hex(j, "rtmr1", span_of(tdx->rtmr1, SHA384_SIZE));
    json_write_hex(j, "rtmr2", span_of(tdx->rtmr2, SHA384_SIZE));
    json_write_close(j);
}

static void put_image(struct json_write *j, const struct measurements *m)
{
    json_write_object(j, m->debug ? "dev" : "image");
    json_write_str(j, "cmdline", m->cmdline);
    if (m->debug)
        json_write_bool(j, "debug", true);
    json_write_object(j, "files");
    for (int role = 0; role < MEASUREMENTS_ROLES; role++)
        if (measurements_has(m, (enum measurements_role) role))
            put_file(j, measurements_role_name((enum measurements_role) role), &m->files[role]);
    json_write_close(j);
    if (m->snp.present)
        put_snp(j, &m->snp);
    if (m->tdx.present)
        put_tdx(j, &m->tdx);
    json_write_close(j);
}

static void put_host_data(struct json_write *j, const struct measurements *m)
{
    uint8_t mrconfigid[MEASUREMENTS_MRCONFIGID_SIZE];

    json_write_array(j, "host_data");
    for (size_t i = 0; i < m->host_data_count; i++) {
        const struct measurements_host_data *h = &m->host_data[i];

        measurements_mrconfigid(h->sha256, mrconfigid);
        json_write_object(j, NULL);
        json_write_str(j, "name", h->name);
        json_write_hex(j, "snp_host_data", span_of(h->sha256, SHA256_SIZE));
        json_write_hex(j, "tdx_mrconfigid", span_of(mrconfigid, sizeof mrconfigid));
        json_write_close(j);
    }
    json_write_close(j);
}

static void put_verity(struct json_write *j, const struct verity_geometry *v)
{
    json_write_object(j, "verity");
    json_write_u64(j, "data_block_size", v->data_block_size);
    json_write_u64(j, "data_blocks", v->data_blocks);
    json_write_str(j, "hash", "sha256");
    json_write_u64(j, "hash_block_size", v->hash_block_size);
    json_write_u64(j, "hash_start_block", v->hash_start_block);
    json_write_hex(j, "root_hash", span_of(v->root_hash, VERITY_HASH_SIZE));
    json_write_hex(j, "salt", span_of(v->salt, v->salt_len));
    json_write_close(j);
}

static void put_workloads(struct json_write *j, const struct measurements *m)
{
    json_write_array(j, "workloads");
    for (size_t i = 0; i < m->workload_count; i++) {
        json_write_object(j, NULL);
        put_file(j, "file", &m->workloads[i].file);
        put_verity(j, &m->workloads[i].verity);
        json_write_close(j);
    }
    json_write_close(j);
}

static int check_name(const char *what, const char *name, const char *before, struct err *err)
{
    if (!measurements_name_ok(name))
        return err_set(err, ERR_FORMAT, 0,
                       "%s: a name of 1 to %d letters, digits and . _ + - is needed, no path", what,
                       MEASUREMENTS_NAME_MAX);
    if (before && strcmp(before, name) >= 0)
        return err_set(err, ERR_FORMAT, 0, "%s: \"%s\" does not rise above \"%s\"", what, name, before);
    return 0;
}

static int check_lists(const struct measurements *m, struct err *err)
{
    for (size_t i = 0; i < m->snp.cpu_count; i++)
        if (check_name("vcpu_type", m->snp.cpus[i].model, i ? m->snp.cpus[i - 1].model : NULL, err) < 0)
            return -1;
    for (size_t i = 0; i < m->workload_count; i++)
        if (check_name("workloads", m->workloads[i].file.name, i ? m->workloads[i - 1].file.name : NULL,
                       err) < 0 ||
            verity_check(&m->workloads[i].verity, err) < 0)
            return -1;
    for (size_t i = 0; i < m->host_data_count; i++)
        if (check_name("host_data", m->host_data[i].name, i ? m->host_data[i - 1].name : NULL, err) < 0)
            return -1;
    return 0;
}

/* What the format says about the values, whether they are written or were read. */
static int check(const struct measurements *m, struct err *err)
{
    for (int i = 0; i < MEASUREMENTS_ROLES; i++) {
        const enum measurements_role role = (enum measurements_role) i;

        if (role == MEASUREMENTS_TDX_FIRMWARE && !measurements_has(m, role))
            continue;
        if (check_name(measurements_role_name(role), m->files[i].name, NULL, err) < 0)
            return -1;
    }
    if (!m->snp.present && !m->tdx.present)
        return err_set(err, ERR_MISSING, 0, "neither \"snp\" nor \"tdx\": no machine could be checked");
    if (m->snp.present != (m->snp.cpu_count > 0))
        return err_set(err, ERR_MISSING, 0, "snp: no CPU model");
    if (measurements_has(m, MEASUREMENTS_TDX_FIRMWARE) && !m->tdx.present)
        return err_set(err, ERR_FORMAT, 0, "tdx_firmware: there is no \"tdx\"");
    return check_lists(m, err);
}

int measurements_write(const struct measurements *m, struct writer *w, struct err *err)
{
    struct json_write j = json_write_to(w);

    if (check(m, err) < 0)
        return -1;
    json_write_object(&j, NULL);
    if (m->debug)
        put_image(&j, m);
    put_host_data(&j, m);
    if (!m->debug)
        put_image(&j, m);
    json_write_u64(&j, "version", MEASUREMENTS_VERSION);
    put_workloads(&j, m);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "measurements do not fit %zu bytes", w->cap);
    return 0;
}

/* The text must be the one that these values are written as. */
static int check_canonical(struct span text, const char *name, const struct measurements *m, struct err *err)
{
    AUTO_FREE uint8_t *buf = malloc(MEASUREMENTS_TEXT_MAX);
    struct writer w = writer_of(buf, MEASUREMENTS_TEXT_MAX);
    size_t same = 0;
    size_t line = 1;

    if (!buf)
        return err_set(err, ERR_LIMIT, 0, "%s: no memory", name);
    if (measurements_write(m, &w, err) < 0)
        return err_prefix(err, "%s", name);
    if (span_eq(text, writer_span(&w)))
        return 0;
    for (; same < text.len && same < w.len && text.data[same] == buf[same]; same++)
        line += text.data[same] == '\n';
    return err_set(err, ERR_FORMAT, 0, "%s: line %zu: byte %zu is not as the canonical form has it", name,
                   line, same);
}

static int parse(struct span text, const char *name, struct measurements *m, struct err *err)
{
    AUTO_JSON_DOC doc = {0};
    struct json root;

    if (json_doc_parse(text, name, MEASUREMENTS_TEXT_MAX, &doc, err) < 0)
        return -1;
    root = json_root(&doc);
    if (measurements_read(&root, m, err) < 0)
        return -1;
    return check_canonical(text, name, m, err);
}

int measurements_parse(struct span text, const char *name, struct measurements *out, struct err *err)
{
    struct measurements *m = calloc(1, sizeof *m);
    int rc = m ? parse(text, name, m, err) : err_set(err, ERR_LIMIT, 0, "%s: no memory", name);

    if (rc == 0)
        memcpy(out, m, sizeof *out);
    free(m);
    return rc;
}
