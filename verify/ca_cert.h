/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ca_cert: the Coordinator's CA certificates (docs/formats/mesh-ca.md), as rows of the table. */
#ifndef NACRE_CA_CERT_H
#define NACRE_CA_CERT_H

#include "hash.h"
#include "span.h"
#include "table.h"
#include "x509.h"

#include <stdint.h>

#define CA_CERT_DER_MAX 2048

enum ca_cert_kind {
    CA_CERT_ROOT,
    CA_CERT_MESH,
};

/* One certificate in PEM: self-signed, a CA of the right name, with a P-384 key, valid at now_s. A name that
 * says that the Coordinator has no TEE is a warning. Adds a row;
 * digest gets the SHA-256 of its SubjectPublicKeyInfo. False: refused, digest untouched. */
bool ca_cert_check(struct span pem, enum ca_cert_kind kind, int64_t now_s, struct table *t,
                   uint8_t digest[SHA256_SIZE]) __attribute__((nonnull));

/* The certificate in pem, parsed; cert borrows from der, which has CA_CERT_DER_MAX bytes. */
int ca_cert_read(struct span pem, uint8_t *der, struct x509 *cert, struct err *err)
    __attribute__((warn_unused_result, nonnull));

void ca_cert_hex(const uint8_t digest[SHA256_SIZE], char out[2 * SHA256_SIZE + 1]) __attribute__((nonnull));

#endif
