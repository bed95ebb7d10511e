/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "inflate.h"

/* gzip of "hello\n", made by gzip -n. */
static const uint8_t hello[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
                                0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00};

static int run(const uint8_t *bytes, size_t len, size_t max, struct err *err)
{
    uint8_t marker;
    uint8_t *out = &marker;
    size_t out_len = 77;
    const int rc = inflate_gzip(span_of(bytes, len), max, &out, &out_len, err);

    if (rc < 0) {
        assert_ptr_equal(out, &marker);
        assert_int_equal(out_len, 77);
        return -1;
    }
    assert_true(span_eq_str(span_of(out, out_len), "hello\n"));
    free(out);
    return 0;
}

static void test_bounds(void **state)
{
    struct err err = {0};

    (void) state;
    assert_int_equal(run(hello, sizeof(hello), 100, &err), 0);
    assert_int_equal(run(hello, sizeof(hello), 6, &err), 0);
    assert_int_equal(run(hello, sizeof(hello), 5, &err), -1);
    test_check_err(&err, ERR_LIMIT, "gzip: more than 5 bytes come out", "5");
    assert_int_equal(run(hello, sizeof(hello), 0, &err), -1);
    test_check_err(&err, ERR_LIMIT, "gzip: more than 0 bytes come out", "0");
    assert_int_equal(run(hello, sizeof(hello), SIZE_MAX, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_cut(void **state)
{
    (void) state;
    for (size_t n = 0; n < sizeof(hello); n++) {
        struct err err = {0};

        assert_int_equal(run(hello, n, 100, &err), -1);
        test_check_err(&err, ERR_FORMAT, "gzip: the stream is cut", "cut");
    }
}

static void test_after(void **state)
{
    uint8_t twice[2 * sizeof(hello)];
    struct err err = {0};

    (void) state;
    memcpy(twice, hello, sizeof(hello));
    memcpy(twice + sizeof(hello), hello, sizeof(hello));
    assert_int_equal(run(twice, sizeof(hello) + 1, 100, &err), -1);
    test_check_err(&err, ERR_FORMAT, "gzip: 1 bytes after the end", "one more");
    assert_int_equal(run(twice, sizeof(twice), 100, &err), -1);
    test_check_err(&err, ERR_FORMAT, "bytes after the end", "two members");
}

/* zlib's own format, raw deflate and plain text are no gzip; a wrong length or checksum is seen. */
static void test_broken(void **state)
{
    static const uint8_t zlib[] = {0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9,
                                   0xe7, 0x02, 0x00, 0x08, 0x4b, 0x02, 0x1f};
    uint8_t bad[sizeof(hello)];
    struct err err = {0};

    (void) state;
    assert_int_equal(run(zlib, sizeof(zlib), 100, &err), -1);
    test_check_err(&err, ERR_FORMAT, "gzip: incorrect header check", "zlib");
    assert_int_equal(run((const uint8_t *) "hello\n", 6, 100, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    memcpy(bad, hello, sizeof(hello));
    bad[sizeof(bad) - 1] ^= 1;
    assert_int_equal(run(bad, sizeof(bad), 100, &err), -1);
    test_check_err(&err, ERR_FORMAT, "gzip: incorrect length check", "length");
    bad[sizeof(bad) - 8] ^= 1;
    assert_int_equal(run(bad, sizeof(bad), 100, &err), -1);
    test_check_err(&err, ERR_FORMAT, "gzip: incorrect data check", "checksum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
