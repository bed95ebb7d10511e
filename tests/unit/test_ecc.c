/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecc: known answers (RFC 6979 A.2.5 and A.2.6), round trips, and what is refused. */
#include "ecc.h"
#include "hash.h"
#include "hex.h"
#include "parser_test.h"
#include "rng.h"

static const enum ecc_curve curves[] = {ECC_CURVE_P256, ECC_CURVE_P384};

/* RFC 6979: private key, public point, and the signature of "sample" with the curve's usual hash. */
static const struct {
    enum ecc_curve curve;
    enum hash_alg alg;
    const char *scalar, *x, *y, *r, *s;
} known[] = {
    {ECC_CURVE_P256, HASH_SHA256, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",                                                                                                                                     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",                                                                                                                                                                                                                                                                                                             "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {ECC_CURVE_P384, HASH_SHA384,
     "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
     "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",                                                                                                                                                                         "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
     "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"                                                                                                                                                                                                                                                                                                                                                },
};

static void unhex(const char *text, uint8_t *out)
{
    struct err err;

    assert_int_equal(hex_decode(span_str(text), out, strlen(text) / 2, &err), 0);
}

static void test_known(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(known); i++) {
        size_t n = ecc_field_size(known[i].curve);
        uint8_t scalar[48], x[48], y[48], digest[HASH_MAX];
        struct ecc_sig sig = {0};
        struct ecc_pair pair;
        struct err err;

        unhex(known[i].scalar, scalar);
        unhex(known[i].x, x);
        unhex(known[i].y, y);
        unhex(known[i].r, sig.r);
        unhex(known[i].s, sig.s);
        assert_int_equal(ecc_from_scalar(known[i].curve, span_of(scalar, n), &pair, &err), 0);
        assert_memory_equal(pair.pub.x, x, n);
        assert_memory_equal(pair.pub.y, y, n);
        assert_int_equal(hash_bytes(known[i].alg, span_str("sample"), digest, &err), 0);
        assert_int_equal(ecc_verify(&pair.pub, span_of(digest, hash_size(known[i].alg)), &sig, &err), 0);
        digest[0] ^= 1;
        assert_int_equal(ecc_verify(&pair.pub, span_of(digest, hash_size(known[i].alg)), &sig, &err), -1);
        test_check_err(&err, ERR_DENIED, "does not verify", "another digest");
    }
}

static void test_sign(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(curves); i++) {
        size_t n = ecc_field_size(curves[i]);
        uint8_t digest[64], der[ECC_SIG_MAX];
        AUTO_ECC_PAIR pair = {0};
        AUTO_ECC_PAIR other = {0};
        struct ecc_sig sig, again, back;
        struct writer w = writer_of(der, sizeof der);
        struct err err;

        assert_int_equal(rng_bytes(digest, sizeof digest, &err), 0);
        assert_int_equal(ecc_generate(curves[i], &pair, &err), 0);
        assert_int_equal(ecc_generate(curves[i], &other, &err), 0);
        assert_false(ecc_public_eq(&pair.pub, &other.pub));
        assert_true(ecc_public_eq(&pair.pub, &pair.pub));
        for (size_t len = 32; len <= 64; len += 16) {
            assert_int_equal(ecc_sign(&pair, span_of(digest, len), &sig, &err), 0);
            assert_int_equal(ecc_verify(&pair.pub, span_of(digest, len), &sig, &err), 0);
            assert_int_equal(ecc_verify(&other.pub, span_of(digest, len), &sig, &err), -1);
        }
        assert_int_equal(ecc_sign(&pair, span_of(digest, 64), &again, &err), 0);
        assert_memory_not_equal(again.r, sig.r, n); /* a fresh nonce */
        ecc_sig_to_der(curves[i], &sig, &w);
        assert_false(w.bad);
        assert_int_equal(ecc_sig_from_der(curves[i], writer_span(&w), &back, &err), 0);
        assert_memory_equal(&back, &sig, sizeof sig);
        sig.s[n - 1] ^= 1;
        assert_int_equal(ecc_verify(&pair.pub, span_of(digest, 64), &sig, &err), -1);
        memset(sig.s, 0, sizeof sig.s);
        assert_int_equal(ecc_verify(&pair.pub, span_of(digest, 64), &sig, &err), -1);
        memset(sig.s, 0xff, sizeof sig.s);
        assert_int_equal(ecc_verify(&pair.pub, span_of(digest, 64), &sig, &err), -1);
        assert_int_equal(ecc_sign(&pair, span_of(digest, 0), &sig, &err), -1);
        test_check_err(&err, ERR_LIMIT, "0 bytes", "no digest");
    }
}

