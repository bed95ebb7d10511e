/* SPDX-License-Identifier: GPL-2.0-or-later */
/* softpsp's reports as a verifier sees them: accepted under the test root alone, each fault found by its own
 * check. */
#include "psp_report.h"
#include "snp_test.h"

struct lab {
    struct psp_options options;
    struct psp_state state;
    struct psp_vm vm;
    uint8_t report[SNP_REPORT_SIZE];
    uint8_t nonce[SNP_REPORT_DATA_SIZE];
};

static void quiet(const char *line)
{
    (void) line;
}

static void open_lab(struct lab *l)
{
    struct err err;

    memset(l, 0, sizeof *l);
    l->options = (struct psp_options){.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
    memset(l->options.host_data, 0x5a, sizeof l->options.host_data);
    if (psp_state_open("tests/vectors/psp", SNP_PRODUCT_GENOA, quiet, &l->state, &err) < 0)
        fail_msg("%s", err.text);
    l->vm.options = &l->options;
    l->vm.state = &l->state;
    memset(l->vm.measurement, 0x77, sizeof l->vm.measurement);
    memset(l->nonce, 0x11, sizeof l->nonce);
}

static struct snp_expect expect_of(const struct lab *l)
{
    return (struct snp_expect){
        .now_s = CLOCK_2026,
        .product = SNP_PRODUCT_GENOA,
        .test_root = l->state.chain.ark,
        .measurements = {l->vm.measurement,       1,                                     false},
        .host_data = {l->options.host_data,                       1,                                         false},
        .chip_ids = {l->state.leaf.hwid.data,                  1,               false},
        .id_key_digests = {NULL,     0,                       true},
        .report_data = span_of(l->nonce, sizeof l->nonce),
        .policy = {true,                    SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT,                                                    SNP_POLICY_MUST_BE_ONE},
        .platform_info = {true,                       0x25,                                                         SNP_PLATFORM_ALIAS_CHECK_COMPLETE},
        .tcb = {true, {.boot_loader = 10, .snp = 28, .microcode = 88}},
        .launch_tcb = {true,{.boot_loader = 10, .snp = 28, .microcode = 88}},
    };
}

/* Ask for a report and verify it: refused by this row, or accepted (SNP_CHECK_COUNT). */
static void verified(struct lab *l, const struct snp_expect *e, enum snp_check row, const char *label)
{
    struct snp_verdict v;
    struct err err = {0};
    int rc;

    assert_int_equal(psp_report_make(&l->vm, 0, l->nonce, l->report, &err), 0);
    rc = snp_verify(span_of(l->report, sizeof l->report), &l->state.chain, e, &v, &err);
    if (row == SNP_CHECK_COUNT) {
        if (rc != 0)
            fail_msg("%s: %s", label, err.text);
        return;
    }
    if (rc == 0 || v.rows[row].result != SNP_REFUSED)
        fail_msg("%s: not refused by %s but: %s", label, snp_check_name(row), err.text);
}

static void test_good(void **state)
{
    struct lab l;
    struct snp_expect e;

    (void) state;
    open_lab(&l);
    e = expect_of(&l);
    verified(&l, &e, SNP_CHECK_COUNT, "good");
    verified(&l, &e, SNP_CHECK_COUNT, "again");
    e.test_root = span_of(NULL, 0);
    verified(&l, &e, SNP_CHECK_ROOT, "without the test root");
    psp_state_wipe(&l.state);
}

static void test_faults(void **state)
{
    static const struct {
        const char *label;
        uint64_t policy;
        int vmpl;
        unsigned replay_from;
        bool corrupt;
        enum snp_check row;
    } rows[] = {
        {"debug",             0xb0000, -1, 0, false, SNP_CHECK_POLICY     },
        {"migration agent",   0x70000, -1, 0, false, SNP_CHECK_POLICY     },
        {"bit 17 not set",    0x10000, -1, 0, false, SNP_CHECK_FORMAT     },
        {"VMPL 1",            0x30000, 1,  0, false, SNP_CHECK_VMPL       },
        {"VMPL 0 by fault",   0x30000, 0,  0, false, SNP_CHECK_COUNT      },
        {"replay",            0x30000, -1, 1, false, SNP_CHECK_REPORT_DATA},
        {"corrupt signature", 0x30000, -1, 0, true,  SNP_CHECK_SIGNATURE  },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct snp_expect e;

        open_lab(&l);
        l.options.guest_policy = rows[i].policy;
        l.options.vmpl = rows[i].vmpl;
        l.options.replay_from = rows[i].replay_from;
        l.options.corrupt_signature = rows[i].corrupt;
        e = expect_of(&l);
        verified(&l, &e, rows[i].row, rows[i].label);
        psp_state_wipe(&l.state);
    }
}

static void test_replay(void **state)
{
    struct lab l;
    struct err err;
    uint8_t first[SNP_REPORT_DATA_SIZE] = {1}, second[SNP_REPORT_DATA_SIZE] = {2};

    (void) state;
    open_lab(&l);
    l.options.replay_from = 2;
    assert_int_equal(psp_report_make(&l.vm, 0, first, l.report, &err), 0);
    assert_memory_equal(l.report + 0x50, first, sizeof first);
    assert_int_equal(psp_report_make(&l.vm, 0, second, l.report, &err), 0);
    assert_memory_equal(l.report + 0x50, first, sizeof first);
    assert_int_equal(psp_report_make(&l.vm, 0, first, l.report, &err), 0);
    assert_memory_equal(l.report + 0x50, second, sizeof second);
    psp_state_wipe(&l.state);
}

static void test_other_product(void **state)
{
    struct psp_state s = {0};
    struct err err;

    (void) state;
    assert_int_equal(psp_state_open("tests/vectors/psp", SNP_PRODUCT_MILAN, quiet, &s, &err), -1);
    test_check_err(&err, ERR_FORMAT, "made for Genoa, not for Milan", "product");
    assert_true(span_is_zero(span_of(&s.vcek, sizeof s.vcek))); /* no key left behind */
    assert_int_equal(psp_state_open("tests/vectors/nonexistent/psp", SNP_PRODUCT_GENOA, quiet, &s, &err), -1);
    test_check_err(&err, ERR_SYS, "nonexistent", "no folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_other_product),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
