/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_report: real reports parse and are written back byte for byte; every reserved byte counts. */
#include "snp_test.h"

static const struct snp_case *const cases[] = {&case_milan, &case_dstack, &case_genoa,
                                               &case_vlek,  &case_debug,  &case_azure};

static void test_round_trip(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct snp_loaded l;
        uint8_t out[SNP_REPORT_SIZE];

        test_load(cases[i], &l);
        snp_report_write(&l.parsed, out);
        assert_memory_equal(out, l.report, sizeof out);
    }
}

static void test_fields(void **state)
{
    static const uint8_t host_data[4] = {0x78, 0x3f, 0x00, 0x57};
    static const uint8_t measurement[4] = {0x7f, 0x51, 0xe1, 0x7f};
    struct snp_tcb_parts tcb;
    struct snp_loaded l;
    struct err err;

    (void) state;
    test_load(&case_dstack, &l);
    assert_int_equal(l.parsed.version, 3);
    assert_int_equal(l.parsed.policy, 0x30000);
    assert_int_equal(l.parsed.vmpl, 0);
    assert_int_equal(l.parsed.platform_info, 0x25);
    assert_int_equal(l.parsed.signer, SNP_SIGNER_VCEK);
    assert_memory_equal(l.parsed.report_data, "attest-test-fixture-2026", 24);
    assert_memory_equal(l.parsed.host_data, host_data, 4);
    assert_memory_equal(l.parsed.measurement, measurement, 4);
    assert_int_equal(snp_report_product(&l.parsed), SNP_PRODUCT_MILAN);
    assert_int_equal(snp_tcb_split(l.parsed.current_tcb, SNP_PRODUCT_MILAN, &tcb, &err), 0);
    assert_int_equal(tcb.boot_loader, 4);
    assert_int_equal(tcb.snp, 0x18);
    assert_int_equal(tcb.microcode, 0xd5);
    assert_int_equal(l.parsed.current_version.major, 1);
    assert_int_equal(l.parsed.current_version.minor, 55);
    assert_int_equal(l.parsed.current_version.build, 29);

    test_load(&case_genoa, &l);
    assert_int_equal(snp_report_product(&l.parsed), SNP_PRODUCT_GENOA); /* model a0: Siena, Bergamo */
    test_load(&case_vlek, &l);
    assert_int_equal(l.parsed.signer, SNP_SIGNER_VLEK);
    assert_int_equal(l.parsed.vmpl, 1);
    test_load(&case_milan, &l);
    assert_int_equal(l.parsed.version, 2);
    assert_int_equal(snp_report_product(&l.parsed), SNP_PRODUCT_UNKNOWN);
}

/* Offsets that must be zero in version 2, last one included. */
static const struct {
    unsigned first, last;
} reserved[] = {
    {0x04c, 0x04f},
    {0x188, 0x19f},
    {0x1eb, 0x1eb},
    {0x1ef, 0x1ef},
    {0x1f8, 0x29f},
    {0x2d0, 0x2e7},
    {0x318, 0x49f},
};

static void test_reserved(void **state)
{
    struct snp_loaded l;
    struct snp_report out;
    struct err err;
    int refused = 0;

    (void) state;
    test_load(&case_milan, &l);
    for (size_t i = 0; i < COUNT(reserved); i++) {
        for (unsigned at = reserved[i].first; at <= reserved[i].last; at++) {
            l.report[at] ^= 1;
            assert_int_equal(snp_report_parse(span_of(l.report, SNP_REPORT_SIZE), &out, &err), -1);
            test_check_err(&err, ERR_FORMAT, "reserved bytes", "reserved");
            l.report[at] ^= 1;
            refused++;
        }
    }
    assert_int_equal(refused, 4 + 24 + 1 + 1 + 168 + 24 + 392);
    assert_int_equal(snp_report_parse(span_of(l.report, SNP_REPORT_SIZE), &out, &err), 0);
}

