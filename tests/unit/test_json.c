/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "json.h"
#include "json_fields.h"

#define NAME "doc.json"
#define BYTES_MAX 100000

static const char *const good[] = {
    "{}",
    "[]",
    "0",
    "-7",
    "\"\"",
    "true",
    "null",
    " \t\r\n{\"a\":[1,2,{\"b\":null}]}\n",
    "{\"a\":1,\"A\":2}",
    "9007199254740991",
    "-9007199254740991",
    "\"\\u00e9\\ud83d\\ude00 \\\\u0000 \\\"\\/\\b\\f\\n\\r\\t\"",
    "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
};

static void test_good(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct json_doc doc = {0};
        struct err err = {0};

        if (json_doc_parse(span_str(good[i]), NAME, BYTES_MAX, &doc, &err) < 0)
            fail_msg("%s: %s", good[i], err.text);
        json_doc_free(&doc);
        assert_null(doc.tree);
    }
}

struct bad_row {
    const char *text;
    enum err_code code;
    const char *part;
};

static const struct bad_row bad[] = {
    {"",                                       ERR_FORMAT, "doc.json: empty"                                   },
    {" ",                                      ERR_FORMAT, "not JSON"                                          },
    {"{",                                      ERR_FORMAT, "not JSON"                                          },
    {"{\"a\"}",                                ERR_FORMAT, "not JSON"                                          },
    {"{\"a\":1,}",                             ERR_FORMAT, "not JSON"                                          },
    {"[1,]",                                   ERR_FORMAT, "not JSON"                                          },
    {"[1 2]",                                  ERR_FORMAT, "not JSON"                                          },
    {"{a:1}",                                  ERR_FORMAT, "not JSON"                                          },
    {"nul",                                    ERR_FORMAT, "not JSON"                                          },
    {"True",                                   ERR_FORMAT, "a byte that has no place"                          },
    {"{} {}",                                  ERR_FORMAT, "more text after the value, at byte 2"              },
    {"{}x",                                    ERR_FORMAT, "more text after the value"                         },
    {"nullx",                                  ERR_FORMAT, "more text after the value"                         },
    {"{}]",                                    ERR_FORMAT, "a bracket that closes nothing"                     },
    {"[}",                                     ERR_FORMAT, "not JSON"                                          },
    {"\n\n'a'",                                ERR_FORMAT, "doc.json: line 3: a byte that has no place in JSON"},
    {"// x\n{}",                               ERR_FORMAT, "a byte that has no place"                          },
    {"\xef\xbb\xbf{}",                         ERR_FORMAT, "a byte that has no place"                          },
    {"{}\x0b",                                 ERR_FORMAT, "a byte that has no place"                          },
    {"\"\x80\"",                               ERR_FORMAT, "not UTF-8"                                         },
    {"\"\xc0\xaf\"",                           ERR_FORMAT, "not UTF-8"                                         },
    {"\"\xed\xa0\x80\"",                       ERR_FORMAT, "not UTF-8"                                         },
    {"\"a",                                    ERR_FORMAT, "a string without an end"                           },
    {"\"a\\\"",                                ERR_FORMAT, "a string without an end"                           },
    {"\"a\tb\"",                               ERR_FORMAT, "a control byte in a string"                        },
    {"\"\\u0000\"",                            ERR_FORMAT, "\\u0000 in a string"                               },
    {"{\"a\\u0000b\":1}",                      ERR_FORMAT, "\\u0000 in a string"                               },
    {"\"\\u00\"",                              ERR_FORMAT, "not JSON"                                          },
    {"\"\\ud800\"",                            ERR_FORMAT, "not JSON"                                          },
    {"\"\\udc00\\ud800\"",                     ERR_FORMAT, "not JSON"                                          },
    {"\"\\x41\"",                              ERR_FORMAT, "not JSON"                                          },
    {"1.0",                                    ERR_FORMAT, "a number that is no plain integer"                 },
    {"1e3",                                    ERR_FORMAT, "a number that is no plain integer"                 },
    {"1E3",                                    ERR_FORMAT, "a number that is no plain integer"                 },
    {"01",                                     ERR_FORMAT, "a number that is no plain integer"                 },
    {"-0",                                     ERR_FORMAT, "a number that is no plain integer"                 },
    {"-",                                      ERR_FORMAT, "a number that is no plain integer"                 },
    {"+1",                                     ERR_FORMAT, "a byte that has no place"                          },
    {".5",                                     ERR_FORMAT, "a byte that has no place"                          },
    {"1-2",                                    ERR_FORMAT, "a number that is no plain integer"                 },
    {"9007199254740992",                       ERR_FORMAT, "a number of 2^53 or more"                          },
    {"99999999999999999999999999999999999999", ERR_FORMAT, "a number of 2^53 or more"                          },
    {"NaN",                                    ERR_FORMAT, "a byte that has no place"                          },
    {"{\"a\":1,\"a\":1}",                      ERR_FORMAT, "doc.json: a: this key is given twice"              },
    {"{\"a\":1,\"\\u0061\":1}",                ERR_FORMAT, "doc.json: a: this key is given twice"              },
    {"{\"x\":[0,{\"b\":1,\"c\":2,\"b\":3}]}",  ERR_FORMAT, "doc.json: x[1].b: this key is given twice"         },
    {"[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",     ERR_LIMIT,  "nested too deep"                                   },
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        int marker;
        struct json_doc doc = {.tree = &marker};
        struct err err = {0};

        if (json_doc_parse(span_str(bad[i].text), NAME, BYTES_MAX, &doc, &err) == 0)
            fail_msg("accepted: %s", bad[i].text);
        test_check_err(&err, bad[i].code, bad[i].part, bad[i].text);
        assert_ptr_equal(doc.tree, &marker);
    }
}

