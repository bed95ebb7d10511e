/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmtable: tables that a 6.12 kernel printed, and each word of them changed. */
#include "parser_test.h"

#include "dmtable.h"

#define KEY_TEXT "0001020304050607"
#define CRYPT                                                                                                \
    "capi:authenc(hmac(sha256),xts(aes))-plain64 " KEY_TEXT " 0 253:0 0 2 integrity:32:aead "                \
    "sector_size:4096"
#define INTEGRITY                                                                                            \
    "254:0 32768 32 J 7 block_size:4096 journal_sectors:792 interleave_sectors:32768 buffer_sectors:128 "    \
    "journal_watermark:50 commit_time:10000 fix_padding"
#define DISK_SECTORS 131072 /* 64 MiB */

static const uint8_t key[] = {0, 1, 2, 3, 4, 5, 6, 7};

static int crypt_check(const char *params, struct err *err)
{
    return dmtable_check_crypt(span_str(params), "253:0", span_of(key, sizeof key), err);
}

static int integrity_check(const char *params, struct err *err)
{
    return dmtable_check_integrity(span_str(params), "254:0", DISK_SECTORS, err);
}

static void test_good(void **state)
{
    struct err err = {0};
    (void) state;
    assert_int_equal(crypt_check(CRYPT, &err), 0);
    assert_int_equal(crypt_check(CRYPT " ", &err), 0);
    assert_int_equal(integrity_check(INTEGRITY, &err), 0);
    assert_int_equal(dmtable_check_same(span_str("a b c "), span_str("a b c"), &err), 0);
}

struct edit {
    const char *from, *to, *part;
};

static void check_edits(int (*check)(const char *, struct err *), const char *good, const struct edit *rows,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        char *text = test_replace(good, rows[i].from, rows[i].to);
        if (check(text, &err) == 0)
            fail_msg("accepted: %s", text);
        test_check_err(&err, ERR_DENIED, rows[i].part, text);
        assert_null(strstr(err.text, KEY_TEXT));
        free(text);
    }
}

static void test_crypt(void **state)
{
    static const struct edit rows[] = {
        {"capi:authenc(hmac(sha256),xts(aes))-plain64", "aes-xts-plain64",                                  "word 0"                     },
        {"capi:authenc(hmac(sha256),xts(aes))-plain64", "capi:authenc(hmac(sha256),ecb(cipher_null))-null",
         "word 0"                                                                                                                        },
        {KEY_TEXT,                                      "0001020304050608",                                 "the key is not the volume's"},
        {KEY_TEXT,                                      "00010203040506",                                   "the key is not the volume's"},
        {KEY_TEXT,
         "0001020304050607"
         "08",                                                                                              "the key is not the volume's"},
        {KEY_TEXT,                                      ":8:logon:x",                                       "the key is not the volume's"},
        {" 0 253:0",                                    " 1 253:0",                                         "word 2"                     },
        {"253:0 ",                                      "254:0 ",                                           "word 3"                     },
        {"253:0 0",                                     "253:0 8",                                          "word 4"                     },
        {" 2 integrity",                                " 3 integrity",                                     "word 5"                     },
        {"integrity:32:aead",                           "integrity:32:none",                                "word 6"                     },
        {"sector_size:4096",                            "sector_size:512",                                  "word 7"                     },
        {"sector_size:4096",                            "sector_size:4096 allow_discards",                  "expected 8 words, found 9"  },
        {" integrity:32:aead",                          "",                                                 "expected 8 words, found 7"  },
        {" 0 2 ",                                       "  2 ",                                             "word 4"                     },
    };
    (void) state;
    check_edits(crypt_check, CRYPT, rows, COUNT(rows));
}

static void test_integrity(void **state)
{
    static const struct edit rows[] = {
        {"254:0",                    "254:1",                                "word 0"                                  },
        {"32768 32",                 "0 32",                                 "word 1"                                  },
        {" 32 J",                    " 4 J",                                 "word 2"                                  },
        {" J ",                      " D ",                                  "word 3"                                  },
        {" 7 ",                      " 8 ",                                  "word 4"                                  },
        {"block_size:4096",          "block_size:512",                       "word 5"                                  },
        {"journal_sectors:792",      "journal_sectors:0",                    "word 6"                                  },
        {"journal_sectors:792",      "journal_sectors:1025",                 "word 6: expected journal_sectors:1..1024"},
        {"journal_sectors:792",      "journal_sectors:0792",                 "word 6"                                  },
        {"journal_sectors:792",      "journal_sectors:79x",                  "word 6"                                  },
        {"journal_sectors:792",      "journal_sectors:",                     "word 6"                                  },
        {"journal_sectors:792",      "journal_sectors:99999999999999999999", "word 6"                                  },
        {"journal_sectors:792",      "journal",                              "word 6"                                  },
        {"interleave_sectors:32768", "interleave_sectors:8",                 "word 7"                                  },
        {"buffer_sectors:128",       "buffer_sectors:1",                     "word 8"                                  },
        {"journal_watermark:50",     "journal_watermark:0",                  "word 9"                                  },
        {"commit_time:10000",        "commit_time:1",                        "word 10"                                 },
        {"fix_padding",              "legacy_recalculate",                   "word 11"                                 },
        {" fix_padding",             "",                                     "expected 12 words, found 11"             },
        {"fix_padding",              "fix_padding recalculate",              "expected 12 words, found 13"             },
    };
    (void) state;
    check_edits(integrity_check, INTEGRITY, rows, COUNT(rows));
}

static void test_same(void **state)
{
    struct err err = {0};
    char many[128];
    (void) state;
    assert_int_equal(dmtable_check_same(span_str("a b d"), span_str("a b c"), &err), -1);
    test_check_err(&err, ERR_DENIED, "word 2 is not what was loaded", "changed");
    assert_int_equal(dmtable_check_same(span_str("a b"), span_str("a b c"), &err), -1);
    test_check_err(&err, ERR_DENIED, "expected 3 words, found 2", "short");
    assert_int_equal(dmtable_check_same(span_str("a b c d"), span_str("a b c"), &err), -1);
    test_check_err(&err, ERR_DENIED, "expected 3 words, found 4", "long");
    memset(many, ' ', sizeof many);
    assert_int_equal(dmtable_check_same(span_of(many, sizeof many), span_str("a"), &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 32 words", "many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_crypt),
        cmocka_unit_test(test_integrity),
        cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
