/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_file and share_file: keys as Contrast's CLI and OpenSSL write them (tests/vectors/owner_keys), and seed
 * shares there and back. */
#include "b64.h"
#include "ecc_sec1.h"
#include "hex.h"
#include "key_file.h"
#include "parser_test.h"
#include "pem.h"
#include "rsa_oaep.h"
#include "share_file.h"

#define KEYS "tests/vectors/owner_keys/"

static struct err err;

static struct span slurp_span(const char *path, char **owner)
{
    size_t len;

    *owner = test_slurp(path, &len);
    return span_of(*owner, len);
}

static void test_ec(void **state)
{
    static const struct {
        const char *sec1, *pkcs8, *spki;
    } rows[] = {
        {KEYS "p256.sec1.pem", KEYS "p256.pkcs8.pem", KEYS "p256.spki.der"},
        {KEYS "p384.sec1.pem", KEYS "p384.pkcs8.pem", KEYS "p384.spki.der"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const paths[] = {rows[i].sec1, rows[i].pkcs8};
        char *text;
        struct span want = slurp_span(rows[i].spki, &text);

        for (size_t k = 0; k < 2; k++) {
            uint8_t spki[ECC_SPKI_MAX];
            struct writer w = writer_of(spki, sizeof spki);
            struct ecc_pair pair;

            if (key_file_ec(paths[k], &pair, &err) < 0)
                fail_msg("%s", err.text);
            ecc_public_to_spki(&pair.pub, &w);
            assert_true(span_eq(writer_span(&w), want));
        }
        free(text);
    }
}

/* What we write is what OpenSSL wrote. */
static void test_sec1(void **state)
{
    static const char *const paths[] = {KEYS "p256.sec1.pem", KEYS "p384.sec1.pem"};

    (void) state;
    for (size_t i = 0; i < COUNT(paths); i++) {
        uint8_t der[ECC_SEC1_MAX];
        char text[512];
        struct writer d = writer_of(der, sizeof der), w = writer_of(text, sizeof text);
        struct ecc_pair pair;
        char *file;
        struct span want = slurp_span(paths[i], &file);

        assert_int_equal(key_file_ec(paths[i], &pair, &err), 0);
        ecc_sec1_encode(&pair, &d);
        assert_false(d.bad);
        pem_put(&w, ECC_SEC1_LABEL, writer_span(&d));
        assert_true(span_eq(writer_span(&w), want));
        free(file);
    }
}

static void test_rsa(void **state)
{
    char *text;
    struct span want = slurp_span("tests/vectors/rsa_oaep/key.der", &text);
    static const char *const paths[] = {KEYS "rsa.pkcs1.pem", KEYS "rsa.pkcs8.pem"};

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        struct fileio_bytes got = {0};

        if (key_file_rsa(paths[i], &got, &err) < 0)
            fail_msg("%s", err.text);
        assert_true(span_eq(fileio_span(&got), want));
        fileio_free(&got);
    }
    free(text);
}

static void test_bad_keys(void **state)
{
    static const char *const files[] = {KEYS "p384.sec1.pem", KEYS "rsa.pkcs1.pem", KEYS "rsa.pkcs8.pem",
                                        KEYS "p521.sec1.pem"};
    uint8_t der[KEY_FILE_MAX];

    (void) state;
    for (size_t i = 0; i < COUNT(files); i++) {
        char *text;
        struct span pem = slurp_span(files[i], &text);
        struct ecc_pair pair = {.scalar = {7}};
        struct writer w = writer_of(der, sizeof der);

        if (i > 0) {
            assert_int_equal(key_file_ec_parse(pem, &pair, &err), -1);
            assert_int_equal(pair.scalar[0], 7);
        }
        if (i == 0 || i == 3)
            assert_int_equal(key_file_rsa_parse(pem, &w, &err), -1);
        /* Twice in one file, cut, and with one changed character at each place. */
        char *twice = malloc(2 * pem.len);
        memcpy(twice, text, pem.len);
        memcpy(twice + pem.len, text, pem.len);
        assert_int_equal(key_file_ec_parse(span_of(twice, 2 * pem.len), &pair, &err), -1);
        w = writer_of(der, sizeof der);
        assert_int_equal(key_file_rsa_parse(span_of(twice, 2 * pem.len), &w, &err), -1);
        for (size_t k = 0; k < pem.len; k += 3) {
            twice[k] ^= 1;
            w = writer_of(der, sizeof der);
            (void) !key_file_ec_parse(span_of(twice, pem.len), &pair, &err);
            (void) !key_file_rsa_parse(span_of(twice, pem.len), &w, &err);
            assert_int_equal(key_file_ec_parse(span_of(text, k), &pair, &err), -1);
            twice[k] ^= 1;
        }
        free(twice);
        free(text);
    }
}

