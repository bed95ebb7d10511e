/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tpm_quote: what a TPM signs when it is asked for its PCRs: TPMS_ATTEST with TPMS_QUOTE_INFO. docs/formats/
 * tpm-quote.md; TCG, "Trusted Platform Module Library", Part 2, "Attestation Structures".
 *
 * The TPM makes these bytes and its owner carries them. For tools that look at machines of others, beside
 * azure_hcl, whose claims hold the key: no program of ours uses this.
 */
#ifndef NACRE_TPM_QUOTE_H
#define NACRE_TPM_QUOTE_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define TPM_QUOTE_MAX 1024     /* bytes of a message; those of Azure have 122 to 161 */
#define TPM_QUOTE_NAME_MAX 66  /* bytes of a name: its algorithm and a digest of up to 64 */
#define TPM_QUOTE_NONCE_MAX 66 /* as TPM2B_DATA: room for an algorithm and a digest */
#define TPM_QUOTE_PCRS 24
#define TPM_QUOTE_DIGEST_SIZE 32 /* SHA-256: of a PCR, and of the PCRs */

/* Spans are borrowed from the message. */
struct tpm_quote {
    struct span signer; /* qualified name of the key */
    struct span nonce;  /* what the verifier gave */
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;              /* the clock has not gone back */
    uint64_t firmware;      /* version, as the TPM's maker counts */
    uint32_t pcrs;          /* bit n: PCR n of the SHA-256 bank is in the digest */
    struct span pcr_digest; /* SHA-256 of the PCRs chosen, one behind the other */
};

/* Take a message apart; no signature is checked. Just one bank, SHA-256, of 24 PCRs. ERR_FORMAT, ERR_LIMIT.
 */
int tpm_quote_parse(struct span message, struct tpm_quote *quote, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The message is signed (RSASSA-PKCS1-v1_5, SHA-256) under the RSA-2048 modulus and holds this nonce; only
 * then *quote is filled. ERR_DENIED when not. */
int tpm_quote_verify(struct span message, struct span sig, struct span modulus, struct span nonce,
                     struct tpm_quote *quote, struct err *err) __attribute__((warn_unused_result, nonnull));

/* The digest is that of these values: TPM_QUOTE_PCRS times TPM_QUOTE_DIGEST_SIZE bytes, PCR 0 first, of which
 * those that the quote leaves out do not matter. ERR_DENIED when not. */
int tpm_quote_check_pcrs(const struct tpm_quote *quote, struct span pcrs, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
