/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure explain: why a report does not have the digest that one expects. */
#include "explain.h"
#include "files.h"
#include "hex.h"
#include "initdata_file.h"
#include "tdx_quote.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX 16384 /* bytes of output */

static const char help[] =
    "usage: nacre-measure explain REPORT --firmware FILE [--kernel FILE] [--initrd FILE] [--cmdline TEXT]\n"
    "                             [--vcpus N] [--also FILE...] [option]...\n"
    "\n"
    "Which settings give the digest that a report has: those given, or others nearby. REPORT is an SEV-SNP\n"
    "report (1184 bytes) or an Intel TDX quote. Its signature is not looked at.\n"
    "\n"
    "  --firmware, --kernel, --initrd, --cmdline, --kernel-sha256, --initrd-sha256\n"
    "                        as for nacre-measure snp\n"
    "  --vcpus N             number of virtual CPUs; without it any number will do\n"
    "  --also FILE...        older or other files that may have been used instead: firmware, kernel, initrd, "
    "or\n"
    "                        a command line as text\n"
    "  --host-data HEX, --initdata FILE\n"
    "                        what the report's host data should be\n"
    "  --ovmf-hash=HEX       the firmware's part of the digest as somebody published it, to compare\n"
    "  --vcpu-type, --vcpu-sig, --vcpu-family, --vcpu-model, --vcpu-stepping, --vmm, --guest-features,\n"
    "  --vmsa-fpu            as for nacre-measure snp\n"
    "  --memory SIZE, --qemu VERSION, --edk2 PROFILE, --acpi-tables DIR\n"
    "                        as for nacre-measure tdx\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Tried: guest features, FPU registers, vCPU types, VMMs, forms of the command line, kernel and initrd\n"
    "swapped or missing, a kernel patched by QEMU, the files of --also, each with 1 to 220 vCPUs; then two\n"
    "changes at a time.\n"
    "\n"
    "Exit status: 0 the given settings match, 1 others or none do, 2 usage, 3 bad input.\n";

void explain_note(struct explain_notes *notes, bool mismatch, const char *format, ...)
{
    va_list args;

    notes->mismatch |= mismatch;
    if (notes->count == EXPLAIN_NOTES_MAX)
        return;
    va_start(args, format);
    (void) vsnprintf(notes->text[notes->count++], EXPLAIN_NOTE_SIZE, format, args);
    va_end(args);
}

void explain_print_notes(const struct explain_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        (void) printf("%s\n", notes->text[i]);
}

void explain_write_notes(const struct explain_notes *notes, struct json_write *j)
{
    json_write_array(j, "notes");
    for (size_t i = 0; i < notes->count; i++)
        json_write_str(j, NULL, notes->text[i]);
    json_write_close(j);
}

int explain_host_data(const struct explain_input *in, uint8_t host_data[SNP_HOST_DATA_SIZE], bool *given,
                      struct err *err)
{
    *given = in->host_data || in->initdata;
    if (in->initdata)
        return initdata_file_digest(in->initdata, false, host_data, err);
    if (in->host_data && hex_decode(span_str(in->host_data), host_data, SNP_HOST_DATA_SIZE, err) < 0)
        return err_prefix(err, "--host-data");
    return 0;
}

