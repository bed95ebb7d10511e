/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_verify with a revocation list: a report under the chain of tests/vectors/crl, which OpenSSL made. */
#include "snp_test.h"

#include "ecc.h"
#include "hash.h"

#define CRL_VECTORS "tests/vectors/crl/"
#define NOW 1798761600 /* 2027-01-01 */

static struct span load(const char *name, char **owner)
{
    char path[100];
    size_t len;

    (void) snprintf(path, sizeof path, CRL_VECTORS "%s", name);
    *owner = test_slurp(path, &len);
    return span_of(*owner, len);
}

enum { ARK, ASK, VCEK, KEY, CRL, FILES };

struct lab {
    char *owners[FILES];
    struct snp_loaded l;
    struct snp_expect expect;
};

/* A real report, moved to the test chip and signed by its VCEK. */
static void sign_report(struct lab *lab)
{
    const struct snp_tcb_parts parts = {.boot_loader = 10, .snp = 28, .microcode = 88};
    const struct snp_tcb tcb = snp_tcb_join(&parts, SNP_PRODUCT_GENOA);
    struct snp_report *r = &lab->l.parsed;
    AUTO_ECC_PAIR key = {0};
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;
    struct err err;

    memset(r->chip_id, 0x55, sizeof r->chip_id);
    r->reported_tcb = r->current_tcb = r->committed_tcb = r->launch_tcb = tcb;
    snp_report_write(r, lab->l.report);
    if (ecc_pair_from_pem(load("vcek.key.pem", &lab->owners[KEY]), &key, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(lab->l.report, SNP_REPORT_SIGNED_SIZE), digest, &err),
                     0);
    assert_int_equal(ecc_sign(&key, span_of(digest, sizeof digest), &sig, &err), 0);
    for (size_t i = 0; i < SNP_SIG_FIELD; i++) {
        r->sig_r[i] = sig.r[SNP_SIG_FIELD - 1 - i];
        r->sig_s[i] = sig.s[SNP_SIG_FIELD - 1 - i];
    }
    snp_report_write(r, lab->l.report);
}

static void open_lab(struct lab *lab)
{
    memset(lab, 0, sizeof *lab);
    test_load(&case_genoa, &lab->l);
    lab->l.chain = (struct snp_chain){.vcek = load("vcek.der", &lab->owners[VCEK]),
                                      .ask = load("ask.der", &lab->owners[ASK])};
    sign_report(lab);
    lab->expect = test_expect(&case_genoa, &lab->l);
    lab->expect.now_s = NOW;
    lab->expect.test_root = load("ark.der", &lab->owners[ARK]);
}

static void close_lab(struct lab *lab)
{
    for (size_t i = 0; i < FILES; i++)
        free(lab->owners[i]);
}

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
    struct lab lab;

    (void) state;
    open_lab(&lab);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *label = rows[i].file ? rows[i].file : "not required";
        struct err err;
        int rc;

        lab.expect.crl_not_required = !rows[i].file;
        lab.expect.crl = rows[i].file ? load(rows[i].file, &lab.owners[CRL]) : span_of(NULL, 0);
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
    close_lab(&lab);
}

static void test_left_out(void **state)
{
    static struct snp_verdict v;
    struct lab lab;
    struct err err;

    (void) state;
    open_lab(&lab);
    lab.expect.crl_not_required = false;
    assert_int_equal(snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err),
                     -1);
    test_check_err(&err, ERR_MISSING, "expectations: expected either a CRL or", "neither");
    lab.expect.crl = load("empty.crl", &lab.owners[CRL]);
    lab.expect.crl_not_required = true;
    assert_int_equal(snp_verify(span_of(lab.l.report, SNP_REPORT_SIZE), &lab.l.chain, &lab.expect, &v, &err),
                     -1);
    test_check_err(&err, ERR_MISSING, "expectations: expected either a CRL or", "both");
    close_lab(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
