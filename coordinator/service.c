/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include "rng.h"
#include "snp_evidence.h"
#include "snp_verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_PEM_MAX 24576 /* bytes */

_Static_assert(LEAF_PEM_MAX >= PEM_SIZE(MESH_CA_LEAF_MAX, 11), "a leaf fits");

void service_free(struct service *s)
{
    manifest_free(&s->manifest);
    mesh_secret_seed_wipe(&s->seed);
    mesh_ca_wipe(&s->ca);
    for (size_t i = 0; i < s->root_count; i++)
        fileio_free(&s->roots[i]);
}

static int to_pem(const struct mesh_ca_cert *cert, struct service_pem *out, struct err *err)
{
    struct writer w = writer_of(out->text, sizeof out->text);

    pem_put(&w, PEM_LABEL_CERTIFICATE, span_of(cert->der, cert->len));
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "a CA certificate does not fit into %d bytes", SERVICE_PEM_MAX);
    out->len = w.len;
    return 0;
}

int service_start(struct service *s, int64_t now_s, struct err *err)
{
    AUTO_SECRET scalar = {0};
    AUTO_ECC_PAIR root = {0};
    AUTO_ECC_PAIR mesh = {0};
    struct mesh_ca_serials serials;

    if (mesh_secret_root_ca_key(&s->seed, &scalar, err) < 0 ||
        ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &root, err) < 0)
        return -1;
    if (ecc_generate(ECC_CURVE_P384, &mesh, err) < 0 || rng_bytes(&serials, sizeof serials, err) < 0)
        return -1;
    if (mesh_ca_make(&root, &mesh, &serials, now_s, &s->ca, err) < 0)
        return -1;
    if (to_pem(&s->ca.root, &s->root_pem, err) < 0 || to_pem(&s->ca.mesh, &s->mesh_pem, err) < 0)
        return -1;
    return to_pem(&s->ca.intermediate, &s->intermediate_pem, err);
}

__attribute__((format(printf, 2, 3))) static void add_reason(struct service_peer *p, const char *fmt, ...)
{
    size_t len = strlen(p->reason);
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(p->reason + len, sizeof p->reason - len, fmt, ap); /* cutting is fine */
    va_end(ap);
}

