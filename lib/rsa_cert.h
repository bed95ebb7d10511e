/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rsa_cert: a self-signed certificate that only carries an RSA-4096 key: what a seed share owner shows when
 * it recovers a Coordinator (docs/formats/userapi.md). Signed by RSASSA-PSS with SHA-384 (lib/rsa_sign). Host
 * tools only.
 */
#ifndef NACRE_RSA_CERT_H
#define NACRE_RSA_CERT_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define RSA_CERT_MAX 2048 /* bytes */

/* key is a PKCS #1 RSAPrivateKey of 4096 bits in DER. Valid for two hours before and after now_s. Appended to
 * w. Returns 0, or -1 with *err set. */
int rsa_cert(struct span key, int64_t now_s, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
