/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why an SEV-SNP report does not have the digest that one expects. */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_MAX 16384 /* bytes of output */

/* Everything an SNP report is compared with. On the heap: it is large. */
struct snp_work {
    struct snp_report report;
    struct vm launch;
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
    struct vm_args args = in->args;

    if (w->launch.has_firmware_hash) {
        memcpy(w->published, w->launch.snp.firmware_digest, sizeof w->published);
        w->launch.has_firmware_hash = false;
        memset(w->launch.snp.firmware_digest, 0, sizeof w->launch.snp.firmware_digest);
    }
    args.ovmf_hash = NULL; /* the file's own part is wanted, to compare */
    if (vm_load(&args, &w->launch, err) < 0 ||
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

static void print_changes(const struct snp_work *w, FILE *to)
{
    const char *between = "matches with ";

    for (unsigned i = 0; i < SNP_EXPLAIN_SETTINGS; i++) {
        const struct snp_explain_list *list = &w->explain.lists[i];

        if (w->found.choice[i] == 0)
            continue;
        (void) fprintf(to, "%s%s %s instead of %s", between, snp_explain_name((enum snp_explain_setting) i),
                       list->choice[w->found.choice[i]].text, list->choice[0].text);
        between = " and ";
    }
    if (w->found.other_vcpus)
        (void) fprintf(to, "%s%u vCPUs instead of %u", between, w->found.vcpus, w->explain.vcpus);
    (void) fprintf(to, "\n");
}

static void print_text(const struct snp_work *w, FILE *to)
{
    if (matches(w)) {
        (void) fprintf(to, "matches with %u vCPU%s\n", w->found.vcpus, w->found.vcpus == 1 ? "" : "s");
    } else if (w->found.found) {
        print_changes(w, to);
    } else {
        (void) fprintf(to, "no match: none of %zu digests nearby is the report's\n", w->found.tried);
        if (!w->has_given)
            (void) fprintf(to, "the given settings cannot be launched: %s\n", w->refused.text);
        (void) fprintf(
            to, "another firmware, kernel, initrd or command line was used than those given; give older ones "
                "with --also\n");
    }
    explain_print_notes(&w->notes, to);
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

static int print_json(const struct snp_work *w, FILE *to, struct err *err)
{
    char text[JSON_MAX];
    struct writer out = writer_of(text, sizeof text);
    struct json_write j = json_write_to(&out);

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
    (void) fwrite(text, 1, out.len, to); /* whoever flushes it sees */
    return 0;
}

enum command_status explain_snp(const struct explain_input *in, struct span bytes, FILE *to, struct err *err)
{
    AUTO_WORK *w = calloc(1, sizeof *w);

    if (!w) {
        (void) err_set(err, ERR_SYS, 0, "out of memory");
        return COMMAND_BAD_INPUT;
    }
    if (vm_read_args(&in->args, &w->launch, err) < 0)
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
        print_text(w, to);
    else if (print_json(w, to, err) < 0)
        return COMMAND_BAD_INPUT;
    return matches(w) && !w->notes.mismatch ? COMMAND_DONE : COMMAND_MISMATCH;
}
