/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share_file: the encrypted seed shares in a file, as Contrast's CLI writes them (docs/formats/userapi.md).
 *
 * {"SeedShares": [{"PublicKey": hex, "EncryptedSeed": base64}...], "salt": base64}. The Coordinator's answer
 * makes it; who reads it holds one of the keys. Without a key it tells nothing about the seed.
 */
#ifndef NACRE_SHARE_FILE_H
#define NACRE_SHARE_FILE_H

#include "err.h"
#include "mesh_secret.h"
#include "span.h"
#include "userapi.h"

#define SHARE_FILE_MAX 262144 /* bytes */

/* Append the file's text to w. Returns 0, or -1 with *err set (ERR_LIMIT). */
int share_file_encode(const struct userapi_set_response *r, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The seed and the salt from the share for this key (PKCS #1 RSAPrivateKey, DER). name is how messages call
 * the file. Returns 0, or -1 with *err set (ERR_FORMAT; ERR_MISSING: no share for this key; ERR_DENIED) and
 * *out untouched. */
int share_file_open(struct span text, const char *name, struct span key, struct mesh_secret_seed *out,
                    struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