/* Cut anywhere, in a buffer of its own so that a sanitizer sees every byte read behind the end. */
static void test_cut(void **state)
{
    static const char text[] = "{\"a\\\\\\\"\\u00e9\":[-12,true,\"\\ud83d\\ude00\"]}";

    (void) state;
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        char *part = malloc(n > 0 ? n : 1);
        struct json_doc doc = {0};
        struct err err = {0};

        assert_non_null(part);
        memcpy(part, text, n);
        assert_int_equal(json_doc_parse(span_of(part, n), NAME, BYTES_MAX, &doc, &err), -1);
        assert_int_equal(err.code, ERR_FORMAT);
        free(part);
    }
}

static void test_nul_byte(void **state)
{
    struct json_doc doc = {0};
    struct err err = {0};

    (void) state;
    assert_int_equal(json_doc_parse(span_of("{}\0", 3), NAME, BYTES_MAX, &doc, &err), -1);
    test_check_err(&err, ERR_FORMAT, "a byte that has no place", "NUL");
    assert_int_equal(json_doc_parse(span_of("\"\0\"", 3), NAME, BYTES_MAX, &doc, &err), -1);
    test_check_err(&err, ERR_FORMAT, "a control byte", "NUL in a string");
    assert_int_equal(json_doc_parse(span_str("{}"), NAME, 1, &doc, &err), -1);
    test_check_err(&err, ERR_LIMIT, "doc.json: 2 bytes, at most 1", "too long");
}

