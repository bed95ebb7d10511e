/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa: RSASSA-PSS with SHA-384, MGF1-SHA-384 and a 48-byte salt under RSA-4096, as AMD signs (RFC 8017 8.1).
 * Verification only; with rsa_sign, rsa_oaep and rsa_pkcs1 the only files that include wolfCrypt's RSA. */
#ifndef NACRE_RSA_H
#define NACRE_RSA_H

#include "err.h"
#include "span.h"

#define RSA_SIZE 512     /* bytes of the modulus and of a signature */
#define RSA_PSS_SALT 48  /* bytes */
#define RSA_SPKI_MAX 560 /* bytes of an RSA-4096 SubjectPublicKeyInfo; AMD's have 550 */

/* Check sig (RSA_SIZE bytes) over digest (SHA-384, 48 bytes) under the RSA-4096 key in spki.
 * 0 when good; ERR_FORMAT for another kind of key, ERR_DENIED for a bad signature. */
int rsa_pss_verify(struct span spki, struct span digest, struct span sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
