/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_match: lists and bits against what was found. */
#include "parser_test.h"
#include "verify_match.h"

static const uint8_t values[] = {1, 1, 2, 2, 3, 3};

static void test_lists(void **state)
{
    static const struct {
        const char *label;
        struct verify_list list;
        const char *found;
        const char *text; /* NULL: matches */
    } rows[] = {
        {"first",             {values, 3, false}, "\x01\x01", NULL                                             },
        {"last",              {values, 3, false}, "\x03\x03", NULL                                             },
        {"behind the end",    {values, 2, false}, "\x03\x03", "one of 2 values (the first is 0101), found 0303"},
        {"across two values", {values, 3, false}, "\x01\x02", "found 0102"                                     },
        {"one",               {values, 1, false}, "\x02\x02", "expected 0101, found 0202"                      },
        {"none",              {values, 0, false}, "\x01\x01", "expected one of an empty list, found 0101"      },
        {"no pointer",        {NULL, 0, false},   "\x01\x01", "expected one of an empty list"                  },
        {"any",               {NULL, 0, true},    "\x01\x01", NULL                                             },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err;
        int rc = verify_match_list(&rows[i].list, span_of(rows[i].found, 2), &err);

        assert_int_equal(rc, rows[i].text ? -1 : 0);
        if (rc < 0)
            test_check_err(&err, ERR_DENIED, rows[i].text, rows[i].label);
    }
}

static void test_sound(void **state)
{
    (void) state;
    assert_true(verify_match_list_is_sound(&(struct verify_list){NULL, 0, false}));
    assert_true(verify_match_list_is_sound(&(struct verify_list){values, VERIFY_MATCH_LIST_MAX, false}));
    assert_true(verify_match_list_is_sound(&(struct verify_list){NULL, 7, true}));
    assert_false(verify_match_list_is_sound(&(struct verify_list){NULL, 1, false}));
    assert_false(verify_match_list_is_sound(&(struct verify_list){values, VERIFY_MATCH_LIST_MAX + 1, false}));
}

static void test_bits(void **state)
{
    static const struct verify_bit_name names[] = {
        {1, "one"},
        {2, "two"},
        {0, NULL },
    };
    static const struct {
        const char *label;
        struct verify_bits bits;
        uint64_t found;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"all",        {true, 3, 3},  3,                 ERR_NONE,    NULL                                                      },
        {"allowed",    {true, 3, 0},  2,                 ERR_NONE,    NULL                                                      },
        {"nothing",    {true, 0, 0},  0,                 ERR_NONE,    NULL                                                      },
        {"excess",     {true, 1, 0},  3,                 ERR_DENIED,  "two is not allowed: expected bits of 0x1 only, found 0x3"},
        {"lacking",    {true, 3, 1},  2,                 ERR_DENIED,  "one is required: expected all bits of 0x1, found 0x2"    },
        {"top bit",    {true, 3, 0},  UINT64_C(1) << 63, ERR_DENIED,  "reserved is not allowed"                                 },
        {"not set up", {false, 3, 0}, 0,                 ERR_MISSING, "not given"                                               },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err;
        int rc = verify_match_bits(&rows[i].bits, rows[i].found, names, &err);

        assert_int_equal(rc, rows[i].text ? -1 : 0);
        if (rc < 0)
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
}

static void test_text(void **state)
{
    uint8_t bytes[17] = {0xab};
    char text[VERIFY_MATCH_TEXT_SIZE];

    (void) state;
    verify_match_text(span_of(bytes, 17), text);
    assert_string_equal(text, "ab000000000000000000000000000000...");
    verify_match_text(span_of(bytes, 16), text);
    assert_string_equal(text, "ab000000000000000000000000000000");
    verify_match_text(span_of(NULL, 0), text);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
