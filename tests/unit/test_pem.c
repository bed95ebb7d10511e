/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"
#include "pem.h"

static void test_round_trip(void **state)
{
    static uint8_t der[1000];

    (void) state;
    for (size_t i = 0; i < sizeof der; i++)
        der[i] = (uint8_t) (i * 7);
    for (size_t len = 1; len <= sizeof der; len += len < 200 ? 1 : 37) {
        uint8_t text_buf[2000], back_buf[1000];
        struct writer text = writer_of(text_buf, PEM_SIZE(len, strlen("CERTIFICATE")));
        struct writer back = writer_of(back_buf, sizeof back_buf);
        struct span rest, got;
        struct err err;

        pem_put(&text, PEM_LABEL_CERTIFICATE, span_of(der, len));
        assert_false(text.bad); /* PEM_SIZE is enough */
        rest = writer_span(&text);
        assert_int_equal(pem_next(&rest, PEM_LABEL_CERTIFICATE, &back, &got, &err), 0);
        assert_true(span_eq(got, span_of(der, len)));
        assert_int_equal(rest.len, 0);
        assert_int_equal(pem_next(&rest, PEM_LABEL_CERTIFICATE, &back, &got, &err), -1);
        test_check_err(&err, ERR_MISSING, "no \"CERTIFICATE\" block", "at the end");
    }
}

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"
#define LINE64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void test_texts(void **state)
{
    static const struct {
        const char *label;
        const char *text;
        int blocks; /* how many are read before the error or the end */
        enum err_code code;
        const char *part;
    } rows[] = {
        {"one",               BEGIN "AQID\n" END,                                                     1, ERR_MISSING, ""               },
        {"two",               BEGIN "AQID\n" END BEGIN "BA==\n" END,                                  2, ERR_MISSING, ""               },
        {"empty lines",       "\n\n" BEGIN "AQID\n" END "\n" BEGIN "BA==\n" END "\n",                 2, ERR_MISSING, ""               },
        {"no last line feed", BEGIN "AQID\n-----END CERTIFICATE-----",                                1, ERR_MISSING, ""               },
        {"CR LF",             "-----BEGIN CERTIFICATE-----\r\nAQID\r\n-----END CERTIFICATE-----\r\n", 1, ERR_MISSING, ""               },
        {"a full line",       BEGIN LINE64 "\n" END,                                                  1, ERR_MISSING, ""               },
        {"nothing",           "",                                                                     0, ERR_MISSING, ""               },
        {"text before",       "subject=x\n" BEGIN "AQID\n" END,                                       0, ERR_FORMAT,  "expected a line"},
        {"text between",      BEGIN "AQID\n" END "x\n" BEGIN "AQID\n" END,                            1, ERR_FORMAT,  "expected a line"},
        {"another label",     "-----BEGIN PRIVATE KEY-----\nAQID\n" END,                              0, ERR_FORMAT,  "expected a line"},
        {"another end",       BEGIN "AQID\n-----END PRIVATE KEY-----\n",                              0, ERR_FORMAT,  ""               },
        {"no end",            BEGIN "AQID\n",                                                         0, ERR_FORMAT,  ""               },
        {"no body",           BEGIN END,                                                              0, ERR_FORMAT,  "empty"          },
        {"empty line inside", BEGIN "AQID\n\n" END,                                                   0, ERR_FORMAT,  "characters"     },
        {"short line first",  BEGIN "AQID\nAQID\n" END,                                               0, ERR_FORMAT,  "characters"     },
        {"long line",         BEGIN LINE64 "AAAA\n" END,                                              0, ERR_FORMAT,  "characters"     },
        {"space behind",      BEGIN "AQID \n" END,                                                    0, ERR_FORMAT,  ""               },
        {"not base64",        BEGIN "A*ID\n" END,                                                     0, ERR_FORMAT,  ""               },
        {"not canonical",     BEGIN "BB==\n" END,                                                     0, ERR_FORMAT,  ""               },
        {"header line",       BEGIN "Proc-Type: 4,ENCRYPTED\n\nAQID\n" END,                           0, ERR_FORMAT,  ""               },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[256];
        struct writer w = writer_of(buf, sizeof buf);
        struct span text = span_str(rows[i].text), der;
        struct err err;
        int blocks = 0;

        while (pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &err) == 0)
            blocks++;
        assert_int_equal(blocks, rows[i].blocks);
        test_check_err(&err, rows[i].code, rows[i].part, rows[i].label);
    }
}

static void test_small_buffer(void **state)
{
    uint8_t buf[3];
    struct writer w = writer_of(buf, 2);
    struct span text = span_str(BEGIN "AQID\n" END), der;
    struct err err;

    (void) state;
    assert_int_equal(pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 2 bytes", "small");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_small_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