static void test_shares(void **state)
{
    static char text[SHARE_FILE_MAX];
    static uint8_t sealed[RSA_OAEP_SIZE_MAX];
    char *key_text, *public_text;
    struct span key = slurp_span("tests/vectors/rsa_oaep/key.der", &key_text);
    struct span public_key = slurp_span("tests/vectors/rsa_oaep/public.der", &public_text);
    struct userapi_set_response r = {.share_count = 2, .salt = span_str("0123456789abcdef0123456789abcdef")};
    struct writer s = writer_of(sealed, sizeof sealed), w = writer_of(text, sizeof text);
    struct mesh_secret_seed out = {.salt.len = 7};
    char hex[2 * RSA_OAEP_PUBLIC_MAX + 1];
    const uint8_t seed[MESH_SECRET_SEED_SIZE] = {1, 2, 3};

    (void) state;
    assert_int_equal(hex_encode(public_key, hex, sizeof hex, &err), 0);
    assert_int_equal(
        rsa_oaep_encrypt(public_key, span_str("seedshare"), span_of(seed, sizeof seed), &s, &err), 0);
    r.shares[0] = (struct userapi_share){span_str("aa"), span_str("not for us")};
    r.shares[1] = (struct userapi_share){span_str(hex), writer_span(&s)};
    assert_int_equal(share_file_encode(&r, &w, &err), 0);
    assert_int_equal(share_file_open(writer_span(&w), "shares", key, &out, &err), 0);
    assert_true(span_eq(secret_span(&out.seed), span_of(seed, sizeof seed)));
    assert_true(span_eq(secret_span(&out.salt), r.salt));
    /* As Go's encoder writes it. */
    char *go = malloc(8192);
    char b64[1024];
    assert_int_equal(b64_encode(writer_span(&s), b64, sizeof b64, &err), 0);
    (void) snprintf(go, 8192,
                    "{\n  \"SeedShares\": [\n    {\n      \"PublicKey\": \"%s\",\n      \"EncryptedSeed\": "
                    "\"%s\"\n    }\n  ],\n  \"salt\": \"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\n}",
                    hex, b64);
    out = (struct mesh_secret_seed){.salt.len = 7};
    assert_int_equal(share_file_open(span_str(go), "go", key, &out, &err), 0);
    assert_true(span_eq(secret_span(&out.seed), span_of(seed, sizeof seed)));
    free(go);

    out = (struct mesh_secret_seed){.salt.len = 7};
    r.share_count = 1;
    w = writer_of(text, sizeof text);
    assert_int_equal(share_file_encode(&r, &w, &err), 0);
    assert_int_equal(share_file_open(writer_span(&w), "shares", key, &out, &err), -1);
    test_check_err(&err, ERR_MISSING, "shares: SeedShares: no share for this key", "none");
    r.shares[0].public_key = span_str(hex);
    w = writer_of(text, sizeof text);
    assert_int_equal(share_file_encode(&r, &w, &err), 0);
    assert_int_equal(share_file_open(writer_span(&w), "shares", key, &out, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    r.salt.len = 31;
    w = writer_of(text, sizeof text);
    assert_int_equal(share_file_encode(&r, &w, &err), 0);
    assert_int_equal(share_file_open(writer_span(&w), "shares", key, &out, &err), -1);
    test_check_err(&err, ERR_FORMAT, "shares: salt: 31 bytes, expected 32", "salt");
    assert_int_equal(out.salt.len, 7);
    free(key_text);
    free(public_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ec),       cmocka_unit_test(test_sec1),   cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_bad_keys), cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
