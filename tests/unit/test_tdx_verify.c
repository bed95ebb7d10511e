/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_verify with quotes of real machines and Intel's recorded collateral: which check refuses what. */
#include "tdx_test.h"

static void open_good(struct tdx_set *s)
{
    tdx_open(s, "v4.bin", "2025-06", "tcb_info.json", CLOCK_2025_06);
}

static void open_1_5(struct tdx_set *s)
{
    tdx_open(s, "v5.bin", "2026-02", "tcb_info_v5.json", CLOCK_2026_02);
}

static void test_up_to_date(void **state)
{
    static struct tdx_verdict v;
    struct tdx_set s;
    struct err err;

    (void) state;
    open_good(&s);
    tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", "version 4");
    assert_int_equal(tdx_verify(s.quote, &s.collateral, &s.expect, &v, &err), 0);
    assert_int_equal(v.status, TDX_STATUS_UP_TO_DATE);
    assert_int_equal(v.evaluation, 17);
    assert_true(v.module.found);
    assert_int_equal(v.platform.advisory_count + v.module.advisory_count + v.qe.advisory_count, 0);
    assert_memory_equal(v.pck.fmspc, "\xb0\xc0\x6f\x00\x00\x00", 6);
    tdx_close(&s);

    open_1_5(&s);
    tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", "version 5, TDX 1.5");
    assert_int_equal(tdx_verify(s.quote, &s.collateral, &s.expect, &v, &err), 0);
    assert_int_equal(v.evaluation, 18);
    assert_true(v.quote.is_1_5);
    tdx_close(&s);

    tdx_open(&s, "verify/dstack-report.bin", "2026-02", "tcb_info.json", CLOCK_2026_02);
    tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", "dstack");
    tdx_close(&s);
}

/* Padding behind the signature data is not signed and not looked at. */
static void test_trailing(void **state)
{
    struct tdx_set s;
    size_t used;

    (void) state;
    open_good(&s);
    used = s.quote.len - 70;
    for (size_t i = used; i < s.quote.len; i++)
        assert_int_equal(s.quote.data[i], 0);
    s.quote.len = used;
    tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", "without the padding");
    s.quote.len = used - 1;
    tdx_expect_row(&s, TDX_CHECK_SIGNATURE_DATA, ERR_FORMAT, "only 4299 are left", "one byte less");
    s.quote.len = used + 70;
    tdx_close(&s);
}

static void test_clock(void **state)
{
    static const struct {
        const char *label;
        int64_t now_s;
        enum tdx_check row;
        const char *text;
    } rows[] = {
        {"issue date in the future", 1750328000, TDX_CHECK_TCB_INFO,    "issued 2025-06-19T10:16:03Z"},
        {"QE identity too",          1750328500, TDX_CHECK_QE_IDENTITY, "issued 2025-06-19T10:32:27Z"},
        {"first second",             1750329147, TDX_CHECK_COUNT,       ""                           },
        {"last second",              1752919235, TDX_CHECK_COUNT,       ""                           },
        {"PCK CRL over",             1752919236, TDX_CHECK_PCK_CRL,     "2025-07-19T10:00:35Z"       },
        {"PCK CRL to come",          1750327234, TDX_CHECK_PCK_CRL,     "2025-06-19T10:00:35Z"       },
        {"root CRL over",            1780000000, TDX_CHECK_ROOT_CRL,    "2026-04-03"                 },
        {"root CRL to come",         1742400000, TDX_CHECK_ROOT_CRL,    "2025-03-20"                 },
        {"PCK over",                 1990000000, TDX_CHECK_DATES,       "certificate 1 of 3"         },
        {"before the PCK",           1700000000, TDX_CHECK_DATES,       "certificate 1 of 3"         },
    };
    struct tdx_set s;

    (void) state;
    open_good(&s);
    for (size_t i = 0; i < COUNT(rows); i++) {
        s.expect.now_s = rows[i].now_s;
        tdx_expect_row(&s, rows[i].row, ERR_DENIED, rows[i].text, rows[i].label);
    }
    tdx_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up_to_date),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
