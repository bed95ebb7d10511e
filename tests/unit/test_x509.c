/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509 and x509_write: real certificates, certificates of our own, and what is refused. */
#include "snp_test.h"
#include "x509_write.h"

#define NOW INT64_C(1795561000)

/* A small CA and leaf in the making. */
struct lab {
    struct ecc_pair ca_key, leaf_key;
    uint8_t ca_name_buf[128], leaf_name_buf[128], ca_spki_buf[ECC_SPKI_MAX], leaf_spki_buf[ECC_SPKI_MAX];
    struct span ca_name, leaf_name, ca_spki, leaf_spki;
};

static void open_lab(struct lab *l)
{
    struct writer ca_name = writer_of(l->ca_name_buf, sizeof l->ca_name_buf);
    struct writer leaf_name = writer_of(l->leaf_name_buf, sizeof l->leaf_name_buf);
    struct writer ca_spki = writer_of(l->ca_spki_buf, sizeof l->ca_spki_buf);
    struct writer leaf_spki = writer_of(l->leaf_spki_buf, sizeof l->leaf_spki_buf);
    struct err err;

    assert_int_equal(ecc_generate(ECC_CURVE_P384, &l->ca_key, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &l->leaf_key, &err), 0);
    x509_put_name_cn(&ca_name, "a CA");
    x509_put_name_cn(&leaf_name, "a leaf");
    ecc_public_to_spki(&l->ca_key.pub, &ca_spki);
    ecc_public_to_spki(&l->leaf_key.pub, &leaf_spki);
    l->ca_name = writer_span(&ca_name);
    l->leaf_name = writer_span(&leaf_name);
    l->ca_spki = writer_span(&ca_spki);
    l->leaf_spki = writer_span(&leaf_spki);
}

/* CA certificate; usage 0: no keyUsage, path_len -2: no basicConstraints. */
static struct span make_ca(const struct lab *l, uint16_t usage, bool is_ca, int path_len, uint8_t *buf,
                           size_t cap)
{
    uint8_t basic_buf[16], usage_buf[16];
    struct writer basic = writer_of(basic_buf, sizeof basic_buf), ku = writer_of(usage_buf, sizeof usage_buf);
    struct writer w = writer_of(buf, cap);
    struct x509_signer signer = x509_signer_ecc(&l->ca_key);
    struct x509_ext exts[2];
    size_t count = 0;
    struct err err;

    x509_put_basic_constraints(&basic, is_ca, path_len);
    if (path_len > -2)
        exts[count++] = (struct x509_ext){x509_oid_basic_constraints(), true, writer_span(&basic)};
    if (usage != 0) {
        x509_put_key_usage(&ku, usage);
        exts[count++] = (struct x509_ext){x509_oid_key_usage(), true, writer_span(&ku)};
    }
    assert_int_equal(x509_write(&(struct x509_template){.serial = span_of("\x00\x80\x01", 3),
                                                        .issuer = l->ca_name,
                                                        .subject = l->ca_name,
                                                        .not_before_s = NOW - 3600,
                                                        .not_after_s = NOW + INT64_C(10) * 365 * 86400,
                                                        .spki = l->ca_spki,
                                                        .extensions = exts,
                                                        .extension_count = count},
                                &signer, &w, &err),
                     0);
    return writer_span(&w);
}

static struct span make_leaf(const struct lab *l, uint8_t *buf, size_t cap)
{
    uint8_t values[256];
    struct writer v = writer_of(values, sizeof values), w = writer_of(buf, cap);
    struct x509_signer signer = x509_signer_ecc(&l->ca_key);
    struct x509_ext exts[4];
    size_t at[5] = {0}, san;
    struct err err;

    x509_put_basic_constraints(&v, false, -1);
    at[1] = v.len;
    x509_put_key_usage(&v, X509_KU_DIGITAL_SIGNATURE);
    at[2] = v.len;
    x509_put_eku_tls(&v);
    at[3] = v.len;
    san = x509_san_open(&v);
    x509_san_put(&v, X509_SAN_DNS, span_str("redis"));
    x509_san_put(&v, X509_SAN_IP, span_of("\x7f\x00\x00\x01", 4));
    x509_san_put(&v, X509_SAN_URI, span_str("spiffe://acme/x"));
    x509_san_close(&v, san);
    at[4] = v.len;
    const struct span oids[] = {x509_oid_basic_constraints(), x509_oid_key_usage(), x509_oid_ext_key_usage(),
                                x509_oid_subject_alt_name()};
    for (int i = 0; i < 4; i++)
        exts[i] = (struct x509_ext){oids[i], i < 2, span_of(values + at[i], at[i + 1] - at[i])};
    assert_false(v.bad);
    assert_int_equal(x509_write(&(struct x509_template){.serial = span_of("\x2a", 1),
                                                        .issuer = l->ca_name,
                                                        .subject = l->leaf_name,
                                                        .not_before_s = NOW - 3600,
                                                        .not_after_s = NOW + 3600,
                                                        .spki = l->leaf_spki,
                                                        .extensions = exts,
                                                        .extension_count = 4},
                                &signer, &w, &err),
                     0);
    return writer_span(&w);
}

