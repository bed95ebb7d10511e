/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include "hex.h"
#include "initdata_file.h"

#include <stdlib.h>
#include <string.h>

#define HEX_BYTES_MAX 64

int judge_evidence(const struct judge *j, struct table *t, struct judge_result *result, struct err *err)
{
    *result = (struct judge_result){0};
    return j->evidence->kind == EVIDENCE_SNP ? judge_snp(j, t, result, err) : judge_tdx(j, t, result, err);
}

void judge_list_free(struct judge_list *list)
{
    free(list->entries);
    *list = (struct judge_list){0};
}

static int make_list(size_t count, size_t size, const char *from, struct judge_list *out, struct err *err)
{
    uint8_t *entries = calloc(count > 0 ? count : 1, size);

    if (entries == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    judge_list_free(out);
    *out = (struct judge_list){.entries = entries, .count = count, .from = from};
    return 0;
}

int judge_hex_list(const struct opt_files *texts, const char *option, size_t size, struct judge_list *out,
                   struct err *err)
{
    if (make_list(texts->count, size, "the options", out, err) < 0)
        return -1;
    for (size_t i = 0; i < texts->count; i++) {
        if (hex_decode(span_str(texts->paths[i]), out->entries + i * size, size, err) < 0)
            return err_prefix(err, "--%s", option);
    }
    return 0;
}

int judge_published(const struct measurements_snp *snp, struct judge_list *out, struct err *err)
{
    const size_t each = sizeof snp->cpus[0].digests;

    if (make_list(snp->cpu_count, each, "the measurements", out, err) < 0)
        return -1;
    for (size_t i = 0; snp->present && i < snp->cpu_count; i++)
        memcpy(out->entries + i * each, snp->cpus[i].digests, each);
    out->count = snp->present ? snp->cpu_count * MEASUREMENTS_VCPUS : 0;
    return 0;
}

int judge_published_tdx(const struct measurements_tdx *tdx, unsigned which, struct judge_list *out,
                        struct err *err)
{
    static const uint8_t zero[SHA384_SIZE];
    const uint8_t *const values[] = {tdx->mrtd_single_pass, tdx->rtmr1, tdx->rtmr2, zero};

    if (make_list(2, SHA384_SIZE, "the measurements", out, err) < 0)
        return -1;
    memcpy(out->entries, values[which], SHA384_SIZE);
    memcpy(out->entries + SHA384_SIZE, tdx->mrtd_two_pass, SHA384_SIZE);
    out->count = !tdx->present ? 0 : which == 0 ? 2 : 1;
    return 0;
}

bool judge_name_digest(const struct measurements_snp *snp, const uint8_t *digest, struct table_row *row)
{
    for (size_t i = 0; snp->present && i < snp->cpu_count; i++) {
        for (size_t n = 0; n < MEASUREMENTS_VCPUS; n++) {
            if (memcmp(snp->cpus[i].digests[n], digest, SHA384_SIZE) != 0)
                continue;
            table_found(row, "published for %s, %zu vCPU%s", snp->cpus[i].model, n + 1, n == 0 ? "" : "s");
            return true;
        }
    }
    return false;
}

int judge_missing(const char *what, const char *ways, struct err *err)
{
    return err_set(err, ERR_MISSING, 0, "nothing says which %s to expect: give %s", what, ways);
}

int judge_host_data(const struct judge *j, struct table *t, struct judge_list *out, struct err *err)
{
    const struct inputs *in = j->in;

    if (j->args->host_data.count > 0)
        return judge_hex_list(&j->args->host_data, "host-data", SHA256_SIZE, out, err);
    if (j->args->initdata != NULL) {
        if (make_list(1, SHA256_SIZE, j->args->initdata, out, err) < 0)
            return -1;
        return initdata_file_digest(j->args->initdata, false, out->entries, err);
    }
    if (inputs_any(in, INPUTS_ANY_HOST_DATA, t)) {
        *out = (struct judge_list){.any = true};
        return 0;
    }
    if (in->has_manifest) {
        if (make_list(in->manifest.policy_count, SHA256_SIZE, "the manifest's policies", out, err) < 0)
            return -1;
        for (size_t i = 0; i < out->count; i++)
            memcpy(out->entries + i * SHA256_SIZE, in->manifest.policies[i].host_data, SHA256_SIZE);
        return 0;
    }
    if (in->has_measurements && in->measurements.host_data_count > 0) {
        if (make_list(in->measurements.host_data_count, SHA256_SIZE, "the measurements", out, err) < 0)
            return -1;
        for (size_t i = 0; i < out->count; i++)
            memcpy(out->entries + i * SHA256_SIZE, in->measurements.host_data[i].sha256, SHA256_SIZE);
        return 0;
    }
    return judge_missing("host data",
                         j->evidence == NULL ? "--manifest or --any host-data"
                                             : "--host-data, --initdata, --manifest or --any host-data",
                         err);
}

static void name_policy(const struct manifest_policy *p, struct table_row *row)
{
    const struct span name = p->san_count > 0 ? p->sans[0].text : span_str("no name");

    table_found(row, "%.*s%s%.*s", (int) name.len, (const char *) name.data,
                p->secret_id.len > 0 ? ", workload secret id " : "", (int) p->secret_id.len,
                p->secret_id.len > 0 ? (const char *) p->secret_id.data : "");
}

void judge_policy(const struct judge *j, struct span host_data, struct table *t, struct judge_result *result)
{
    const struct manifest_policy *p = NULL;

    if (!j->in->has_manifest)
        return;
    if (host_data.len == SHA256_SIZE)
        p = manifest_find(&j->in->manifest, host_data.data);
    const bool good = p != NULL && (!j->coordinator || p->role == MANIFEST_ROLE_COORDINATOR);
    struct table_row *row =
        table_add(t, good || j->in->any & INPUTS_ANY_HOST_DATA ? TABLE_PASSED : TABLE_REFUSED,
                  j->coordinator ? "coordinator: policy" : "policy");
    table_expected(row, j->coordinator ? "the manifest's Coordinator" : "an entry of the manifest");
    if (p == NULL)
        table_found(row, "none");
    else if (!good)
        table_found(row, "an entry without the Coordinator's role");
    else
        name_policy(p, row);
    result->policy = p;
}

void judge_expected_list(struct table_row *row, const struct judge_list *list, size_t size)
{
    char hex[2 * HEX_BYTES_MAX + 1];
    struct err ignored;

    if (row == NULL)
        return;
    if (list->any)
        table_expected(row, "any");
    else if (list->count != 1)
        table_expected(row, "one of %zu of %s", list->count, list->from ? list->from : "none");
    else if (hex_encode(span_of(list->entries, size), hex, sizeof hex, &ignored) == 0)
        table_expected(row, "%s", hex);
}

void judge_found_hex(struct table_row *row, struct span value)
{
    char hex[2 * HEX_BYTES_MAX + 1];
    struct err ignored;

    if (row != NULL && hex_encode(value, hex, sizeof hex, &ignored) == 0)
        table_found(row, "%s", hex);
}
