/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "cmdline.h"

static const enum cmdline_key production[] = {CMDLINE_LOG};
static const enum cmdline_key dev[] = {CMDLINE_LOG, CMDLINE_DEV};

static int parse(const char *text, bool dev_build, struct cmdline *out, struct err *err)
{
    return cmdline_parse(span_str(text), dev_build ? dev : production, dev_build ? 2 : 1, out, err);
}

struct good_row {
    const char *text;
    bool dev_build;
    struct cmdline want;
};

static const struct good_row good[] = {
    {"",                                        false, {CMDLINE_LOG_INFO, false} },
    {"\n",                                      false, {CMDLINE_LOG_INFO, false} },
    {"console=ttyS0 panic=-1 quiet\n",          false, {CMDLINE_LOG_INFO, false} },
    {"nacre.log=quiet",                         false, {CMDLINE_LOG_QUIET, false}},
    {"  a=b   nacre.log=info \t c\n",           false, {CMDLINE_LOG_INFO, false} },
    {"nacre.log=quiet nacre.dev",               true,  {CMDLINE_LOG_QUIET, true} },
    {"nacre.dev\n",                             true,  {CMDLINE_LOG_INFO, true}  },
    {"xnacre.dev nacre nacreX.y foo=nacre.dev", false, {CMDLINE_LOG_INFO, false} },
    {"foo=\"a b\" nacre.dev",                   true,  {CMDLINE_LOG_INFO, true}  },
    {"name=caf\xc3\xa9",                        false, {CMDLINE_LOG_INFO, false} },
};

static void test_good(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct cmdline out = {0};
        struct err err = {0};

        if (parse(good[i].text, good[i].dev_build, &out, &err) < 0)
            fail_msg("%s: %s", good[i].text, err.text);
        assert_int_equal(out.log, good[i].want.log);
        assert_int_equal(out.dev, good[i].want.dev);
    }
}

struct bad_row {
    const char *text;
    bool dev_build;
    const char *part;
};

static const struct bad_row bad[] = {
    {"nacre.dev",                        false, "command line: nacre.dev: unknown option or value"},
    {"nacre.dev=1",                      true,  "nacre.dev=1: unknown option or value"            },
    {"nacre.dev=",                       true,  "nacre.dev=: unknown option or value"             },
    {"nacre.",                           true,  "nacre.: unknown option"                          },
    {"nacre.foo",                        true,  "nacre.foo: unknown option"                       },
    {"nacre.Dev",                        true,  "nacre.Dev: unknown option"                       },
    {"nacre.log",                        true,  "nacre.log: unknown option"                       },
    {"nacre.log=",                       true,  "nacre.log=: unknown option"                      },
    {"nacre.log=debug",                  true,  "nacre.log=debug: unknown option or value"        },
    {"nacre.log=quiet nacre.log=quiet",  true,  "nacre.log=quiet: this option is given twice"     },
    {"nacre.log=quiet x nacre.log=info", true,  "nacre.log=info: this option is given twice"      },
    {"nacre.dev nacre.dev",              true,  "nacre.dev: this option is given twice"           },
    {"nacre.log=\"quiet\"",              true,  "quotes are not allowed"                          },
    {"\"nacre.dev\"",                    true,  "quotes are not allowed"                          },
    {"\"nacre.dev",                      true,  "quotes are not allowed"                          },
    {"foo=\"a nacre.dev b\"",            true,  "nacre.dev: quotes are not allowed"               },
    {"foo=\"a nacre.x",                  true,  "quotes are not allowed"                          },
    {"-- nacre.foo",                     true,  "nacre.foo: unknown option"                       },
    {"a\nnacre.dev",                     true,  "a control byte at 1"                             },
    {"a\n\n",                            true,  "a control byte at 1"                             },
    {"a\x7f",                            true,  "a control byte at 1"                             },
    {"a\x1b[2J",                         true,  "a control byte at 1"                             },
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct cmdline out = {.log = (enum cmdline_log) 77, .dev = true};
        struct err err = {0};

        if (parse(bad[i].text, bad[i].dev_build, &out, &err) == 0)
            fail_msg("accepted: %s", bad[i].text);
        test_check_err(&err, ERR_FORMAT, bad[i].part, bad[i].text);
        assert_int_equal(out.log, 77);
        assert_true(out.dev);
    }
}

static void test_length(void **state)
{
    static char text[CMDLINE_READ_MAX];
    struct cmdline out = {0};
    struct err err = {0};

    (void) state;
    memset(text, 'a', sizeof(text));
    assert_int_equal(cmdline_parse(span_of(text, CMDLINE_MAX), dev, 2, &out, &err), 0);
    assert_int_equal(cmdline_parse(span_of(text, CMDLINE_MAX + 1), dev, 2, &out, &err), -1);
    test_check_err(&err, ERR_LIMIT, "2047 bytes, at most 2046: the kernel may have cut it", "cut");
    text[CMDLINE_MAX] = '\n';
    assert_int_equal(cmdline_parse(span_of(text, CMDLINE_MAX + 1), dev, 2, &out, &err), 0);
    assert_int_equal(cmdline_parse(span_of("a\0b", 3), dev, 2, &out, &err), -1);
    test_check_err(&err, ERR_FORMAT, "a control byte at 1", "NUL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
