/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "examine.h"

#include "snp_evidence.h"
#include "snp_verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void add_reason(struct examine_peer *p, const char *fmt, ...)
{
    size_t len = strlen(p->reason);
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(p->reason + len, sizeof p->reason - len, fmt, ap); /* cutting is fine */
    va_end(ap);
}

static void refuse(struct examine_peer *p, enum grpc_status status, const char *text)
{
    p->status = status;
    p->check = "evidence";
    add_reason(p, "%s", text);
}

/* The report itself is as good as the chain makes it: what failed, if anything, is an expectation. */
static bool is_genuine(const struct snp_verdict *verdict)
{
    for (int i = 0; i < SNP_CHECK_REPORT_DATA; i++) {
        if (verdict->rows[i].result != SNP_PASSED)
            return false;
    }
    return true;
}

/* Every row that refused, under the name of the entry that was tried. */
static void add_rows(struct examine_peer *p, size_t index, const struct snp_verdict *verdict)
{
    add_reason(p, "%sReferenceValues.snp[%zu]: ", p->reason[0] != '\0' ? "; " : "", index);
    for (int i = 0, n = 0; i < SNP_CHECK_COUNT; i++) {
        if (verdict->rows[i].result != SNP_REFUSED)
            continue;
        if (p->check == NULL)
            p->check = snp_check_name((enum snp_check) i);
        add_reason(p, "%s%s: %s", n++ > 0 ? ", " : "", snp_check_name((enum snp_check) i),
                   verdict->rows[i].text);
    }
}

/* One try of the evidence: an entry of the manifest, and the root that the chain is followed to. */
struct attempt {
    const struct manifest *manifest;
    const struct examine_trust *trust;
    const struct snp_evidence *evidence;
    const uint8_t *report_data;
    int64_t now_s;
    size_t root; /* 0: AMD's own; else the test root at roots[root - 1] */
};

static int verify_entry(const struct attempt *a, size_t index, struct snp_verdict *verdict)
{
    struct snp_expect expect;
    struct err err; /* the same as the verdict's rows */

    manifest_expect(&a->manifest->snp[index], &expect);
    expect.now_s = a->now_s;
    expect.crl_not_required = true;
    expect.report_data = span_of(a->report_data, ATLS_REPORT_DATA_SIZE);
    if (a->root > 0)
        expect.test_root = fileio_span(&a->trust->roots[a->root - 1]);
    return snp_verify(span_of(a->evidence->report, SNP_REPORT_SIZE), &a->evidence->chain, &expect, verdict,
                      &err);
}

/* Find the root under which the report is genuine, with the expectations of the entry at index: then those
 * are judged too. False with the reason added when there is none. */
static bool find_root(struct attempt *a, size_t index, struct snp_verdict *verdict, struct examine_peer *p)
{
    struct snp_verdict first;

    for (a->root = 0; a->root <= a->trust->root_count; a->root++) {
        (void) verify_entry(a, index, verdict); /* the rows tell */
        if (is_genuine(verdict))
            return true;
        if (a->root == 0)
            first = *verdict;
        /* Say why the root that was meant failed: a chain to a test root never passes AMD's. */
        if (a->root > 0 && verdict->rows[SNP_CHECK_ROOT].result == SNP_PASSED)
            first = *verdict;
    }
    p->status = GRPC_UNAUTHENTICATED;
    add_rows(p, index, &first);
    return false;
}

static bool all_passed(const struct snp_verdict *verdict)
{
    for (int i = 0; i < SNP_CHECK_COUNT; i++) {
        if (verdict->rows[i].result == SNP_REFUSED)
            return false;
    }
    return is_genuine(verdict);
}

/* Try the entries of this product; the first that accepts wins. */
static bool try_entries(struct attempt *a, enum snp_product product, struct examine_peer *p)
{
    const struct manifest *m = a->manifest;
    bool rooted = false;
    size_t tried = 0;

    for (size_t i = 0; i < m->snp_count; i++) {
        struct snp_verdict verdict = {0};

        if (product != SNP_PRODUCT_UNKNOWN && m->snp[i].product != product)
            continue;
        tried++;
        if (rooted)
            (void) verify_entry(a, i, &verdict); /* the rows tell */
        else if (!find_root(a, i, &verdict, p))
            return false;
        rooted = true;
        if (all_passed(&verdict)) {
            p->report = verdict.report;
            p->product = m->snp[i].product;
            p->reason[0] = '\0';
            p->check = NULL;
            return true;
        }
        add_rows(p, i, &verdict);
    }
    p->status = GRPC_PERMISSION_DENIED;
    if (tried == 0)
        p->check = "product";
    if (tried == 0)
        add_reason(p, "product: the manifest has no ReferenceValues.snp entry for %s",
                   snp_product_name(product));
    return false;
}

static enum snp_product evidence_product(const struct snp_evidence *evidence)
{
    struct snp_report report;
    struct err err; /* a report that does not parse is refused by the verification, with a reason */

    if (snp_report_parse(span_of(evidence->report, SNP_REPORT_SIZE), &report, &err) == 0 &&
        snp_report_product(&report) != SNP_PRODUCT_UNKNOWN)
        return snp_report_product(&report);
    return evidence->product;
}

static void find_policy(const struct manifest *m, struct examine_peer *p)
{
    char hex[2 * SNP_HOST_DATA_SIZE + 1] = "";

    p->policy = manifest_find(m, p->report.host_data);
    if (p->policy != NULL) {
        p->status = GRPC_OK;
        return;
    }
    for (size_t i = 0; i < SNP_HOST_DATA_SIZE; i++)
        (void) snprintf(hex + 2 * i, 3, "%02x", p->report.host_data[i]);
    p->status = GRPC_PERMISSION_DENIED;
    p->check = "host data";
    add_reason(p, "host data: %s is not in the manifest's Policies", hex);
}

void examine_claim(const struct manifest *manifest, const struct examine_trust *trust,
                   const struct examine_claim *claim, int64_t now_s, struct examine_peer *out)
{
    struct snp_evidence evidence;
    struct attempt a = {.manifest = manifest,
                        .trust = trust,
                        .evidence = &evidence,
                        .report_data = claim->report_data,
                        .now_s = now_s};
    struct err why;

    *out = (struct examine_peer){.key = *claim->key};
    if (claim->evidence.len == 0) {
        refuse(out, GRPC_UNAUTHENTICATED, "evidence: there is none from the client");
        return;
    }
    if (snp_evidence_decode(claim->evidence, &evidence, &why) < 0) {
        refuse(out, GRPC_UNAUTHENTICATED, "evidence: ");
        refuse(out, GRPC_UNAUTHENTICATED, why.text);
        return;
    }
    if (try_entries(&a, evidence_product(&evidence), out))
        find_policy(manifest, out);
}

void examine_atls(const struct manifest *manifest, const struct examine_trust *trust,
                  const struct atls_peer *peer, const uint8_t nonce[ATLS_NONCE_SIZE], int64_t now_s,
                  struct examine_peer *out)
{
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    const struct examine_claim claim = {
        .key = &peer->key, .evidence = peer->evidence, .report_data = report_data};
    struct err why;

    if (atls_report_data(peer->spki, nonce, report_data, &why) == 0) {
        examine_claim(manifest, trust, &claim, now_s, out);
        return;
    }
    *out = (struct examine_peer){.key = peer->key};
    refuse(out, GRPC_UNAUTHENTICATED, why.text);
}

void examine_trust_free(struct examine_trust *trust)
{
    for (size_t i = 0; i < trust->root_count; i++)
        fileio_free(&trust->roots[i]);
}
