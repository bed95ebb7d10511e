/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509_spki: the public key of a certificate of which nothing else matters, whatever its algorithms. RFC
 * 5280.
 *
 * For certificates that only carry a key whose possession TLS proves: the user API's clients (docs/formats/
 * userapi.md). No signature, name or date is looked at. The peer chooses these bytes.
 */
#ifndef NACRE_X509_SPKI_H
#define NACRE_X509_SPKI_H

#include "err.h"
#include "span.h"

/* The SubjectPublicKeyInfo (whole element, borrowed) of the X.509 v3 certificate in der. Returns 0, or -1
 * with *err set (ERR_FORMAT). */
int x509_spki(struct span der, struct span *spki, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
