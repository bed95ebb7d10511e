/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "toml.h"

#define BYTES_MAX 100000

struct good_row {
    const char *text;
    const char *table, *key, *value; /* of the last entry; key NULL: no entry */
};

static const struct good_row good[] = {
    {"",                                          NULL,  NULL,       NULL                              },
    {"\n \t\n# comment\n",                        NULL,  NULL,       NULL                              },
    {"[data]",                                    NULL,  NULL,       NULL                              },
    {"a = 'x'",                                   "",    "a",        "x"                               },
    {"a=\"x\"# comment",                          "",    "a",        "x"                               },
    {"\ta\t=\t'x'\t\n",                           "",    "a",        "x"                               },
    {"A-b_9 = ''",                                "",    "A-b_9",    ""                                },
    {"\"a.b\" = 'x'",                             "",    "a.b",      "x"                               },
    {"'a \"b' = 'x'",                             "",    "a \"b",    "x"                               },
    {"\"\\u00e9\" = 'x'",                         "",    "\xc3\xa9", "x"                               },
    {"[ data ] # c\na = 'x'\n[\"t.u\"]\na = 'y'", "t.u", "a",        "y"                               },
    {"a = 'c:\\n # \"'",                          "",    "a",        "c:\\n # \""                      },
    {"a = \"\\b\\t\\n\\f\\r\\\"\\\\\"",           "",    "a",        "\b\t\n\f\r\"\\"                  },
    {"a = \"\\u20ac\\U0001F600\\u007f\"",         "",    "a",        "\xe2\x82\xac\xf0\x9f\x98\x80\x7f"},
    {"a = '''x'''",                               "",    "a",        "x"                               },
    {"a = ''''''",                                "",    "a",        ""                                },
    {"a = '''\nx\n y\n'''\n",                     "",    "a",        "x\n y\n"                         },
    {"a = '''\n\nx'''\n",                         "",    "a",        "\nx"                             },
    {"a = ''''x'''''\n",                          "",    "a",        "'x''"                            },
    {"a = '''it''s \\n'''\n",                     "",    "a",        "it''s \\n"                       },
    {"a = \"\"\"\nx \\\"\"\" y\\n\"\"\"",         "",    "a",        "x \"\"\" y\n"                    },
    {"a = \"\"\"x\"\"\"\"\"",                     "",    "a",        "x\"\""                           },
    {"a = \"\"\"one \\  \n\n   two\"\"\"",        "",    "a",        "one two"                         },
    {"a = \"\"\"\\\n   x\\\n\"\"\"",              "",    "a",        "x"                               },
    {"a = '\xc3\xa9\t'",                          "",    "a",        "\xc3\xa9\t"                      },
};

static void test_good(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct toml doc = {0};
        struct err err = {0};
        char *text = strdup(good[i].text);
        const struct toml_entry *last;

        assert_non_null(text);
        if (toml_parse(span_str(text), BYTES_MAX, &doc, &err) < 0)
            fail_msg("%s: %s", good[i].text, err.text);
        memset(text, 'x', strlen(text));
        free(text);
        assert_int_equal(doc.count == 0, good[i].key == NULL);
        last = &doc.entries[doc.count > 0 ? doc.count - 1 : 0];
        if (good[i].key) {
            assert_string_equal(last->table, good[i].table);
            assert_string_equal(last->key, good[i].key);
            if (!span_eq_str(last->value, good[i].value))
                fail_msg("%s: found value \"%s\"", good[i].text, (const char *) last->value.data);
            assert_int_equal(last->value.data[last->value.len], 0);
        }
        toml_free(&doc);
        assert_int_equal(doc.count, 0);
    }
    toml_free(NULL);
}

struct bad_row {
    const char *text;
    const char *part;
};

