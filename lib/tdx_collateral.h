/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_collateral: what Intel signs about platforms: TCB info, QE identity, CRLs, in the form in which Intel's
 * Provisioning Certification Service (API version 4) gives them out; docs/formats/tdx-collateral.md.
 *
 * Whoever asks for the verification brings these bytes; Intel's signature makes them mean something. A signed
 * value is found textually and its signature is checked over its exact bytes, before any of it is parsed.
 */
#ifndef NACRE_TDX_COLLATERAL_H
#define NACRE_TDX_COLLATERAL_H

#include "ecdsa_raw.h"

#define TDX_COLLATERAL_JSON_MAX 262144 /* bytes of a body */
#define TDX_COLLATERAL_HEX_MAX 64      /* bytes of a value in hex */

/* All borrowed. */
struct tdx_collateral {
    struct span tcb_info;          /* body: {"tcbInfo": {...}, "signature": "..."} */
    struct span tcb_info_chain;    /* PEM: TCB signing certificate, root */
    struct span qe_identity;       /* body: {"enclaveIdentity": {...}, "signature": "..."} */
    struct span qe_identity_chain; /* PEM, the same */
    struct span root_crl;          /* DER, by the root: names CAs and TCB signers */
    struct span pck_crl;           /* DER, by the PCK's CA */
};

struct tdx_signed {
    struct span value; /* the signed bytes, borrowed from the body: one JSON object */
    uint8_t signature[ECDSA_RAW_SIZE];
};

/* Find the signed value and the signature in a body, an object of exactly the members key and "signature".
 * name is the body's in messages. Nothing is verified. */
int tdx_collateral_split(struct span body, const char *name, const char *key, struct tdx_signed *part,
                         struct err *err) __attribute__((warn_unused_result, nonnull));
/* The signature over the value's bytes is good under the P-256 key in spki. */
int tdx_collateral_check(const struct tdx_signed *part, struct span spki, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Exactly 2 * len hex digits of either case: Intel uses both, even for one value. */
int tdx_collateral_hex(struct span digits, uint8_t *out, size_t len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
