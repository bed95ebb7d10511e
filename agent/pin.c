/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pin.h"

#include "hash.h"
#include "hex.h"
#include "pem.h"
#include "snp_evidence.h"
#include "snp_verify.h"
#include "x509.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_LEN 2 /* leaf, intermediate */

/* Guest policy bits that a Coordinator may run with: no debugging, no migration. */
#define GUEST_POLICY_ALLOWED                                                                                 \
    (SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT | SNP_POLICY_SINGLE_SOCKET | SNP_POLICY_CXL_ALLOW |             \
     SNP_POLICY_MEM_AES_256_XTS | SNP_POLICY_RAPL_DIS | SNP_POLICY_CIPHERTEXT_HIDING |                       \
     SNP_POLICY_PAGE_SWAP_DISABLE)

/* --- evidence -------------------------------------------------------------------------------------- */

static struct snp_list list_of(const void *entries, size_t count)
{
    return (struct snp_list){.entries = entries, .count = count, .any = count == 0};
}

static void expect_reference(const struct policy_reference *r, struct snp_expect *expect)
{
    const struct snp_minimum minimum = {
        .set = true,
        .tcb = {.boot_loader = r->minimum_tcb.bootloader,
                .tee = r->minimum_tcb.tee,
                .snp = r->minimum_tcb.snp,
                .microcode = r->minimum_tcb.microcode}
    };
    const struct snp_list any = {.any = true};
    expect->measurements = (struct snp_list){.entries = r->measurement, .count = 1};
    expect->host_data = list_of(r->host_data, r->has_host_data ? 1 : 0);
    expect->chip_ids = list_of(r->chip_ids, r->chip_count);
    expect->csp_ids_sha256 = any;
    expect->id_key_digests = any;
    expect->author_key_digests = any;
    expect->family_ids = any;
    expect->image_ids = any;
    expect->report_ids = any;
    expect->firmware.set = true;
    expect->policy = (struct snp_bits){true, GUEST_POLICY_ALLOWED, SNP_POLICY_MUST_BE_ONE};
    expect->platform_info = (struct snp_bits){true, UINT64_MAX, 0};
    expect->tcb = minimum;
    expect->launch_tcb = minimum;
    expect->provisional_firmware = true;
}

/* One of the references must fit; the error is that of the last one. */
static int verify_references(const struct pin_evidence *p, const struct snp_evidence *evidence,
                             struct snp_expect *expect, struct err *err)
{
    struct snp_verdict *verdict = calloc(1, sizeof(*verdict));
    int rc = -1;
    if (verdict == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    for (size_t i = 0; i < p->coordinator->reference_count && rc < 0; i++) {
        expect_reference(&p->coordinator->references[i], expect);
        rc = snp_verify(span_of(evidence->report, sizeof(evidence->report)), &evidence->chain, expect,
                        verdict, err);
    }
    free(verdict);
    return rc;
}

static int check_evidence(const struct pin_evidence *p, struct err *err)
{
    struct snp_evidence evidence;
    struct snp_report report;
    if (p->evidence.len == 0)
        return err_set(err, ERR_MISSING, 0, "it shows none, and the policy has reference values");
    if (p->is_tdx)
        return err_set(err, ERR_DENIED, 0, "TDX, which a guest cannot judge: it has no collateral");
    if (snp_evidence_decode(p->evidence, &evidence, err) < 0 ||
        snp_report_parse(span_of(evidence.report, sizeof(evidence.report)), &report, err) < 0)
        return -1;
    struct snp_expect expect = {
        .now_s = p->now_s,
        .product = snp_report_product(&report),
        .test_root = p->test_root,
        .crl_not_required = true,
        .report_data = p->report_data,
    };
    if (expect.product == SNP_PRODUCT_UNKNOWN)
        expect.product = evidence.product;
    return verify_references(p, &evidence, &expect, err);
}

int pin_check_evidence(const struct pin_evidence *p, struct err *err)
{
    if (p->coordinator->reference_count == 0)
        return 0;
    if (check_evidence(p, err) < 0) {
        err->code = ERR_DENIED;
        return err_prefix(err, "evidence");
    }
    return 0;
}

/* --- certificates ---------------------------------------------------------------------------------- */

struct issued {
    uint8_t der[4 * MESHAPI_PEM_MAX]; /* of all four: DER is shorter than PEM */
    struct x509 root;
    struct x509 mesh;
    struct x509 leaf;
    struct x509 intermediate;
};

/* Exactly count certificates from pem. Their bytes are appended to w. */
static int read_pem(struct span pem, const char *what, struct writer *w, struct x509 *certs[], size_t count,
                    struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct span der;
        if (pem_next(&pem, PEM_LABEL_CERTIFICATE, w, &der, err) < 0 || x509_parse(der, certs[i], err) < 0)
            return err_prefix(err, "%s", what);
    }
    struct span more;
    struct err end;
    if (pem_next(&pem, PEM_LABEL_CERTIFICATE, w, &more, &end) == 0 || end.code != ERR_MISSING)
        return err_set(err, ERR_FORMAT, 0, "%s: more than %zu certificates", what, count);
    return 0;
}