static void test_round_trip(void **state)
{
    static uint8_t ca_buf[2048], leaf_buf[2048];
    struct lab l;
    struct x509 ca, leaf;
    struct x509_ext ext;
    struct err err;

    (void) state;
    open_lab(&l);
    assert_int_equal(
        x509_parse(make_ca(&l, X509_KU_CERT_SIGN | X509_KU_DIGITAL_SIGNATURE, true, 0, ca_buf, sizeof ca_buf),
                   &ca, &err),
        0);
    assert_true(ca.is_ca && ca.has_basic_constraints && ca.has_key_usage);
    assert_int_equal(ca.path_len, 0);
    assert_int_equal(ca.key_usage, X509_KU_CERT_SIGN | X509_KU_DIGITAL_SIGNATURE);
    assert_int_equal(ca.sig, X509_SIG_ECDSA_SHA384);
    assert_true(span_eq_str(ca.subject_cn, "a CA"));
    assert_memory_equal(ca.serial.data, "\x00\x80\x01", 3);
    assert_true(ca.not_before_s == NOW - 3600);
    assert_true(ca.not_after_s == NOW + INT64_C(10) * 365 * 86400);
    assert_int_equal(x509_parse(make_leaf(&l, leaf_buf, sizeof leaf_buf), &leaf, &err), 0);
    assert_false(leaf.is_ca);
    assert_true(leaf.has_basic_constraints);
    assert_true(span_eq(leaf.spki, l.leaf_spki));
    assert_true(span_eq(leaf.issuer, ca.subject));
    assert_int_equal(x509_check_issued(&leaf, &ca, 0, &err), 0);
    assert_int_equal(x509_check_issued(&ca, &ca, 0, &err), 0);
    assert_int_equal(x509_find_ext(&leaf, x509_oid_subject_alt_name(), &ext, &err), 0);
    assert_int_equal(ext.value.len, 2 + 2 + 5 + 2 + 4 + 2 + 15);
    assert_int_equal(x509_find_ext(&leaf, x509_oid_subject_key_id(), &ext, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(x509_check_time(&leaf, NOW, &err), 0);
    assert_int_equal(x509_check_time(&leaf, NOW - 3600, &err), 0);
    assert_int_equal(x509_check_time(&leaf, NOW + 3600, &err), 0);
    assert_int_equal(x509_check_time(&leaf, NOW + 3601, &err), -1);
    test_check_err(&err, ERR_DENIED, "2026-11-24", "late");
    assert_int_equal(x509_check_time(&leaf, NOW - 3601, &err), -1);
}

static void test_issuers(void **state)
{
    static const struct {
        const char *label;
        uint16_t usage;
        bool is_ca;
        int path_len;
        int cas_below;
        const char *text; /* NULL: accepted */
    } rows[] = {
        {"no limit",            X509_KU_CERT_SIGN,         true,  -1, 5, NULL              },
        {"no keyUsage",         0,                         true,  -1, 0, NULL              },
        {"limit reached",       X509_KU_CERT_SIGN,         true,  1,  1, NULL              },
        {"limit passed",        X509_KU_CERT_SIGN,         true,  0,  1, "allows 0 CAs"    },
        {"may not sign",        X509_KU_DIGITAL_SIGNATURE, true,  -1, 0, "keyUsage"        },
        {"no CA",               X509_KU_CERT_SIGN,         false, -1, 0, "basicConstraints"},
        {"no basicConstraints", X509_KU_CERT_SIGN,         false, -2, 0, "basicConstraints"},
    };
    static uint8_t ca_buf[2048], leaf_buf[2048];
    struct lab l, other;
    struct x509 ca, leaf;
    struct err err;

    (void) state;
    open_lab(&l);
    assert_int_equal(x509_parse(make_leaf(&l, leaf_buf, sizeof leaf_buf), &leaf, &err), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span der = make_ca(&l, rows[i].usage, rows[i].is_ca, rows[i].path_len, ca_buf, sizeof ca_buf);
        int rc;

        assert_int_equal(x509_parse(der, &ca, &err), 0);
        rc = x509_check_issued(&leaf, &ca, rows[i].cas_below, &err);
        if ((rc == 0) != (rows[i].text == NULL))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, ERR_DENIED, rows[i].text, rows[i].label);
    }
    open_lab(&other); /* the same names, another key */
    assert_int_equal(
        x509_parse(make_ca(&other, X509_KU_CERT_SIGN, true, -1, ca_buf, sizeof ca_buf), &ca, &err), 0);
    assert_int_equal(x509_check_issued(&leaf, &ca, 0, &err), -1);
    test_check_err(&err, ERR_DENIED, "does not verify", "another key");
    assert_int_equal(x509_check_issued(&leaf, &leaf, 0, &err), -1);
    test_check_err(&err, ERR_DENIED, "issuer is not the name", "itself");
}

/* Every bit of a certificate counts: it does not parse, or its signature is bad. */
static void test_every_bit(void **state)
{
    static uint8_t ca_buf[2048], leaf_buf[2048], copy[2048];
    struct lab l;
    struct x509 ca, leaf;
    struct span der;
    struct err err;

    (void) state;
    open_lab(&l);
    assert_int_equal(x509_parse(make_ca(&l, X509_KU_CERT_SIGN, true, -1, ca_buf, sizeof ca_buf), &ca, &err),
                     0);
    der = make_leaf(&l, leaf_buf, sizeof leaf_buf);
    memcpy(copy, der.data, der.len);
    for (size_t at = 0; at < der.len; at++) {
        copy[at] ^= (uint8_t) (1 << at % 8);
        if (x509_parse(span_of(copy, der.len), &leaf, &err) == 0)
            assert_int_equal(x509_check_issued(&leaf, &ca, 0, &err), -1);
        copy[at] ^= (uint8_t) (1 << at % 8);
    }
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(x509_parse(span_of(copy, len), &leaf, &err), -1);
    copy[der.len] = 0;
    assert_int_equal(x509_parse(span_of(copy, der.len + 1), &leaf, &err), -1);
    test_check_err(&err, ERR_FORMAT, "1 bytes too many", "trailing");
    assert_int_equal(x509_parse(span_of(copy, X509_DER_MAX + 1), &leaf, &err), -1);
    test_check_err(&err, ERR_LIMIT, "32768", "long");
}

/* A certificate with these extensions: does it parse? */
static int parse_with(const struct x509_ext *exts, size_t count, struct err *err)
{
    static uint8_t buf[8192];
    struct writer w = writer_of(buf, sizeof buf);
    struct lab l;
    struct x509_signer signer;
    struct x509 cert;

    open_lab(&l);
    signer = x509_signer_ecc(&l.ca_key);
    if (x509_write(&(struct x509_template){.serial = span_of("\x01", 1),
                                           .issuer = l.ca_name,
                                           .subject = l.ca_name,
                                           .not_before_s = 0,
                                           .not_after_s = NOW,
                                           .spki = l.ca_spki,
                                           .extensions = exts,
                                           .extension_count = count},
                   &signer, &w, err) < 0)
        return -2;
    return x509_parse(writer_span(&w), &cert, err);
}

static void test_extensions(void **state)
{
    static const uint8_t own[] = {0x2b, 0xcd, 0x2d, 2, 1};
    static const struct {
        const char *label;
        const char *value;
        size_t len;
        const char *text; /* NULL: accepted */
    } basic[] = {
        {"empty",           "\x30\x00",                         2, NULL              },
        {"CA",              "\x30\x03\x01\x01\xff",             5, NULL              },
        {"CA, limit 16",    "\x30\x06\x01\x01\xff\x02\x01\x10", 8, NULL              },
        {"CA, limit 17",    "\x30\x06\x01\x01\xff\x02\x01\x11", 8, "at most 16"      },
        {"limit negative",  "\x30\x06\x01\x01\xff\x02\x01\xff", 8, "basicConstraints"},
        {"trailing",        "\x30\x00\x00",                     3, "basicConstraints"},
        {"trailing inside", "\x30\x05\x01\x01\xff\x05\x00",     7, "basicConstraints"},
        {"not a sequence",  "\x04\x00",                         2, "basicConstraints"},
    };
    struct x509_ext two[2] = {
        {span_of(own, sizeof own), false, span_str("a")},
        {span_of(own, sizeof own), false, span_str("b")}
    };
    struct x509_ext many[X509_EXTENSIONS_MAX + 1];
    uint8_t oids[X509_EXTENSIONS_MAX + 1][3];
    struct err err = {0};

    (void) state;
    assert_int_equal(parse_with(NULL, 0, &err), 0);
    assert_int_equal(parse_with(two, 1, &err), 0);
    assert_int_equal(parse_with(two, 2, &err), -1);
    test_check_err(&err, ERR_FORMAT, "stands twice", "double");
    two[0].critical = true;
    assert_int_equal(parse_with(two, 1, &err), -1);
    test_check_err(&err, ERR_FORMAT, "critical extension is not known", "critical");
    for (size_t i = 0; i < COUNT(basic); i++) {
        struct x509_ext e = {x509_oid_basic_constraints(), true, span_of(basic[i].value, basic[i].len)};
        int rc = parse_with(&e, 1, &err);

        if ((rc == 0) != (basic[i].text == NULL))
            fail_msg("%s: %d %s", basic[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, err.code, basic[i].text, basic[i].label);
    }
    for (size_t i = 0; i < COUNT(many); i++) {
        memcpy(oids[i], (const uint8_t[]){0x2b, 0x01, (uint8_t) i}, 3);
        many[i] = (struct x509_ext){span_of(oids[i], 3), false, span_str("v")};
    }
    assert_int_equal(parse_with(many, X509_EXTENSIONS_MAX, &err), 0);
    assert_int_equal(parse_with(many, X509_EXTENSIONS_MAX + 1, &err), -2);
    test_check_err(&err, ERR_LIMIT, "extensions (at most", "too many");
}

static void test_key_usage(void **state)
{
    static const struct {
        uint16_t bits;
        const char *der;
        size_t len;
    } rows[] = {
        {X509_KU_DIGITAL_SIGNATURE,                     "\x03\x02\x07\x80",     4},
        {X509_KU_CERT_SIGN,                             "\x03\x02\x02\x04",     4},
        {X509_KU_CERT_SIGN | X509_KU_CRL_SIGN,          "\x03\x02\x01\x06",     4},
        {X509_KU_CERT_SIGN | X509_KU_DIGITAL_SIGNATURE, "\x03\x02\x02\x84",     4},
        {0x100,                                         "\x03\x03\x07\x00\x80", 5},
    };
    uint8_t buf[8];
    struct writer w;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        w = writer_of(buf, sizeof buf);
        x509_put_key_usage(&w, rows[i].bits);
        assert_true(span_eq(writer_span(&w), span_of(rows[i].der, rows[i].len)));
    }
    w = writer_of(buf, sizeof buf);
    x509_put_key_usage(&w, 0);
    assert_true(w.bad);
}

/* Self-signed on P-256 (SHA-256), as aTLS certificates are, with key ids. */
static void test_p256(void **state)
{
    static uint8_t buf[2048];
    uint8_t values[64];
    struct writer w = writer_of(buf, sizeof buf), v = writer_of(values, sizeof values);
    struct lab l;
    struct x509_signer signer;
    struct x509_ext exts[2];
    struct x509 cert;
    struct err err;
    size_t first;

    (void) state;
    open_lab(&l);
    x509_put_subject_key_id(&v, span_str("0123456789"));
    first = v.len;
    x509_put_authority_key_id(&v, span_str("0123456789"));
    exts[0] = (struct x509_ext){x509_oid_subject_key_id(), false, span_of(values, first)};
    exts[1] = (struct x509_ext){x509_oid_authority_key_id(), false, span_of(values + first, v.len - first)};
    signer = x509_signer_ecc(&l.leaf_key);
    assert_int_equal(x509_write(&(struct x509_template){.serial = span_of("\xff", 1),
                                                        .issuer = l.leaf_name,
                                                        .subject = l.leaf_name,
                                                        .not_before_s = NOW,
                                                        .not_after_s = NOW + 1,
                                                        .spki = l.leaf_spki,
                                                        .extensions = exts,
                                                        .extension_count = 2},
                                &signer, &w, &err),
                     0);
    assert_int_equal(x509_parse(writer_span(&w), &cert, &err), 0);
    assert_int_equal(cert.sig, X509_SIG_ECDSA_SHA256);
    assert_int_equal(x509_check_signature(&cert, cert.spki, &err), 0);
    assert_int_equal(x509_check_signature(&cert, l.ca_spki, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_memory_equal(exts[0].value.data,
                        "\x04\x0a"
                        "0123456789",
                        12);
    assert_memory_equal(exts[1].value.data,
                        "\x30\x0c\x80\x0a"
                        "0123456789",
                        14);
}

/* A name with two common names, and one with another attribute first. */
static void test_names(void **state)
{
    static const uint8_t cn[] = {0x55, 4, 3}, o[] = {0x55, 4, 10};
    const struct x509_attr two[] = {
        {span_of(cn, 3), DER_UTF8_STRING, "a"},
        {span_of(cn, 3), DER_UTF8_STRING, "b"}
    };
    const struct x509_attr mixed[] = {
        {span_of(o,  3), DER_PRINTABLE_STRING, "org"},
        {span_of(cn, 3), DER_IA5_STRING,       "b"  }
    };
    static uint8_t buf[2048];
    uint8_t name_buf[64];
    struct lab l;
    struct x509 cert;
    struct err err;

    (void) state;
    open_lab(&l);
    for (int i = 0; i < 2; i++) {
        struct writer name = writer_of(name_buf, sizeof name_buf), w = writer_of(buf, sizeof buf);
        struct x509_signer signer = x509_signer_ecc(&l.ca_key);

        x509_put_name(&name, i == 0 ? two : mixed, 2);
        assert_int_equal(x509_write(&(struct x509_template){.serial = span_of("\x01", 1),
                                                            .issuer = l.ca_name,
                                                            .subject = writer_span(&name),
                                                            .not_after_s = NOW,
                                                            .spki = l.ca_spki},
                                    &signer, &w, &err),
                         0);
        assert_int_equal(x509_parse(writer_span(&w), &cert, &err), i == 0 ? -1 : 0);
    }
    assert_true(span_eq_str(cert.subject_cn, "b"));
    test_check_err(&err, ERR_FORMAT, "two common names", "names");
}

static void test_write_limits(void **state)
{
    static uint8_t buf[2048];
    struct lab l;
    struct x509_signer signer;
    struct x509_template t;
    struct err err;
    struct span whole;

    (void) state;
    open_lab(&l);
    signer = x509_signer_ecc(&l.ca_key);
    t = (struct x509_template){.serial = span_of("\x01", 1),
                               .issuer = l.ca_name,
                               .subject = l.ca_name,
                               .not_before_s = 0,
                               .not_after_s = NOW,
                               .spki = l.ca_spki};
    whole = make_ca(&l, X509_KU_CERT_SIGN, true, -1, buf, sizeof buf);
    for (size_t cap = 0; cap < whole.len - 60; cap += 7) {
        struct writer w = writer_of(buf, cap);

        assert_int_equal(x509_write(&t, &signer, &w, &err), -1);
        test_check_err(&err, ERR_LIMIT, "does not fit", "small");
        assert_int_equal(w.len, 0);
        assert_false(w.bad);
    }
    struct writer w = writer_of(buf, sizeof buf);
    t.serial.len = 0;
    assert_int_equal(x509_write(&t, &signer, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "serial of 0 bytes", "no serial");
    t.serial = span_of(buf, X509_SERIAL_MAX + 1);
    assert_int_equal(x509_write(&t, &signer, &w, &err), -1);
    t.serial.len = 1;
    t.not_after_s = INT64_C(253402300800); /* year 10000 */
    assert_int_equal(x509_write(&t, &signer, &w, &err), -1);
}

static void test_real(void **state)
{
    static uint8_t buf[8192];
    struct writer w = writer_of(buf, sizeof buf);
    struct x509 ark, vlek;
    struct err err;

    (void) state;
    assert_int_equal(x509_parse(test_cert("roots", "milan_ask_ark_asvk.pem", 1, &w), &ark, &err), 0);
    assert_true(span_eq_str(ark.subject_cn, "ARK-Milan"));
    assert_int_equal(ark.key_usage, X509_KU_CERT_SIGN | X509_KU_CRL_SIGN);
    assert_int_equal(ark.path_len, -1);
    assert_int_equal(ark.sig, X509_SIG_PSS_SHA384);
    assert_int_equal(x509_parse(test_cert("trustee-vlek", "vlek.der", 0, &w), &vlek, &err), 0);
    assert_true(span_eq_str(vlek.issuer_cn, "SEV-VLEK-Milan"));
    assert_int_equal(vlek.serial.len, 1); /* 0 */
    assert_true(vlek.not_after_s == INT64_C(1765404861));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_issuers),
        cmocka_unit_test(test_every_bit),  cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_key_usage),  cmocka_unit_test(test_write_limits),
        cmocka_unit_test(test_p256),       cmocka_unit_test(test_names),
        cmocka_unit_test(test_real),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
