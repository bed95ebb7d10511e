/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_ca: the chain as our own parser sees it; tests/cli/test_coordinator.py asks OpenSSL. */
#include "hash.h"
#include "mesh_ca.h"
#include "mesh_claims.h"
#include "x509.h"
#include "x509_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1700000000

static struct ecc_pair root_key;
static struct ecc_pair mesh_key;
static struct ecc_pair leaf_key;
static struct mesh_ca ca;

static int setup(void **state)
{
    struct mesh_ca_serials serials = {
        .root = {1},
          .intermediate = { 0x80, 2},
          .mesh = { 0,   0, 3}
    };
    struct err err;

    (void) state;
    if (ecc_generate(ECC_CURVE_P384, &root_key, &err) < 0 ||
        ecc_generate(ECC_CURVE_P384, &mesh_key, &err) < 0 ||
        ecc_generate(ECC_CURVE_P256, &leaf_key, &err) < 0)
        return -1;
    return mesh_ca_make(&root_key, &mesh_key, &serials, false, NOW, &ca, &err);
}

static struct x509 parse(const struct mesh_ca_cert *cert)
{
    struct x509 x;
    struct err err;

    if (x509_parse(span_of(cert->der, cert->len), &x, &err) < 0)
        fail_msg("%s", err.text);
    return x;
}

/* A Coordinator without a TEE says so in every certificate of its own, and in the issuer of its leaves. */
static void test_no_tee(void **state)
{
    const struct mesh_ca_serials serials = {.root = {1}, .intermediate = {2}, .mesh = {3}};
    uint8_t der[MESH_CA_LEAF_MAX];
    struct writer w = writer_of(der, sizeof der);
    const struct san san = {.kind = SAN_DNS, .text = span_str("web")};
    const struct mesh_ca_leaf leaf = {
        .key = &leaf_key.pub, .sans = &san, .san_count = 1, .serial = {4}, .now_s = NOW};
    AUTO_MESH_CA bare = {0};
    struct x509 x;
    struct err err;

    (void) state;
    assert_int_equal(mesh_ca_make(&root_key, &mesh_key, &serials, true, NOW, &bare, &err), 0);
    struct x509 root = parse(&bare.root);
    struct x509 intermediate = parse(&bare.intermediate);
    assert_true(span_eq_str(root.subject_cn, "system:coordinator:root:no-tee"));
    assert_true(span_eq_str(intermediate.subject_cn, "system:coordinator:intermediate:no-tee"));
    assert_true(span_eq_str(parse(&bare.mesh).subject_cn, "system:coordinator:intermediate:no-tee"));
    assert_int_equal(x509_check_issued(&intermediate, &root, 0, &err), 0);
    assert_int_equal(mesh_ca_issue(&bare, &leaf, &w, &err), 0);
    assert_int_equal(x509_parse(writer_span(&w), &x, &err), 0);
    assert_int_equal(x509_check_issued(&x, &intermediate, 0, &err), 0);
}

static void test_chain(void **state)
{
    struct x509 root = parse(&ca.root);
    struct x509 intermediate = parse(&ca.intermediate);
    struct x509 mesh = parse(&ca.mesh);
    struct err err;

    (void) state;
    assert_true(span_eq_str(root.subject_cn, MESH_CA_ROOT_NAME));
    assert_true(span_eq_str(intermediate.subject_cn, MESH_CA_MESH_NAME));
    assert_true(span_eq(intermediate.subject, mesh.subject));
    assert_true(span_eq(intermediate.spki, mesh.spki));
    assert_false(span_eq(root.spki, mesh.spki));
    assert_int_equal(x509_check_issued(&root, &root, 1, &err), 0);
    assert_int_equal(x509_check_issued(&intermediate, &root, 1, &err), 0);
    assert_int_equal(x509_check_issued(&mesh, &mesh, 0, &err), 0);
    assert_int_equal(x509_check_issued(&mesh, &root, 0, &err), -1);
    assert_int_equal(root.sig, X509_SIG_ECDSA_SHA384);
    assert_int_equal(root.not_before_s, NOW - 3600);
    assert_int_equal(root.not_after_s, NOW + INT64_C(10) * MESH_CA_YEAR_S);
    assert_true(root.is_ca && intermediate.is_ca && mesh.is_ca);
    assert_int_equal(mesh.key_usage, X509_KU_DIGITAL_SIGNATURE | X509_KU_CERT_SIGN);
}

static void test_key_digest(void **state)
{
    struct x509 root = parse(&ca.root);
    uint8_t want[32];
    uint8_t got[32];
    struct err err;

    (void) state;
    assert_int_equal(hash_bytes(HASH_SHA256, root.spki, want, &err), 0);
    assert_int_equal(mesh_ca_key_digest(&root_key.pub, got, &err), 0);
    assert_memory_equal(got, want, sizeof want);
}

static void make_sans(struct san *sans, const char *const *names, size_t count)
{
    struct err err;

    for (size_t i = 0; i < count; i++)
        assert_int_equal(san_parse(span_str(names[i]), &sans[i], &err), 0);
}