static void test_scalars(void **state)
{
    static const uint8_t order_256[] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                        0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    uint8_t scalar[48] = {0};
    struct ecc_pair pair = {0}, untouched = {0};
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(curves); i++) {
        size_t n = ecc_field_size(curves[i]);

        memset(scalar, 0, sizeof scalar);
        assert_int_equal(ecc_from_scalar(curves[i], span_of(scalar, n), &pair, &err), -1);
        test_check_err(&err, ERR_FORMAT, "[1, n - 1]", "zero");
        memset(scalar, 0xff, sizeof scalar);
        assert_int_equal(ecc_from_scalar(curves[i], span_of(scalar, n), &pair, &err), -1);
        test_check_err(&err, ERR_FORMAT, "[1, n - 1]", "all ones");
        assert_int_equal(ecc_from_scalar(curves[i], span_of(scalar, n - 1), &pair, &err), -1);
        test_check_err(&err, ERR_FORMAT, "bytes", "short");
    }
    memcpy(scalar, order_256, sizeof order_256);
    assert_int_equal(ecc_from_scalar(ECC_CURVE_P256, span_of(scalar, 32), &pair, &err), -1);
    test_check_err(&err, ERR_FORMAT, "[1, n - 1]", "n");
    assert_memory_equal(&pair, &untouched, sizeof pair);
    scalar[31]--;
    assert_int_equal(ecc_from_scalar(ECC_CURVE_P256, span_of(scalar, 32), &pair, &err), 0);
}

static void test_spki(void **state)
{
    static const size_t sizes[] = {91, 120};

    (void) state;
    for (size_t i = 0; i < COUNT(curves); i++) {
        uint8_t buf[ECC_SPKI_MAX + 1] = {0};
        struct writer w = writer_of(buf, ECC_SPKI_MAX);
        AUTO_ECC_PAIR pair = {0};
        struct ecc_public got;
        struct err err;

        assert_int_equal(ecc_generate(curves[i], &pair, &err), 0);
        ecc_public_to_spki(&pair.pub, &w);
        assert_false(w.bad);
        assert_int_equal(w.len, sizes[i]);
        assert_int_equal(ecc_public_from_spki(writer_span(&w), &got, &err), 0);
        assert_true(ecc_public_eq(&got, &pair.pub));
        assert_int_equal(ecc_public_from_spki(span_of(buf, w.len + 1), &got, &err), -1); /* a byte too many */
        for (size_t cut = 0; cut < w.len; cut++)
            assert_int_equal(ecc_public_from_spki(span_of(buf, cut), &got, &err), -1);
        buf[w.len - 1] ^= 1; /* y */
        assert_int_equal(ecc_public_from_spki(writer_span(&w), &got, &err), -1);
        test_check_err(&err, ERR_FORMAT, "not on the curve", "y");
        buf[w.len - 1] ^= 1;
        buf[w.len - 2 * ecc_field_size(curves[i]) - 1] = 3; /* compressed form's first byte */
        assert_int_equal(ecc_public_from_spki(writer_span(&w), &got, &err), -1);
        test_check_err(&err, ERR_FORMAT, "uncompressed", "form");
        buf[15] ^= 1; /* the curve's OID */
        assert_int_equal(ecc_public_from_spki(writer_span(&w), &got, &err), -1);
    }
}

/* Points that are none: the origin, coordinates not below the prime, coordinates swapped. */
static void test_bad_points(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(curves); i++) {
        AUTO_ECC_PAIR pair = {0};
        struct ecc_public bad[4], got;
        struct err err;

        assert_int_equal(ecc_generate(curves[i], &pair, &err), 0);
        for (size_t j = 0; j < COUNT(bad); j++)
            bad[j] = pair.pub;
        memset(bad[0].x, 0, sizeof bad[0].x);
        memset(bad[0].y, 0, sizeof bad[0].y);
        memset(bad[1].x, 0xff, ecc_field_size(curves[i]));
        memset(bad[2].y, 0xff, ecc_field_size(curves[i]));
        memcpy(bad[3].x, pair.pub.y, sizeof bad[3].x);
        memcpy(bad[3].y, pair.pub.x, sizeof bad[3].y);
        for (size_t j = 0; j < COUNT(bad); j++) {
            uint8_t buf[ECC_SPKI_MAX];
            struct writer w = writer_of(buf, sizeof buf);

            ecc_public_to_spki(&bad[j], &w);
            assert_int_equal(ecc_public_from_spki(writer_span(&w), &got, &err), -1);
            test_check_err(&err, ERR_FORMAT, "not on the curve", "bad point");
        }
    }
}