static void test_version_5(void **state)
{
    struct snp_loaded l;
    struct snp_report out;
    struct err err;
    uint8_t again[SNP_REPORT_SIZE];

    (void) state;
    test_load(&case_dstack, &l);
    l.report[0] = 5;
    l.report[0x1f8] = 0x0f;
    l.report[0x207] = 0x80;
    assert_int_equal(snp_report_parse(span_of(l.report, SNP_REPORT_SIZE), &out, &err), 0);
    assert_int_equal(out.launch_mit_vector, 0x0f);
    assert_true(out.current_mit_vector == UINT64_C(0x8000000000000000));
    snp_report_write(&out, again);
    assert_memory_equal(again, l.report, sizeof again);
    l.report[0x208] = 1;
    assert_int_equal(snp_report_parse(span_of(l.report, SNP_REPORT_SIZE), &out, &err), -1);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *label;
        unsigned offset;
        uint8_t value;
        const char *text;
    } rows[] = {
        {"version 0",       0x000, 0,    "version"            },
        {"version 1",       0x000, 1,    "version"            },
        {"version 4",       0x000, 4,    "version"            },
        {"version 6",       0x000, 6,    "version"            },
        {"version high",    0x003, 1,    "version"            },
        {"policy bit 17",   0x00a, 0x01, "guest policy"       },
        {"policy bit 26",   0x00b, 0x04, "guest policy"       },
        {"policy bit 63",   0x00f, 0x80, "guest policy"       },
        {"vmpl 4",          0x030, 4,    "VMPL"               },
        {"signature alg",   0x034, 2,    "signature algorithm"},
        {"signing key 2",   0x048, 0x08, "signing key"        },
        {"signing key 6",   0x048, 0x18, "signing key"        },
        {"signer reserved", 0x048, 0x20, "signer bits"        },
    };
    struct snp_loaded l;
    struct snp_report out = {0}, untouched = {0};
    struct err err;

    (void) state;
    test_load(&case_dstack, &l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t old = l.report[rows[i].offset];

        l.report[rows[i].offset] = rows[i].value;
        assert_int_equal(snp_report_parse(span_of(l.report, SNP_REPORT_SIZE), &out, &err), -1);
        test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].label);
        l.report[rows[i].offset] = old;
    }
    for (size_t len = 0; len < SNP_REPORT_SIZE; len += 16)
        assert_int_equal(snp_report_parse(span_of(l.report, len), &out, &err), -1);
    test_check_err(&err, ERR_FORMAT, "expected 1184 bytes", "short");
    assert_memory_equal(&out, &untouched, sizeof out);
}

static void test_products(void **state)
{
    static const struct {
        uint8_t family, model;
        enum snp_product product;
    } rows[] = {
        {0x19, 0x00, SNP_PRODUCT_MILAN  },
        {0x19, 0x0f, SNP_PRODUCT_MILAN  },
        {0x19, 0x10, SNP_PRODUCT_GENOA  },
        {0x19, 0x1f, SNP_PRODUCT_GENOA  },
        {0x19, 0x20, SNP_PRODUCT_UNKNOWN},
        {0x19, 0x9f, SNP_PRODUCT_UNKNOWN},
        {0x19, 0xa0, SNP_PRODUCT_GENOA  },
        {0x19, 0xaf, SNP_PRODUCT_GENOA  },
        {0x19, 0xb0, SNP_PRODUCT_UNKNOWN},
        {0x1a, 0x00, SNP_PRODUCT_TURIN  },
        {0x1a, 0x11, SNP_PRODUCT_TURIN  },
        {0x1a, 0x12, SNP_PRODUCT_UNKNOWN},
        {0x17, 0x01, SNP_PRODUCT_UNKNOWN},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct snp_report r = {.cpu_family = rows[i].family, .cpu_model = rows[i].model};

        assert_int_equal(snp_report_product(&r), rows[i].product);
    }
    assert_int_equal(snp_product_from_name(span_str("Genoa")), SNP_PRODUCT_GENOA);
    assert_int_equal(snp_product_from_name(span_str("genoa")), SNP_PRODUCT_UNKNOWN);
    assert_int_equal(snp_product_from_name(span_str("")), SNP_PRODUCT_UNKNOWN);
    assert_int_equal(snp_product_from_name(span_str("unknown")), SNP_PRODUCT_UNKNOWN);
}

static void test_tcb(void **state)
{
    const struct snp_tcb turin = {
        {1, 2, 3, 4, 0, 0, 0, 5}
    };
    const struct snp_tcb milan = {
        {2, 3, 0, 0, 0, 0, 4, 5}
    };
    struct snp_tcb_parts p;
    struct snp_tcb again;
    struct err err;

    (void) state;
    assert_int_equal(snp_tcb_split(turin, SNP_PRODUCT_TURIN, &p, &err), 0);
    assert_int_equal(p.fmc, 1);
    assert_int_equal(p.boot_loader, 2);
    assert_int_equal(p.tee, 3);
    assert_int_equal(p.snp, 4);
    assert_int_equal(p.microcode, 5);
    again = snp_tcb_join(&p, SNP_PRODUCT_TURIN);
    assert_memory_equal(again.bytes, turin.bytes, SNP_TCB_SIZE);
    assert_int_equal(snp_tcb_split(milan, SNP_PRODUCT_MILAN, &p, &err), 0);
    assert_int_equal(p.fmc, 0);
    assert_int_equal(p.boot_loader, 2);
    assert_int_equal(p.snp, 4);
    assert_int_equal(snp_tcb_split(turin, SNP_PRODUCT_GENOA, &p, &err), -1);
    test_check_err(&err, ERR_FORMAT, "reserved", "Turin's layout on Genoa");
    assert_int_equal(snp_tcb_split(milan, SNP_PRODUCT_TURIN, &p, &err), -1);
    test_check_err(&err, ERR_FORMAT, "reserved", "Milan's layout on Turin");
    assert_int_equal(snp_tcb_split(milan, SNP_PRODUCT_UNKNOWN, &p, &err), -1);
    test_check_err(&err, ERR_MISSING, "product", "no product");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_fields),   cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_version_5),  cmocka_unit_test(test_refusals), cmocka_unit_test(test_products),
        cmocka_unit_test(test_tcb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
