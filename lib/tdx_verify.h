/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_verify: is this TDX quote genuine, is its platform's TCB good, and does it say what the verifier
 * expects?
 *
 * docs/formats/tdx-quote.md has the order of the checks. The quote comes from the peer, the collateral from
 * whoever fetched it; the expectations come from the manifest or the policy. Every check is a row of the
 * verdict, with expected and found values, so that a refusal names the reference value that failed.
 *
 * An expectation left out is an error, never "anything goes": a list without entries matches nothing unless
 * its `any` is set, bits and minimums must be marked `set`. Collateral is never optional.
 */
#ifndef NACRE_TDX_VERIFY_H
#define NACRE_TDX_VERIFY_H

#include "tdx_collateral.h"
#include "tdx_level.h"
#include "tdx_pck.h"
#include "tdx_quote.h"
#include "verify_match.h"

#define TDX_VERIFY_RTMR_COUNT 4
#define TDX_VERIFY_ADVISORIES_MAX 256

#define TDX_ACCEPT(status) (1U << (status)) /* for tdx_expect.accepted */

/* Advisories by Intel's ids that are known to be dealt with. */
struct tdx_advisories {
    const char *const *names;
    size_t count;
    bool any;
};

struct tdx_minimum {
    bool set; /* false is an error */
    uint8_t tee_tcb_svn[TDX_SVN_SIZE];
    uint16_t pce_svn;
    uint16_t qe_svn;
};

struct tdx_expect {
    int64_t now_s; /* seconds since 1970, for all dates; must be > 0 */
    /* DER of a test root, whose CN is "nacre test SGX Root CA"; empty: Intel's built-in root. */
    struct span test_root;

    /* TDX_ACCEPT bits of what is good enough beside UpToDate, which always is; Revoked never is (an error).
     */
    uint32_t accepted;
    struct tdx_advisories advisories; /* which may be open at a level that is not UpToDate */
    uint32_t evaluation_min;          /* lowest tcbEvaluationDataNumber of the collateral; 0 is an error */
    struct tdx_minimum minimum;

    struct verify_list mr_td; /* 48 bytes each, as all registers */
    struct verify_list rtmr[TDX_VERIFY_RTMR_COUNT];
    struct verify_list mr_config_id;
    struct verify_list mr_owner;
    struct verify_list mr_owner_config;
    struct verify_list mr_seam;
    struct verify_list mr_service_td; /* beside zero (none bound), which always passes */
    struct verify_list piids; /* 16 bytes each; a PCK without a PIID (Processor CA) passes with `any` only */
    struct span report_data;  /* exactly 64 bytes */

    struct verify_bits attributes;     /* TD attributes, TDX_ATTR_*; DEBUG is refused unless allowed here */
    bool sept_ve_disable_not_required; /* SEPT_VE_DISABLE is required unless this is set */
    struct verify_bits xfam;

    /* What the PCK certificate must say about the platform; false: nothing in particular. */
    bool memory_integrity;
    bool smt_disabled;
    bool static_platform;
};

enum tdx_check {
    /* genuine? The first failure ends the verification. */
    TDX_CHECK_EXPECTATIONS, /* every expectation is there */
    TDX_CHECK_FORMAT,
    TDX_CHECK_SIGNATURE_DATA,
    TDX_CHECK_PCK_CHAIN,
    TDX_CHECK_PCK_EXTENSION,
    TDX_CHECK_DATES,
    TDX_CHECK_QE_SIGNATURE,
    TDX_CHECK_ATTESTATION_KEY,
    TDX_CHECK_SIGNATURE,
    TDX_CHECK_ROOT_CRL,
    TDX_CHECK_PCK_CRL,
    TDX_CHECK_TCB_INFO,
    TDX_CHECK_QE_IDENTITY,
    TDX_CHECK_PLATFORM, /* FMSPC and PCEID */
    TDX_CHECK_MODULE,   /* MRSIGNERSEAM and SEAMATTRIBUTES */
    TDX_CHECK_QE,
    TDX_CHECK_TCB_LEVEL, /* there is one for platform, module and QE */
    /* what we expect? All of them run. */
    TDX_CHECK_REPORT_DATA,
    TDX_CHECK_TCB_STATUS,
    TDX_CHECK_ADVISORIES,
    TDX_CHECK_EVALUATION,
    TDX_CHECK_SVN,
    TDX_CHECK_MR_TD,
    TDX_CHECK_RTMR0,
    TDX_CHECK_RTMR1,
    TDX_CHECK_RTMR2,
    TDX_CHECK_RTMR3,
    TDX_CHECK_MR_CONFIG_ID,
    TDX_CHECK_MR_OWNER,
    TDX_CHECK_MR_OWNER_CONFIG,
    TDX_CHECK_MR_SEAM,
    TDX_CHECK_DEBUG,
    TDX_CHECK_SEPT_VE,
    TDX_CHECK_ATTRIBUTES,
    TDX_CHECK_XFAM,
    TDX_CHECK_SERVICE_TD,
    TDX_CHECK_PIID,
    TDX_CHECK_MEMORY_INTEGRITY,
    TDX_CHECK_SMT,
    TDX_CHECK_STATIC_PLATFORM,
    TDX_CHECK_COUNT,
};

enum tdx_result {
    TDX_NOT_RUN = 0,
    TDX_PASSED,
    TDX_REFUSED,
};

struct tdx_row {
    enum tdx_result result;
    char text[ERR_TEXT_MAX]; /* refused: "expected ..., found ..." */
};

struct tdx_verdict {
    struct tdx_row rows[TDX_CHECK_COUNT];
    struct tdx_quote quote; /* valid once TDX_CHECK_FORMAT has passed */
    struct tdx_pck pck;     /* valid once TDX_CHECK_PCK_EXTENSION has passed */
    /* valid once TDX_CHECK_TCB_LEVEL has passed */
    struct tdx_level platform; /* for a TDX 1.5 body the worse of the levels at launch and now */
    struct tdx_level module;   /* not found: no module identity counts (TEE_TCB_SVN[1] is 0) */
    struct tdx_level qe;
    enum tdx_status status; /* the worst of the three */
    uint32_t evaluation;    /* the lower of the two tcbEvaluationDataNumbers */
};

/* Run every check. 0 only when all rows passed. On failure *err holds the first refused row ("tcb status:
 * expected ..., found ..."). *verdict is filled in both cases. */
int tdx_verify(struct span quote, const struct tdx_collateral *collateral, const struct tdx_expect *expect,
               struct tdx_verdict *verdict, struct err *err) __attribute__((warn_unused_result, nonnull));

const char *tdx_check_name(enum tdx_check check); /* "mrtd", "tcb status", ... */

#endif
