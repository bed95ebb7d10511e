/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keygen: an ECDSA P-384 private key from a seed, the same one every time.
 *
 * c2sp.org/det-keygen: HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, 10.1.2), instantiated with the seed
 * and the personalization "det ECDSA key gen P-384", gives the 48 bytes of a candidate (FIPS 186-5, A.2.2).
 * The seed comes from lib/mesh_secret and is secret; nothing here comes from a peer.
 */
#ifndef NACRE_KEYGEN_H
#define NACRE_KEYGEN_H

#include "err.h"
#include "secret.h"
#include "span.h"

#define KEYGEN_SEED_MIN 16         /* bytes */
#define KEYGEN_SEED_MAX SECRET_MAX /* bytes */
#define KEYGEN_P384_SIZE 48        /* bytes of the scalar, big-endian */

/* Derive the scalar of a P-384 private key from seed (KEYGEN_SEED_MIN to KEYGEN_SEED_MAX bytes) into *scalar.
 * Returns 0, or -1 with *err set and *scalar untouched: ERR_LIMIT for another length; ERR_FORMAT if the
 * candidate is not in [1, n - 1], which no seed is known to cause (chance 2^-190). */
int keygen_p384(struct span seed, struct secret *scalar, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
