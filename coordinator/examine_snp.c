/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examine_parts.h"

#include "snp_evidence.h"
#include "snp_verify.h"

#include <stdio.h>

_Static_assert(SNP_CHECK_COUNT <= EXAMINE_ROWS_MAX, "rows");

struct snp {
    struct snp_evidence evidence;
    enum snp_product product; /* whose entries are tried; unknown: all */
    struct snp_verdict verdict;
};

static enum snp_product product_of(const struct snp_evidence *evidence)
{
    struct snp_report report;
    struct err err; /* a report that does not parse is refused by the verification, with a reason */

    if (snp_report_parse(span_of(evidence->report, SNP_REPORT_SIZE), &report, &err) == 0 &&
        snp_report_product(&report) != SNP_PRODUCT_UNKNOWN)
        return snp_report_product(&report);
    return evidence->product;
}

static bool fits(const struct examine_case *c, size_t index)
{
    const struct snp *s = c->ctx;

    return s->product == SNP_PRODUCT_UNKNOWN || c->manifest->snp[index].product == s->product;
}

/* The operator's list, else the one that came along; without either the operator must have said so. What came
 * along counts even then: it can only refuse. */
static void choose_crl(const struct examine_case *c, struct snp_expect *expect)
{
    const struct snp *s = c->ctx;
    struct err err;

    if (c->trust->collateral != NULL &&
        collateral_snp_crl(c->trust->collateral, expect->product, &expect->crl, &err) == 0)
        return;
    expect->crl = s->evidence.chain.crl;
    expect->crl_not_required = expect->crl.len == 0 && c->trust->no_collateral;
}

static void take_rows(const struct snp_verdict *v, struct examine_rows *rows)
{
    rows->count = SNP_CHECK_COUNT;
    rows->genuine = SNP_CHECK_REPORT_DATA;
    rows->under_root = v->rows[SNP_CHECK_ROOT].result == SNP_PASSED;
    for (int i = 0; i < SNP_CHECK_COUNT; i++)
        rows->rows[i] = (struct examine_row){.name = snp_check_name((enum snp_check) i),
                                             .text = v->rows[i].text,
                                             .passed = v->rows[i].result == SNP_PASSED,
                                             .refused = v->rows[i].result == SNP_REFUSED};
}

static int verify(struct examine_case *c, size_t index, struct span root, struct examine_rows *rows)
{
    struct snp *s = c->ctx;
    struct snp_expect expect;
    struct err err; /* the same as the verdict's rows */

    manifest_expect(&c->manifest->snp[index], &expect);
    expect.now_s = c->now_s;
    expect.report_data = span_of(c->claim->report_data, SNP_REPORT_DATA_SIZE);
    expect.test_root = root;
    choose_crl(c, &expect);
    int rc = snp_verify(span_of(s->evidence.report, SNP_REPORT_SIZE), &s->evidence.chain, &expect,
                        &s->verdict, &err);
    take_rows(&s->verdict, rows);
    return rc;
}

/* A list is there, or need not be. */
static bool check_crl(const struct examine_case *c, struct examine_peer *p)
{
    const struct snp *s = c->ctx;
    struct span crl;
    struct err err;

    if (c->trust->no_collateral || s->evidence.chain.crl.len > 0)
        return true;
    if (c->trust->collateral == NULL) {
        examine_refuse(p, GRPC_UNAUTHENTICATED, "revocation", "there is no list of revoked certificates");
        return false;
    }
    if (s->product == SNP_PRODUCT_UNKNOWN ||
        collateral_snp_crl(c->trust->collateral, s->product, &crl, &err) == 0)
        return true;
    examine_refuse(p, GRPC_UNAUTHENTICATED, "revocation", err.text);
    return false;
}

static bool has_entry(const struct examine_case *c, struct examine_peer *p)
{
    const struct snp *s = c->ctx;
    char text[80];

    for (size_t i = 0; i < c->entries; i++) {
        if (fits(c, i))
            return true;
    }
    (void) snprintf(text, sizeof text, "the manifest has no ReferenceValues.snp entry for %s",
                    snp_product_name(s->product));
    examine_refuse(p, GRPC_PERMISSION_DENIED, "product", text);
    return false;
}

void examine_snp(const struct examine_case *base, struct examine_peer *p)
{
    struct snp s = {0};
    struct examine_case c = *base;
    struct err why;
    size_t index = 0;

    c.list = "snp";
    c.entries = base->manifest->snp_count;
    c.fits = fits;
    c.verify = verify;
    c.ctx = &s;
    if (snp_evidence_decode(base->claim->evidence, &s.evidence, &why) < 0) {
        examine_refuse(p, GRPC_UNAUTHENTICATED, "evidence", why.text);
        return;
    }
    s.product = product_of(&s.evidence);
    if (!has_entry(&c, p) || !check_crl(&c, p) || !examine_try(&c, p, &index))
        return;
    p->report = s.verdict.report;
    p->product = base->manifest->snp[index].product;
    for (size_t i = 0; i < SNP_HOST_DATA_SIZE; i++)
        p->host_data[i] = p->report.host_data[i];
    examine_policy(p, manifest_find(base->manifest, p->host_data), "host data");
}
