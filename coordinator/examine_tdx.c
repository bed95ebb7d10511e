/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examine_parts.h"

#include "tdx_verify.h"

#include <string.h>

_Static_assert(TDX_CHECK_COUNT <= EXAMINE_ROWS_MAX, "rows");

struct tdx {
    struct tdx_collateral collateral;
    struct tdx_verdict verdict;
};

static bool fits(const struct examine_case *c, size_t index)
{
    return index < c->entries;
}

static void take_rows(const struct tdx_verdict *v, struct examine_rows *rows)
{
    rows->count = TDX_CHECK_COUNT;
    rows->genuine = TDX_CHECK_REPORT_DATA;
    rows->under_root = v->rows[TDX_CHECK_PCK_CHAIN].result == TDX_PASSED;
    for (int i = 0; i < TDX_CHECK_COUNT; i++)
        rows->rows[i] = (struct examine_row){.name = tdx_check_name((enum tdx_check) i),
                                             .text = v->rows[i].text,
                                             .passed = v->rows[i].result == TDX_PASSED,
                                             .refused = v->rows[i].result == TDX_REFUSED};
}

static int verify(struct examine_case *c, size_t index, struct span root, struct examine_rows *rows)
{
    struct tdx *t = c->ctx;
    struct tdx_expect expect;
    struct err err; /* the same as the verdict's rows */

    manifest_expect_tdx(&c->manifest->tdx[index], &expect);
    expect.now_s = c->now_s;
    expect.report_data = span_of(c->claim->report_data, TDX_REPORT_DATA_SIZE);
    expect.test_root = root;
    int rc = tdx_verify(c->claim->evidence, &t->collateral, &expect, &t->verdict, &err);
    take_rows(&t->verdict, rows);
    return rc;
}

static bool find_collateral(const struct examine_case *c, struct examine_peer *p)
{
    struct tdx *t = c->ctx;
    struct err err;

    if (c->trust->collateral == NULL) {
        examine_refuse(p, GRPC_UNAUTHENTICATED, "collateral",
                       "this Coordinator has none, and judges no TDX evidence without");
        return false;
    }
    if (collateral_tdx(c->trust->collateral, c->claim->evidence, &t->collateral, &err) == 0)
        return true;
    examine_refuse(p, GRPC_UNAUTHENTICATED, "collateral", err.text);
    return false;
}

void examine_tdx(const struct examine_case *base, struct examine_peer *p)
{
    struct tdx t = {0};
    struct examine_case c = *base;
    const struct tdx_quote *quote = &t.verdict.quote;
    size_t index = 0;

    c.list = "tdx";
    c.entries = base->manifest->tdx_count;
    c.fits = fits;
    c.verify = verify;
    c.ctx = &t;
    if (c.entries == 0) {
        examine_refuse(p, GRPC_PERMISSION_DENIED, "platform",
                       "the manifest has no ReferenceValues.tdx entry");
        return;
    }
    if (!find_collateral(&c, p) || !examine_try(&c, p, &index))
        return;
    if (quote->signed_len > sizeof p->quote) {
        examine_refuse(p, GRPC_INTERNAL, "quote", "too long");
        return;
    }
    p->quote_len = quote->signed_len;
    memcpy(p->quote, base->claim->evidence.data, p->quote_len);
    memcpy(p->host_data, quote->mr_config_id, sizeof p->host_data);
    if (manifest_find(base->manifest, p->host_data) != NULL &&
        manifest_find_tdx(base->manifest, quote->mr_config_id) == NULL) {
        examine_refuse(p, GRPC_PERMISSION_DENIED, "mrconfigid",
                       "expected zeros behind the 32 bytes of a policy's digest");
        return;
    }
    examine_policy(p, manifest_find_tdx(base->manifest, quote->mr_config_id), "mrconfigid");
}
