/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"
#include "parser_test.h"
#include "tdx_quote.h"

static const struct {
    const char *file;
    uint16_t version;
    uint64_t attributes;
    const char *mr_td; /* its first bytes */
} rows[] = {
    {"tests/vectors/tdx/v4.bin",    4, TDX_ATTR_SEPT_VE_DISABLE, "91eb2b44d141d4ec"},
    {"tests/vectors/tdx/v5.bin",    5, TDX_ATTR_SEPT_VE_DISABLE, "7348651a34b2d2d3"},
    {"tests/vectors/tdx/debug.bin", 4, TDX_ATTR_DEBUG,           "705ee9381b8633a9"},
};

static void test_real(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len;
        char *data = test_slurp(rows[i].file, &len);
        struct tdx_quote q;
        char head[17];
        struct err err;

        if (tdx_quote_parse(span_of(data, len), &q, &err) < 0)
            fail_msg("%s: %s", rows[i].file, err.text);
        assert_int_equal(q.version, rows[i].version);
        assert_true((q.attributes & rows[i].attributes) == rows[i].attributes);
        assert_int_equal(!!(q.attributes & TDX_ATTR_DEBUG), rows[i].attributes == TDX_ATTR_DEBUG);
        assert_int_equal(hex_encode(span_of(q.mr_td, 8), head, sizeof head, &err), 0);
        assert_string_equal(head, rows[i].mr_td);
        free(data);
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *label;
        unsigned offset;
        uint8_t value;
        const char *text;
    } changes[] = {
        {"version 3",      0, 3, "version" },
        {"version 6",      0, 6, "version" },
        {"key type 3",     2, 3, "key type"},
        {"SGX",            4, 0, "TEE type"},
        {"SEV's TEE type", 5, 1, "TEE type"},
    };
    size_t len;
    char *data = test_slurp("tests/vectors/tdx/v4.bin", &len);
    struct tdx_quote q;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(changes); i++) {
        char old = data[changes[i].offset];

        data[changes[i].offset] = (char) changes[i].value;
        assert_int_equal(tdx_quote_parse(span_of(data, len), &q, &err), -1);
        test_check_err(&err, ERR_FORMAT, changes[i].text, changes[i].label);
        data[changes[i].offset] = old;
    }
    for (size_t cut = 0; cut < 48 + 584; cut += 8)
        assert_int_equal(tdx_quote_parse(span_of(data, cut), &q, &err), -1);
    assert_int_equal(tdx_quote_parse(span_of(data, 48 + 584), &q, &err), 0);
    assert_int_equal(tdx_quote_parse(span_of(data, TDX_QUOTE_MAX + 1), &q, &err), -1);
    test_check_err(&err, ERR_LIMIT, "32768", "too long");
    free(data);
    data = test_slurp("tests/vectors/tdx/sgx.bin", &len);
    assert_int_equal(tdx_quote_parse(span_of(data, len), &q, &err), -1);
    test_check_err(&err, ERR_FORMAT, "version", "an SGX quote");
    free(data);
}

static void test_version_5_body(void **state)
{
    size_t len;
    char *data = test_slurp("tests/vectors/tdx/v5.bin", &len);
    struct tdx_quote q;
    struct err err;

    (void) state;
    assert_int_equal(data[48], 3);
    data[48] = 2; /* another kind of body than its size says */
    assert_int_equal(tdx_quote_parse(span_of(data, len), &q, &err), -1);
    test_check_err(&err, ERR_FORMAT, "body type 2 of 648 bytes", "type and size");
    data[48] = 1;
    assert_int_equal(tdx_quote_parse(span_of(data, len), &q, &err), -1);
    data[48] = 3;
    assert_int_equal(tdx_quote_parse(span_of(data, 54 + 647), &q, &err), -1);
    test_check_err(&err, ERR_FORMAT, "cut short", "cut");
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_version_5_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