static void test_leaf(void **state)
{
    static const char *const names[] = {"10.0.0.1", "web", "spiffe://acme/x", "*"};
    static const uint8_t secret_oid[] = {0x2b, 0xcd, 0x2d, 0x03, 0x01};
    static const uint8_t secret_value[] = {0x04, 0x02, 'i', 'd'};
    struct san sans[4];
    struct mesh_ca_leaf leaf = {.key = &leaf_key.pub,
                                .sans = sans,
                                .san_count = 4,
                                .secret_id = span_str("id"),
                                .serial = {9},
                                .now_s = NOW};
    uint8_t der[MESH_CA_LEAF_MAX];
    struct writer w = writer_of(der, sizeof der);
    struct x509 x;
    struct x509 mesh = parse(&ca.mesh);
    struct x509_ext ext;
    struct err err;

    (void) state;
    make_sans(sans, names, 4);
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), 0);
    assert_int_equal(x509_parse(writer_span(&w), &x, &err), 0);
    assert_int_equal(x509_check_issued(&x, &mesh, 0, &err), 0);
    assert_true(span_eq_str(x.subject_cn, "web"));
    assert_int_equal(x.not_before_s, NOW - 3600);
    assert_int_equal(x.not_after_s, NOW + MESH_CA_YEAR_S);
    assert_false(x.is_ca);
    assert_int_equal(x.key_usage, X509_KU_DIGITAL_SIGNATURE);
    assert_int_equal(x509_find_ext(&x, span_of(secret_oid, sizeof secret_oid), &ext, &err), 0);
    assert_true(span_eq(ext.value, span_of(secret_value, sizeof secret_value)));
    assert_false(ext.critical);
}

static void test_leaf_claims(void **state)
{
    static const char *const names[] = {"web"};
    struct san sans[1];
    struct snp_report report = {.version = 3, .policy = 0x30000, .reported_tcb = {{4, 5, 0, 0, 0, 0, 6, 7}}};
    struct mesh_ca_leaf leaf = {.key = &leaf_key.pub,
                                .sans = sans,
                                .san_count = 1,
                                .report = &report,
                                .product = SNP_PRODUCT_GENOA,
                                .serial = {9},
                                .now_s = NOW};
    uint8_t der[MESH_CA_LEAF_MAX];
    struct writer w = writer_of(der, sizeof der);
    uint8_t oid[] = {0x2b, 0xcd, 0x2d, 0x02, 0x01, 23};
    static const uint8_t snp_level[] = {0x02, 0x01, 0x06};
    struct x509 x;
    struct x509_ext ext;
    struct err err;

    (void) state;
    memset(report.host_data, 0xab, sizeof report.host_data);
    make_sans(sans, names, 1);
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), 0);
    assert_int_equal(x509_parse(writer_span(&w), &x, &err), 0);
    assert_int_equal(x509_find_ext(&x, span_of(oid, sizeof oid), &ext, &err), 0);
    assert_int_equal(ext.value.len, 34);
    assert_int_equal(ext.value.data[0], 0x04);
    assert_memory_equal(ext.value.data + 2, report.host_data, 32);
    oid[5] = 29; /* reported TCB, SNP */
    assert_int_equal(x509_find_ext(&x, span_of(oid, sizeof oid), &ext, &err), 0);
    assert_true(span_eq(ext.value, span_of(snp_level, sizeof snp_level)));
    for (uint8_t n = 1; n <= MESH_CLAIMS_MAX; n++) {
        oid[5] = n;
        assert_int_equal(x509_find_ext(&x, span_of(oid, sizeof oid), &ext, &err), 0);
    }
    report.reported_tcb.bytes[3] = 1; /* no such part on Genoa */
    w = writer_of(der, sizeof der);
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
}

static void test_leaf_refused(void **state)
{
    static const char *const names[] = {
        "10.0.0.1", "a.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct san sans[2];
    struct mesh_ca_leaf leaf = {
        .key = &leaf_key.pub, .sans = sans, .san_count = 1, .serial = {9}, .now_s = NOW};
    uint8_t der[256];
    struct writer w = writer_of(der, sizeof der);
    struct err err;

    (void) state;
    make_sans(sans, names, 2);
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    leaf.san_count = 2;
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(san_parse(span_str("web"), &sans[1], &err), 0);
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), -1); /* no room in der */
    assert_int_equal(err.code, ERR_LIMIT);
}

/* The most that a manifest can ask for still fits. */
static void test_leaf_largest(void **state)
{
    char text[SAN_TEXT_MAX] = "";
    char id[256] = "";
    struct san sans[32];
    struct snp_report report = {.version = 5, .platform_info = ~UINT64_C(0)};
    struct mesh_ca_leaf leaf = {.key = &root_key.pub,
                                .sans = sans,
                                .san_count = 32,
                                .secret_id = span_of(id, sizeof id),
                                .report = &report,
                                .product = SNP_PRODUCT_TURIN,
                                .serial = {0xff},
                                .now_s = NOW};
    uint8_t der[MESH_CA_LEAF_MAX];
    struct writer w = writer_of(der, sizeof der);
    struct x509 x;
    struct err err;

    (void) state;
    memset(text, 'a', sizeof text);
    text[1] = ':';
    memset(id, 'i', sizeof id);
    memset(report.current_tcb.bytes, 0, sizeof report.current_tcb.bytes);
    assert_int_equal(san_parse(span_str("web"), &sans[0], &err), 0);
    for (size_t i = 1; i < 32; i++)
        assert_int_equal(san_parse(span_of(text, sizeof text), &sans[i], &err), 0);
    assert_int_equal(mesh_ca_issue(&ca, &leaf, &w, &err), 0);
    assert_int_equal(x509_parse(writer_span(&w), &x, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),       cmocka_unit_test(test_no_tee),
        cmocka_unit_test(test_key_digest),  cmocka_unit_test(test_leaf),
        cmocka_unit_test(test_leaf_claims), cmocka_unit_test(test_leaf_refused),
        cmocka_unit_test(test_leaf_largest)};

    return cmocka_run_group_tests(tests, setup, NULL);
}
