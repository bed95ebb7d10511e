/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_claims_read: what mesh_ca wrote into a leaf, read back, and what is refused. */
#include "mesh_claims_read.h"

#include "mesh_ca.h"
#include "parser_test.h"
#include "x509_write.h"

#define NOW 1700000000

static struct mesh_ca ca;
static struct ecc_pair leaf_key;
static uint8_t der[MESH_CA_LEAF_MAX];

static int setup(void **state)
{
    static const struct mesh_ca_serials serials = {.root = {1}, .intermediate = {2}, .mesh = {3}};
    struct ecc_pair root, key;
    struct err err;

    (void) state;
    if (ecc_generate(ECC_CURVE_P384, &root, &err) < 0 || ecc_generate(ECC_CURVE_P384, &key, &err) < 0 ||
        ecc_generate(ECC_CURVE_P256, &leaf_key, &err) < 0)
        return -1;
    return mesh_ca_make(&root, &key, &serials, false, NOW, &ca, &err);
}

static struct san san_of(const char *text)
{
    struct san san;
    struct err err;

    if (san_parse(span_str(text), &san, &err) < 0)
        fail_msg("%s", err.text);
    return san;
}

static struct x509 issue(struct mesh_ca_leaf leaf)
{
    const struct san sans[] = {san_of("web"), san_of("10.0.0.1"), san_of("spiffe://acme/web")};
    struct writer w = writer_of(der, sizeof der);
    struct x509 cert;
    struct err err;

    leaf.key = &leaf_key.pub;
    leaf.sans = sans;
    leaf.san_count = COUNT(sans);
    leaf.serial[0] = 4;
    leaf.now_s = NOW;
    if (mesh_ca_issue(&ca, &leaf, &w, &err) < 0 || x509_parse(writer_span(&w), &cert, &err) < 0)
        fail_msg("%s", err.text);
    return cert;
}

