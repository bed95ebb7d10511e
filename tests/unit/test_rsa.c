/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa and rsa_sign: AMD's own signatures, and ours with a key that lies in the tree. */
#include "ecc.h"
#include "hash.h"
#include "rsa_sign.h"
#include "snp_test.h"
#include "x509.h"

static struct span test_key(uint8_t *buf, size_t cap)
{
    size_t len;
    char *text = test_slurp("tests/vectors/rsa/test-key.pem", &len);
    struct writer w = writer_of(buf, cap);
    struct span rest = span_of(text, len), der;
    struct err err;

    assert_int_equal(pem_next(&rest, "RSA PRIVATE KEY", &w, &der, &err), 0);
    free(text);
    return der;
}

static void test_amd(void **state)
{
    static uint8_t buf[8192];
    struct writer w = writer_of(buf, sizeof buf);
    struct x509 ark, ask;
    uint8_t digest[SHA384_SIZE], sig[RSA_SIZE];
    struct err err;

    (void) state;
    assert_int_equal(x509_parse(test_cert("roots", "genoa_ask_ark_asvk.pem", 0, &w), &ask, &err), 0);
    assert_int_equal(x509_parse(test_cert("roots", "genoa_ask_ark_asvk.pem", 1, &w), &ark, &err), 0);
    assert_int_equal(hash_bytes(HASH_SHA384, ask.tbs, digest, &err), 0);
    assert_int_equal(rsa_pss_verify(ark.spki, span_of(digest, sizeof digest), ask.signature, &err), 0);
    assert_int_equal(rsa_pss_verify(ask.spki, span_of(digest, sizeof digest), ask.signature, &err), -1);
    test_check_err(&err, ERR_DENIED, "does not verify", "another key");
    memcpy(sig, ask.signature.data, sizeof sig);
    for (size_t i = 0; i < sizeof sig; i += 73) {
        sig[i] ^= 1;
        assert_int_equal(
            rsa_pss_verify(ark.spki, span_of(digest, sizeof digest), span_of(sig, sizeof sig), &err), -1);
        sig[i] ^= 1;
    }
    memset(sig, 0xff, sizeof sig); /* above the modulus */
    assert_int_equal(rsa_pss_verify(ark.spki, span_of(digest, sizeof digest), span_of(sig, sizeof sig), &err),
                     -1);
    memset(sig, 0, sizeof sig);
    assert_int_equal(rsa_pss_verify(ark.spki, span_of(digest, sizeof digest), span_of(sig, sizeof sig), &err),
                     -1);
    digest[0] ^= 1;
    assert_int_equal(rsa_pss_verify(ark.spki, span_of(digest, sizeof digest), ask.signature, &err), -1);
}

static void test_sign(void **state)
{
    static uint8_t key_buf[RSA_SIGN_KEY_MAX], spki_buf[RSA_SPKI_MAX];
    struct span key = test_key(key_buf, sizeof key_buf);
    struct writer spki = writer_of(spki_buf, sizeof spki_buf);
    uint8_t digest[SHA384_SIZE] = {1, 2, 3}, sig[RSA_SIZE], again[RSA_SIZE];
    struct err err;

    (void) state;
    assert_int_equal(rsa_sign_public(key, &spki, &err), 0);
    assert_int_equal(rsa_sign(key, span_of(digest, sizeof digest), sig, &err), 0);
    assert_int_equal(rsa_sign(key, span_of(digest, sizeof digest), again, &err), 0);
    assert_memory_not_equal(sig, again, sizeof sig); /* a salt */
    assert_int_equal(
        rsa_pss_verify(writer_span(&spki), span_of(digest, sizeof digest), span_of(sig, sizeof sig), &err),
        0);
    digest[47] ^= 1;
    assert_int_equal(
        rsa_pss_verify(writer_span(&spki), span_of(digest, sizeof digest), span_of(sig, sizeof sig), &err),
        -1);
    assert_int_equal(rsa_sign(key, span_of(digest, 47), sig, &err), -1);
    test_check_err(&err, ERR_FORMAT, "48 bytes", "digest");
    assert_int_equal(rsa_sign(span_of(key.data, key.len - 1), span_of(digest, sizeof digest), sig, &err), -1);
    spki = writer_of(spki_buf, 500);
    assert_int_equal(rsa_sign_public(key, &spki, &err), -1);
    test_check_err(&err, ERR_LIMIT, "does not fit", "small buffer");
}

static void test_other_keys(void **state)
{
    static uint8_t buf[8192], spki[ECC_SPKI_MAX];
    struct writer w = writer_of(buf, sizeof buf), ecc = writer_of(spki, sizeof spki);
    uint8_t digest[SHA384_SIZE] = {0}, sig[RSA_SIZE] = {0}, cut[RSA_SPKI_MAX];
    AUTO_ECC_PAIR pair = {0};
    struct x509 ark;
    struct err err;

    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &pair, &err), 0);
    ecc_public_to_spki(&pair.pub, &ecc);
    assert_int_equal(rsa_pss_verify(writer_span(&ecc), span_of(digest, 48), span_of(sig, 512), &err), -1);
    test_check_err(&err, ERR_FORMAT, "rsaEncryption", "an ECC key");
    assert_int_equal(x509_parse(test_cert("roots", "genoa_ask_ark_asvk.pem", 1, &w), &ark, &err), 0);
    assert_int_equal(rsa_pss_verify(ark.spki, span_of(digest, 47), span_of(sig, 512), &err), -1);
    assert_int_equal(rsa_pss_verify(ark.spki, span_of(digest, 48), span_of(sig, 511), &err), -1);
    test_check_err(&err, ERR_FORMAT, "511", "short signature");
    for (size_t len = 0; len < ark.spki.len; len++)
        assert_int_equal(
            rsa_pss_verify(span_of(ark.spki.data, len), span_of(digest, 48), span_of(sig, 512), &err), -1);
    memcpy(cut, ark.spki.data, ark.spki.len);
    cut[33] = 0x7f; /* the modulus' first byte: 4095 bits */
    assert_int_equal(rsa_pss_verify(span_of(cut, ark.spki.len), span_of(digest, 48), span_of(sig, 512), &err),
                     -1);
    assert_int_equal(err.code, ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amd),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_other_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
