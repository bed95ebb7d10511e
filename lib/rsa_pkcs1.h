/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa_pkcs1: RSASSA-PKCS1-v1_5 with SHA-256 under RSA-2048 and the exponent 65537, as the vTPMs of Azure sign
 * (RFC 8017 8.2.2). Verification only; for tools that look at machines of others.
 */
#ifndef NACRE_RSA_PKCS1_H
#define NACRE_RSA_PKCS1_H

#include "err.h"
#include "span.h"

#define RSA_PKCS1_SIZE 256 /* bytes of the modulus and of a signature */

/* Check sig over digest (SHA-256, 32 bytes) under the modulus; it and sig have RSA_PKCS1_SIZE bytes, big
 * endian. 0 when good; ERR_FORMAT for other lengths, ERR_DENIED for a bad signature. */
int rsa_pkcs1_verify(struct span modulus, struct span digest, struct span sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
