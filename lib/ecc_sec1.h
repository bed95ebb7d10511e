/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecc_sec1: private keys as ECPrivateKey with the curve's name (RFC 5915), the form of "EC PRIVATE KEY" in
 * PEM that Go and OpenSSL write. The bytes come from an owner's file, or go to another Coordinator. */
#ifndef NACRE_ECC_SEC1_H
#define NACRE_ECC_SEC1_H

#include "ecc.h"
#include "err.h"
#include "span.h"

#define ECC_SEC1_LABEL "EC PRIVATE KEY"
#define ECC_SEC1_MAX 168 /* bytes, P-384 */

/* Appended to w, whose buffer then holds a secret. */
void ecc_sec1_encode(const struct ecc_pair *pair, struct writer *w) __attribute__((nonnull));
/* The public key in it, if any, is not looked at. Returns 0, or -1 with *err set (ERR_FORMAT). */
int ecc_sec1_decode(struct span der, struct ecc_pair *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
