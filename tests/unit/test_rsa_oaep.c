/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa_oaep: tests/vectors/rsa_oaep has a key by OpenSSL, its public key, and "seed share" of the bytes 0 to
 * 63 that OpenSSL encrypted with the label "seedshare". */
#include "parser_test.h"
#include "rsa_oaep.h"

#define DIR "tests/vectors/rsa_oaep/"

static struct err err;
static char *private_text, *public_text, *sealed_text;
static struct span private_key, public_key, sealed;

static int setup(void **state)
{
    (void) state;
    private_text = test_slurp(DIR "key.der", &private_key.len);
    public_text = test_slurp(DIR "public.der", &public_key.len);
    sealed_text = test_slurp(DIR "sealed.bin", &sealed.len);
    private_key.data = (const uint8_t *) private_text;
    public_key.data = (const uint8_t *) public_text;
    sealed.data = (const uint8_t *) sealed_text;
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    free(private_text);
    free(public_text);
    free(sealed_text);
    return 0;
}

static void test_decrypt(void **state)
{
    struct secret out = {.len = 7};
    char *bad = malloc(sealed.len);

    (void) state;
    assert_int_equal(rsa_oaep_decrypt(private_key, span_str("seedshare"), sealed, &out, &err), 0);
    assert_int_equal(out.len, 64);
    for (uint8_t i = 0; i < 64; i++)
        assert_int_equal(out.bytes[i], i);
    out.len = 7;
    assert_int_equal(rsa_oaep_decrypt(private_key, span_str("seedshar"), sealed, &out, &err), -1);
    test_check_err(&err, ERR_DENIED, "not encrypted for this key", "label");
    memcpy(bad, sealed.data, sealed.len);
    bad[sealed.len / 2] ^= 1;
    assert_int_equal(
        rsa_oaep_decrypt(private_key, span_str("seedshare"), span_of(bad, sealed.len), &out, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(rsa_oaep_decrypt(public_key, span_str("seedshare"), sealed, &out, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(out.len, 7);
    free(bad);
}

static void test_round_trip(void **state)
{
    uint8_t buf[2][RSA_OAEP_SIZE_MAX];
    struct writer w[2] = {writer_of(buf[0], sizeof buf[0]), writer_of(buf[1], sizeof buf[1])};
    struct writer small = writer_of(buf[0], 100);
    struct secret out;
    size_t size;

    (void) state;
    assert_int_equal(rsa_oaep_size(public_key, &size, &err), 0);
    assert_int_equal(size, 512);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rsa_oaep_encrypt(public_key, span_str("seedshare"), span_str("text"), &w[i], &err),
                         0);
        assert_int_equal(w[i].len, size);
        assert_int_equal(rsa_oaep_decrypt(private_key, span_str("seedshare"), writer_span(&w[i]), &out, &err),
                         0);
        assert_true(span_eq_str(secret_span(&out), "text"));
    }
    assert_false(span_eq(writer_span(&w[0]), writer_span(&w[1]))); /* random */
    assert_int_equal(rsa_oaep_encrypt(public_key, span_str(""), span_str("text"), &small, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_keys(void **state)
{
    uint8_t buf[RSA_OAEP_PUBLIC_MAX];
    uint8_t spki[RSA_OAEP_PUBLIC_MAX + 64];
    struct writer w = writer_of(buf, sizeof buf);
    size_t len;
    char *text = test_slurp(DIR "spki.der", &len);
    char *longer = malloc(public_key.len + 1);
    size_t size;

    (void) state;
    assert_int_equal(rsa_oaep_public(private_key, &w, &err), 0);
    assert_true(span_eq(writer_span(&w), public_key));
    assert_true(span_eq(rsa_oaep_from_spki(span_of(text, len)), public_key));
    memcpy(spki, text, len);
    for (size_t i = 0; i < len; i += 7) {
        spki[i] ^= 0x40; /* never reads beyond the end, and never takes another key for this one */
        assert_false(span_eq(rsa_oaep_from_spki(span_of(spki, len)), public_key));
        spki[i] ^= 0x40;
    }
    assert_int_equal(rsa_oaep_from_spki(span_of(text, len - 1)).len, 0);
    memcpy(longer, public_key.data, public_key.len);
    longer[public_key.len] = 0;
    assert_int_equal(rsa_oaep_size(span_of(longer, public_key.len + 1), &size, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(rsa_oaep_size(span_str("\x30\x06\x02\x01\x05\x02\x01\x03"), &size, &err), -1);
    test_check_err(&err, ERR_LIMIT, "modulus of 1 bytes", "small");
    free(text);
    free(longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decrypt),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
