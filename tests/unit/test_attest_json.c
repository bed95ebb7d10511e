/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attest_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void test_request(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
    } rows[] = {
        {"{\"nonce\":\"" NONCE "\"}",                                    ERR_NONE   },
        {" {\n \"nonce\" : \"" NONCE "\" }\n",                           ERR_NONE   },
        {"",                                                             ERR_FORMAT },
        {"null",                                                         ERR_FORMAT },
        {"[]",                                                           ERR_FORMAT },
        {"{}",                                                           ERR_MISSING},
        {"{\"Nonce\":\"" NONCE "\"}",                                    ERR_FORMAT },
        {"{\"nonce\":\"" NONCE "\",\"more\":1}",                         ERR_FORMAT },
        {"{\"nonce\":\"" NONCE "\",\"nonce\":\"" NONCE "\"}",            ERR_FORMAT },
        {"{\"nonce\":\"" NONCE "\"}x",                                   ERR_FORMAT },
        {"{\"nonce\":1}",                                                ERR_FORMAT },
        {"{\"nonce\":\"\"}",                                             ERR_FORMAT },
        {"{\"nonce\":\"AAAA\"}",                                         ERR_FORMAT },
        {"{\"nonce\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\"}", ERR_FORMAT }, /* stray bits */
        {"{\"nonce\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\"}", ERR_FORMAT }, /* 33 bytes */
        {"{\"nonce\":\"" NONCE "AAAA\"}",                                ERR_LIMIT  },
    };
    uint8_t good[TRANSITION_NONCE_SIZE];

    (void) state;
    for (uint8_t i = 0; i < sizeof good; i++)
        good[i] = i;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t nonce[TRANSITION_NONCE_SIZE] = {0xee};
        struct err err = {.code = ERR_NONE};
        int rc = attest_json_request_decode(span_str(rows[i].text), nonce, &err);

        assert_int_equal(rc, rows[i].code == ERR_NONE ? 0 : -1);
        assert_int_equal(err.code, rows[i].code);
        if (rc == 0)
            assert_memory_equal(nonce, good, sizeof good);
        else
            assert_int_equal(nonce[0], 0xee);
    }
}

static void test_request_too_long(void **state)
{
    uint8_t text[ATTEST_JSON_REQUEST_MAX + 1];
    uint8_t nonce[TRANSITION_NONCE_SIZE];
    struct err err;

    (void) state;
    memset(text, ' ', sizeof text);
    assert_int_equal(attest_json_request_decode(span_of(text, sizeof text), nonce, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_answer(void **state)
{
    const struct span manifests[] = {span_str("one"), span_str("")};
    const struct attest_json_answer a = {.evidence = span_str("\1\2\3\4"),
                                         .type = ATTEST_JSON_SNP,
                                         .manifests = manifests,
                                         .manifest_count = 2,
                                         .root_pem = span_str("root"),
                                         .mesh_pem = span_str("mesh")};
    static const char text[] =
        "{\"version\":\"nacre\",\"raw_attestation_doc\":\"AQIDBA==\",\"attestation_type\":"
        "[1,3,9901,2,1],\"manifests\":[\"b25l\",\"\"],\"policies\":[],\"root_ca\":\"cm9v"
        "dA==\",\"mesh_ca\":\"bWVzaA==\"}\n";
    uint8_t buf[1024];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err;

    (void) state;
    assert_int_equal(attest_json_answer_encode(&a, &w, &err), 0);
    assert_int_equal(w.len, strlen(text));
    assert_memory_equal(buf, text, w.len);
    assert_true(attest_json_answer_size(&a) >= w.len);
    w = writer_of(buf, strlen(text) - 1);
    assert_int_equal(attest_json_answer_encode(&a, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

/* Long values are encoded piece by piece: no padding in between. */
static void test_long_value(void **state)
{
    static uint8_t bytes[10000];
    static uint8_t buf[20000];
    const struct attest_json_answer a = {.evidence = span_of(bytes, sizeof bytes), .type = ATTEST_JSON_TDX};
    struct writer w = writer_of(buf, attest_json_answer_size(&a));
    struct err err;

    (void) state;
    assert_int_equal(attest_json_answer_encode(&a, &w, &err), 0);
    const char *end = memchr(buf, '=', w.len);
    assert_non_null(end);
    const char *start = strstr((const char *) buf, "_doc\":\"") + 7;
    assert_int_equal(end - start, 13334); /* 3333 whole groups and one of two characters */
    assert_non_null(strstr((const char *) buf, "[1,3,9901,2,2]"));
}

static void test_error(void **state)
{
    static const char text[] = "{\"version\":\"nacre\",\"status_code\":400,\"code\":\"invalid_argument\","
                               "\"error\":\"a \\\"b\\\" \\\\ ? ??\"}\n";
    uint8_t buf[256];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err;

    (void) state;
    assert_int_equal(attest_json_error(400, "invalid_argument", "a \"b\" \\ \n \xc3\xa4", &w, &err), 0);
    assert_int_equal(w.len, strlen(text));
    assert_memory_equal(buf, text, w.len);
    w = writer_of(buf, 20);
    assert_int_equal(attest_json_error(400, "x", "y", &w, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request), cmocka_unit_test(test_request_too_long),
        cmocka_unit_test(test_answer),  cmocka_unit_test(test_long_value),
        cmocka_unit_test(test_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
