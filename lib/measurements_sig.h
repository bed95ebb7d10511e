/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measurements_sig: the detached signature over measurements.json (docs/formats/measurements.md).
 *
 * ECDSA on P-384 over the SHA-384 of the file's bytes; the signature file is the DER form and nothing else,
 * so that `openssl dgst -sha384 -verify` reads it too. The key decides whom to believe: it reaches the data
 * owner by another way than the file.
 */
#ifndef NACRE_MEASUREMENTS_SIG_H
#define NACRE_MEASUREMENTS_SIG_H

#include "ecc.h"

#define MEASUREMENTS_PEM_MAX 4096 /* bytes of a key file */

/* A private key as PEM (PKCS#8, "PRIVATE KEY"); ERR_FORMAT for another curve than P-384. */
int measurements_key(struct span pem, struct ecc_pair *pair, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A public key as PEM ("PUBLIC KEY"); the same. */
int measurements_public_key(struct span pem, struct ecc_public *pub, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Append at most ECC_SIG_MAX bytes to sig. */
int measurements_sign(struct span text, const struct ecc_pair *pair, struct writer *sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* 0 when it is good; ERR_DENIED when it is not; ERR_FORMAT when it is no signature. */
int measurements_check_sig(struct span text, struct span sig, const struct ecc_public *pub, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
