/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "json_write.h"

static char text[4096];

static struct writer fresh(size_t cap)
{
    memset(text, 0, sizeof text);
    return writer_of(text, cap);
}

static void test_form(void **state)
{
    struct writer w = fresh(sizeof text - 1);
    struct json_write j = json_write_to(&w);

    (void) state;
    json_write_object(&j, NULL);
    json_write_array(&j, "A");
    json_write_u64(&j, NULL, 0);
    json_write_u64(&j, NULL, UINT64_MAX);
    json_write_object(&j, NULL);
    json_write_close(&j);
    json_write_close(&j);
    json_write_array(&j, "a");
    json_write_close(&j);
    json_write_bool(&j, "a1", true);
    json_write_bool(&j, "aa", false);
    json_write_hex(&j, "b", span_of("\x00\xfe", 2));
    json_write_str(&j, "c", "quote \" backslash \\ line\n tab\t \x01 \x7f \xc3\xa9 /");
    json_write_close(&j);
    assert_true(json_write_end(&j));
    assert_string_equal(
        text, "{\n"
              "  \"A\": [\n"
              "    0,\n"
              "    18446744073709551615,\n"
              "    {}\n"
              "  ],\n"
              "  \"a\": [],\n"
              "  \"a1\": true,\n"
              "  \"aa\": false,\n"
              "  \"b\": \"00fe\",\n"
              "  \"c\": \"quote \\\" backslash \\\\ line\\u000a tab\\u0009 \\u0001 \x7f \xc3\xa9 /\"\n"
              "}\n");
}

/* Each misuse, after "{": the document is bad from there on. */
static void misuse(int which, struct json_write *j)
{
    static const char long_key[] = "0123456789012345678901234567890123456789012345678901234567890123x";

    switch (which) {
    case 0: /* keys that do not rise */
        json_write_u64(j, "b", 1);
        json_write_u64(j, "a", 1);
        break;
    case 1: /* a key twice */
        json_write_u64(j, "a", 1);
        json_write_u64(j, "a", 1);
        break;
    case 2: /* no key in an object */
        json_write_u64(j, NULL, 1);
        break;
    case 3: /* a key in an array */
        json_write_array(j, "a");
        json_write_u64(j, "a", 1);
        json_write_close(j);
        break;
    case 4: /* not closed */
        json_write_array(j, "a");
        break;
    case 5: /* closed too often */
        json_write_close(j);
        json_write_close(j);
        json_write_object(j, NULL);
        break;
    case 6: /* too deep */
        json_write_array(j, "a");
        for (int i = 0; i < JSON_WRITE_DEPTH_MAX; i++)
            json_write_array(j, NULL);
        for (int i = 0; i < JSON_WRITE_DEPTH_MAX; i++)
            json_write_close(j);
        break;
    case 7: /* empty key */
        json_write_u64(j, "", 1);
        break;
    default: /* a key that is too long */
        json_write_u64(j, long_key, 1);
        break;
    }
    json_write_close(j);
}

static void test_misuse(void **state)
{
    (void) state;
    for (int i = 0; i < 9; i++) {
        struct writer w = fresh(sizeof text);
        struct json_write j = json_write_to(&w);

        json_write_object(&j, NULL);
        misuse(i, &j);
        if (json_write_end(&j))
            fail_msg("misuse %d went through: %s", i, text);
    }
}

static void test_full(void **state)
{
    (void) state;
    for (size_t cap = 0; cap < 13; cap++) {
        struct writer w = fresh(cap);
        struct json_write j = json_write_to(&w);

        json_write_object(&j, NULL);
        json_write_u64(&j, "a", 1);
        json_write_close(&j);
        assert_int_equal(json_write_end(&j), cap >= 13);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