static int read_issued(const struct meshapi_response *response, struct issued *issued, struct err *err)
{
    struct writer w = writer_of(issued->der, sizeof(issued->der));
    struct x509 *root[] = {&issued->root};
    struct x509 *mesh[] = {&issued->mesh};
    struct x509 *chain[CHAIN_LEN] = {&issued->leaf, &issued->intermediate};
    if (read_pem(response->root_ca, "root CA", &w, root, 1, err) < 0 ||
        read_pem(response->mesh_ca, "mesh CA", &w, mesh, 1, err) < 0)
        return -1;
    return read_pem(response->cert_chain, "certificate chain", &w, chain, CHAIN_LEN, err);
}

static int check_root_key(const struct policy_coordinator *coordinator, const struct x509 *root,
                          struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    char expected[2 * SHA256_SIZE + 1];
    char found[2 * SHA256_SIZE + 1];
    if (!coordinator->has_root_ca_key)
        return 0;
    struct span pin = span_of(coordinator->root_ca_key_sha256, SHA256_SIZE);
    struct span got = span_of(digest, sizeof(digest));
    if (hash_bytes(HASH_SHA256, root->spki, digest, err) < 0)
        return -1;
    if (span_eq(got, pin))
        return 0;
    if (hex_encode(pin, expected, sizeof(expected), err) < 0 ||
        hex_encode(got, found, sizeof(found), err) < 0)
        return -1;
    return err_set(err, ERR_DENIED, 0, "root CA key: expected %s, found %s", expected, found);
}

static int check_issuers(const struct issued *c, int64_t now_s, struct err *err)
{
    const struct {
        const char *what;
        const struct x509 *cert;
        const struct x509 *ca;
        int cas_below;
    } rows[] = {
        {"root CA",      &c->root,         &c->root,         1},
        {"intermediate", &c->intermediate, &c->root,         1},
        {"leaf",         &c->leaf,         &c->intermediate, 0},
        {"mesh CA",      &c->mesh,         &c->mesh,         0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (x509_check_issued(rows[i].cert, rows[i].ca, rows[i].cas_below, err) < 0 ||
            x509_check_time(rows[i].cert, now_s, err) < 0)
            return err_prefix(err, "%s", rows[i].what);
    return 0;
}

static int check_keys(const struct issued *c, struct span spki, struct err *err)
{
    if (!span_eq(c->leaf.spki, spki))
        return err_set(err, ERR_DENIED, 0, "leaf: issued for a key that is not ours");
    if (c->leaf.is_ca)
        return err_set(err, ERR_DENIED, 0, "leaf: is a CA");
    if (!span_eq(c->mesh.spki, c->intermediate.spki) || !span_eq(c->mesh.subject, c->intermediate.subject))
        return err_set(err, ERR_DENIED, 0, "mesh CA: has not the intermediate's key and name");
    return 0;
}

int pin_check_response(const struct policy_coordinator *coordinator, const struct meshapi_response *response,
                       struct span spki, int64_t now_s, struct err *err)
{
    struct issued *issued = calloc(1, sizeof(*issued));
    if (issued == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    int rc = -1;
    if (read_issued(response, issued, err) == 0 && check_root_key(coordinator, &issued->root, err) == 0 &&
        check_issuers(issued, now_s, err) == 0 && check_keys(issued, spki, err) == 0)
        rc = 0;
    free(issued);
    return rc;
}
