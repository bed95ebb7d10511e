/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_test: what the tests of TDX evidence share: recorded quotes and collateral, and expectations that a
 * quote meets. */
#ifndef NACRE_TDX_TEST_H
#define NACRE_TDX_TEST_H

#include "parser_test.h"
#include "tdx_verify.h"

#define TDX_VECTORS "tests/vectors/tdx/"
#define CLOCK_2025_06 1750550400 /* 2025-06-22 */
#define CLOCK_2026_02 1771545600 /* 2026-02-20 */
#define CLOCK_2026_05 1777593600 /* 2026-05-01 */

static inline struct span tdx_load(const char *name)
{
    char path[200];
    size_t len;
    char *data;

    (void) snprintf(path, sizeof path, TDX_VECTORS "%s", name);
    data = test_slurp(path, &len);
    return span_of(data, len);
}

/* What one test holds: everything writable, freed by tdx_close. */
struct tdx_set {
    struct span quote;
    struct tdx_quote parsed; /* the reference values below borrow from it */
    struct tdx_collateral collateral;
    struct tdx_expect expect;
};

static inline void tdx_close(struct tdx_set *s)
{
    struct tdx_collateral *c = &s->collateral;
    const struct span *const all[] = {&s->quote,       &c->tcb_info, &c->tcb_info_chain,
                                      &c->qe_identity, &c->root_crl, &c->pck_crl};

    for (size_t i = 0; i < COUNT(all); i++)
        free((void *) (uintptr_t) all[i]->data);
}

/* Expect exactly what the quote says, and UpToDate. */
static inline void tdx_expect_self(struct tdx_set *s, int64_t now_s)
{
    const struct tdx_quote *q = &s->parsed;
    struct err err;

    if (tdx_quote_parse(s->quote, &s->parsed, &err) < 0)
        fail_msg("%s", err.text);
    s->expect = (struct tdx_expect){
        .now_s = now_s,
        .evaluation_min = 1,
        .minimum = {.set = true           },
        .mr_td = {      q->mr_td,                                       1, false},
        .rtmr = {                      {q->rtmr[0], 1, false},
                    {q->rtmr[1], 1, false},
                    {q->rtmr[2], 1, false},
                    {q->rtmr[3], 1, false}},
        .mr_config_id = {        q->mr_config_id,                                                      1, false},
        .mr_owner = { q->mr_owner,              1, false},
        .mr_owner_config = { q->mr_owner_config,                                                      1, false},
        .mr_seam = { q->mr_seam,              1, false},
        .piids = { .any = true                                                     },
        .report_data = span_of(q->report_data, TDX_REPORT_DATA_SIZE),
        .attributes = {   true,TDX_ATTR_SEPT_VE_DISABLE, 0},
        .xfam = {                        true,                  q->xfam, q->xfam},
    };
}

/* folder: of the collateral; tcb_info: its file there. */
static inline void tdx_open(struct tdx_set *s, const char *quote, const char *folder, const char *tcb_info,
                            int64_t now_s)
{
    char name[100];

#define PART(file) ((void) snprintf(name, sizeof name, "verify/%s/%s", folder, file), tdx_load(name))
    s->quote = tdx_load(quote);
    s->collateral = (struct tdx_collateral){
        .tcb_info = PART(tcb_info),
        .tcb_info_chain = PART("signer.pem"),
        .qe_identity = PART("qe_identity.json"),
        .root_crl = PART("root.crl"),
        .pck_crl = PART("pck.crl"),
    };
#undef PART
    s->collateral.qe_identity_chain = s->collateral.tcb_info_chain;
    tdx_expect_self(s, now_s);
}

/* Verify and check the outcome: refused by exactly this row (TDX_CHECK_COUNT: accepted). */
static inline void tdx_expect_row(const struct tdx_set *s, enum tdx_check row, enum err_code code,
                                  const char *text, const char *label)
{
    static struct tdx_verdict v;
    struct err err = {0};
    int rc = tdx_verify(s->quote, &s->collateral, &s->expect, &v, &err);

    if (row == TDX_CHECK_COUNT) {
        if (rc != 0)
            fail_msg("%s: %s", label, err.text);
        for (int i = 0; i < TDX_CHECK_COUNT; i++)
            assert_int_equal(v.rows[i].result, TDX_PASSED);
        return;
    }
    if (rc == 0)
        fail_msg("%s: accepted", label);
    test_check_err(&err, code, text, label);
    if (v.rows[row].result != TDX_REFUSED || !strstr(v.rows[row].text, text))
        fail_msg("%s: row %s has result %d, text \"%s\", the error is \"%s\"", label, tdx_check_name(row),
                 (int) v.rows[row].result, v.rows[row].text, err.text);
    if (strncmp(err.text, tdx_check_name(row), strlen(tdx_check_name(row))) != 0)
        fail_msg("%s: \"%s\" does not name the row %s", label, err.text, tdx_check_name(row));
    for (int i = 0; i < TDX_CHECK_COUNT; i++) {
        bool after = row < TDX_CHECK_REPORT_DATA && i > (int) row;

        if (i != (int) row && v.rows[i].result != (after ? TDX_NOT_RUN : TDX_PASSED))
            fail_msg("%s: row %s has result %d: %s", label, tdx_check_name((enum tdx_check) i),
                     (int) v.rows[i].result, v.rows[i].text);
    }
}

#endif
