/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keygen against filippo.io/keygen: tests/vectors/keygen/p384.txt has lines of seed, scalar, x and y. */
#include "ecc.h"
#include "hex.h"
#include "keygen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_vectors(void **state)
{
    FILE *f = fopen("tests/vectors/keygen/p384.txt", "r");
    char seed_hex[2 * KEYGEN_SEED_MAX + 1];
    char scalar_hex[97];
    char point_hex[193];
    int rows = 0;

    (void) state;
    assert_non_null(f);
    while (fscanf(f, "%256s %96s %192s", seed_hex, scalar_hex, point_hex) == 3) {
        uint8_t seed[KEYGEN_SEED_MAX];
        uint8_t want[KEYGEN_P384_SIZE];
        uint8_t point[96];
        struct secret scalar = {0};
        struct ecc_pair pair;
        struct err err;
        size_t len = strlen(seed_hex) / 2;

        assert_int_equal(hex_decode(span_str(seed_hex), seed, len, &err), 0);
        assert_int_equal(hex_decode(span_str(scalar_hex), want, sizeof want, &err), 0);
        assert_int_equal(hex_decode(span_str(point_hex), point, sizeof point, &err), 0);
        assert_int_equal(keygen_p384(span_of(seed, len), &scalar, &err), 0);
        assert_int_equal(scalar.len, KEYGEN_P384_SIZE);
        assert_memory_equal(scalar.bytes, want, sizeof want);
        assert_int_equal(ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &pair, &err), 0);
        assert_memory_equal(pair.pub.x, point, 48);
        assert_memory_equal(pair.pub.y, point + 48, 48);
        rows++;
    }
    (void) fclose(f);
    assert_int_equal(rows, 16);
}

static void test_lengths(void **state)
{
    static const size_t bad[] = {0, 1, 15, KEYGEN_SEED_MAX + 1};
    uint8_t seed[KEYGEN_SEED_MAX + 1] = {0};

    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct secret scalar = {.len = 7};
        struct err err = {0};

        assert_int_equal(keygen_p384(span_of(seed, bad[i]), &scalar, &err), -1);
        assert_int_equal(err.code, ERR_LIMIT);
        assert_int_equal(scalar.len, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_lengths)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
