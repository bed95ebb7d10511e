/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ratls: messages, turns and report data, against vectors of an independent program
 * (tests/vectors/ratls/make.py). */
#include "ratls.h"

#include "hex.h"
#include "parser_test.h"

#include <stdio.h>

#define VECTORS "tests/vectors/ratls/vectors.txt"
#define LINE_WORDS 8

static uint8_t buf[RATLS_HEADER_SIZE + RATLS_PAYLOAD_MAX];
static uint8_t filler[RATLS_PAYLOAD_MAX + 1];
static struct err err;

static size_t bytes_of(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= cap);
    assert_int_equal(hex_decode(span_str(hex), out, len, &err), 0);
    return len;
}

static void check_report_data(char *const *words)
{
    uint8_t spki[512];
    uint8_t expected[RATLS_REPORT_DATA_SIZE];
    uint8_t got[RATLS_REPORT_DATA_SIZE];
    struct ratls_binding b = {.role = words[1][0] == 'C' ? RATLS_CLIENT : RATLS_SERVER};
    (void) bytes_of(words[2], b.nonce_c, sizeof(b.nonce_c));
    (void) bytes_of(words[3], b.nonce_s, sizeof(b.nonce_s));
    b.spki = span_of(spki, bytes_of(words[4], spki, sizeof(spki)));
    (void) bytes_of(words[5], b.ekm, sizeof(b.ekm));
    if (words[6][0] != '-')
        (void) bytes_of(words[6], b.head, sizeof(b.head));
    (void) bytes_of(words[7], expected, sizeof(expected));
    assert_int_equal(ratls_report_data(&b, got, &err), 0);
    assert_memory_equal(got, expected, sizeof(got));
    /* Each part counts. */
    uint8_t *const parts[] = {b.nonce_c, b.nonce_s, b.ekm, spki};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        parts[i][0] ^= 1;
        assert_int_equal(ratls_report_data(&b, got, &err), 0);
        assert_memory_not_equal(got, expected, sizeof(got));
        parts[i][0] ^= 1;
    }
    b.head[47] ^= 1;
    assert_int_equal(ratls_report_data(&b, got, &err), 0);
    assert_int_equal(memcmp(got, expected, sizeof(got)) != 0, b.role == RATLS_CLIENT);
}

static void check_message(char *const *words)
{
    uint8_t bytes[512];
    struct ratls_msg msg;
    size_t used = 0;
    size_t len = bytes_of(words[3], bytes, sizeof(bytes));
    struct writer w = writer_of(buf, sizeof(buf));
    for (size_t n = 0; n < len; n++)
        assert_int_equal(ratls_decode(span_of(bytes, n), &msg, &used, &err), 0);
    assert_int_equal(ratls_decode(span_of(bytes, sizeof(bytes)), &msg, &used, &err), 1);
    assert_int_equal(used, len);
    assert_int_equal(msg.type, words[1][0] - '0');
    assert_string_equal(ratls_type_name(msg.type), words[2]);
    assert_int_equal(ratls_encode(&msg, &w, &err), 0);
    assert_true(span_eq(writer_span(&w), span_of(bytes, len)));
}

static void test_vectors(void **state)
{
    char line[2048];
    unsigned seen[2] = {0};
    FILE *f = fopen(VECTORS, "r");
    (void) state;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        char *words[LINE_WORDS] = {NULL};
        char *save = NULL;
        size_t n = 0;
        for (char *w = strtok_r(line, " \n", &save); w != NULL && n < LINE_WORDS; n++) {
            words[n] = w;
            w = strtok_r(NULL, " \n", &save);
        }
        assert_int_equal(n, words[0][0] == 'r' ? 8 : 4);
        seen[words[0][0] == 'r']++;
        if (words[0][0] == 'r')
            check_report_data(words);
        else
            check_message(words);
    }
    (void) fclose(f);
    assert_int_equal(seen[0], 13);
    assert_int_equal(seen[1], 6);
}