static void refuse(struct service_peer *p, enum grpc_status status, const char *text)
{
    p->status = status;
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
static void add_rows(struct service_peer *p, size_t index, const struct snp_verdict *verdict)
{
    add_reason(p, "%sReferenceValues.snp[%zu]: ", p->reason[0] != '\0' ? "; " : "", index);
    for (int i = 0, n = 0; i < SNP_CHECK_COUNT; i++) {
        if (verdict->rows[i].result == SNP_REFUSED)
            add_reason(p, "%s%s: %s", n++ > 0 ? ", " : "", snp_check_name((enum snp_check) i),
                       verdict->rows[i].text);
    }
}

/* One try of the evidence: an entry of the manifest, and the root that the chain is followed to. */
struct attempt {
    const struct service *service;
    const struct snp_evidence *evidence;
    const uint8_t *report_data;
    int64_t now_s;
    size_t root; /* 0: AMD's own; else the test root at roots[root - 1] */
};

static int verify_entry(const struct attempt *a, size_t index, struct snp_verdict *verdict)
{
    struct snp_expect expect;
    struct err err; /* the same as the verdict's rows */

    manifest_expect(&a->service->manifest.snp[index], &expect);
    expect.now_s = a->now_s;
    expect.report_data = span_of(a->report_data, ATLS_REPORT_DATA_SIZE);
    if (a->root > 0)
        expect.test_root = fileio_span(&a->service->roots[a->root - 1]);
    return snp_verify(span_of(a->evidence->report, SNP_REPORT_SIZE), &a->evidence->chain, &expect, verdict,
                      &err);
}

/* Find the root under which the report is genuine, with the expectations of the entry at index: then those
 * are judged too. False with the reason added when there is none. */
static bool find_root(struct attempt *a, size_t index, struct snp_verdict *verdict, struct service_peer *p)
{
    struct snp_verdict first;

    for (a->root = 0; a->root <= a->service->root_count; a->root++) {
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
static bool try_entries(struct attempt *a, enum snp_product product, struct service_peer *p)
{
    const struct manifest *m = &a->service->manifest;
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
            return true;
        }
        add_rows(p, i, &verdict);
    }
    p->status = GRPC_PERMISSION_DENIED;
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

static void find_policy(const struct service *s, struct service_peer *p)
{
    char hex[2 * SNP_HOST_DATA_SIZE + 1] = "";

    p->policy = manifest_find(&s->manifest, p->report.host_data);
    if (p->policy != NULL) {
        p->status = GRPC_OK;
        return;
    }
    for (size_t i = 0; i < SNP_HOST_DATA_SIZE; i++)
        (void) snprintf(hex + 2 * i, 3, "%02x", p->report.host_data[i]);
    p->status = GRPC_PERMISSION_DENIED;
    add_reason(p, "host data: %s is not in the manifest's Policies", hex);
}

void service_examine_claim(const struct service *s, const struct service_claim *claim, int64_t now_s,
                           struct service_peer *out)
{
    struct snp_evidence evidence;
    struct attempt a = {
        .service = s, .evidence = &evidence, .report_data = claim->report_data, .now_s = now_s};
    struct err why;

    *out = (struct service_peer){.key = *claim->key};
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
        find_policy(s, out);
}

void service_examine(const struct service *s, const struct atls_peer *peer,
                     const uint8_t nonce[ATLS_NONCE_SIZE], int64_t now_s, struct service_peer *out)
{
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    const struct service_claim claim = {
        .key = &peer->key, .evidence = peer->evidence, .report_data = report_data};
    struct err why;

    if (atls_report_data(peer->spki, nonce, report_data, &why) == 0) {
        service_examine_claim(s, &claim, now_s, out);
        return;
    }
    *out = (struct service_peer){.key = peer->key};
    refuse(out, GRPC_UNAUTHENTICATED, why.text);
}

static int issue_leaf(const struct service *s, const struct service_peer *peer, int64_t now_s,
                      struct writer *der, struct err *err)
{
    struct mesh_ca_leaf leaf = {.key = &peer->key,
                                .sans = peer->policy->sans,
                                .san_count = peer->policy->san_count,
                                .secret_id = peer->policy->secret_id,
                                .report = &peer->report,
                                .product = peer->product,
                                .now_s = now_s};

    if (rng_bytes(leaf.serial, sizeof leaf.serial, err) < 0)
        return -1;
    return mesh_ca_issue(&s->ca, &leaf, der, err);
}

int service_new_mesh_cert(const struct service *s, const struct service_peer *peer, int64_t now_s,
                          struct writer *response, struct err *err)
{
    uint8_t der[MESH_CA_LEAF_MAX];
    uint8_t chain[LEAF_PEM_MAX + SERVICE_PEM_MAX];
    struct writer leaf = writer_of(der, sizeof der);
    struct writer pem = writer_of(chain, sizeof chain);
    AUTO_SECRET secret = {0};

    if (issue_leaf(s, peer, now_s, &leaf, err) < 0)
        return -1;
    pem_put(&pem, PEM_LABEL_CERTIFICATE, writer_span(&leaf));
    writer_bytes(&pem, span_of(s->intermediate_pem.text, s->intermediate_pem.len));
    if (pem.bad)
        return err_set(err, ERR_LIMIT, 0, "the certificate chain does not fit into %zu bytes", sizeof chain);
    if (peer->policy->secret_id.len > 0 &&
        mesh_secret_workload(&s->seed, peer->policy->secret_id, &secret, err) < 0)
        return -1;
    const struct meshapi_response answer = {.mesh_ca = span_of(s->mesh_pem.text, s->mesh_pem.len),
                                            .cert_chain = writer_span(&pem),
                                            .root_ca = span_of(s->root_pem.text, s->root_pem.len),
                                            .secret = secret_span(&secret)};
    return meshapi_response_encode(&answer, response, err);
}
