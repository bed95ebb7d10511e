/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_identity: Intel's identity of the quoting enclave (version 2, "TD_QE"), and which of its levels a QE
 * has. Intel's PCS API, version 4; docs/formats/tdx-collateral.md.
 *
 * Intel signs the text: the caller has checked the signature over these very bytes.
 */
#ifndef NACRE_TDX_IDENTITY_H
#define NACRE_TDX_IDENTITY_H

#include "tdx_qe.h"
#include "tdx_tcb.h"

struct tdx_qe_identity {
    struct tdx_validity validity;
    uint8_t misc_select[4];
    uint8_t misc_select_mask[4];
    uint8_t attributes[16];
    uint8_t attributes_mask[16];
    uint8_t mr_signer[32];
    uint16_t prod_id;
    struct tdx_level level;
};

/* Read a QE identity and look the QE's SVN up in it. The error's texts begin with "enclaveIdentity". */
int tdx_identity_read(struct span json, uint16_t svn, struct tdx_qe_identity *identity, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The enclave whose report is in the quote is the one that the identity describes: signer, product,
 * MISCSELECT and attributes under their masks, no debug enclave. ERR_DENIED when not. */
int tdx_identity_check(const struct tdx_qe_identity *identity, const struct tdx_qe *qe, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
