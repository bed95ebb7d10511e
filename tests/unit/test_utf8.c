/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "arena.h"
#include "utf8.h"

static void test_valid(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"",                 true },
        {"plain\x01\x7f",    true },
        {"\xc2\x80",         true },
        {"\xdf\xbf",         true },
        {"\xe0\xa0\x80",     true },
        {"\xed\x9f\xbf",     true },
        {"\xee\x80\x80",     true },
        {"\xef\xbf\xbf",     true },
        {"\xf0\x90\x80\x80", true },
        {"\xf4\x8f\xbf\xbf", true },
        {"\x80",             false},
        {"\xbf",             false},
        {"\xc0\x80",         false},
        {"\xc1\xbf",         false},
        {"\xc2",             false},
        {"\xc2\x41",         false},
        {"\xc2\xc2",         false},
        {"\xe0\x9f\xbf",     false},
        {"\xe1\x80",         false},
        {"\xe1\x80\x41",     false},
        {"\xed\xa0\x80",     false},
        {"\xed\xbf\xbf",     false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf0\x90\x80",     false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff",             false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (utf8_valid(span_str(rows[i].text)) != rows[i].valid)
            fail_msg("row %zu", i);
    assert_true(utf8_valid(span_of("a\0b", 3)));
}

static void test_show(void **state)
{
    char out[UTF8_SHOWN_MAX];
    char text[100];

    (void) state;
    utf8_show(span_str("a\n\x1b[2J\xc3\xa9~"), out);
    assert_string_equal(out, "a??[2J??~");
    utf8_show(span_of(NULL, 0), out);
    assert_string_equal(out, "");
    memset(text, 'x', sizeof(text));
    utf8_show(span_of(text, UTF8_SHOWN_MAX - 1), out);
    assert_int_equal(strlen(out), UTF8_SHOWN_MAX - 1);
    assert_null(strstr(out, "..."));
    utf8_show(span_of(text, UTF8_SHOWN_MAX), out);
    assert_int_equal(strlen(out), UTF8_SHOWN_MAX - 1);
    assert_string_equal(out + UTF8_SHOWN_MAX - 5, "x...");
}

static void test_arena(void **state)
{
    struct arena a = {0};
    struct err err = {0};
    const char *one, *two;

    (void) state;
    assert_int_equal(arena_make(6, &a, &err), 0);
    one = arena_string(&a, span_str("ab"), &err);
    two = arena_string(&a, span_str("cd"), &err);
    assert_string_equal(one, "ab");
    assert_string_equal(two, "cd");
    assert_null(arena_string(&a, span_of(NULL, 0), &err));
    test_check_err(&err, ERR_LIMIT, "no room for a string of 0 bytes", "full");
    arena_free(&a);
    assert_null(a.buf);
    arena_free(&a);
    arena_free(NULL);
    assert_int_equal(arena_make(1, &a, &err), 0);
    assert_string_equal(arena_string(&a, span_of(NULL, 0), &err), "");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
