/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_verify with quotes of real machines and Intel's recorded collateral: which check refuses what. */
#include "tdx_identity.h"
#include "tdx_pck.h"
#include "tdx_tcb.h"
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

/* Without collateral nothing is accepted, and all up to the quote's own signature has been checked. */
static void test_signatures(void **state)
{
    static const char *const quotes[] = {
        "v4.bin",
        "v5.bin",
        "debug.bin",
        "verify/outdated.bin",
        "verify/dcap-2.bin",
        "verify/tappd.bin",
        "verify/spr-e4.bin",
        "verify/cos-113.bin",
        "verify/service-td.bin",
        "verify/out-of-date.bin",
        "verify/dstack-report.bin",
        "verify/dstack-lite.bin",
        "verify/dstack-ratls.bin",
        "verify/azure.bin",
    };

    (void) state;
    for (size_t i = 0; i < COUNT(quotes); i++) {
        struct tdx_set s = {.quote = tdx_load(quotes[i])};

        tdx_expect_self(&s, CLOCK_2026_05);
        tdx_expect_row(&s, TDX_CHECK_ROOT_CRL, ERR_MISSING, "not given", quotes[i]);
        tdx_close(&s);
    }
}

static void test_other_outcomes(void **state)
{
    struct tdx_set s;

    (void) state;
    tdx_open(&s, "verify/outdated.bin", "2026-02", "tcb_info.json", CLOCK_2026_02);
    tdx_expect_row(&s, TDX_CHECK_TCB_LEVEL, ERR_DENIED, "no level of the TCB info matches the platform",
                   "outdated");
    tdx_close(&s);
    tdx_open(&s, "verify/service-td.bin", "2026-02", "tcb_info.json", CLOCK_2026_02);
    assert_false(span_is_zero(span_of(s.parsed.mr_service_td, TDX_REG_SIZE)));
    tdx_expect_row(&s, TDX_CHECK_TCB_LEVEL, ERR_DENIED, "no level", "service TD");
    tdx_close(&s);
    tdx_open(&s, "v4.bin", "2026-02", "tcb_info.json", CLOCK_2026_02);
    tdx_expect_row(&s, TDX_CHECK_PLATFORM, ERR_DENIED,
                   "FMSPC: the TCB info is for 90c06f000000, the PCK says b0c06f000000", "another FMSPC");
    tdx_close(&s);
    tdx_open(&s, "debug.bin", "2026-02", "tcb_info.json", CLOCK_2026_02);
    tdx_expect_row(&s, TDX_CHECK_PLATFORM, ERR_DENIED, "FMSPC", "another FMSPC");
    tdx_close(&s);
    s = (struct tdx_set){.quote = tdx_load("v4.bin")};
    tdx_expect_self(&s, CLOCK_2025_06);
    free((void *) (uintptr_t) s.quote.data);
    s.quote = tdx_load("sgx.bin");
    tdx_expect_row(&s, TDX_CHECK_FORMAT, ERR_FORMAT, "version", "SGX");
    tdx_close(&s);
}

/* Levels of a quote in a TCB info for whose time no CRL was recorded: signature and levels only. */
static const struct {
    const char *quote;
    const char *folder;
    const char *tcb_info;
    int platform, module; /* status; -1: no level */
    int qe;
} level_rows[] = {
    {"v4.bin",                   "2025-06", "tcb_info.json",    TDX_STATUS_UP_TO_DATE,  TDX_STATUS_UP_TO_DATE,
     TDX_STATUS_UP_TO_DATE                                                                                                          },
    {"v5.bin",                   "2026-02", "tcb_info_v5.json", TDX_STATUS_UP_TO_DATE,  TDX_STATUS_UP_TO_DATE,
     TDX_STATUS_UP_TO_DATE                                                                                                          },
    {"verify/out-of-date.bin",   "2025-10", "tcb_info.json",    TDX_STATUS_OUT_OF_DATE, TDX_STATUS_UP_TO_DATE,
     TDX_STATUS_UP_TO_DATE                                                                                                          },
    {"verify/spr-e4.bin",        "2023-06", "tcb_info.json",    -1,                     -1,                    TDX_STATUS_UP_TO_DATE},
    {"verify/outdated.bin",      "2026-02", "tcb_info.json",    -1,                     TDX_STATUS_UP_TO_DATE, TDX_STATUS_UP_TO_DATE},
    {"verify/dstack-report.bin", "2026-02", "tcb_info.json",    TDX_STATUS_UP_TO_DATE,  TDX_STATUS_UP_TO_DATE,
     TDX_STATUS_UP_TO_DATE                                                                                                          },
    {"verify/dstack-lite.bin",   "2026-02", "tcb_info.json",    TDX_STATUS_UP_TO_DATE,  TDX_STATUS_UP_TO_DATE,
     TDX_STATUS_UP_TO_DATE                                                                                                          },
};

