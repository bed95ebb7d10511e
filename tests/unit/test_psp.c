/* SPDX-License-Identifier: GPL-2.0-or-later */
/* softpsp's reports as a verifier sees them: accepted under the test root alone, each fault found by its own
 * check. */
#include "hash.h"
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
        .crl_not_required = true,
        .measurements = {l->vm.measurement,                        1,          false},
        .host_data = {l->options.host_data,                                        1,                               false},
        .chip_ids = {l->state.leaf.hwid.data,                                   1,               false},
        .id_key_digests = {NULL,     0,true},
        .author_key_digests = {.any = true                                    },
        .family_ids = {.any = true                                       },
        .image_ids = {.any = true                             },
        .report_ids = {.any = true          },
        .firmware = {.set = true                             },
        .report_data = span_of(l->nonce, sizeof l->nonce),
        .policy = {true, SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT,                                          SNP_POLICY_MUST_BE_ONE},
        .platform_info = {true,                                     0x25,                                        SNP_PLATFORM_ALIAS_CHECK_COMPLETE},
        .tcb = {true,                                        {.boot_loader = 10, .snp = 28, .microcode = 88}},
        .launch_tcb = {true,                                        {.boot_loader = 10, .snp = 28, .microcode = 88}          },
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

/* A report of our own making, signed by the test VCEK. */
static void sign_report(const struct lab *l, const struct snp_report *r, uint8_t out[SNP_REPORT_SIZE])
{
    struct snp_report signed_one = *r;
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;
    struct err err;

    snp_report_write(r, out);
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(out, SNP_REPORT_SIGNED_SIZE), digest, &err), 0);
    assert_int_equal(ecc_sign(&l->state.vcek, span_of(digest, sizeof digest), &sig, &err), 0);
    for (size_t i = 0; i < SNP_SIG_FIELD; i++) {
        signed_one.sig_r[i] = sig.r[SNP_SIG_FIELD - 1 - i];
        signed_one.sig_s[i] = sig.s[SNP_SIG_FIELD - 1 - i];
    }
    snp_report_write(&signed_one, out);
}

/* Genuine reports of a platform that is not as it should be. */
static void test_platforms(void **state)
{
    enum change {
        UNSIGNED,
        BY_VLEK,
        CERT_ABOVE_CURRENT,
        COMMITTED_ABOVE_CURRENT,
        OLDER_BUILD,
        PROVISIONAL_BUILD,
        PROVISIONAL_TCB,
        OLD_LAUNCH,
        RESERVED_TCB,
        OTHER_CPU,
        MASKED_CHIP,
        VERSION_5,
        VERSION_2,
    };
    static const struct {
        const char *label;
        enum change change;
        bool provisional;
        enum snp_check row;
    } rows[] = {
        {"not signed",                 UNSIGNED,                false, SNP_CHECK_SIGNER    },
        {"says VLEK, comes with VCEK", BY_VLEK,                 false, SNP_CHECK_SIGNER    },
        {"certificate above current",  CERT_ABOVE_CURRENT,      true,  SNP_CHECK_CERT_TCB  },
        {"committed above current",    COMMITTED_ABOVE_CURRENT, true,  SNP_CHECK_COMMITTED },
        {"older build than committed", OLDER_BUILD,             true,  SNP_CHECK_COMMITTED },
        {"newer build than committed", PROVISIONAL_BUILD,       false, SNP_CHECK_COMMITTED },
        {"newer build, allowed",       PROVISIONAL_BUILD,       true,  SNP_CHECK_COUNT     },
        {"newer TCB than committed",   PROVISIONAL_TCB,         false, SNP_CHECK_COMMITTED },
        {"newer TCB, allowed",         PROVISIONAL_TCB,         true,  SNP_CHECK_COUNT     },
        {"old at launch",              OLD_LAUNCH,              false, SNP_CHECK_LAUNCH_TCB},
        {"reserved TCB byte",          RESERVED_TCB,            false, SNP_CHECK_CERT_TCB  },
        {"another CPU",                OTHER_CPU,               false, SNP_CHECK_PRODUCT   },
        {"chip id masked",             MASKED_CHIP,             false, SNP_CHECK_CERT_CHIP },
        {"version 5, vectors",         VERSION_5,               false, SNP_CHECK_COUNT     },
        {"version 2, product by VCEK", VERSION_2,               false, SNP_CHECK_COUNT     },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct lab l;
        struct snp_expect e;
        struct snp_report r;
        struct snp_verdict v;
        struct err err = {0};
        int rc;

        open_lab(&l);
        e = expect_of(&l);
        e.provisional_firmware = rows[i].provisional;
        assert_int_equal(psp_report_make(&l.vm, 0, l.nonce, l.report, &err), 0);
        assert_int_equal(snp_report_parse(span_of(l.report, sizeof l.report), &r, &err), 0);
        switch (rows[i].change) {
        case UNSIGNED:
            r.signer = SNP_SIGNER_NONE;
            break;
        case BY_VLEK:
            r.signer = SNP_SIGNER_VLEK;
            break;
        case CERT_ABOVE_CURRENT:
            r.current_tcb.bytes[7]--;
            break;
        case COMMITTED_ABOVE_CURRENT:
            r.committed_tcb.bytes[0]++;
            break;
        case OLDER_BUILD:
            r.current_version.build--;
            break;
        case PROVISIONAL_BUILD:
            r.current_version.build++;
            break;
        case PROVISIONAL_TCB:
            r.committed_tcb.bytes[7]--;
            break;
        case OLD_LAUNCH:
            r.launch_tcb.bytes[6]--;
            break;
        case RESERVED_TCB:
            r.reported_tcb.bytes[3] = 1;
            break;
        case OTHER_CPU:
            r.cpu_model = 0x20;
            break;
        case MASKED_CHIP:
            memset(r.chip_id, 0, sizeof r.chip_id);
            break;
        case VERSION_5:
            r.version = 5;
            r.launch_mit_vector = 7;
            r.current_mit_vector = 0xf;
            e.mit_vector_min = 5;
            break;
        case VERSION_2:
            r.version = 2;
            r.cpu_family = r.cpu_model = r.cpu_stepping = 0;
            break;
        }
        sign_report(&l, &r, l.report);
        rc = snp_verify(span_of(l.report, sizeof l.report), &l.state.chain, &e, &v, &err);
        if ((rc == 0) != (rows[i].row == SNP_CHECK_COUNT))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0 && v.rows[rows[i].row].result != SNP_REFUSED)
            fail_msg("%s: not refused by %s but: %s", rows[i].label, snp_check_name(rows[i].row), err.text);
        psp_state_wipe(&l.state);
    }
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
        cmocka_unit_test(test_good),      cmocka_unit_test(test_faults),        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_platforms), cmocka_unit_test(test_other_product),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