static const struct bad_row bad[] = {
    {"a",                    "line 1: expected '=' after the key"                            },
    {"a =",                  "expected a string"                                             },
    {"\n\na = 1",            "line 3: expected a string: no other kind of value is supported"},
    {"a = true",             "no other kind of value"                                        },
    {"a = 1979-05-27",       "no other kind of value"                                        },
    {"a = ['x']",            "no other kind of value"                                        },
    {"a = {b = 'x'}",        "no other kind of value"                                        },
    {"a = x",                "no other kind of value"                                        },
    {"= 'x'",                "expected a key"                                                },
    {"'' = 'x'",             "expected a key"                                                },
    {"\xc3\xa9 = 'x'",       "expected a key"                                                },
    {"a b = 'x'",            "expected '=' after the key"                                    },
    {"a.b = 'x'",            "dotted keys are not supported"                                 },
    {"a . b = 'x'",          "dotted keys are not supported"                                 },
    {"[a.b]",                "dotted keys are not supported"                                 },
    {"[[a]]",                "arrays of tables are not supported"                            },
    {"[a",                   "expected ']'"                                                  },
    {"[]",                   "expected a key"                                                },
    {"[a] b = 'x'",          "expected the end of the line"                                  },
    {"[a]\n[a]",             "line 2: this table is given twice"                             },
    {"[a]\n['a']",           "this table is given twice"                                     },
    {"a = 'x'\n[a]",         "line 1: this key is also a table"                              },
    {"a = 'x'\na = 'y'",     "line 2: this key is given twice"                               },
    {"a = 'x'\n\"a\" = 'y'", "this key is given twice"                                       },
    {"[t]\na = ''\na = ''",  "line 3: this key is given twice"                               },
    {"a = 'x' b = 'y'",      "expected the end of the line"                                  },
    {"a = 'x' 'y'",          "expected the end of the line"                                  },
    {"a = 'x'\r\n",          "expected the end of the line"                                  },
    {"a = 'x\ry'",           "a control byte"                                                },
    {"# c\r\n",              "a control byte in a comment"                                   },
    {"# c\x1b\n",            "a control byte in a comment"                                   },
    {"a = '''x\r\n'''",      "a control byte"                                                },
    {"a = 'x",               "a string without an end"                                       },
    {"a = \"x",              "a string without an end"                                       },
    {"a = \"x\\\"",          "a string without an end"                                       },
    {"a = '''x''",           "a string without an end"                                       },
    {"a = \"\"\"x\"\"",      "a string without an end"                                       },
    {"a = 'x\ny'",           "a control byte or the end of the line"                         },
    {"a = \"x\ny\"",         "a control byte or the end of the line"                         },
    {"a = \"x\\\ny\"",       "an unknown escape"                                             },
    {"a = 'x\x7f'",          "a control byte"                                                },
    {"a = '''x''''''",       "expected the end of the line"                                  },
    {"a = \"\\e\"",          "an unknown escape"                                             },
    {"a = \"\\x41\"",        "an unknown escape"                                             },
    {"a = \"\"\"\\ x\"\"\"", "an unknown escape"                                             },
    {"a = \"\\u004\"",       "needs more hex digits"                                         },
    {"a = \"\\u0000\"",      "an escape that is no character"                                },
    {"a = \"\\ud800\"",      "an escape that is no character"                                },
    {"a = \"\\U00110000\"",  "an escape that is no character"                                },
    {"'''a''' = 'x'",        "a multi-line string cannot stand here"                         },
    {"a = '\xff'",           "not UTF-8"                                                     },
    {"\xef\xbb\xbf",         "expected a key"                                                },
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct toml doc = {.count = 77};
        struct err err = {0};

        if (toml_parse(span_str(bad[i].text), BYTES_MAX, &doc, &err) == 0)
            fail_msg("accepted: %s", bad[i].text);
        test_check_err(&err, ERR_FORMAT, bad[i].part, bad[i].text);
        assert_int_equal(doc.count, 77);
    }
}

/* `what` with a number, written `times` times. */
static char *repeat(const char *what, int times)
{
    char *text = calloc(1, 4096);
    size_t len = 0;

    assert_non_null(text);
    for (int i = 0; i < times; i++)
        len +=
            (size_t) snprintf(text + len, 4096 - len, "%s%d%s", what, i, what[0] == '[' ? "]\n" : " = ''\n");
    return text;
}

static void test_limits(void **state)
{
    static const struct {
        const char *what;
        int max;
        const char *part;
    } rows[] = {
        {"k",  TOML_ENTRIES_MAX, "too many keys"  },
        {"[t", TOML_TABLES_MAX,  "too many tables"}
    };
    struct toml doc = {0};
    struct err err = {0};
    char key[TOML_KEY_MAX + 8];

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *text = repeat(rows[i].what, rows[i].max);

        assert_int_equal(toml_parse(span_str(text), BYTES_MAX, &doc, &err), 0);
        toml_free(&doc);
        free(text);
        text = repeat(rows[i].what, rows[i].max + 1);
        assert_int_equal(toml_parse(span_str(text), BYTES_MAX, &doc, &err), -1);
        test_check_err(&err, ERR_LIMIT, rows[i].part, rows[i].what);
        free(text);
    }
    memset(key, 'k', TOML_KEY_MAX);
    memcpy(key + TOML_KEY_MAX, "=''", 4);
    assert_int_equal(toml_parse(span_str(key), BYTES_MAX, &doc, &err), 0);
    toml_free(&doc);
    memcpy(key + TOML_KEY_MAX, "k=''", 5);
    assert_int_equal(toml_parse(span_str(key), BYTES_MAX, &doc, &err), -1);
    test_check_err(&err, ERR_LIMIT, "a key that is too long", "key");
    assert_int_equal(toml_parse(span_str("a = ''"), 5, &doc, &err), -1);
    test_check_err(&err, ERR_LIMIT, "6 bytes, at most 5", "document");
    assert_int_equal(toml_parse(span_of("a = '\0'", 7), BYTES_MAX, &doc, &err), -1);
    test_check_err(&err, ERR_FORMAT, "a NUL byte", "NUL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