static int read_options(int argc, char **argv, struct explain_input *in, struct err *err)
{
    const struct opt opts[] = {
        {"help",        OPT_FLAG,    &in->help,            0},
        {"json",        OPT_FLAG,    &in->json,            0},
        {"report",      OPT_OPERAND, &in->report,          0},
        {"also",        OPT_FILES,   &in->also,            0},
        {"host-data",   OPT_TEXT,    &in->host_data,       0},
        {"initdata",    OPT_TEXT,    &in->initdata,        0},
        {"memory",      OPT_TEXT,    &in->tdx.memory,      0},
        {"qemu",        OPT_TEXT,    &in->tdx.qemu,        0},
        {"edk2",        OPT_TEXT,    &in->tdx.edk2,        0},
        {"acpi-tables", OPT_TEXT,    &in->tdx.acpi_tables, 0},
        LAUNCH_OPTS_FILES(&in->args),
        LAUNCH_OPTS_VCPUS(&in->args),
        LAUNCH_OPTS_SNP(&in->args),
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return -1;
    if (in->help)
        return 0;
    if (!in->report)
        return err_set(err, ERR_MISSING, 0, "a report is needed");
    if (in->args.svsm || in->args.svsm_vars_size.given)
        return err_set(err, ERR_FORMAT, 0, "--svsm is not for explain");
    if (in->host_data && in->initdata)
        return err_set(err, ERR_FORMAT, 0, "--host-data and --initdata exclude each other");
    if (in->args.ovmf_hash && !*in->args.ovmf_hash)
        return err_set(err, ERR_FORMAT, 0, "--ovmf-hash lacks its value");
    return 0;
}

/* Everything an SNP report is compared with. On the heap: it is large. */
struct snp_work {
    struct snp_report report;
    struct launch launch;
    uint8_t published[SNP_LAUNCH_DIGEST_SIZE]; /* --ovmf-hash */
    struct ovmf footers[OPTS_FILES_MAX];
    struct snp_explain explain;
    struct snp_explain_found found;
    bool has_given; /* the given settings have a digest */
    uint8_t given[SNP_LAUNCH_DIGEST_SIZE];
    struct err refused; /* why not */
    struct explain_notes notes;
};

static void free_work(struct snp_work **work)
{
    free(*work);
}
#define AUTO_WORK __attribute__((cleanup(free_work))) struct snp_work

/* The firmware's part that somebody published stands beside the one of the file. */
static void compare_firmware(struct snp_work *w)
{
    struct snp_explain_choice *c = snp_explain_add(&w->explain, SNP_EXPLAIN_FIRMWARE);

    if (memcmp(w->published, w->launch.snp.firmware_digest, sizeof w->published) == 0)
        return;
    explain_note(&w->notes, true, "firmware part: the file has another one than --ovmf-hash");
    if (!c)
        return;
    (void) snprintf(c->text, sizeof c->text, "of --ovmf-hash");
    c->ovmf = &w->launch.ovmf;
    memcpy(c->firmware_digest, w->published, sizeof c->firmware_digest);
}

static int compare_host_data(const struct explain_input *in, struct snp_work *w, struct err *err)
{
    uint8_t want[SNP_HOST_DATA_SIZE] = {0};
    bool given = false;

    if (explain_host_data(in, want, &given, err) < 0)
        return -1;
    if (given && memcmp(want, w->report.host_data, sizeof want) != 0)
        explain_note(&w->notes, true, "host data: the report has others: another initdata document, or none");
    if (w->report.policy & SNP_POLICY_DEBUG)
        explain_note(&w->notes, false,
                     "policy: debugging is allowed, so the host can read and change this VM");
    if (w->report.vmpl != 0)
        explain_note(&w->notes, false, "VMPL %u: asked for from behind a more privileged part of the guest",
                     w->report.vmpl);
    return 0;
}

static int load(const struct explain_input *in, struct snp_work *w, struct err *err)
{
    struct launch_args args = in->args;

    if (w->launch.has_firmware_hash) {
        memcpy(w->published, w->launch.snp.firmware_digest, sizeof w->published);
        w->launch.has_firmware_hash = false;
        memset(w->launch.snp.firmware_digest, 0, sizeof w->launch.snp.firmware_digest);
    }
    args.ovmf_hash = NULL; /* the file's own part is wanted, to compare */
    if (launch_load(&args, &w->launch, err) < 0 ||
        explain_choices(in, &w->launch, w->footers, &w->explain, err) < 0)
        return -1;
    explain_host_cpu(&w->report, &w->explain);
    if (in->args.ovmf_hash)
        compare_firmware(w);
    if (compare_host_data(in, w, err) < 0)
        return -1;
    w->has_given = snp_explain_given(&w->explain, w->given, &w->refused) == 0;
    return snp_explain_search(&w->explain, w->report.measurement, &w->found, err);
}

static bool matches(const struct snp_work *w)
{
    bool same = w->found.found && !w->found.other_vcpus;

    for (size_t i = 0; i < SNP_EXPLAIN_SETTINGS; i++)
        same = same && w->found.choice[i] == 0;
    return same;
}

static void print_changes(const struct snp_work *w)
{
    const char *between = "matches with ";

    for (unsigned i = 0; i < SNP_EXPLAIN_SETTINGS; i++) {
        const struct snp_explain_list *list = &w->explain.lists[i];

        if (w->found.choice[i] == 0)
            continue;
        (void) printf("%s%s %s instead of %s", between, snp_explain_name((enum snp_explain_setting) i),
                      list->choice[w->found.choice[i]].text, list->choice[0].text);
        between = " and ";
    }
    if (w->found.other_vcpus)
        (void) printf("%s%u vCPUs instead of %u", between, w->found.vcpus, w->explain.vcpus);
    (void) printf("\n");
}

static void print_text(const struct snp_work *w)
{
    if (matches(w)) {
        (void) printf("matches with %u vCPU%s\n", w->found.vcpus, w->found.vcpus == 1 ? "" : "s");
    } else if (w->found.found) {
        print_changes(w);
    } else {
        (void) printf("no match: none of %zu digests nearby is the report's\n", w->found.tried);
        if (!w->has_given)
            (void) printf("the given settings cannot be launched: %s\n", w->refused.text);
        (void) printf(
            "another firmware, kernel, initrd or command line was used than those given; give older ones "
            "with --also\n");
    }
    explain_print_notes(&w->notes);
}

static void write_changes(const struct snp_work *w, struct json_write *j)
{
    char number[12];

    json_write_array(j, "changes");
    for (unsigned i = 0; i < SNP_EXPLAIN_SETTINGS; i++) {
        const struct snp_explain_list *list = &w->explain.lists[i];

        if (w->found.choice[i] == 0 || !w->found.found)
            continue;
        json_write_object(j, NULL);
        json_write_str(j, "fits", list->choice[w->found.choice[i]].text);
        json_write_str(j, "given", list->choice[0].text);
        json_write_str(j, "setting", snp_explain_name((enum snp_explain_setting) i));
        json_write_close(j);
    }
    if (w->found.found && w->found.other_vcpus) {
        json_write_object(j, NULL);
        (void) snprintf(number, sizeof number, "%u", w->found.vcpus);
        json_write_str(j, "fits", number);
        (void) snprintf(number, sizeof number, "%u", w->explain.vcpus);
        json_write_str(j, "given", number);
        json_write_str(j, "setting", "vCPUs");
        json_write_close(j);
    }
    json_write_close(j);
}

static int print_json(const struct snp_work *w, struct err *err)
{
    char text[JSON_MAX];
    struct writer to = writer_of(text, sizeof text);
    struct json_write j = json_write_to(&to);

    json_write_object(&j, NULL);
    write_changes(w, &j);
    json_write_bool(&j, "found", w->found.found);
    json_write_bool(&j, "matches", matches(w));
    explain_write_notes(&w->notes, &j);
    if (w->has_given)
        json_write_hex(&j, "predicted", span_of(w->given, sizeof w->given));
    json_write_hex(&j, "reported", span_of(w->report.measurement, sizeof w->report.measurement));
    json_write_u64(&j, "tried", w->found.tried);
    if (w->found.found)
        json_write_u64(&j, "vcpus", w->found.vcpus);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the output does not fit %zu bytes", sizeof text);
    (void) fwrite(text, 1, to.len, stdout); /* command_flush tells */
    return 0;
}

static enum command_status explain_snp(const struct explain_input *in, struct span bytes, struct err *err)
{
    AUTO_WORK *w = calloc(1, sizeof *w);

    if (!w) {
        (void) err_set(err, ERR_SYS, 0, "out of memory");
        return COMMAND_BAD_INPUT;
    }
    if (launch_read_args(&in->args, &w->launch, err) < 0)
        return COMMAND_USAGE;
    if (w->launch.first != w->launch.last) {
        (void) err_set(err, ERR_FORMAT, 0, "--vcpus: expected one number");
        return COMMAND_USAGE;
    }
    if (snp_report_parse(bytes, &w->report, err) < 0) {
        (void) err_prefix(err, "%s", in->report);
        return COMMAND_BAD_INPUT;
    }
    if (load(in, w, err) < 0)
        return COMMAND_BAD_INPUT;
    if (!in->json)
        print_text(w);
    else if (print_json(w, err) < 0)
        return COMMAND_BAD_INPUT;
    return matches(w) && !w->notes.mismatch ? COMMAND_DONE : COMMAND_MISMATCH;
}

/* SNP reports have one size; a quote begins with its version, 4 or 5, and is never that long. */
static enum command_status explain(struct explain_input *in, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(in->report, TDX_QUOTE_MAX, &map, err) < 0)
        return COMMAND_BAD_INPUT;
    if (map.bytes.len == SNP_REPORT_SIZE)
        return explain_snp(in, map.bytes, err);
    return explain_tdx(in, map.bytes, err);
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct explain_input in = {.help = false};
    enum command_status status = COMMAND_DONE;

    if (read_options(argc, argv, &in, err) < 0)
        return COMMAND_USAGE;
    if (in.help)
        (void) fputs(help, stdout);
    else
        status = explain(&in, err);
    if (status == COMMAND_DONE || status == COMMAND_MISMATCH)
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : status;
    return status;
}

const struct command command_explain = {"explain", "which settings give the digest that a report has", help,
                                        run};
