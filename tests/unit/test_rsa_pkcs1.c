/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures over SHA-256("nacre") that make.py beside the vectors has made, good and forged. */
#include "parser_test.h"

#include "hash.h"
#include "hex.h"
#include "rsa_pkcs1.h"

#define VECTORS "tests/vectors/rsa_pkcs1/vectors.txt"

struct vectors {
    char *text; /* malloc'ed */
    char *rows; /* behind the modulus */
    uint8_t modulus[RSA_PKCS1_SIZE];
    uint8_t digest[SHA256_SIZE];
};

static void load(struct vectors *v)
{
    struct err err;
    size_t len;

    v->text = test_slurp(VECTORS, &len);
    assert_true(len > 513);
    assert_int_equal(hex_decode(span_of(v->text, 512), v->modulus, RSA_PKCS1_SIZE, &err), 0);
    v->rows = v->text + 513;
    assert_int_equal(hash_bytes(HASH_SHA256, span_str("nacre"), v->digest, &err), 0);
}

static int verify(const struct vectors *v, struct span sig, struct err *err)
{
    return rsa_pkcs1_verify(span_of(v->modulus, RSA_PKCS1_SIZE), span_of(v->digest, SHA256_SIZE), sig, err);
}

static void test_vectors(void **state)
{
    struct vectors v;
    char name[64], kind[8], hex[513];
    int used, rows = 0, good = 0;

    (void) state;
    load(&v);
    for (const char *at = v.rows; sscanf(at, "%63s %7s %512s\n%n", name, kind, hex, &used) == 3; at += used) {
        uint8_t sig[RSA_PKCS1_SIZE];
        struct err err = {0};
        const bool expected = strcmp(kind, "good") == 0;
        int rc;

        assert_int_equal(hex_decode(span_of(hex, 512), sig, sizeof sig, &err), 0);
        rc = verify(&v, span_of(sig, sizeof sig), &err);
        if ((rc == 0) != expected)
            fail_msg("%s: %d %s", name, rc, err.text);
        if (rc < 0)
            test_check_err(&err, ERR_DENIED, "does not verify", name);
        rows++;
        good += expected;
    }
    assert_int_equal(rows, 19);
    assert_int_equal(good, 1);
    free(v.text);
}

static void test_lengths(void **state)
{
    struct vectors v;
    uint8_t sig[RSA_PKCS1_SIZE + 1] = {0};
    struct err err = {0};

    (void) state;
    load(&v);
    for (size_t len = RSA_PKCS1_SIZE - 1; len <= RSA_PKCS1_SIZE + 1; len += 2) {
        assert_int_equal(verify(&v, span_of(sig, len), &err), -1);
        test_check_err(&err, ERR_FORMAT, "signature", "signature");
        assert_int_equal(rsa_pkcs1_verify(span_of(sig, len), span_of(v.digest, 32), span_of(sig, 256), &err),
                         -1);
        test_check_err(&err, ERR_FORMAT, "2048 bits", "modulus");
    }
    assert_int_equal(
        rsa_pkcs1_verify(span_of(v.modulus, 256), span_of(v.digest, 31), span_of(sig, 256), &err), -1);
    test_check_err(&err, ERR_FORMAT, "over 31", "digest");
    v.modulus[0] &= 0x7f;
    assert_int_equal(verify(&v, span_of(sig, RSA_PKCS1_SIZE), &err), -1);
    test_check_err(&err, ERR_FORMAT, "2048 bits", "small modulus");
    v.modulus[0] |= 0x80;
    v.modulus[255] &= 0xfe;
    assert_int_equal(verify(&v, span_of(sig, RSA_PKCS1_SIZE), &err), -1);
    test_check_err(&err, ERR_FORMAT, "odd", "even modulus");
    free(v.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