static void test_many_members(void **state)
{
    static char text[12 * (JSON_MEMBERS_MAX + 1) + 3];
    struct json_doc doc = {0};
    struct err err = {0};
    size_t len = 1;

    (void) state;
    text[0] = '{';
    for (int i = 0; i <= JSON_MEMBERS_MAX; i++)
        len += (size_t) snprintf(text + len, sizeof(text) - len, "%s\"%d\":0", i > 0 ? "," : "", i);
    text[len++] = '}';
    assert_int_equal(json_doc_parse(span_of(text, len), NAME, BYTES_MAX, &doc, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 4096 members", "many");
}

/* --- getters --- */

static const char sample[] =
    "{\"s\":\"text\",\"n\":42,\"neg\":-1,\"t\":true,\"hex\":\"0aff\",\"list\":[\"a\",1,[2]],"
    "\"o\":{\"in\":{\"x\":null}},\"odd \\n\\\"key\":1}";

static int setup(void **state)
{
    static struct json_doc doc;
    struct err err = {0};

    if (json_doc_parse(span_str(sample), NAME, BYTES_MAX, &doc, &err) < 0)
        fail_msg("%s", err.text);
    *state = &doc;
    return 0;
}

static int teardown(void **state)
{
    json_doc_free(*state);
    return 0;
}

static void test_values(void **state)
{
    const struct json root = json_root(*state);
    static const char *const names[] = {"none", "text"};
    struct err err = {0};
    struct json at;
    struct span text;
    uint64_t n = 0;
    uint8_t bytes[2];
    size_t which = 0;
    bool flag = false;

    assert_int_equal(json_get(&root, "s", &at, &err), 0);
    assert_int_equal(json_string(&at, 4, &text, &err), 0);
    assert_true(span_eq_str(text, "text"));
    assert_int_equal(text.data[text.len], 0);
    assert_int_equal(json_choice(&at, names, 2, &which, &err), 0);
    assert_int_equal(which, 1);
    assert_int_equal(json_get(&root, "n", &at, &err), 0);
    assert_int_equal(json_u64(&at, 42, 42, &n, &err), 0);
    assert_int_equal(n, 42);
    assert_int_equal(json_get(&root, "t", &at, &err), 0);
    assert_int_equal(json_bool(&at, &flag, &err), 0);
    assert_true(flag);
    assert_int_equal(json_get(&root, "hex", &at, &err), 0);
    assert_int_equal(json_hex(&at, bytes, 2, &err), 0);
    assert_int_equal(bytes[1], 0xff);
    assert_false(json_find(&root, "S", &at)); /* case matters */
    assert_true(json_find(&root, "odd \n\"key", &at));
}

static void test_value_errors(void **state)
{
    const struct json root = json_root(*state);
    static const char *const names[] = {"none", "host"};
    static const char *const keys[] = {"s", "n", "neg", "t", "hex", "list", "o"};
    struct err err = {0};
    struct json at, in, x;
    struct span text = span_str("untouched");
    uint64_t n = 5;
    uint8_t bytes[3] = {9, 9, 9};
    size_t which = 7;
    bool flag = true;

    assert_int_equal(json_object_keys(&root, keys, COUNT(keys), &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: unknown key \"odd ?\"key\"", "keys");
    assert_int_equal(json_get(&root, "no", &at, &err), -1);
    test_check_err(&err, ERR_MISSING, "doc.json: key \"no\" is missing", "missing");
    assert_int_equal(json_get(&root, "s", &at, &err), 0);
    assert_int_equal(json_string(&at, 3, &text, &err), -1);
    test_check_err(&err, ERR_LIMIT, "doc.json: s: 4 bytes, at most 3", "length");
    assert_int_equal(json_u64(&at, 0, 9, &n, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: s: expected a number, found a string", "type");
    assert_int_equal(json_bool(&at, &flag, &err), -1);
    assert_int_equal(json_choice(&at, names, 2, &which, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: s: unknown value \"text\", known: none, host", "choice");
    assert_int_equal(json_get(&at, "x", &in, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: s: expected an object, found a string", "no object");
    assert_false(json_find(&at, "x", &in));
    assert_int_equal(json_get(&root, "hex", &at, &err), 0);
    assert_int_equal(json_hex(&at, bytes, 3, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: hex: expected 6 hex digits, found 4", "hex");
    assert_int_equal(json_get(&root, "neg", &at, &err), 0);
    assert_int_equal(json_u64(&at, 0, 9, &n, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: neg: a negative number", "sign");
    assert_int_equal(json_get(&root, "n", &at, &err), 0);
    assert_int_equal(json_u64(&at, 0, 41, &n, &err), -1);
    test_check_err(&err, ERR_LIMIT, "doc.json: n: 42 is not in 0..41", "range");
    assert_int_equal(json_u64(&at, 43, 50, &n, &err), -1);
    assert_int_equal(json_get(&root, "o", &at, &err), 0);
    assert_int_equal(json_get(&at, "in", &in, &err), 0);
    assert_int_equal(json_get(&in, "x", &x, &err), 0);
    assert_int_equal(json_bool(&x, &flag, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: o.in.x: expected a boolean, found null", "path");
    assert_true(n == 5 && which == 7 && flag && bytes[0] == 9 && span_eq_str(text, "untouched"));
}

static void test_lists(void **state)
{
    const struct json root = json_root(*state);
    struct err err = {0};
    struct json list, item;
    struct span text;
    size_t count = 99;
    size_t seen = 0;

    assert_int_equal(json_array(&root, 9, &count, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: expected an array, found an object", "root");
    assert_int_equal(json_get(&root, "list", &list, &err), 0);
    assert_int_equal(json_object(&list, 9, &count, &err), -1);
    assert_int_equal(json_array(&list, 2, &count, &err), -1);
    test_check_err(&err, ERR_LIMIT, "doc.json: list: 3 entries, at most 2", "max");
    assert_int_equal(count, 99);
    assert_int_equal(json_array(&list, 3, &count, &err), 0);
    assert_int_equal(count, 3);
    for (bool more = json_first(&list, &item); more; more = json_next(&item))
        assert_int_equal(item.index, seen++);
    assert_int_equal(seen, 3);
    assert_true(json_first(&list, &item) && json_next(&item));
    assert_int_equal(json_string(&item, 9, &text, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: list[1]: expected a string, found a number", "item");
    assert_int_equal(json_object(&root, 8, &count, &err), 0);
    assert_int_equal(count, 8);
    assert_true(json_first(&root, &item));
    assert_string_equal(item.key, "s");
    assert_int_equal(json_fail(&item, &err, ERR_DENIED, "no %d", 7), -1);
    test_check_err(&err, ERR_DENIED, "doc.json: s: no 7", "fail");
}

/* A long path is cut, never overrun. */
static void test_long_path(void **state)
{
    static const char text[] =
        "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":{\"bbbbbbbbbbbbbbbbbbbbbb"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\":{\"cccccccccccccccccccccccc\":{\"d\":[[1]]}}}}";
    struct json_doc doc = {0};
    struct err err = {0};
    struct json at[7];
    size_t depth = 0;
    bool flag;

    (void) state;
    assert_int_equal(json_doc_parse(span_str(text), NAME, BYTES_MAX, &doc, &err), 0);
    at[0] = json_root(&doc);
    while (depth < 6 && json_first(&at[depth], &at[depth + 1]))
        depth++;
    assert_int_equal(depth, 6);
    assert_int_equal(json_bool(&at[depth], &flag, &err), -1);
    test_check_err(&err, ERR_FORMAT, "doc.json: aaaaaaaaaa", "long");
    assert_true(strstr(err.text, "expected a boolean, found a number") != NULL);
    json_doc_free(&doc);
}

/* --- tables --- */

struct sample {
    uint32_t n;
    const char *s;
};

static int sample_n(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct sample *s = out;

    (void) strings;
    return json_u32(at, 1, 50, &s->n, err);
}

static int sample_s(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct sample *s = out;

    return json_keep(at, 8, strings, &s->s, err);
}

static void test_fields(void **state)
{
    static const struct json_field fields[] = {
        {"n", true,  sample_n},
        {"s", false, sample_s}
    };
    static const struct {
        const char *text, *part;
        enum err_code code;
    } rows[] = {
        {"{\"n\":1}",             NULL,                                 ERR_NONE   },
        {"{\"s\":\"x\",\"n\":1}", NULL,                                 ERR_NONE   },
        {"{\"s\":\"x\"}",         "key \"n\" is missing",               ERR_MISSING},
        {"{\"n\":1,\"m\":2}",     "unknown key \"m\"",                  ERR_FORMAT },
        {"{\"n\":51}",            "n: 51 is not in 1..50",              ERR_LIMIT  },
        {"{\"n\":1,\"s\":\"\"}",  "s: an empty string",                 ERR_FORMAT },
        {"[]",                    "expected an object, found an array", ERR_FORMAT },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json_doc doc = {0};
        struct arena strings = {0};
        struct sample out = {0};
        struct err err = {0};
        struct json root;

        assert_int_equal(json_doc_parse(span_str(rows[i].text), NAME, BYTES_MAX, &doc, &err), 0);
        assert_int_equal(arena_make(64, &strings, &err), 0);
        root = json_root(&doc);
        assert_int_equal(json_fields(&root, fields, 2, &strings, &out, &err), rows[i].part ? -1 : 0);
        if (rows[i].part)
            test_check_err(&err, rows[i].code, rows[i].part, rows[i].text);
        arena_free(&strings);
        json_doc_free(&doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_value_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
        cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
