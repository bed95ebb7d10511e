/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_test: the real reports and certificates under tests/vectors/snp, for the tests of everything SNP. */
#ifndef NACRE_SNP_TEST_H
#define NACRE_SNP_TEST_H

#include "parser_test.h"
#include "pem.h"
#include "snp_verify.h"

#define SNP_VECTORS "tests/vectors/snp/"
#define CLOCK_2025                                                                                           \
    INT64_C(1750000000) /* 2025-06-15: every certificate of the vectors is valid but dstack's VCEK */
#define CLOCK_2026 INT64_C(1795561000) /* 2026-11-24: all but the VLEK */

/* One machine's report with what belongs to it. */
struct snp_case {
    const char *name; /* folder of the vectors */
    const char *leaf;
    const char *chain; /* PEM below roots/: ASK, ARK, ASVK */
    int intermediate;  /* which block of it: 0 ASK, 2 ASVK */
    enum snp_product product;
    int64_t now_s;
};

/* Bytes of a case: borrowed parts point into certs. */
struct snp_loaded {
    uint8_t report[SNP_REPORT_SIZE];
    struct snp_chain chain;
    struct snp_report parsed;
    uint8_t certs[16384];
};

static inline struct span test_cert(const char *folder, const char *file, int block, struct writer *w)
{
    char path[200];
    size_t len;
    char *data;
    struct span text, der = {0};
    struct err err;

    (void) snprintf(path, sizeof path, SNP_VECTORS "%s/%s", folder, file);
    data = test_slurp(path, &len);
    text = span_of(data, len);
    if (data[0] == 0x30) {
        der = span_of(w->buf + w->len, len);
        writer_bytes(w, text);
        assert_false(w->bad);
    }
    for (int i = 0; data[0] != 0x30 && i <= block; i++)
        assert_int_equal(pem_next(&text, PEM_LABEL_CERTIFICATE, w, &der, &err), 0);
    free(data);
    return der;
}

static inline void test_load(const struct snp_case *c, struct snp_loaded *out)
{
    struct writer w = writer_of(out->certs, sizeof out->certs);
    char path[200];
    size_t len;
    char *data;
    struct span leaf;
    struct err err;

    memset(&out->chain, 0, sizeof out->chain);
    (void) snprintf(path, sizeof path, SNP_VECTORS "%s/report.bin", c->name);
    data = test_slurp(path, &len);
    assert_int_equal(len, SNP_REPORT_SIZE);
    memcpy(out->report, data, len);
    free(data);
    assert_int_equal(snp_report_parse(span_of(out->report, SNP_REPORT_SIZE), &out->parsed, &err), 0);
    leaf = test_cert(c->name, c->leaf, 0, &w);
    if (out->parsed.signer == SNP_SIGNER_VLEK)
        out->chain.vlek = leaf;
    else
        out->chain.vcek = leaf;
    out->chain.ask = test_cert("roots", c->chain, c->intermediate, &w);
    out->chain.ark = test_cert("roots", c->chain, 1, &w);
}

/* Expect exactly what the report says. */
static inline struct snp_expect test_expect(const struct snp_case *c, const struct snp_loaded *l)
{
    struct snp_expect e = {
        .now_s = c->now_s,
        .product = c->product,
        .crl_not_required = true,
        .measurements = {l->parsed.measurement,   1, false},
        .host_data = {l->parsed.host_data,                  1, false},
        .chip_ids = {l->parsed.chip_id,     1, false},
        .csp_ids_sha256 = {NULL,                  0, true},
        .id_key_digests = {l->parsed.id_key_digest,       1, false},
        .author_key_digests = {NULL,                  0, true},
        .family_ids = {NULL,                    0, true},
        .image_ids = {NULL,                   0, true},
        .report_ids = {NULL, 0, true},
        .firmware = {.set = true                 },
        .report_data = span_of(l->parsed.report_data, SNP_REPORT_DATA_SIZE),
        .vmpl = l->parsed.vmpl,
        .policy = {true,                    SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT, SNP_POLICY_MUST_BE_ONE},
        .platform_info = {true,                   0xff, 0},
        .tcb = {.set = true                   },
        .launch_tcb = {.set = true                  },
        .provisional_firmware = true,
    };

    return e;
}

static const struct snp_case case_milan = {"virtee-milan",    "vcek.der", "milan_ask_ark_asvk.pem", 0,
                                           SNP_PRODUCT_MILAN, CLOCK_2026};
static const struct snp_case case_dstack = {"dstack", "vcek.pem",        "milan_ask_ark_asvk.pem",
                                            0,        SNP_PRODUCT_MILAN, CLOCK_2026};
static const struct snp_case case_genoa = {"trustee-e2e",     "vcek.der", "genoa_ask_ark_asvk.pem", 0,
                                           SNP_PRODUCT_GENOA, CLOCK_2026};
static const struct snp_case case_vlek = {"trustee-vlek",    "vlek.der", "milan_ask_ark_asvk.pem", 2,
                                          SNP_PRODUCT_MILAN, CLOCK_2025};
static const struct snp_case case_debug = {"milan-v2-a",      "vcek.der", "milan_ask_ark_asvk.pem", 0,
                                           SNP_PRODUCT_MILAN, CLOCK_2026};
static const struct snp_case case_azure = {"trustee-vcek",    "vcek.der", "milan_ask_ark_asvk.pem", 0,
                                           SNP_PRODUCT_MILAN, CLOCK_2026};

static const struct snp_case case_azure_v0 = {"azure-v0", "vcek.der",        "milan_ask_ark_asvk.pem",
                                              0,          SNP_PRODUCT_MILAN, CLOCK_2026};
static const struct snp_case case_azure_v1 = {"azure-v1", "vcek.der",        "milan_ask_ark_asvk.pem",
                                              0,          SNP_PRODUCT_MILAN, CLOCK_2026};
static const struct snp_case case_azure_v2 = {"azure-v2", "vcek.der",        "milan_ask_ark_asvk.pem",
                                              0,          SNP_PRODUCT_MILAN, CLOCK_2026};
static const struct snp_case case_azure_genoa = {"azure-genoa",     "vcek.der", "genoa_ask_ark_asvk.pem", 0,
                                                 SNP_PRODUCT_GENOA, CLOCK_2026};

#endif