static void check_level(const struct tdx_level *level, int status, const char *what, const char *quote)
{
    int found = level->found ? (int) level->status : -1;

    if (found != status)
        fail_msg("%s: %s is %d (%s), expected %d", quote, what, found,
                 level->found ? tdx_status_name(level->status) : "no level", status);
}

static void check_levels(size_t i, struct span signer)
{
    static struct tdx_pck_chain chain;
    static struct tdx_tcb_info info;
    static struct tdx_qe_identity identity;
    struct tdx_set s = {.quote = tdx_load(level_rows[i].quote)};
    struct tdx_platform platform;
    struct tdx_signed part, id_part;
    struct tdx_pck pck;
    struct tdx_qe qe;
    struct err err;
    char name[100];

    tdx_expect_self(&s, CLOCK_2026_02);
    (void) snprintf(name, sizeof name, "verify/%s/%s", level_rows[i].folder, level_rows[i].tcb_info);
    s.collateral.tcb_info = tdx_load(name);
    (void) snprintf(name, sizeof name, "verify/%s/qe_identity.json", level_rows[i].folder);
    s.collateral.qe_identity = tdx_load(name);
    if (tdx_qe_parse(s.quote, s.parsed.signed_len, &qe, &err) < 0 ||
        tdx_pck_chain_read(qe.certs, 3, &chain, &err) < 0 || tdx_pck_read(&chain.certs[0], &pck, &err) < 0 ||
        tdx_collateral_split(s.collateral.tcb_info, "i", "tcbInfo", &part, &err) < 0 ||
        tdx_collateral_split(s.collateral.qe_identity, "q", "enclaveIdentity", &id_part, &err) < 0 ||
        tdx_collateral_check(&part, signer, &err) < 0 || tdx_collateral_check(&id_part, signer, &err) < 0)
        fail_msg("%s: %s", level_rows[i].quote, err.text);
    platform = (struct tdx_platform){pck.comps, pck.pce_svn, s.parsed.tee_tcb_svn};
    if (tdx_tcb_info_read(part.value, &platform, &info, &err) < 0 ||
        tdx_identity_read(id_part.value, qe.svn, &identity, &err) < 0 ||
        tdx_identity_check(&identity, &qe, &err) < 0)
        fail_msg("%s: %s", level_rows[i].quote, err.text);
    check_level(&info.platform, level_rows[i].platform, "platform", level_rows[i].quote);
    check_level(&info.module_level, level_rows[i].module, "module", level_rows[i].quote);
    check_level(&identity.level, level_rows[i].qe, "QE", level_rows[i].quote);
    tdx_close(&s);
}

static void test_levels(void **state)
{
    static struct tdx_pck_chain chain;
    struct span pem = tdx_load("verify/2025-06/signer.pem");
    struct err err;

    (void) state;
    assert_int_equal(tdx_pck_chain_read(pem, 2, &chain, &err), 0);
    for (size_t i = 0; i < COUNT(level_rows); i++)
        check_levels(i, chain.certs[0].spki);
    free((void *) (uintptr_t) pem.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up_to_date),     cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_clock),          cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_other_outcomes), cmocka_unit_test(test_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
