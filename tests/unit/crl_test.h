/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crl_test: a report under the chain of tests/vectors/crl, which OpenSSL made, and lists of revoked
 * certificates by its root. */
#ifndef NACRE_CRL_TEST_H
#define NACRE_CRL_TEST_H

#include "snp_test.h"

#include "ecc.h"
#include "hash.h"

#define CRL_VECTORS "tests/vectors/crl/"
#define CRL_NOW 1798761600 /* 2027-01-01 */

static inline struct span crl_load(const char *name, char **owner)
{
    char path[100];
    size_t len;

    (void) snprintf(path, sizeof path, CRL_VECTORS "%s", name);
    *owner = test_slurp(path, &len);
    return span_of(*owner, len);
}

enum { ARK, ASK, VCEK, KEY, CRL, FILES };

struct crl_lab {
    char *owners[FILES];
    struct snp_loaded l;
    struct snp_expect expect;
    uint8_t migration_agent; /* 0: none */
};

/* A real report, moved to the test chip and signed by its VCEK. */
static inline void crl_sign_report(struct crl_lab *lab)
{
    const struct snp_tcb_parts parts = {.boot_loader = 10, .snp = 28, .microcode = 88};
    const struct snp_tcb tcb = snp_tcb_join(&parts, SNP_PRODUCT_GENOA);
    struct snp_report *r = &lab->l.parsed;
    AUTO_ECC_PAIR key = {0};
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;
    struct err err;

    memset(r->chip_id, 0x55, sizeof r->chip_id);
    r->report_id_ma[0] ^= lab->migration_agent;
    r->reported_tcb = r->current_tcb = r->committed_tcb = r->launch_tcb = tcb;
    snp_report_write(r, lab->l.report);
    if (ecc_pair_from_pem(crl_load("vcek.key.pem", &lab->owners[KEY]), &key, &err) < 0)
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

static inline void crl_open_with(struct crl_lab *lab, uint8_t migration_agent)
{
    memset(lab, 0, sizeof *lab);
    lab->migration_agent = migration_agent;
    test_load(&case_genoa, &lab->l);
    lab->l.chain = (struct snp_chain){.vcek = crl_load("vcek.der", &lab->owners[VCEK]),
                                      .ask = crl_load("ask.der", &lab->owners[ASK])};
    crl_sign_report(lab);
    lab->expect = test_expect(&case_genoa, &lab->l);
    lab->expect.now_s = CRL_NOW;
    lab->expect.test_root = crl_load("ark.der", &lab->owners[ARK]);
}

static inline void crl_open(struct crl_lab *lab)
{
    crl_open_with(lab, 0);
}

static inline void crl_close(struct crl_lab *lab)
{
    for (size_t i = 0; i < FILES; i++)
        free(lab->owners[i]);
}

#endif
