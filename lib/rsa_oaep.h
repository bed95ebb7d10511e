/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa_oaep: RSAES-OAEP with SHA-256 as hash and MGF1 hash (RFC 8017 7.1): how Contrast encrypts a seed share
 * for its owner (docs/formats/userapi.md). Host tools only; rsa.h names the other files that include
 * wolfCrypt's RSA.
 *
 * The public key comes from the manifest; the private one is its owner's.
 */
#ifndef NACRE_RSA_OAEP_H
#define NACRE_RSA_OAEP_H

#include "err.h"
#include "secret.h"
#include "span.h"

#include <stdint.h>

#define RSA_OAEP_SIZE_MIN 256     /* bytes of the modulus: 2048 bits */
#define RSA_OAEP_SIZE_MAX 1024    /* 8192 bits */
#define RSA_OAEP_PRIVATE_MAX 5120 /* bytes of a PKCS #1 private key */
#define RSA_OAEP_PUBLIC_MAX 1100  /* bytes of a PKCS #1 public key */
#define RSA_OAEP_SEED_LABEL "seedshare"

/* The modulus's bytes of a public key (PKCS #1 RSAPublicKey, DER, nothing behind it): the length of what is
 * encrypted with it. Returns 0, or -1 with *err set (ERR_FORMAT; ERR_LIMIT: not 2048 to 8192 bits). */
int rsa_oaep_size(struct span public_key, size_t *size, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Encrypt text under the public key; appended to w. Returns 0, or -1 with *err set. */
int rsa_oaep_encrypt(struct span public_key, struct span label, struct span text, struct writer *w,
                     struct err *err) __attribute__((warn_unused_result, nonnull));

/* Decrypt with a private key (PKCS #1 RSAPrivateKey, DER). Returns 0, or -1 with *err set (ERR_DENIED: not
 * encrypted for this key and label) and *out untouched. */
int rsa_oaep_decrypt(struct span private_key, struct span label, struct span sealed, struct secret *out,
                     struct err *err) __attribute__((warn_unused_result, nonnull));

/* The public key (PKCS #1 RSAPublicKey, DER) of a private one, appended to w. */
int rsa_oaep_public(struct span private_key, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The PKCS #1 public key inside a SubjectPublicKeyInfo; an empty span when it is none of RSA's. */
struct span rsa_oaep_from_spki(struct span spki);

#endif
