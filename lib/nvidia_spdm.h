/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nvidia_spdm: the attestation report of an NVIDIA GPU (Hopper): an SPDM 1.1 request GET_MEASUREMENTS and the
 * response to it, signed. docs/formats/nvidia-spdm.md; DMTF DSP0274 1.1, "GET_MEASUREMENTS request and
 * MEASUREMENTS response messages"; the fields of the opaque data as in NVIDIA/nvtrust.
 *
 * The GPU signs these bytes; host and guest carry them. Nothing here is trustworthy before
 * nvidia_spdm_verify, and its key is worth what the certificate chain is worth, which the caller checks
 * (lib/x509). For tools that look at machines of others: no program of ours uses this.
 */
#ifndef NACRE_NVIDIA_SPDM_H
#define NACRE_NVIDIA_SPDM_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define NVIDIA_SPDM_MAX 8192        /* bytes of a report; Hopper's have 4117 and 4129 */
#define NVIDIA_SPDM_BLOCKS_MAX 64   /* measurements, and the highest index of one */
#define NVIDIA_SPDM_OPAQUE_MAX 1024 /* bytes of the opaque data, as DSP0274 says */
#define NVIDIA_SPDM_FIELDS_MAX 64   /* fields in it */
#define NVIDIA_SPDM_NONCE_SIZE 32
#define NVIDIA_SPDM_DIGEST_SIZE 48    /* SHA-384 */
#define NVIDIA_SPDM_SIGNATURE_SIZE 96 /* r, then s, big endian */

/* Fields of the opaque data that somebody needs; their bytes as the GPU writes them. */
enum nvidia_spdm_field {
    NVIDIA_SPDM_DRIVER_VERSION = 3, /* text and a NUL */
    NVIDIA_SPDM_VBIOS_VERSION = 6,  /* 8 bytes */
    NVIDIA_SPDM_FWID = 20,          /* 48 bytes: as in the leaf certificate's DICE TcbInfo */
};

/* All spans are borrowed from the report. */
struct nvidia_spdm {
    struct span nonce; /* of the request */
    uint8_t slot;      /* of the certificate chain */
    /* By index - 1; empty for those that are not there. NVIDIA_SPDM_DIGEST_SIZE bytes each. */
    struct span measurements[NVIDIA_SPDM_BLOCKS_MAX];
    uint8_t kinds[NVIDIA_SPDM_BLOCKS_MAX]; /* DMTF's kind of measurement: 0 ROM, 1 firmware, 2 hardware
                                              configuration, 3 firmware configuration, ... */
    size_t measurement_count;
    struct span responder_nonce;
    struct span opaque; /* a list of {le16 field, le16 length, bytes}; well-formed, no field twice */
    struct span signed_part;
    struct span signature;
};

/* Take a report apart; no signature is checked. ERR_FORMAT tells the field; ERR_LIMIT a maximum. */
int nvidia_spdm_parse(struct span bytes, struct nvidia_spdm *report, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The field of the opaque data; empty when it is not there. */
struct span nvidia_spdm_find(const struct nvidia_spdm *report, uint16_t field) __attribute__((nonnull));

/* The request has this nonce (NVIDIA_SPDM_NONCE_SIZE bytes), and the report is signed by the P-384 key in
 * leaf_spki (SubjectPublicKeyInfo of the chain's leaf). ERR_DENIED when not, ERR_FORMAT for another kind of
 * key. */
int nvidia_spdm_verify(const struct nvidia_spdm *report, struct span nonce, struct span leaf_spki,
                       struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
