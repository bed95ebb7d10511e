/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_verify with what no machine has shown to anybody: Turin's reports, and mitigation vectors. Chains and
 * reports of tests/vectors/snp/made are by Python's cryptography. */
#include "snp_test.h"

#define MADE "tests/vectors/snp/made/"
#define NOW INT64_C(1795561000) /* 2026-11-24 */

enum { REPORT, ARK, ASK, VCEK, FILES };

struct made {
    char *owners[FILES];
    struct span bytes[FILES];
    struct snp_report parsed;
    struct snp_chain chain;
    struct snp_expect expect;
};

static void load(struct made *m, int part, const char *folder, const char *file)
{
    char path[200];
    size_t len;

    (void) snprintf(path, sizeof path, MADE "%s/%s", folder, file);
    m->owners[part] = test_slurp(path, &len);
    m->bytes[part] = span_of(m->owners[part], len);
}

/* Expect exactly what the report says. */
static void open_made(struct made *m, const char *folder, const char *report, enum snp_product product)
{
    const struct snp_case c = {.product = product, .now_s = NOW};
    struct snp_loaded l;
    struct err err;

    load(m, REPORT, folder, report);
    load(m, ARK, folder, "ark.der");
    load(m, ASK, folder, "ask.der");
    load(m, VCEK, folder, "vcek.der");
    if (snp_report_parse(m->bytes[REPORT], &m->parsed, &err) < 0)
        fail_msg("%s: %s", report, err.text);
    m->chain = (struct snp_chain){.vcek = m->bytes[VCEK], .ask = m->bytes[ASK], .ark = m->bytes[ARK]};
    l.parsed = m->parsed; /* lists borrow from it: moved below */
    m->expect = test_expect(&c, &l);
    m->expect.measurements.entries = m->parsed.measurement;
    m->expect.host_data.entries = m->parsed.host_data;
    m->expect.chip_ids.entries = m->parsed.chip_id;
    m->expect.id_key_digests.entries = m->parsed.id_key_digest;
    m->expect.report_data = span_of(m->parsed.report_data, SNP_REPORT_DATA_SIZE);
    m->expect.test_root = m->bytes[ARK];
    m->expect.provisional_firmware = false;
}

static void close_made(struct made *m)
{
    for (size_t i = 0; i < FILES; i++)
        free(m->owners[i]);
}

/* Refused by exactly this row; SNP_CHECK_COUNT: accepted. */
static void expect_row(const struct made *m, enum snp_check row, const char *text)
{
    static struct snp_verdict v;
    struct err err = {0};
    int rc = snp_verify(m->bytes[REPORT], &m->chain, &m->expect, &v, &err);

    if ((rc == 0) != (row == SNP_CHECK_COUNT))
        fail_msg("%s: %d %s", text, rc, err.text);
    if (rc == 0)
        return;
    if (v.rows[row].result != SNP_REFUSED || strstr(v.rows[row].text, text) == NULL)
        fail_msg("%s: %s", snp_check_name(row), err.text);
    for (int i = 0; i < SNP_CHECK_COUNT; i++)
        assert_true(i == (int) row || v.rows[i].result != SNP_REFUSED);
}

static void test_turin(void **state)
{
    static const char *const reports[] = {"report-v3.bin", "report-v5.bin"};

    (void) state;
    for (size_t i = 0; i < COUNT(reports); i++) {
        struct made m;
        struct snp_tcb_parts parts;
        struct err err;

        open_made(&m, "turin", reports[i], SNP_PRODUCT_TURIN);
        assert_int_equal(snp_report_product(&m.parsed), SNP_PRODUCT_TURIN);
        assert_int_equal(snp_tcb_split(m.parsed.reported_tcb, SNP_PRODUCT_TURIN, &parts, &err), 0);
        assert_true(parts.fmc == 4 && parts.boot_loader == 2 && parts.tee == 1 && parts.snp == 5 &&
                    parts.microcode == 0x93);
        m.expect.tcb.tcb = m.expect.launch_tcb.tcb = parts;
        expect_row(&m, SNP_CHECK_COUNT, "as it is");
        m.expect.tcb.tcb.fmc = 5;
        expect_row(&m, SNP_CHECK_REPORTED_TCB, "fmc 5, found");
        m.expect.tcb.tcb = parts;
        m.expect.launch_tcb.tcb.snp = 6;
        expect_row(&m, SNP_CHECK_LAUNCH_TCB, "snp 6");
        m.expect.launch_tcb.tcb = parts;
        m.expect.product = SNP_PRODUCT_GENOA;
        expect_row(&m, SNP_CHECK_PRODUCT, "expected Genoa, found Turin");
        close_made(&m);
    }
}

/* Well signed, and wrong. */
static void test_turin_wrong(void **state)
{
    struct made m;

    (void) state;
    open_made(&m, "turin", "report-long-chip.bin", SNP_PRODUCT_TURIN);
    expect_row(&m, SNP_CHECK_CERT_CHIP, "HWID is not the report's chip id");
    close_made(&m);
    open_made(&m, "turin", "report-other-order.bin", SNP_PRODUCT_TURIN);
    expect_row(&m, SNP_CHECK_CERT_TCB, "reserved");
    close_made(&m);
    open_made(&m, "turin", "report-v3.bin", SNP_PRODUCT_TURIN);
    m.owners[REPORT][0x1a0] ^= 1; /* the chip id: another machine's certificate */
    expect_row(&m, SNP_CHECK_CERT_CHIP, "HWID");
    close_made(&m);
    open_made(&m, "turin", "report-v3.bin", SNP_PRODUCT_TURIN);
    m.expect.test_root = span_of(NULL, 0); /* AMD's */
    expect_row(&m, SNP_CHECK_ROOT, "not the expected root");
    close_made(&m);
}

static void test_version_5(void **state)
{
    static const struct {
        const char *folder;
        enum snp_product product;
        uint64_t both; /* bits of both vectors */
    } rows[] = {
        {"turin", SNP_PRODUCT_TURIN, 0x3},
        {"genoa", SNP_PRODUCT_GENOA, 0xf},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct made m;

        open_made(&m, rows[i].folder, "report-v5.bin", rows[i].product);
        assert_int_equal(m.parsed.version, 5);
        m.expect.mit_vector_min = rows[i].both;
        expect_row(&m, SNP_CHECK_COUNT, "the bits of both");
        m.expect.mit_vector_min = rows[i].both + 1; /* now, but not at launch */
        expect_row(&m, SNP_CHECK_MIT_VECTOR, "at launch and now");
        m.owners[REPORT][0x1f8] ^= 1; /* signed */
        m.expect.mit_vector_min = 0;
        expect_row(&m, SNP_CHECK_SIGNATURE, "");
        close_made(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turin),
        cmocka_unit_test(test_turin_wrong),
        cmocka_unit_test(test_version_5),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
