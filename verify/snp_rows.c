/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_rows.h"

#include "der_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TCB_TEXT 80

struct cell {
    const struct snp_rows *words;
    const struct snp_expect *expect;
    const struct snp_verdict *verdict;
    struct table_row *row;
};

static void tcb_text(const struct snp_tcb_parts *p, bool fmc, char out[TCB_TEXT])
{
    const int len = snprintf(out, TCB_TEXT, "bootloader %u, tee %u, snp %u, microcode %u", p->boot_loader,
                             p->tee, p->snp, p->microcode);

    if (fmc && len > 0)
        (void) snprintf(out + len, TCB_TEXT - (size_t) len, ", fmc %u", p->fmc);
}

static void put_tcb(const struct cell *c, const struct snp_minimum *minimum, struct snp_tcb found)
{
    const bool turin = c->expect->product == SNP_PRODUCT_TURIN;
    struct snp_tcb_parts parts;
    struct err why;
    char text[TCB_TEXT];

    tcb_text(&minimum->tcb, turin, text);
    table_expected(c->row, c->words->any_tcb ? "any" : "at least %s", text);
    if (snp_tcb_split(found, c->expect->product, &parts, &why) < 0) {
        table_found(c->row, "%s", why.text);
        return;
    }
    tcb_text(&parts, turin, text);
    table_found(c->row, "%s", text);
}

static void put_bits(const struct cell *c, enum snp_check check, const struct snp_bits *bits, uint64_t found)
{
    const struct snp_row *row = &c->verdict->rows[check];

    if (bits->allowed == UINT64_MAX && bits->required == 0)
        table_expected(c->row, "any");
    else
        table_expected(c->row, "only bits of 0x%llx, all of 0x%llx", (unsigned long long) bits->allowed,
                       (unsigned long long) bits->required);
    if (row->result == SNP_REFUSED)
        table_found(c->row, "0x%llx: %s", (unsigned long long) found, row->text);
    else
        table_found(c->row, "0x%llx", (unsigned long long) found);
}

static void put_list(const struct cell *c, const struct snp_list *list, size_t size, struct span found)
{
    const struct judge_list as = {.count = list->count, .any = list->any, .from = "those expected"};
    struct judge_list one = as;

    /* Only one value is shown, so the entries are not written to. */
    one.entries = list->count == 1 ? (uint8_t *) (uintptr_t) list->entries : NULL;
    judge_expected_list(c->row, &one, size);
    judge_found_hex(c->row, found);
}

static void put_committed(const struct cell *c)
{
    const struct snp_report *r = &c->verdict->report;

    table_expected(c->row, c->expect->provisional_firmware ? "not older than the committed firmware"
                                                           : "the committed firmware");
    table_found(c->row, "running %u.%u.%u, committed %u.%u.%u", r->current_version.major,
                r->current_version.minor, r->current_version.build, r->committed_version.major,
                r->committed_version.minor, r->committed_version.build);
}

static void put_report_data(const struct cell *c)
{
    struct table_row hex = {.name = ""};

    judge_found_hex(&hex, c->expect->report_data);
    if (c->words->report_data_from == NULL)
        table_expected(c->row, "any");
    else
        table_expected(c->row, "%.40s: %.128s", c->words->report_data_from, hex.found);
    judge_found_hex(c->row, span_of(c->verdict->report.report_data, SNP_REPORT_DATA_SIZE));
}

static void put_measurement(const struct cell *c)
{
    judge_expected_list(c->row, &c->words->measurements, SNP_MEASUREMENT_SIZE);
    if (c->words->published == NULL ||
        !judge_name_digest(c->words->published, c->verdict->report.measurement, c->row))
        judge_found_hex(c->row, span_of(c->verdict->report.measurement, SNP_MEASUREMENT_SIZE));
}

