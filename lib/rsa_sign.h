/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa_sign: RSA-4096 keys that sign as AMD's roots do (lib/rsa has the algorithm). For softpsp's test root
 * only; no guest program uses it. RFC 8017.
 */
#ifndef NACRE_RSA_SIGN_H
#define NACRE_RSA_SIGN_H

#include "rsa.h"

#include <stdint.h>

#define RSA_SIGN_KEY_MAX 2560 /* bytes of a private key in PKCS#1 DER */

/* A new RSA-4096 key as PKCS#1 RSAPrivateKey into w (secret). Takes seconds. */
int rsa_sign_generate(struct writer *w, struct err *err) __attribute__((warn_unused_result, nonnull));

/* SubjectPublicKeyInfo of a key made above. */
int rsa_sign_public(struct span key, struct writer *spki, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* PSS signature over digest (SHA-384) into sig, RSA_SIZE bytes. */
int rsa_sign(struct span key, struct span digest, uint8_t sig[RSA_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
