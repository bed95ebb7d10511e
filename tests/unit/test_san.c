/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"
#include "san.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct good {
    const char *text;
    enum san_kind kind;
    const char *ip; /* hex */
};

static const struct good good[] = {
    {"web",                      SAN_DNS, ""                                },
    {"*",                        SAN_DNS, ""                                },
    {"*.example.com",            SAN_DNS, ""                                },
    {"a-b_c.EXAMPLE",            SAN_DNS, ""                                },
    {"256.1.1.1",                SAN_DNS, ""                                }, /* no address, but labels */
    {"01.2.3.4",                 SAN_DNS, ""                                },
    {"1.2.3",                    SAN_DNS, ""                                },
    {"203.0.113.34",             SAN_IP,  "cb007122"                        },
    {"0.0.0.0",                  SAN_IP,  "00000000"                        },
    {"255.255.255.255",          SAN_IP,  "ffffffff"                        },
    {"::",                       SAN_IP,  "00000000000000000000000000000000"},
    {"::1",                      SAN_IP,  "00000000000000000000000000000001"},
    {"2001:db8::1",              SAN_IP,  "20010db8000000000000000000000001"},
    {"1::",                      SAN_IP,  "00010000000000000000000000000000"},
    {"1:2:3:4:5:6:7:8",          SAN_IP,  "00010002000300040005000600070008"},
    {"1:2:3:4:5:6:7::",          SAN_IP,  "00010002000300040005000600070000"},
    {"::2:3:4:5:6:7:8",          SAN_IP,  "00000002000300040005000600070008"},
    {"::ffff:192.0.2.1",         SAN_IP,  "00000000000000000000ffffc0000201"},
    {"1:2:3:4:5:6:192.0.2.1",    SAN_IP,  "000100020003000400050006c0000201"},
    {"ABCD:ef01::",              SAN_IP,  "abcdef01000000000000000000000000"},
    {"spiffe://acme/x",          SAN_URI, ""                                },
    {"urn:uuid:1",               SAN_URI, ""                                },
    {"https://[2001:db8::1]/?a", SAN_URI, ""                                },
};

static void test_good(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct san san;
        struct err err;
        uint8_t ip[16];
        size_t len = strlen(good[i].ip) / 2;

        if (san_parse(span_str(good[i].text), &san, &err) < 0)
            fail_msg("%s: %s", good[i].text, err.text);
        if (san.kind != good[i].kind)
            fail_msg("%s: kind %d", good[i].text, (int) san.kind);
        assert_true(span_eq_str(san.text, good[i].text));
        if (san.kind != SAN_IP)
            continue;
        assert_int_equal(san.ip_len, len);
        assert_int_equal(hex_decode(span_str(good[i].ip), ip, len, &err), 0);
        assert_memory_equal(san.ip, ip, len);
    }
}

static const char *const bad[] = {
    ".",
    "a.",
    ".a",
    "a..b",
    "*a",
    "a*",
    "**",
    "a.*b",
    "a b",
    "a/b",
    "1.2.3.4.",
    "1::2::3",
    ":1",
    "1:",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::g",
    "fe80::1%eth0",
    "::1.2.3",
    "x:",
    "x:a b",
    "x:a\"b",
    "x:<",
    "\xc3\xa4",
    "a\x7f",
    ":::",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* a label of 64 */
    "1:2:3:4:5:6:7:192.0.2.1",
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct san san = {.ip_len = 99};
        struct err err = {0};

        if (san_parse(span_str(bad[i]), &san, &err) == 0)
            fail_msg("%s: accepted as kind %d", bad[i], (int) san.kind);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_int_equal(san.ip_len, 99);
    }
}

static void test_lengths(void **state)
{
    char text[SAN_TEXT_MAX + 2];
    struct san san;
    struct err err;

    (void) state;
    memset(text, 'a', sizeof text);
    text[0] = 'x';
    text[1] = ':';
    assert_int_equal(san_parse(span_of(text, SAN_TEXT_MAX), &san, &err), 0);
    assert_int_equal(san_parse(span_of(text, SAN_TEXT_MAX + 1), &san, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(san_parse(span_of(text, 0), &san, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    text[3] = '\0';
    assert_int_equal(san_parse(span_of(text, 10), &san, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_lengths)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