/* The rows that compare a genuine report with the expectations. */
static void put_comparison(const struct cell *c, enum snp_check check)
{
    const struct snp_expect *e = c->expect;
    const struct snp_report *r = &c->verdict->report;

    if (check == SNP_CHECK_REPORT_DATA)
        put_report_data(c);
    else if (check == SNP_CHECK_MEASUREMENT)
        put_measurement(c);
    else if (check == SNP_CHECK_HOST_DATA) {
        judge_expected_list(c->row, &c->words->host_data, SNP_HOST_DATA_SIZE);
        judge_found_hex(c->row, span_of(r->host_data, SNP_HOST_DATA_SIZE));
    } else if (check == SNP_CHECK_POLICY)
        put_bits(c, check, &e->policy, r->policy);
    else if (check == SNP_CHECK_PLATFORM_INFO)
        put_bits(c, check, &e->platform_info, r->platform_info);
    else if (check == SNP_CHECK_REPORTED_TCB)
        put_tcb(c, &e->tcb, r->reported_tcb);
    else if (check == SNP_CHECK_LAUNCH_TCB)
        put_tcb(c, &e->launch_tcb, r->launch_tcb);
    else if (check == SNP_CHECK_COMMITTED)
        put_committed(c);
    else if (check == SNP_CHECK_CHIP_ID)
        put_list(c, &e->chip_ids, SNP_CHIP_ID_SIZE, span_of(r->chip_id, SNP_CHIP_ID_SIZE));
    else if (check == SNP_CHECK_ID_KEY)
        put_list(c, &e->id_key_digests, SNP_KEY_DIGEST_SIZE, span_of(r->id_key_digest, SNP_KEY_DIGEST_SIZE));
    else if (check == SNP_CHECK_AUTHOR_KEY)
        put_list(c, &e->author_key_digests, SNP_KEY_DIGEST_SIZE,
                 span_of(r->author_key_digest, SNP_KEY_DIGEST_SIZE));
    else if (check == SNP_CHECK_FAMILY_ID)
        put_list(c, &e->family_ids, sizeof r->family_id, span_of(r->family_id, sizeof r->family_id));
    else if (check == SNP_CHECK_IMAGE_ID)
        put_list(c, &e->image_ids, sizeof r->image_id, span_of(r->image_id, sizeof r->image_id));
    else if (check == SNP_CHECK_REPORT_ID)
        put_list(c, &e->report_ids, SNP_REPORT_ID_SIZE, span_of(r->report_id, SNP_REPORT_ID_SIZE));
    else if (check == SNP_CHECK_MIGRATION_AGENT) {
        table_expected(c->row, "none");
        judge_found_hex(c->row, span_of(r->report_id_ma, SNP_REPORT_ID_SIZE));
    } else if (check == SNP_CHECK_FIRMWARE) {
        table_expected(c->row, "at least %u.%u.%u", e->firmware.min.major, e->firmware.min.minor,
                       e->firmware.min.build);
        table_found(c->row, "%u.%u.%u", r->current_version.major, r->current_version.minor,
                    r->current_version.build);
    } else if (check == SNP_CHECK_VMPL) {
        table_expected(c->row, "%u", e->vmpl);
        table_found(c->row, "%u", r->vmpl);
    } else if (check == SNP_CHECK_GUEST_SVN) {
        table_expected(c->row, "at least %u", e->guest_svn_min);
        table_found(c->row, "%u", r->guest_svn);
    } else {
        table_expected(c->row, "all bits of 0x%llx at launch and now",
                       (unsigned long long) e->mit_vector_min);
        table_found(c->row, "0x%llx", (unsigned long long) (r->launch_mit_vector & r->current_mit_vector));
    }
}

/* What the rows before those ask for, and what they say when they pass. */
static const struct {
    const char *expected;
    const char *passed;
} genuine[SNP_CHECK_REPORT_DATA] = {
    [SNP_CHECK_EXPECTATIONS] = {"each is given",                                     "yes"                   },
    [SNP_CHECK_FORMAT] = {"an SEV-SNP report, every reserved bit zero",        "yes"                   },
    [SNP_CHECK_SIGNER] = {"a signed report, with the signer's certificate",    NULL                    },
    [SNP_CHECK_PRODUCT] = {NULL,                                                NULL                    },
    [SNP_CHECK_ROOT] = {NULL,                                                "yes"                   },
    [SNP_CHECK_INTERMEDIATE] = {"issued by the root",                                "yes"                   },
    [SNP_CHECK_LEAF] = {"issued by the intermediate, with AMD's extensions", "yes"                   },
    [SNP_CHECK_DATES] = {NULL,                                                "all three certificates"},
    [SNP_CHECK_REVOCATION] = {NULL,                                                "on no list"            },
    [SNP_CHECK_CERT_TCB] = {"the certificate is for the reported TCB",           "yes"                   },
    [SNP_CHECK_CERT_CHIP] = {"the certificate is for this chip or cloud",         "yes"                   },
    [SNP_CHECK_SIGNATURE] = {"over these bytes, by the certificate's key",        "good"                  },
};

