/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "b64.h"

/* RFC 4648 section 10, and all 64 characters. */
static const struct {
    const char *bytes, *text;
} good[] = {
    {"",             ""        },
    {"f",            "Zg=="    },
    {"fo",           "Zm8="    },
    {"foo",          "Zm9v"    },
    {"foob",         "Zm9vYg=="},
    {"fooba",        "Zm9vYmE="},
    {"foobar",       "Zm9vYmFy"},
    {"\xff\xef\xbe", "/+++"    },
};

static void test_good(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct err err = {0};
        uint8_t bytes[16];
        char text[16];
        size_t len = 99;

        assert_int_equal(b64_encode(span_str(good[i].bytes), text, strlen(good[i].text) + 1, &err), 0);
        assert_string_equal(text, good[i].text);
        assert_int_equal(b64_encoded_len(strlen(good[i].bytes)), strlen(good[i].text));
        assert_int_equal(b64_decode(span_str(good[i].text), bytes, strlen(good[i].bytes), &len, &err), 0);
        assert_true(span_eq_str(span_of(bytes, len), good[i].bytes));
    }
}

static void test_every_byte(void **state)
{
    uint8_t in[256], out[256];
    char text[345];
    struct err err = {0};
    size_t len;

    (void) state;
    for (size_t i = 0; i < 256; i++)
        in[i] = (uint8_t) i;
    assert_int_equal(b64_encode(span_of(in, 256), text, sizeof(text), &err), 0);
    assert_int_equal(b64_decode(span_str(text), out, sizeof(out), &len, &err), 0);
    assert_int_equal(len, 256);
    assert_memory_equal(in, out, 256);
}

static void test_bad(void **state)
{
    static const char *const bad[] = {"Z",     "Zg",         "Zg=",  "Zg===",    "=",
                                      "====",  "Z===",       "Zh==", "Zm9=",     "Zm 9",
                                      "Zm9\n", "Zm9-",       "Zm9_", "Zg==Zg==", "Zm=v",
                                      "Z=9v",  "Zm9vYmE=\n", "=m9v", "Zm9v====", "Zm9vYg==Zm9v"};

    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t bytes[16] = {9, 9};
        struct err err = {0};
        size_t len = 77;

        if (b64_decode(span_str(bad[i]), bytes, sizeof(bytes), &len, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_int_equal(len, 77);
        assert_int_equal(bytes[0], 9);
    }
}

static void test_room(void **state)
{
    uint8_t bytes[3] = {9, 9, 9};
    char text[8] = "same";
    struct err err = {0};
    size_t len = 77;

    (void) state;
    assert_int_equal(b64_encode(span_str("foo"), text, 4, &err), -1);
    test_check_err(&err, ERR_LIMIT, "base64 of 3 bytes does not fit 4", "encode");
    assert_string_equal(text, "same");
    assert_int_equal(b64_decode(span_str("Zm9v"), bytes, 2, &len, &err), -1);
    test_check_err(&err, ERR_LIMIT, "base64 gives 3 bytes, more than 2", "decode");
    assert_int_equal(bytes[0], 9);
    assert_int_equal(len, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