static const struct {
    const char *label;
    const char *hex; /* start of the message; zeros follow */
    size_t len;
    enum err_code code;
    const char *text;
} bad[] = {
    {"type 0",        "0000000000",                                                                     5,       ERR_FORMAT, "no message has type 0"                            },
    {"type 8",        "0000000008",                                                                     5,       ERR_FORMAT, "no message has type 8"                            },
    {"type 255",      "00000000ff",                                                                     5,       ERR_FORMAT, "no message has type 255"                          },
    {"short hello",   "0000001f01",                                                                     5,       ERR_LIMIT,  "HELLO has 31 bytes, expected 32..32"              },
    {"long hello",    "0000002101",                                                                     5,       ERR_LIMIT,  "HELLO has 33 bytes"                               },
    {"huge",          "ffffffff06",                                                                     5,       ERR_LIMIT,  "ANSWER has 4294967295 bytes"                      },
    {"over the cap",  "0001000106",                                                                     5,       ERR_LIMIT,  "ANSWER has 65537 bytes, expected 104..65536"      },
    {"oversized",     "0000402202",                                                                     5,       ERR_LIMIT,  "SERVER_EVIDENCE has 16418 bytes"                  },
    {"oversized too", "0000403203",                                                                     5,       ERR_LIMIT,  "CLIENT_EVIDENCE has 16434 bytes"                  },
    {"accepted with", "0000000104",                                                                     6,       ERR_LIMIT,  "ACCEPTED has 1 bytes"                             },
    {"no text",       "0000000007",                                                                     5,       ERR_LIMIT,  "REFUSED has 0 bytes"                              },
    {"binary text",   "00000001071b",                                                                   6,       ERR_FORMAT, "REFUSED has byte 0x1b at 0"                       },
    {"method 0",      "000000010500",                                                                   6,       ERR_FORMAT, "REQUEST has method 0"                             },
    {"method 4",      "000000010504",                                                                   6,       ERR_FORMAT, "REQUEST has method 4"                             },
    {"kind 3",        "000000220200000000000000000000000000000000000000000000000000000000000000000300", 5 + 34,
     ERR_FORMAT,                                                                                                             "SERVER_EVIDENCE has evidence of kind 3"           },
    {"no TEE but",    "0000003203",                                                                     5 + 50,  ERR_FORMAT, "CLIENT_EVIDENCE has 1 bytes of evidence of kind 0"},
    {"year 10000",    "000000680600000100",                                                             5 + 104, ERR_FORMAT, "after the year 9999"                              },
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t bytes[128] = {0};
        struct ratls_msg msg = {.type = (enum ratls_type) 99};
        size_t used = 77;
        (void) bytes_of(bad[i].hex, bytes, sizeof(bytes));
        int rc = ratls_decode(span_of(bytes, bad[i].len), &msg, &used, &err);
        if (rc != -1 || err.code != bad[i].code || strstr(err.text, bad[i].text) == NULL)
            fail_msg("%s: %d %s", bad[i].label, rc, err.text);
        assert_int_equal(msg.type, 99);
        assert_int_equal(used, 77);
    }
}

static void check_encode(const struct ratls_msg *msg, const char *text)
{
    struct writer w = writer_of(buf, sizeof(buf));
    int rc = ratls_encode(msg, &w, &err);
    if (text == NULL ? rc != 0 : rc != -1 || strstr(err.text, text) == NULL)
        fail_msg("expected %s: %d %s", text == NULL ? "success" : text, rc, err.text);
}

static void test_encode_limits(void **state)
{
    struct ratls_msg m = {.type = RATLS_CLIENT_EVIDENCE, .kind = RATLS_SNP};
    (void) state;
    check_encode(&m, "0 bytes of evidence of kind 1");
    m.evidence = span_of(filler, RATLS_EVIDENCE_MAX);
    check_encode(&m, NULL);
    m.evidence.len++;
    check_encode(&m, "CLIENT_EVIDENCE has");
    m = (struct ratls_msg){.type = RATLS_ANSWER,
                           .body = span_of(filler, RATLS_PAYLOAD_MAX - 8 - RATLS_SIGNATURE_SIZE)};
    check_encode(&m, NULL);
    m.body.len++;
    check_encode(&m, "ANSWER has 65537 bytes");
    m = (struct ratls_msg){.type = RATLS_REFUSED, .text = span_of(filler, 3)};
    check_encode(&m, "REFUSED has byte 0x00");
    m.type = (enum ratls_type) 8;
    check_encode(&m, "no message has type 8");
    struct writer small = writer_of(buf, 4);
    m = (struct ratls_msg){.type = RATLS_ACCEPTED};
    assert_int_equal(ratls_encode(&m, &small, &err), -1);
    assert_string_equal(err.text, "nacre/1: no room for ACCEPTED");
}

/* Of all (state, role, type), exactly these eight move on. */
static void test_turns(void **state)
{
    static const char *const allowed[] = {"0C1", "1S2", "2C3", "3S4", "3S7", "4C5", "5S6", "5S7"};
    size_t count = 0;
    (void) state;
    for (int at = RATLS_AT_START; at <= RATLS_AT_END; at++)
        for (int row = 0; row < 2 * 9; row++) {
            enum ratls_role from = row % 2 == 0 ? RATLS_CLIENT : RATLS_SERVER;
            enum ratls_state s = (enum ratls_state) at;
            char name[4] = {(char) ('0' + at), (char) from, (char) ('0' + row / 2), 0};
            bool ok = false;
            for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
                ok = ok || strcmp(allowed[i], name) == 0;
            assert_int_equal(ratls_advance(&s, from, (enum ratls_type)(row / 2), &err), ok ? 0 : -1);
            assert_int_equal(s != (enum ratls_state) at, ok);
            if (strcmp(name, "5S6") == 0)
                assert_int_equal(s, RATLS_AT_ACCEPTED); /* another call may follow */
            count += ok;
        }
    assert_int_equal(count, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_encode_limits),
        cmocka_unit_test(test_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
