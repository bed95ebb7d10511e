/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attest_socket: requests, replies and report data, against vectors of an independent program
 * (tests/vectors/attest_socket/make.py). */
#include "attest_socket.h"

#include "atls.h"
#include "hex.h"
#include "parser_test.h"
#include "ratls.h"

#include <stdio.h>

#define VECTORS "tests/vectors/attest_socket/vectors.txt"

static uint8_t buf[ATTEST_SOCKET_REPLY_MAX];
static uint8_t filler[ATTEST_SOCKET_EVIDENCE_MAX + 1];
static struct err err;

static size_t bytes_of(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
    assert_true(len <= cap);
    assert_int_equal(hex_decode(span_of(hex, 2 * len), out, len, &err), 0);
    return len;
}

static void check_report_data(char *const *words)
{
    uint8_t nonce[32], spki[512], head[48], expected[64], got[64];
    uint8_t *const parts[] = {nonce, spki, head};
    (void) bytes_of(words[1], nonce, sizeof(nonce));
    size_t spki_len = bytes_of(words[2], spki, sizeof(spki));
    (void) bytes_of(words[3], head, sizeof(head));
    (void) bytes_of(words[4], expected, sizeof(expected));
    assert_int_equal(attest_socket_report_data(nonce, span_of(spki, spki_len), head, got, &err), 0);
    assert_memory_equal(got, expected, sizeof(got));
    for (size_t i = 0; i < COUNT(parts); i++) { /* each part counts */
        parts[i][0] ^= 1;
        assert_int_equal(attest_socket_report_data(nonce, span_of(spki, spki_len), head, got, &err), 0);
        assert_int_equal(memcmp(got, expected, sizeof(got)) != 0, parts[i] != spki || spki_len > 0);
        parts[i][0] ^= 1;
    }
}

static void check_request(const char *hex)
{
    uint8_t bytes[ATTEST_SOCKET_REQUEST_SIZE];
    struct attest_socket_request msg;
    struct writer w = writer_of(buf, sizeof(buf));
    size_t len = bytes_of(hex, bytes, sizeof(bytes));
    assert_int_equal(attest_socket_decode_request(span_of(bytes, len), &msg, &err), 0);
    assert_int_equal(attest_socket_encode_request(&msg, &w, &err), 0);
    assert_true(span_eq(writer_span(&w), span_of(bytes, len)));
    for (size_t n = 0; n < len; n++)
        assert_int_equal(attest_socket_decode_request(span_of(bytes, n), &msg, &err), -1);
}

static void check_reply(const char *hex)
{
    uint8_t bytes[512];
    struct attest_socket_reply msg;
    struct writer w = writer_of(buf, sizeof(buf));
    size_t len = bytes_of(hex, bytes, sizeof(bytes));
    assert_int_equal(attest_socket_decode_reply(span_of(bytes, len), &msg, &err), 0);
    assert_int_equal(attest_socket_encode_reply(&msg, &w, &err), 0);
    assert_true(span_eq(writer_span(&w), span_of(bytes, len)));
}

static void test_vectors(void **state)
{
    char line[2048];
    unsigned seen[3] = {0};
    FILE *f = fopen(VECTORS, "r");
    (void) state;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        char *words[5] = {NULL};
        char *save = NULL;
        size_t count = 0;
        for (char *w = strtok_r(line, " \n", &save); w != NULL && count < 5; w = strtok_r(NULL, " \n", &save))
            words[count++] = w;
        if (strcmp(words[0], "rd") == 0)
            check_report_data(words), seen[0]++;
        else if (strcmp(words[0], "request") == 0)
            check_request(words[1]), seen[1]++;
        else
            check_reply(words[1]), seen[2]++;
    }
    (void) fclose(f);
    assert_int_equal(seen[0], 3);
    assert_int_equal(seen[1], 2);
    assert_int_equal(seen[2], 5);
}

static void test_bad_requests(void **state)
{
    static const struct {
        const char *label;
        size_t at;
        uint8_t value;
        const char *text;
    } rows[] = {
        {"version 0",         0,  0,    "version 0"         },
        {"version 2",         0,  2,    "version 2"         },
        {"kind 0",            1,  0,    "kind of request 0" },
        {"kind 3",            1,  3,    "kind of request 3" },
        {"reserved",          2,  1,    "reserved"          },
        {"reserved, second",  3,  0x80, "reserved"          },
        {"a nonce too long",  36, 1,    "more than 32 bytes"},
        {"a nonce, last one", 67, 1,    "more than 32 bytes"},
    };
    const struct attest_socket_request good = {
        .kind = ATTEST_SOCKET_NONCE, .data = {1, 2, 3}
    };
    uint8_t bytes[ATTEST_SOCKET_REQUEST_SIZE + 1] = {0};
    struct attest_socket_request msg = {.kind = (enum attest_socket_kind) 99};
    struct writer w = writer_of(bytes, sizeof(bytes));
    (void) state;
    assert_int_equal(attest_socket_encode_request(&good, &w, &err), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bad[ATTEST_SOCKET_REQUEST_SIZE];
        memcpy(bad, bytes, sizeof(bad));
        bad[rows[i].at] = rows[i].value;
        assert_int_equal(attest_socket_decode_request(span_of(bad, sizeof(bad)), &msg, &err), -1);
        test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].label);
    }
    assert_int_equal(attest_socket_decode_request(span_of(bytes, sizeof(bytes)), &msg, &err), -1);
    test_check_err(&err, ERR_FORMAT, "69 bytes", "too long");
    assert_int_equal(msg.kind, 99);
    struct writer small = writer_of(bytes, ATTEST_SOCKET_REQUEST_SIZE - 1);
    assert_int_equal(attest_socket_encode_request(&good, &small, &err), -1);
    test_check_err(&err, ERR_LIMIT, "no room", "small writer");
    assert_int_equal(small.len, 0);
}

