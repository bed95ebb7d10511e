/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_verify: is this SEV-SNP report genuine, and does it say what the verifier expects?
 *
 * docs/formats/snp-report.md has the order of the checks. The report, its certificates and the numbers in
 * them come from the peer; the expectations come from the manifest or the policy. Every check is a row of the
 * verdict, with expected and found values, so that a refusal names the reference value that failed.
 *
 * An expectation left out is an error, never "anything goes": a list without entries matches nothing unless
 * its `any` is set, and a minimum must be marked `set`.
 */
#ifndef NACRE_SNP_VERIFY_H
#define NACRE_SNP_VERIFY_H

#include "snp_certs.h"
#include "snp_report.h"

#define SNP_LIST_MAX 4096 /* entries of one list of reference values */

/* Reference values of one size, back to back: count entries. any: the caller knowingly accepts every value.
 */
struct snp_list {
    const uint8_t *entries;
    size_t count;
    bool any;
};

struct snp_minimum {
    bool set; /* false is an error */
    struct snp_tcb_parts tcb;
};

struct snp_firmware {
    bool set; /* false is an error */
    struct snp_version min;
};

/* Bits of a 64-bit word: found may hold bits of `allowed` only and must hold all of `required`. */
struct snp_bits {
    bool set; /* false is an error */
    uint64_t allowed;
    uint64_t required;
};

struct snp_expect {
    int64_t now_s;            /* seconds since 1970, for the certificates' dates; must be > 0 */
    enum snp_product product; /* whose chain and TCB layout */
    /* DER of a test root, whose CN is "nacre test ARK-<product>" (softpsp's); empty: AMD's built-in root. */
    struct span test_root;
    /* DER of the product's revocation list, issued by the ARK (docs/formats/crl.md), or crl_not_required: the
     * caller knowingly goes without. Neither, or both, is an error. */
    struct span crl;
    bool crl_not_required;

    struct snp_list measurements; /* 48 bytes each */
    struct snp_list host_data;    /* 32 bytes each */
    struct snp_list chip_ids; /* 64 bytes each; a VLEK report has a zero chip id and passes with `any` only */
    struct snp_list csp_ids_sha256; /* VLEK: SHA-256 of the CSP_ID, 32 bytes each; not looked at for a VCEK */
    struct snp_list id_key_digests; /* 48 bytes each */
    struct snp_list author_key_digests; /* 48 bytes each */
    struct snp_list family_ids;         /* 16 bytes each, as the image ids: both from the ID block */
    struct snp_list image_ids;
    struct snp_list report_ids;       /* 32 bytes each: of this very VM */
    struct snp_list migration_agents; /* REPORT_ID_MA, 32 bytes each, beside all ones (none), which pass */
    struct span report_data;          /* exactly 64 bytes */
    uint32_t vmpl;                    /* exact */

    struct snp_bits policy;   /* guest policy bits 63:16; allowed must hold SNP_POLICY_MUST_BE_ONE */
    uint8_t policy_abi_major; /* lowest ABI version that the guest policy may ask for */
    uint8_t policy_abi_minor;
    struct snp_bits platform_info;
    uint32_t guest_svn_min;
    uint64_t mit_vector_min; /* bits that LAUNCH_MIT_VECTOR and CURRENT_MIT_VECTOR must both hold; 0: none */

    struct snp_firmware firmware;  /* the lowest CURRENT version */
    struct snp_minimum tcb;        /* for REPORTED_TCB */
    struct snp_minimum launch_tcb; /* for LAUNCH_TCB */
    bool provisional_firmware;     /* true: CURRENT may be newer than COMMITTED; false: must be equal */
};

enum snp_check {
    /* genuine? The first failure ends the verification. */
    SNP_CHECK_EXPECTATIONS, /* every expectation is there */
    SNP_CHECK_FORMAT,
    SNP_CHECK_SIGNER,
    SNP_CHECK_PRODUCT,
    SNP_CHECK_ROOT,
    SNP_CHECK_INTERMEDIATE,
    SNP_CHECK_LEAF,
    SNP_CHECK_DATES,
    SNP_CHECK_REVOCATION,
    SNP_CHECK_CERT_TCB,
    SNP_CHECK_CERT_CHIP,
    SNP_CHECK_SIGNATURE,
    /* what we expect? All of them run. */
    SNP_CHECK_REPORT_DATA,
    SNP_CHECK_MEASUREMENT,
    SNP_CHECK_HOST_DATA,
    SNP_CHECK_POLICY,
    SNP_CHECK_VMPL,
    SNP_CHECK_REPORTED_TCB,
    SNP_CHECK_LAUNCH_TCB,
    SNP_CHECK_COMMITTED,
    SNP_CHECK_PLATFORM_INFO,
    SNP_CHECK_CHIP_ID,
    SNP_CHECK_ID_KEY,
    SNP_CHECK_GUEST_SVN,
    SNP_CHECK_MIT_VECTOR,
    SNP_CHECK_AUTHOR_KEY,
    SNP_CHECK_FAMILY_ID,
    SNP_CHECK_IMAGE_ID,
    SNP_CHECK_REPORT_ID,
    SNP_CHECK_MIGRATION_AGENT,
    SNP_CHECK_FIRMWARE,
    SNP_CHECK_COUNT,
};

enum snp_result {
    SNP_NOT_RUN = 0,
    SNP_PASSED,
    SNP_REFUSED,
};

struct snp_row {
    enum snp_result result;
    char text[ERR_TEXT_MAX]; /* refused: "expected ..., found ..." */
};

struct snp_verdict {
    struct snp_row rows[SNP_CHECK_COUNT];
    struct snp_report report; /* valid from SNP_CHECK_FORMAT on */
};

/* Run every check. 0 only when all rows passed. On failure *err holds the first refused row ("measurement:
 * expected ..., found ...") with ERR_FORMAT, ERR_MISSING or ERR_DENIED. *verdict is filled in both cases. */
int snp_verify(struct span report, const struct snp_chain *chain, const struct snp_expect *expect,
               struct snp_verdict *verdict, struct err *err) __attribute__((warn_unused_result, nonnull));

const char *snp_check_name(enum snp_check check); /* "measurement", "reported tcb", ... */

#endif
