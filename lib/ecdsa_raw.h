/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecdsa_raw: Intel's bare form of ECDSA on P-256 with SHA-256: key = x then y, signature = r then s, each
 * 32 bytes big endian. "Intel TDX DCAP Quoting Library API", A.4; Intel's PCS API, version 4.
 */
#ifndef NACRE_ECDSA_RAW_H
#define NACRE_ECDSA_RAW_H

#include "ecc.h"

#define ECDSA_RAW_SIZE 64 /* bytes of a key and of a signature */

/* The key in these 64 bytes; ERR_FORMAT when it is no point of the curve. */
int ecdsa_raw_key(struct span bytes, struct ecc_public *key, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The P-256 key in a SubjectPublicKeyInfo; ERR_FORMAT for any other key. */
int ecdsa_raw_key_from_spki(struct span spki, struct ecc_public *key, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* 0 when sig (64 bytes) over bytes is good under key (P-256); ERR_DENIED when it is not. */
int ecdsa_raw_verify(const struct ecc_public *key, struct span sig, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
