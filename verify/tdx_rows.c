/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_rows.h"

#include "der_time.h"

#include <stdio.h>
#include <string.h>

struct cell {
    const struct tdx_rows *words;
    const struct tdx_expect *expect;
    const struct tdx_verdict *verdict;
    struct table_row *row;
};

/* What is asked for by the rows whose expectation is the same for everybody. */
static const char *const fixed[TDX_CHECK_COUNT] = {
    [TDX_CHECK_EXPECTATIONS] = "each is given",
    [TDX_CHECK_FORMAT] = "a TDX quote, version 4 or 5",
    [TDX_CHECK_SIGNATURE_DATA] = "of the quoting enclave, with its PCK chain",
    [TDX_CHECK_PCK_CHAIN] = "issued under Intel's root, built in",
    [TDX_CHECK_PCK_EXTENSION] = "Intel's extension, each field once",
    [TDX_CHECK_QE_SIGNATURE] = "by the PCK over the enclave's report",
    [TDX_CHECK_ATTESTATION_KEY] = "the one in the enclave's report",
    [TDX_CHECK_SIGNATURE] = "by the attestation key over the quote",
    [TDX_CHECK_ROOT_CRL] = "the root's, in force; CA and signer not on it",
    [TDX_CHECK_PCK_CRL] = "the PCK CA's, in force; the PCK not on it",
    [TDX_CHECK_TCB_INFO] = "signed by Intel, in force",
    [TDX_CHECK_QE_IDENTITY] = "signed by Intel, in force",
    [TDX_CHECK_PLATFORM] = "FMSPC and PCEID as in the TCB info",
    [TDX_CHECK_MODULE] = "Intel's TDX module",
    [TDX_CHECK_QE] = "Intel's quoting enclave",
    [TDX_CHECK_TCB_LEVEL] = "one for platform, module and enclave",
    [TDX_CHECK_SVN] = "at least the minimum (none beside Intel's levels)",
    [TDX_CHECK_MR_OWNER] = "zero",
    [TDX_CHECK_MR_OWNER_CONFIG] = "zero",
    [TDX_CHECK_SEPT_VE] = "SEPT_VE_DISABLE set",
    [TDX_CHECK_SERVICE_TD] = "none bound",
};

static const struct {
    enum tdx_check check;
    size_t offset; /* of the register in struct tdx_quote */
} registers[] = {
    {TDX_CHECK_MR_TD,           offsetof(struct tdx_quote, mr_td)          },
    {TDX_CHECK_RTMR0,           offsetof(struct tdx_quote, rtmr[0])        },
    {TDX_CHECK_RTMR1,           offsetof(struct tdx_quote, rtmr[1])        },
    {TDX_CHECK_RTMR2,           offsetof(struct tdx_quote, rtmr[2])        },
    {TDX_CHECK_RTMR3,           offsetof(struct tdx_quote, rtmr[3])        },
    {TDX_CHECK_MR_CONFIG_ID,    offsetof(struct tdx_quote, mr_config_id)   },
    {TDX_CHECK_MR_OWNER,        offsetof(struct tdx_quote, mr_owner)       },
    {TDX_CHECK_MR_OWNER_CONFIG, offsetof(struct tdx_quote, mr_owner_config)},
    {TDX_CHECK_MR_SEAM,         offsetof(struct tdx_quote, mr_seam)        },
    {TDX_CHECK_SERVICE_TD,      offsetof(struct tdx_quote, mr_service_td)  },
};

static const struct judge_list *list_of(const struct tdx_rows *words, enum tdx_check check)
{
    if (check >= TDX_CHECK_RTMR0 && check <= TDX_CHECK_RTMR3)
        return &words->rtmr[check - TDX_CHECK_RTMR0];
    if (check == TDX_CHECK_MR_TD)
        return &words->mr_td;
    if (check == TDX_CHECK_MR_CONFIG_ID)
        return &words->config_ids;
    return check == TDX_CHECK_MR_SEAM ? &words->mr_seam : NULL;
}

/* False: the row is not about a register. */
static bool put_register(const struct cell *c, enum tdx_check check)
{
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        const uint8_t *at = (const uint8_t *) &c->verdict->quote + registers[i].offset;
        const struct judge_list *list = list_of(c->words, check);

        if (registers[i].check != check)
            continue;
        if (list != NULL)
            judge_expected_list(c->row, list, TDX_REG_SIZE);
        if (span_is_zero(span_of(at, TDX_REG_SIZE)))
            table_found(c->row, "zero");
        else
            judge_found_hex(c->row, span_of(at, TDX_REG_SIZE));
        return true;
    }
    return false;
}

static void put_status(const struct cell *c)
{
    const struct tdx_verdict *v = c->verdict;
    char more[160] = "";
    size_t len = 0;

    for (int s = TDX_STATUS_UP_TO_DATE + 1; s < TDX_STATUS_COUNT && len < sizeof more; s++) {
        if (c->expect->accepted & TDX_ACCEPT(s))
            len += (size_t) snprintf(more + len, sizeof more - len, " or %s",
                                     tdx_status_name((enum tdx_status) s));
    }
    table_expected(c->row, "UpToDate%s", more);
    table_found(c->row, "%s (platform %s, module %s, enclave %s)", tdx_status_name(v->status),
                tdx_status_name(v->platform.status),
                v->module.found ? tdx_status_name(v->module.status) : "-", tdx_status_name(v->qe.status));
}