static void test_snp(void **state)
{
    struct snp_report report = {.version = 3,
                                .vmpl = 2,
                                .policy = SNP_POLICY_DEBUG | SNP_POLICY_MUST_BE_ONE,
                                .reported_tcb = {{4, 5, 0, 0, 0, 0, 6, 7}}};
    enum mesh_claims_read_kind kind = MESH_CLAIMS_READ_NONE;
    struct mesh_claims_read_bytes which = {MESH_CLAIMS_READ_SNP, MESH_CLAIMS_READ_MEASUREMENT, 48};
    struct span bytes;
    struct err err;
    uint64_t number;
    bool flag;

    (void) state;
    memset(report.measurement, 0x5a, sizeof report.measurement);
    const struct x509 cert = issue(
        (struct mesh_ca_leaf){.report = &report, .product = SNP_PRODUCT_GENOA, .secret_id = span_str("id")});
    assert_int_equal(mesh_claims_read_kind(&cert, &kind, &err), 0);
    assert_int_equal(kind, MESH_CLAIMS_READ_SNP);
    assert_int_equal(mesh_claims_read_bytes(&cert, &which, &bytes, &err), 0);
    assert_memory_equal(bytes.data, report.measurement, 48);
    which.len = 32;
    assert_int_equal(mesh_claims_read_bytes(&cert, &which, &bytes, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    which.kind = MESH_CLAIMS_READ_TDX;
    assert_int_equal(mesh_claims_read_bytes(&cert, &which, &bytes, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(mesh_claims_read_flag(&cert, MESH_CLAIMS_READ_POLICY_DEBUG, &flag, &err), 0);
    assert_true(flag);
    assert_int_equal(mesh_claims_read_flag(&cert, MESH_CLAIMS_READ_POLICY_MIGRATE_MA, &flag, &err), 0);
    assert_false(flag);
    assert_int_equal(mesh_claims_read_flag(&cert, MESH_CLAIMS_READ_VMPL, &flag, &err), -1); /* an INTEGER */
    for (unsigned i = 0; i < 4; i++) {
        static const uint64_t want[] = {4, 6, 5, 7}; /* boot loader, SNP, TEE, microcode */

        assert_int_equal(mesh_claims_read_number(&cert, MESH_CLAIMS_READ_REPORTED_TCB + i, &number, &err), 0);
        assert_int_equal(number, want[i]);
    }
    assert_int_equal(mesh_claims_read_number(&cert, MESH_CLAIMS_READ_VMPL, &number, &err), 0);
    assert_int_equal(number, 2);
    assert_int_equal(mesh_claims_read_number(&cert, 99, &number, &err), -1);
    assert_int_equal(mesh_claims_read_secret_id(&cert, &bytes, &err), 0);
    assert_true(span_eq_str(bytes, "id"));
}

static void test_tdx(void **state)
{
    size_t len;
    char *quote = test_slurp("tests/vectors/tdx/v4.bin", &len);
    const struct x509 cert = issue((struct mesh_ca_leaf){.quote = span_of(quote, len)});
    const struct mesh_claims_read_bytes which = {MESH_CLAIMS_READ_TDX, MESH_CLAIMS_READ_MR_TD, 48};
    enum mesh_claims_read_kind kind = MESH_CLAIMS_READ_NONE;
    struct span bytes;
    struct err err;

    (void) state;
    assert_int_equal(mesh_claims_read_kind(&cert, &kind, &err), 0);
    assert_int_equal(kind, MESH_CLAIMS_READ_TDX);
    assert_int_equal(mesh_claims_read_bytes(&cert, &which, &bytes, &err), 0);
    assert_memory_equal(bytes.data, quote + 48 + 136, 48);
    assert_int_equal(mesh_claims_read_secret_id(&cert, &bytes, &err), 0);
    assert_int_equal(bytes.len, 0);
    free(quote);
}

static void test_names(void **state)
{
    const struct x509 cert = issue((struct mesh_ca_leaf){.now_s = 0});
    const struct x509 no_cert = {
        .extensions = {NULL, 0}
    };
    enum mesh_claims_read_kind kind = MESH_CLAIMS_READ_SNP;
    struct san sans[MESH_CLAIMS_READ_SANS_MAX];
    struct err err;
    size_t count = 0;

    (void) state;
    assert_int_equal(mesh_claims_read_kind(&cert, &kind, &err), 0);
    assert_int_equal(kind, MESH_CLAIMS_READ_NONE);
    assert_int_equal(mesh_claims_read_sans(&cert, sans, &count, &err), 0);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) { /* DER has them in an order of mesh_ca's */
        if (sans[i].kind == SAN_DNS)
            assert_true(span_eq_str(sans[i].text, "web"));
        else if (sans[i].kind == SAN_URI)
            assert_true(span_eq_str(sans[i].text, "spiffe://acme/web"));
        else
            assert_memory_equal(sans[i].ip, "\x0a\0\0\1", 4);
    }
    assert_int_equal(mesh_claims_read_sans(&no_cert, sans, &count, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
}

/* Values of the extension subjectAltName that are none. */
static void test_bad_names(void **state)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x11};
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"",                             0}, /* nothing */
        {"\x30\x03\x82\x01",             4}, /* cut */
        {"\x30\x02\x82\x00\x00",         5}, /* one byte more */
        {"\x30\x05\x87\x03\x01\x02\x03", 7}, /* an address of three bytes */
        {"\x30\x03\x81\x01x",            5}, /* a mail address */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t room[64];
        struct writer w = writer_of(room, sizeof room);
        struct x509 cert = {.is_ca = false};
        struct san sans[MESH_CLAIMS_READ_SANS_MAX];
        struct err err;
        size_t count = 42;
        const size_t ext = der_open(&w, DER_SEQUENCE);

        der_put(&w, DER_OID, span_of(oid, sizeof oid));
        der_put(&w, DER_OCTET_STRING, span_of(rows[i].bytes, rows[i].len));
        der_close(&w, ext);
        cert.extensions = writer_span(&w);
        assert_int_equal(mesh_claims_read_sans(&cert, sans, &count, &err), -1);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_int_equal(count, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snp),
        cmocka_unit_test(test_tdx),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_names),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
