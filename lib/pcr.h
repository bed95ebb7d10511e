/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcr: registers that can only be extended (a TPM's PCRs, TDX's RTMRs), and the digests of the events that a
 * UEFI boot measures into them. TCG PC Client Platform Firmware Profile, 9 and 10; UEFI specification, 38
 * (confidential computing measurement); docs/formats/pcr.md.
 *
 * Everything here is measured. Texts come from build inputs.
 */
#ifndef NACRE_PCR_H
#define NACRE_PCR_H

#include "hash.h"

#define PCR_TEXT_MAX 16384 /* characters of a command line or a variable's name */

struct pcr {
    enum hash_alg alg;
    uint8_t value[HASH_MAX]; /* hash_size(alg) bytes */
};

struct pcr pcr_new(enum hash_alg alg); /* zeros, as after a reset */

/* value = H(value || digest); digest has hash_size(pcr->alg) bytes. */
int pcr_extend(struct pcr *pcr, const uint8_t *digest, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Extend by the digest of these bytes. */
int pcr_extend_bytes(struct pcr *pcr, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#define PCR_SEPARATOR_SIZE 4 /* zero bytes: their digest is the separator's */
#define PCR_CALLING "Calling EFI Application from Boot Option"
#define PCR_EXIT "Exit Boot Services Invocation"
#define PCR_EXIT_DONE "Exit Boot Services Returned with Success"

/* PCR 4 (RTMR1 on TDX) as it stands when the firmware starts the first boot application: the action, then the
 * separator. The applications' digests follow (pe_image_digest). */
int pcr_boot_start(enum hash_alg alg, struct pcr *pcr, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Digest of the separator event. */
int pcr_separator(enum hash_alg alg, uint8_t *digest, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Digest of text as UTF-16LE with a closing NUL: the load options that a kernel's EFI stub measures.
 * ERR_FORMAT: text is not ASCII (loaders differ about the rest) or holds a NUL. */
int pcr_load_options(enum hash_alg alg, struct span text, uint8_t *digest, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Digest of a UEFI variable: GUID (as UEFI stores it), lengths, name (ASCII), data. */
int pcr_variable(enum hash_alg alg, const uint8_t guid[16], const char *name, struct span data,
                 uint8_t *digest, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
