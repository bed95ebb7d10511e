/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hash: SHA-2, HMAC and HKDF behind our own calls. The only file that includes wolfCrypt's hashes.
 * FIPS 180-4 (SHA-2), RFC 2104 (HMAC), RFC 5869 (HKDF). */
#ifndef NACRE_HASH_H
#define NACRE_HASH_H

#include "err.h"
#include "secret.h"
#include "span.h"

#include <stdint.h>

#define HASH_MAX 64 /* bytes of the longest digest */
#define SHA256_SIZE 32
#define SHA384_SIZE 48
#define SHA512_SIZE 64

enum hash_alg {
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
};

/* A digest in the making. Opaque but for its size, so that it needs no heap. */
struct hash {
    enum hash_alg alg;
    _Alignas(16) uint8_t state[512];
};

size_t hash_size(enum hash_alg alg);      /* bytes of a digest */
const char *hash_name(enum hash_alg alg); /* "sha256", "sha384", "sha512" */

int hash_begin(enum hash_alg alg, struct hash *h, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int hash_update(struct hash *h, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* digest has hash_size(h->alg) bytes. The state is wiped. */
int hash_end(struct hash *h, uint8_t *digest, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Digest of bytes in one call; digest has hash_size(alg) bytes. */
int hash_bytes(enum hash_alg alg, struct span bytes, uint8_t *digest, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* HMAC of bytes under key; mac has hash_size(alg) bytes. */
int hash_hmac(enum hash_alg alg, struct span key, struct span bytes, uint8_t *mac, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* HKDF (extract with salt, then expand with info) of key into len bytes at out, len <= SECRET_MAX. */
int hash_hkdf(enum hash_alg alg, struct span key, struct span salt, struct span info, uint8_t *out,
              size_t len, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
