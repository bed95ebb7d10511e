/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure footer: what a firmware file says about confidential VMs. */
#include "commands.h"
#include "files.h"
#include "json_write.h"
#include "opts.h"
#include "ovmf.h"
#include "ovmf_table.h"
#include "secret.h"
#include "tdvf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 65536

static const char help[] = "usage: nacre-measure footer [--json] FIRMWARE\n"
                           "\n"
                           "The table of GUIDed entries at the end of a firmware file, its metadata for "
                           "SEV-SNP and TDX, and whether it can\n"
                           "verify the kernel that QEMU is given.\n"
                           "\n"
                           "  --json   one JSON object instead of text\n"
                           "\n"
                           "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct firmware {
    size_t size;
    struct ovmf_table table;
    struct ovmf ovmf;
    struct tdvf tdvf;
};

static const char *sev_type(enum ovmf_section_type type)
{
    switch (type) {
    case OVMF_SEC_MEM:
        return "SNP_SEC_MEM";
    case OVMF_SECRETS:
        return "SECRETS";
    case OVMF_CPUID:
        return "CPUID";
    case OVMF_SVSM_CAA:
        return "SVSM_CAA";
    case OVMF_KERNEL_HASHES:
        return "KERNEL_HASHES";
    }
    return "?";
}

static const char *tdx_type(enum tdvf_type type)
{
    switch (type) {
    case TDVF_BFV:
        return "BFV";
    case TDVF_CFV:
        return "CFV";
    case TDVF_HOB:
        return "TD_HOB";
    case TDVF_TEMP:
        return "TEMP_MEM";
    case TDVF_PERM:
        return "PERM_MEM";
    case TDVF_PAYLOAD:
        return "PAYLOAD";
    case TDVF_PAYLOAD_PARAMETERS:
        return "PAYLOAD_PARAM";
    }
    return "?";
}

/* Why a kernel would not be verified; NULL: it is. */
static const char *kernel_verdict(const struct ovmf *o)
{
    if (o->section_count == 0)
        return "no SEV metadata: it cannot start under SEV-SNP; build edk2's OvmfPkg/AmdSev/AmdSevX64.dsc";
    if (!o->has_kernel_hashes)
        return "no KERNEL_HASHES section: a kernel given to QEMU is not verified and the launch fails; build "
               "edk2's OvmfPkg/AmdSev/AmdSevX64.dsc, edk2-stable202402 or later";
    if (o->hash_table_gpa == 0)
        return "a KERNEL_HASHES section, but no place for the table of hashes (SEV_HASH_TABLE_RV)";
    return NULL;
}

/* --- text --- */

static void print_table(const struct firmware *f)
{
    char guid[OVMF_GUID_TEXT];

    (void) printf("%zu bytes, table of %zu entries\n", f->size, f->table.count);
    for (size_t i = 0; i < f->table.count; i++) {
        const struct ovmf_entry *e = &f->table.entries[i];
        const char *name = ovmf_guid_name(e->guid);

        ovmf_guid_text(e->guid, guid);
        (void) printf("  0x%zx  %s  %-24s ", e->offset, guid, name ? name : "(not known)");
        for (size_t k = 0; k < e->data.len && k < 16; k++)
            (void) printf("%02x", e->data.data[k]);
        (void) printf("%s\n", e->data.len > 16 ? "..." : "");
    }
}

static void print_sections(const struct firmware *f)
{
    if (f->ovmf.has_reset_eip)
        (void) printf("further vCPUs start at 0x%08x\n", f->ovmf.reset_eip);
    (void) printf("SEV metadata: %zu sections\n", f->ovmf.section_count);
    for (size_t i = 0; i < f->ovmf.section_count; i++) {
        const struct ovmf_section *s = &f->ovmf.sections[i];

        (void) printf("  0x%08x + 0x%-6x %s\n", s->gpa, s->size, sev_type(s->type));
    }
    (void) printf("TDX metadata: %zu sections\n", f->tdvf.count);
    for (size_t i = 0; i < f->tdvf.count; i++) {
        const struct tdvf_section *s = &f->tdvf.sections[i];

        (void) printf("  0x%08llx + 0x%-6llx %-13s file 0x%x + 0x%x%s%s\n", (unsigned long long) s->gpa,
                      (unsigned long long) s->size, tdx_type(s->type), s->offset, s->data_size,
                      s->extend ? ", measured" : "", s->augment ? ", added later" : "");
    }
}

