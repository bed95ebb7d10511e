/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_tcb: Intel's TCB info (version 3, "TDX"), and which of its levels a platform has. Intel's PCS API,
 * version 4; docs/formats/tdx-collateral.md.
 *
 * The texts are signed by Intel: the caller has checked the signature over these very bytes. A level that is
 * not the one that matches is checked for its form too. Unknown keys are refused: what they say is not known.
 */
#ifndef NACRE_TDX_TCB_H
#define NACRE_TDX_TCB_H

#include "tdx_level.h"

#define TDX_TCB_MODULES_MAX 16 /* module identities */
#define TDX_TCB_SIGNER_SIZE 48
#define TDX_TCB_FMSPC_SIZE 6
#define TDX_TCB_PCEID_SIZE 2

/* Attributes under a mask, and the signer, of a TDX module. */
struct tdx_module {
    uint8_t mr_signer[TDX_TCB_SIGNER_SIZE];
    uint8_t attributes[8];
    uint8_t attributes_mask[8];
};

struct tdx_validity { /* of a QE identity too */
    int64_t issue_s;
    int64_t next_update_s;
    uint32_t evaluation; /* tcbEvaluationDataNumber */
};

struct tdx_tcb_info {
    struct tdx_validity validity;
    uint8_t fmspc[TDX_TCB_FMSPC_SIZE];
    uint8_t pce_id[TDX_TCB_PCEID_SIZE];
    struct tdx_level platform;
    /* TEE_TCB_SVN[1] > 0: the identity TDX_<that> with its level; 0: tdxModule, which has no levels of its
     * own */
    bool module_known;
    struct tdx_module module;
    struct tdx_level module_level;
};

/* Read a TCB info and look platform up in it. The error's texts begin with "tcbInfo". */
int tdx_tcb_info_read(struct span json, const struct tdx_platform *platform, struct tdx_tcb_info *info,
                      struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
