/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ratls_time: signed times against vectors of an independent program (tests/vectors/ratls/make_time.py), and
 * what a wrong one is refused for. */
#include "ratls_time.h"

#include "hex.h"
#include "parser_test.h"

#include <stdio.h>

#define VECTORS "tests/vectors/ratls/time.txt"
#define LINE_WORDS 8

static struct err err;

static size_t bytes_of(const char *hex, void *out, size_t cap)
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= cap);
    assert_int_equal(hex_decode(span_str(hex), out, len, &err), 0);
    return len;
}

/* One bit anywhere in the record, and it is another one. */
static void check_bits(const uint8_t record[RATLS_TIME_SIZE], const struct ecc_public *key)
{
    for (size_t i = 0; i < RATLS_TIME_SIZE; i += 7) {
        uint8_t bytes[RATLS_TIME_SIZE];
        struct ratls_time t;
        memcpy(bytes, record, sizeof(bytes));
        bytes[i] ^= 1;
        if (ratls_time_decode(span_of(bytes, sizeof(bytes)), &t, &err) < 0)
            continue; /* the year */
        assert_int_equal(ratls_time_check(&t, key, &err), -1);
        assert_int_equal(err.code, ERR_DENIED);
    }
}

static void check_vector(char *const *words)
{
    struct ratls_time t = {0};
    struct ratls_time back;
    struct ecc_public key = {.curve = ECC_CURVE_P384};
    uint8_t spki[256];
    uint8_t xy[2 * ECC_FIELD_MAX];
    uint8_t record[RATLS_TIME_SIZE];
    uint8_t got[RATLS_TIME_SIZE];
    (void) bytes_of(words[1], t.nonce_c, sizeof(t.nonce_c));
    (void) bytes_of(words[2], t.nonce_s, sizeof(t.nonce_s));
    size_t len = bytes_of(words[3], spki, sizeof(spki));
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(spki, len), t.client, &err), 0);
    t.time_s = strtoull(words[4], NULL, 10);
    (void) bytes_of(words[5], xy, sizeof(xy));
    memcpy(key.x, xy, ECC_FIELD_MAX);
    memcpy(key.y, xy + ECC_FIELD_MAX, ECC_FIELD_MAX);
    assert_int_equal(bytes_of(words[6], t.signature, sizeof(t.signature)), sizeof(t.signature));
    assert_int_equal(bytes_of(words[7], record, sizeof(record)), sizeof(record));
    assert_int_equal(ratls_time_check(&t, &key, &err), 0);
    ratls_time_encode(&t, got);
    assert_memory_equal(got, record, sizeof(got));
    assert_int_equal(ratls_time_decode(span_of(record, sizeof(record)), &back, &err), 0);
    assert_memory_equal(&back, &t, sizeof(t));
    check_bits(record, &key);
}

static void test_vectors(void **state)
{
    char line[2048];
    unsigned seen = 0;
    FILE *f = fopen(VECTORS, "r");
    (void) state;
    assert_non_null(f);
    for (; fgets(line, sizeof(line), f) != NULL; seen++) {
        char *words[LINE_WORDS] = {NULL};
        char *save = NULL;
        size_t n = 0;
        for (char *w = strtok_r(line, " \n", &save); w != NULL && n < LINE_WORDS; n++) {
            words[n] = w;
            w = strtok_r(NULL, " \n", &save);
        }
        assert_int_equal(n, LINE_WORDS);
        check_vector(words);
    }
    (void) fclose(f);
    assert_int_equal(seen, 3);
}

static void test_round(void **state)
{
    AUTO_ECC_PAIR key = {0};
    AUTO_ECC_PAIR other = {0};
    AUTO_ECC_PAIR small = {0};
    struct ratls_time t = {.nonce_c = {1}, .nonce_s = {2}, .client = {3}, .time_s = 1760000000};
    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &key, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &other, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &small, &err), 0);
    assert_int_equal(ratls_time_sign(&t, &key, &err), 0);
    assert_int_equal(ratls_time_check(&t, &key.pub, &err), 0);
    assert_int_equal(ratls_time_check(&t, &other.pub, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_non_null(strstr(err.text, "nacre/1: signed time"));
    const struct ratls_time before = t;
    assert_int_equal(ratls_time_sign(&t, &small, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(ratls_time_check(&t, &small.pub, &err), -1);
    assert_memory_equal(&t, &before, sizeof(t));
    t.time_s = RATLS_TIME_MAX_S + 1;
    assert_int_equal(ratls_time_sign(&t, &key, &err), -1);
    assert_int_equal(ratls_time_check(&t, &key.pub, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    memset(t.signature, 0, sizeof(t.signature)); /* r = s = 0 */
    t.time_s = 1;
    assert_int_equal(ratls_time_check(&t, &key.pub, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
}

static void test_bad_records(void **state)
{
    uint8_t bytes[RATLS_TIME_SIZE + 1] = {0};
    struct ratls_time t = {.time_s = 5};
    (void) state;
    for (size_t len = 0; len <= sizeof(bytes); len++)
        if (len != RATLS_TIME_SIZE) {
            assert_int_equal(ratls_time_decode(span_of(bytes, len), &t, &err), -1);
            assert_int_equal(err.code, ERR_FORMAT);
        }
    bytes[2 * RATLS_NONCE_SIZE + SHA384_SIZE + 2] = 1; /* 2^40 s */
    assert_int_equal(ratls_time_decode(span_of(bytes, RATLS_TIME_SIZE), &t, &err), -1);
    assert_string_equal(err.text, "signed time: after the year 9999");
    assert_true(t.time_s == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_bad_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