static void print_text(const struct firmware *f)
{
    const char *why = kernel_verdict(&f->ovmf);

    print_table(f);
    print_sections(f);
    (void) printf("verifies the kernel: %s%s\n", why ? "no: " : "yes", why ? why : "");
}

/* --- JSON --- */

static void put_hex_number(struct json_write *j, const char *key, uint64_t v)
{
    char text[24];

    (void) snprintf(text, sizeof text, "0x%llx", (unsigned long long) v);
    json_write_str(j, key, text);
}

static void put_table(struct json_write *j, const struct firmware *f)
{
    char guid[OVMF_GUID_TEXT];

    json_write_array(j, "entries");
    for (size_t i = 0; i < f->table.count; i++) {
        const struct ovmf_entry *e = &f->table.entries[i];
        const char *name = ovmf_guid_name(e->guid);

        ovmf_guid_text(e->guid, guid);
        json_write_object(j, NULL);
        json_write_hex(j, "data", e->data);
        json_write_str(j, "guid", guid);
        if (name)
            json_write_str(j, "name", name);
        json_write_u64(j, "offset", e->offset);
        json_write_close(j);
    }
    json_write_close(j);
}

static void put_sev(struct json_write *j, const struct ovmf *o)
{
    json_write_array(j, "sev_sections");
    for (size_t i = 0; i < o->section_count; i++) {
        json_write_object(j, NULL);
        put_hex_number(j, "gpa", o->sections[i].gpa);
        put_hex_number(j, "size", o->sections[i].size);
        json_write_str(j, "type", sev_type(o->sections[i].type));
        json_write_close(j);
    }
    json_write_close(j);
}

static void put_tdx(struct json_write *j, const struct tdvf *t)
{
    json_write_array(j, "tdx_sections");
    for (size_t i = 0; i < t->count; i++) {
        const struct tdvf_section *s = &t->sections[i];

        json_write_object(j, NULL);
        json_write_bool(j, "augment", s->augment);
        put_hex_number(j, "data_offset", s->offset);
        put_hex_number(j, "data_size", s->data_size);
        json_write_bool(j, "extend", s->extend);
        put_hex_number(j, "gpa", s->gpa);
        put_hex_number(j, "size", s->size);
        json_write_str(j, "type", tdx_type(s->type));
        json_write_close(j);
    }
    json_write_close(j);
}

static int print_json(const struct firmware *f, struct err *err)
{
    AUTO_FREE uint8_t *text = malloc(TEXT_MAX);
    struct writer w = writer_of(text, TEXT_MAX);
    struct json_write j = json_write_to(&w);
    const char *why = kernel_verdict(&f->ovmf);

    if (!text)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    json_write_object(&j, NULL);
    put_table(&j, f);
    if (f->ovmf.has_reset_eip)
        put_hex_number(&j, "reset_eip", f->ovmf.reset_eip);
    put_sev(&j, &f->ovmf);
    json_write_u64(&j, "size", f->size);
    put_tdx(&j, &f->tdvf);
    json_write_bool(&j, "verifies_kernel", !why);
    if (why)
        json_write_str(&j, "why_not", why);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the table does not fit %d bytes", TEXT_MAX);
    (void) fwrite(text, 1, w.len, stdout); /* command_flush finds errors */
    return 0;
}

static int show(const char *path, bool json, struct err *err)
{
    AUTO_MAP map = {0};
    struct firmware f = {0};

    if (files_map_open(path, OVMF_SIZE_MAX, &map, err) < 0)
        return -1;
    f.size = map.bytes.len;
    if (ovmf_table_read(map.bytes, &f.table, err) < 0 || ovmf_parse(map.bytes, &f.ovmf, err) < 0 ||
        (f.ovmf.has_tdx_metadata && tdvf_parse(map.bytes, f.ovmf.tdx_from_end, &f.tdvf, err) < 0))
        return err_prefix(err, "%s", path);
    if (json)
        return print_json(&f, err);
    print_text(&f);
    return 0;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    bool wants_help = false, json = false;
    const char *path = NULL;
    const struct opt opts[] = {
        {"help",     OPT_FLAG,    &wants_help, 0},
        {"json",     OPT_FLAG,    &json,       0},
        {"firmware", OPT_OPERAND, &path,       0},
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (wants_help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (!path) {
        (void) err_set(err, ERR_MISSING, 0, "a firmware file is needed");
        return COMMAND_USAGE;
    }
    if (show(path, json, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_footer = {"footer", "GUIDed table and metadata of a firmware", help, run};