static void test_private_files(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(curves); i++) {
        uint8_t der_buf[ECC_PKCS8_MAX], pem_buf[320];
        struct writer der = writer_of(der_buf, sizeof der_buf);
        struct writer pem = writer_of(pem_buf, sizeof pem_buf);
        AUTO_ECC_PAIR pair = {0};
        AUTO_ECC_PAIR got = {0};
        struct err err;

        assert_int_equal(ecc_generate(curves[i], &pair, &err), 0);
        ecc_pair_to_pkcs8(&pair, &der);
        ecc_pair_to_pem(&pair, &pem);
        assert_false(der.bad || pem.bad);
        assert_int_equal(ecc_pair_from_pkcs8(writer_span(&der), &got, &err), 0);
        assert_memory_equal(&got, &pair, sizeof got);
        assert_int_equal(ecc_pair_from_pem(writer_span(&pem), &got, &err), 0);
        assert_memory_equal(&got, &pair, sizeof got);
        for (size_t at = 0; at < der.len; at++) {
            der_buf[at] ^= 1;
            assert_int_equal(ecc_pair_from_pkcs8(writer_span(&der), &got, &err), -1);
            der_buf[at] ^= 1;
        }
        for (size_t cut = 0; cut < der.len; cut++)
            assert_int_equal(ecc_pair_from_pkcs8(span_of(der_buf, cut), &got, &err), -1);
        writer_u8(&pem, '\n');
        assert_int_equal(ecc_pair_from_pem(writer_span(&pem), &got, &err), -1);
        ecc_wipe(&got);
        assert_true(span_is_zero(span_of(&got, sizeof got)));
    }
    ecc_wipe(NULL);
}

static void test_sig_der(void **state)
{
    static const struct {
        const char *label;
        uint8_t bytes[12];
        size_t len;
        bool good;
    } rows[] = {
        {"1, 1",            {0x30, 6, 2, 1, 1, 2, 1, 1},       8, true },
        {"r high bit",      {0x30, 7, 2, 2, 0, 0x80, 2, 1, 1}, 9, true },
        {"r negative",      {0x30, 6, 2, 1, 0x80, 2, 1, 1},    8, false},
        {"r not minimal",   {0x30, 7, 2, 2, 0, 1, 2, 1, 1},    9, false},
        {"trailing",        {0x30, 6, 2, 1, 1, 2, 1, 1, 0},    9, false},
        {"trailing inside", {0x30, 7, 2, 1, 1, 2, 1, 1, 0},    9, false},
        {"one number",      {0x30, 3, 2, 1, 1},                5, false},
        {"nothing",         {0},                               0, false},
    };
    uint8_t big[60] = {0x30, 58, 2, 33, 1};
    struct ecc_sig sig;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int rc = ecc_sig_from_der(ECC_CURVE_P256, span_of(rows[i].bytes, rows[i].len), &sig, &err);

        if ((rc == 0) != rows[i].good)
            fail_msg("%s: %d", rows[i].label, rc);
    }
    big[37] = 2; /* s: 21 bytes */
    big[38] = 21;
    big[39] = 1;
    assert_int_equal(ecc_sig_from_der(ECC_CURVE_P256, span_of(big, sizeof big), &sig, &err), -1);
    test_check_err(&err, ERR_FORMAT, "more than 32 bytes", "33-byte r");
    assert_int_equal(ecc_sig_from_der(ECC_CURVE_P384, span_of(big, sizeof big), &sig, &err), 0);
}

static void test_rng(void **state)
{
    static uint8_t a[RNG_MAX], b[RNG_MAX + 1];
    struct err err;

    (void) state;
    assert_int_equal(rng_bytes(a, sizeof a, &err), 0);
    assert_int_equal(rng_bytes(b, sizeof a, &err), 0);
    assert_memory_not_equal(a, b, 32);
    assert_int_equal(rng_bytes(b, sizeof b, &err), -1);
    test_check_err(&err, ERR_LIMIT, "65537", "too many");
    assert_true(span_is_zero(span_of(b, sizeof b)));
    assert_int_equal(rng_bytes(a, 0, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known), cmocka_unit_test(test_sign),          cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_spki),  cmocka_unit_test(test_private_files), cmocka_unit_test(test_sig_der),
        cmocka_unit_test(test_rng),   cmocka_unit_test(test_bad_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