/* One thing is wrong with each of these; encoding sees it. */
static void test_bad_replies(void **state)
{
    const struct span some = span_of(filler, 8);
    const struct attest_socket_reply ok = {
        .kind = ATTEST_SOCKET_NONCE, .evidence_kind = ATTEST_SOCKET_SNP, .evidence = some};
    struct attest_socket_reply rows[9];
    static const struct {
        enum err_code code;
        const char *text;
    } want[COUNT(rows)] = {
        {ERR_FORMAT, "kind of request 0"  },
        {ERR_FORMAT, "status 3"           },
        {ERR_FORMAT, "kind of evidence 0" },
        {ERR_LIMIT,  "a key of 257 bytes" },
        {ERR_LIMIT,  "0 bytes of evidence"},
        {ERR_LIMIT,  "16385 bytes"        },
        {ERR_FORMAT, "does not bind"      },
        {ERR_LIMIT,  "a text of 200 bytes"},
        {ERR_FORMAT, "not printable"      },
    };
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++)
        rows[i] = ok;
    rows[0].kind = (enum attest_socket_kind) 0;
    rows[1].status = (enum attest_socket_status) 3;
    rows[2].evidence_kind = (enum attest_socket_evidence) 0;
    rows[3].spki = span_of(filler, ATTEST_SOCKET_SPKI_MAX + 1);
    rows[4].evidence = span_of(filler, 0);
    rows[5].evidence = span_of(filler, sizeof(filler));
    rows[6].kind = ATTEST_SOCKET_REPORT_DATA;
    rows[6].head[47] = 1;
    rows[7].status = ATTEST_SOCKET_BUSY;
    rows[7].text = span_of(filler, ATTEST_SOCKET_TEXT_MAX + 1);
    rows[8].status = ATTEST_SOCKET_REFUSED;
    rows[8].text = span_str("a\nb");
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = writer_of(buf, sizeof(buf));
        assert_int_equal(attest_socket_encode_reply(&rows[i], &w, &err), -1);
        test_check_err(&err, want[i].code, want[i].text, want[i].text);
        assert_int_equal(w.len, 0);
    }
}

static void test_reply_cut_off(void **state)
{
    const struct attest_socket_reply ok = {.kind = ATTEST_SOCKET_NONCE,
                                           .evidence_kind = ATTEST_SOCKET_SNP,
                                           .spki = span_of(filler, 91),
                                           .evidence = span_of(filler, 8)};
    struct attest_socket_reply msg = {.kind = (enum attest_socket_kind) 99};
    struct writer w = writer_of(buf, sizeof(buf));
    (void) state;
    assert_int_equal(attest_socket_encode_reply(&ok, &w, &err), 0);
    for (size_t n = 0; n < w.len - 7; n++)
        assert_int_equal(attest_socket_decode_reply(span_of(buf, n), &msg, &err), -1);
    assert_int_equal(msg.kind, 99);
    buf[1] = ATTEST_SOCKET_BUSY; /* a refusal has no evidence */
    assert_int_equal(attest_socket_decode_reply(writer_span(&w), &msg, &err), -1);
    test_check_err(&err, ERR_FORMAT, "in a refusal", "evidence in a refusal");
}

/* The answer to a nonce can be no evidence of aTLS and none of nacre/1, whatever the parts are. */
static void test_own_domain(void **state)
{
    uint8_t nonce[ATLS_NONCE_SIZE] = {1}, head[RATLS_HEAD_SIZE] = {2}, here[64], other[64];
    struct span spki = span_of(filler, 91);
    struct ratls_binding binding = {.spki = spki};
    (void) state;
    assert_int_equal(attest_socket_report_data(nonce, spki, head, here, &err), 0);
    assert_int_equal(atls_report_data(spki, nonce, other, &err), 0);
    assert_memory_not_equal(here, other, sizeof(here));
    memcpy(binding.nonce_c, nonce, sizeof(nonce));
    memcpy(binding.nonce_s, nonce, sizeof(nonce));
    memcpy(binding.head, head, sizeof(head));
    for (int i = 0; i < 2; i++) {
        binding.role = i == 0 ? RATLS_CLIENT : RATLS_SERVER;
        assert_int_equal(ratls_report_data(&binding, other, &err), 0);
        assert_memory_not_equal(here, other, sizeof(here));
    }
    /* The hashed texts differ at a fixed place: "nacre/1\0" against "nacre/attest/1\0", and Contrast's begins
     * with a DER SEQUENCE. */
    assert_int_not_equal(ATTEST_SOCKET_TAG[6], RATLS_ALPN[6]);
    assert_int_not_equal(ATTEST_SOCKET_TAG[0], 0x30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),     cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_bad_replies), cmocka_unit_test(test_reply_cut_off),
        cmocka_unit_test(test_own_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
