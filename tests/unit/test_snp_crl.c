/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_verify with a revocation list: a report under the chain of tests/vectors/crl, which OpenSSL made. */
#include "crl_test.h"

static void test_lists(void **state)
{
    static const struct {
        const char *file; /* NULL: none is required */
        const char *text; /* NULL: accepted */
    } rows[] = {
        {NULL,          NULL                                                                 },
        {"empty.crl",   NULL                                                                 },
        {"other.crl",   NULL                                                                 },
        {"revoked.crl", "intermediate: certificate with the serial number 020001 was revoked"},
        {"leaf.crl",    "leaf: certificate with the serial number 00 was revoked"            },
        {"short.crl",   "CRL is valid from"                                                  },
        {"forged.crl",  "CRL: "                                                              },
        {"partial.crl", "a critical extension"                                               },
        {"v15.crl",     "signature algorithm"                                                },
        {"ark.der",     "CRL"                                                                },
    };
    static struct snp_verdict v;
    struct crl_lab lab;

    (void) state;
    crl_open(&lab);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *label = rows[i].file ? rows[i].file : "not required";
        struct err err;
        int rc;

        lab.expect.crl_not_required = !rows[i].file;
        lab.expect.crl = rows[i].file ? crl_load(rows[i].file, &lab.owners[CRL]) : span_of(NULL, 0);
        rc = snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err);
        if ((rc == 0) != (rows[i].text == NULL))
            fail_msg("%s: %d %s", label, rc, err.text);
        if (rc < 0 && (strncmp(err.text, "revocation: ", 12) != 0 || !strstr(err.text, rows[i].text)))
            fail_msg("%s: %s", label, err.text);
        assert_int_equal(v.rows[SNP_CHECK_REVOCATION].result, rc < 0 ? SNP_REFUSED : SNP_PASSED);
        assert_int_equal(v.rows[SNP_CHECK_SIGNATURE].result, rc < 0 ? SNP_NOT_RUN : SNP_PASSED);
        free(lab.owners[CRL]);
        lab.owners[CRL] = NULL;
    }
    crl_close(&lab);
}

static void test_left_out(void **state)
{
    static struct snp_verdict v;
    struct crl_lab lab;
    struct err err;

    (void) state;
    crl_open(&lab);
    lab.expect.crl_not_required = false;
    assert_int_equal(snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err),
                     -1);
    test_check_err(&err, ERR_MISSING, "expectations: expected either a CRL or", "neither");
    lab.expect.crl = crl_load("empty.crl", &lab.owners[CRL]);
    lab.expect.crl_not_required = true;
    assert_int_equal(snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err),
                     -1);
    test_check_err(&err, ERR_MISSING, "expectations: expected either a CRL or", "both");
    crl_close(&lab);
}

/* A signed report that names a migration agent. */
static void test_migration_agent(void **state)
{
    static struct snp_verdict v;
    struct crl_lab lab;
    struct err err;

    (void) state;
    crl_open_with(&lab, 1);
    assert_int_equal(snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err),
                     -1);
    test_check_err(&err, ERR_DENIED, "migration agent: a migration agent can read this VM's memory", "agent");
    lab.expect.migration_agents = (struct snp_list){lab.l.parsed.report_id_ma, 1, false};
    assert_int_equal(snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err),
                     0);
    crl_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_migration_agent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