static void put_advisories(const struct cell *c)
{
    const struct tdx_level *const levels[] = {&c->verdict->platform, &c->verdict->module, &c->verdict->qe};
    struct table_row *row = c->row;
    size_t len = 0;

    table_expected(row, c->expect->advisories.any ? "any" : "none open but those accepted");
    table_found(row, "none open");
    for (size_t i = 0; row != NULL && i < 3; i++) {
        for (size_t k = 0; levels[i]->status != TDX_STATUS_UP_TO_DATE && k < levels[i]->advisory_count; k++) {
            if (len < sizeof row->found)
                len += (size_t) snprintf(row->found + len, sizeof row->found - len, "%s%s",
                                         len > 0 ? ", " : "", levels[i]->advisories[k]);
        }
    }
}

static void put_bits(const struct cell *c, enum tdx_check check, const struct verify_bits *bits,
                     uint64_t found)
{
    const struct tdx_row *row = &c->verdict->rows[check];

    if (bits->allowed == UINT64_MAX)
        table_expected(c->row, "any");
    else
        table_expected(c->row, "only bits of 0x%llx, all of 0x%llx", (unsigned long long) bits->allowed,
                       (unsigned long long) bits->required);
    if (row->result == TDX_REFUSED)
        table_found(c->row, "0x%llx: %s", (unsigned long long) found, row->text);
    else
        table_found(c->row, "0x%llx", (unsigned long long) found);
}

static void put_report_data(const struct cell *c)
{
    struct table_row hex = {.name = ""};

    judge_found_hex(&hex, c->expect->report_data);
    if (c->words->report_data_from == NULL)
        table_expected(c->row, "any");
    else
        table_expected(c->row, "%.40s: %.128s", c->words->report_data_from, hex.found);
    judge_found_hex(c->row, span_of(c->verdict->quote.report_data, TDX_REPORT_DATA_SIZE));
}

static void put_comparison(const struct cell *c, enum tdx_check check)
{
    const struct tdx_expect *e = c->expect;
    const struct tdx_verdict *v = c->verdict;
    const struct tdx_row *row = &v->rows[check];

    if (put_register(c, check))
        return;
    if (check == TDX_CHECK_REPORT_DATA)
        put_report_data(c);
    else if (check == TDX_CHECK_TCB_STATUS)
        put_status(c);
    else if (check == TDX_CHECK_ADVISORIES)
        put_advisories(c);
    else if (check == TDX_CHECK_EVALUATION) {
        table_expected(c->row, "collateral of at least number %u", e->evaluation_min);
        table_found(c->row, "%u", v->evaluation);
    } else if (check == TDX_CHECK_ATTRIBUTES)
        put_bits(c, check, &e->attributes, v->quote.attributes);
    else if (check == TDX_CHECK_XFAM)
        put_bits(c, check, &e->xfam, v->quote.xfam);
    else if (check == TDX_CHECK_DEBUG) {
        table_expected(c->row, e->attributes.allowed & TDX_ATTR_DEBUG ? "any (--allow-debug)" : "not set");
        table_found(c->row, v->quote.attributes & TDX_ATTR_DEBUG ? "set: the host reads this TD" : "not set");
    } else if (check == TDX_CHECK_PIID) {
        judge_expected_list(c->row, &c->words->piids, TDX_PCK_ID_SIZE);
        table_found(c->row, "%s", row->result == TDX_REFUSED ? row->text : "accepted");
    } else
        table_found(c->row, "%s", row->result == TDX_REFUSED ? row->text : "yes");
}

static enum table_verdict verdict_of(enum tdx_result result)
{
    switch (result) {
    case TDX_PASSED:
        return TABLE_PASSED;
    case TDX_REFUSED:
        return TABLE_REFUSED;
    case TDX_NOT_RUN:
        break;
    }
    return TABLE_NOT_RUN;
}

static void put_row(const struct cell *c, enum tdx_check check, enum table_verdict verdict)
{
    char now[DER_TIME_TEXT_SIZE];

    der_time_text(c->expect->now_s, now);
    if (check == TDX_CHECK_DATES)
        table_expected(c->row, "every certificate valid at %s", now);
    else if (check == TDX_CHECK_PCK_CHAIN && c->expect->test_root.len > 0)
        table_expected(c->row, "issued under the TEST root given");
    else if (fixed[check] != NULL)
        table_expected(c->row, "%s", fixed[check]);
    if (verdict == TABLE_NOT_RUN)
        table_found(c->row, "a check before it was refused");
    else if (check >= TDX_CHECK_REPORT_DATA)
        put_comparison(c, check);
    else
        table_found(c->row, "%s", verdict == TABLE_REFUSED ? c->verdict->rows[check].text : "yes");
}

void tdx_rows_add(const struct tdx_rows *words, const struct tdx_expect *expect,
                  const struct tdx_verdict *verdict, struct table *t)
{
    struct cell c = {.words = words, .expect = expect, .verdict = verdict};

    for (int i = 0; i < TDX_CHECK_COUNT; i++) {
        const enum tdx_check check = (enum tdx_check) i;
        const enum table_verdict v = verdict_of(verdict->rows[i].result);

        c.row = table_add(t, v, tdx_check_name(check));
        put_row(&c, check, v);
    }
}