static void expect_genuine(const struct cell *c, enum snp_check check)
{
    const struct snp_expect *e = c->expect;
    char now[DER_TIME_TEXT_SIZE];

    if (genuine[check].expected != NULL)
        table_expected(c->row, "%s", genuine[check].expected);
    else if (check == SNP_CHECK_PRODUCT)
        table_expected(c->row, "%s", snp_product_name(e->product));
    else if (check == SNP_CHECK_ROOT)
        table_expected(c->row, e->test_root.len > 0 ? "the TEST root given" : "AMD's root for %s, built in",
                       snp_product_name(e->product));
    else if (check == SNP_CHECK_DATES) {
        der_time_text(e->now_s, now);
        table_expected(c->row, "valid at %s", now);
    } else
        table_expected(c->row, e->crl_not_required ? "not asked for (--any revocation)"
                                                   : "neither intermediate nor leaf is on the list");
}

static void put_genuine(const struct cell *c, enum snp_check check)
{
    const struct snp_row *row = &c->verdict->rows[check];
    const struct snp_report *r = &c->verdict->report;

    expect_genuine(c, check);
    if (row->result == SNP_REFUSED)
        table_found(c->row, "%s", row->text);
    else if (check == SNP_CHECK_SIGNER)
        table_found(c->row, r->signer == SNP_SIGNER_VLEK ? "VLEK" : "VCEK");
    else if (check == SNP_CHECK_PRODUCT)
        table_found(c->row, r->version == 2 ? "a version 2 report does not say" : "%s",
                    snp_product_name(snp_report_product(r)));
    else if (check == SNP_CHECK_REVOCATION && c->expect->crl_not_required)
        table_found(c->row, "not looked at");
    else if (genuine[check].passed != NULL)
        table_found(c->row, "%s", genuine[check].passed);
}

static enum table_verdict verdict_of(const struct cell *c, enum snp_check check)
{
    if (check == SNP_CHECK_REVOCATION && c->expect->crl_not_required)
        return TABLE_NOT_RUN;
    switch (c->verdict->rows[check].result) {
    case SNP_PASSED:
        return TABLE_PASSED;
    case SNP_REFUSED:
        return TABLE_REFUSED;
    case SNP_NOT_RUN:
        break;
    }
    return TABLE_NOT_RUN;
}

void snp_rows_add(const struct snp_rows *words, const struct snp_expect *expect,
                  const struct snp_verdict *verdict, struct table *t)
{
    struct cell c = {.words = words, .expect = expect, .verdict = verdict};

    for (int i = 0; i < SNP_CHECK_COUNT; i++) {
        const enum snp_check check = (enum snp_check) i;
        const enum table_verdict v = verdict_of(&c, check);

        c.row = table_add(t, v, snp_check_name(check));
        if (verdict->rows[i].result == SNP_NOT_RUN)
            table_found(c.row, "a check before it was refused");
        else if (check < SNP_CHECK_REPORT_DATA)
            put_genuine(&c, check);
        else
            put_comparison(&c, check);
    }
}

int snp_rows_read_tcb(const char *text, struct snp_tcb_parts *out, struct err *err)
{
    struct snp_tcb_parts parts = {0};
    const struct {
        const char *name;
        uint8_t *to;
    } fields[] = {
        {"bootloader=", &parts.boot_loader},
        {"tee=",        &parts.tee        },
        {"snp=",        &parts.snp        },
        {"microcode=",  &parts.microcode  },
        {"fmc=",        &parts.fmc        },
    };

    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");
        bool known = false;

        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            const size_t skip = strlen(fields[i].name);
            const size_t digits = len > skip ? strspn(at + skip, "0123456789") : 0;

            if (len <= skip || strncmp(at, fields[i].name, skip) != 0 || digits != len - skip || digits > 3 ||
                strtoul(at + skip, NULL, 10) > UINT8_MAX)
                continue;
            *fields[i].to = (uint8_t) strtoul(at + skip, NULL, 10);
            known = true;
        }
        if (!known)
            return err_set(
                err, ERR_FORMAT, 0,
                "--min-tcb: expected NAME=0..255 parted by commas (bootloader, tee, snp, microcode, "
                "fmc), found '%.*s'",
                (int) (len < 30 ? len : 30), at);
        at += len;
        if (*at == '\0')
            break;
    }
    *out = parts;
    return 0;
}
