/* SPDX-License-Identifier: GPL-2.0-or-later */
/* key_file: private keys of owners, from PEM files of Contrast's CLI or of OpenSSL.
 *
 * A workload owner's: "EC PRIVATE KEY" (RFC 5915, with the curve's name) or "PRIVATE KEY" (PKCS #8), on P-256
 * or P-384. A seed share owner's: "RSA PRIVATE KEY" (PKCS #1) or "PRIVATE KEY" (PKCS #8), 4096 bits where it
 * is to be shown in TLS. One block a file, and no others' permission to read it is not looked at.
 */
#ifndef NACRE_KEY_FILE_H
#define NACRE_KEY_FILE_H

#include "ecc.h"
#include "err.h"
#include "fileio.h"

#define KEY_FILE_MAX 16384 /* bytes */

/* Both: 0, or -1 with *err set (ERR_SYS; ERR_FORMAT: no such key) and *out untouched. */
int key_file_ec(const char *path, struct ecc_pair *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* *out gets the PKCS #1 RSAPrivateKey in DER; fileio_free wipes it. */
int key_file_rsa(const char *path, struct fileio_bytes *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The same from text in memory. */
int key_file_ec_parse(struct span pem, struct ecc_pair *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Appended to der, which has pem.len bytes. */
int key_file_rsa_parse(struct span pem, struct writer *der, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
