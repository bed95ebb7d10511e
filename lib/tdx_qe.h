/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_qe: the signature data of a TDX quote (versions 4 and 5) and the quoting enclave's own report in it.
 * Intel, "Intel TDX DCAP Quoting Library API", A.4; docs/formats/tdx-quote.md.
 *
 * The attestation key signs header and body; the QE's report vouches for the attestation key; the PCK, whose
 * certificate is in the chain at the end, signs the QE's report. The host hands these bytes over.
 */
#ifndef NACRE_TDX_QE_H
#define NACRE_TDX_QE_H

#include "ecdsa_raw.h"

#define TDX_QE_REPORT_SIZE 384
#define TDX_QE_HASH_SIZE 32
#define TDX_QE_ATTRIBUTES_SIZE 16
#define TDX_QE_AUTH_MAX 1024   /* bytes; Intel's has 32 */
#define TDX_QE_CERTS_MAX 16384 /* bytes of PEM; Intel's chains have 3,700 */

#define TDX_QE_ATTR_DEBUG 0x02 /* in the first byte of the attributes */

struct tdx_qe {
    struct span signature;        /* over header and body: r, s */
    struct span key;              /* the attestation key: x, y */
    struct span report;           /* the QE's report, 384 bytes */
    struct span report_signature; /* by the PCK */
    struct span auth;
    size_t quote_len;  /* bytes of the quote up to here: what stands behind is padding */
    struct span certs; /* PEM text: PCK, its CA, the root; without the NUL that may end it */

    /* from the report; borrowed */
    struct span misc_select; /* 4 bytes */
    struct span attributes;  /* 16 bytes */
    struct span mr_enclave;  /* 32 bytes */
    struct span mr_signer;   /* 32 bytes */
    struct span report_data; /* 64 bytes */
    uint16_t prod_id;
    uint16_t svn;
};

/* Take the bytes behind signed_len (tdx_quote.h) apart. Every length must fit exactly into the one around it.
 * Bytes behind the signature data are not looked at: real quotes are padded. No signature is checked. */
int tdx_qe_parse(struct span quote, size_t signed_len, struct tdx_qe *qe, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The QE's report data is SHA-256(attestation key, auth data) and 32 zeros. */
int tdx_qe_check_key(const struct tdx_qe *qe, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
