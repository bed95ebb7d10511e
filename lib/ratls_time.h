/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ratls_time: what time it was, signed by the Coordinator for one connection of nacre/1.
 * docs/formats/ratls.md, "Signed time"
 *
 * Every answer carries one. It can be kept, and shown to whoever trusts the same mesh CA: "a client with this
 * key, which had chosen this nonce before, spoke to the Coordinator when it was this late". The Coordinator
 * chooses the time; the client chose its nonce and its key.
 */
#ifndef NACRE_RATLS_TIME_H
#define NACRE_RATLS_TIME_H

#include "ecc.h"
#include "ratls.h"

#define RATLS_TIME_TAG "nacre/time/1" /* starts what is signed */
#define RATLS_TIME_SIZE                                                                                      \
    (2 * RATLS_NONCE_SIZE + SHA384_SIZE + 8 + RATLS_SIGNATURE_SIZE) /* bytes of a record */

struct ratls_time {
    uint8_t nonce_c[RATLS_NONCE_SIZE];
    uint8_t nonce_s[RATLS_NONCE_SIZE];
    uint8_t client[SHA384_SIZE]; /* SHA-384 of the client's SubjectPublicKeyInfo, DER */
    uint64_t time_s;             /* Unix seconds, at most RATLS_TIME_MAX_S */
    uint8_t signature[RATLS_SIGNATURE_SIZE];
};

/* Sign t with the mesh CA's key (P-384): fills t->signature. Returns 0, or -1 with *err set (ERR_LIMIT:
 * another curve, or a time after the year 9999) and t->signature untouched. */
int ratls_time_sign(struct ratls_time *t, const struct ecc_pair *mesh_ca, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The signature is good under the mesh CA's key. Returns 0, or -1 with *err set: ERR_DENIED when it is not,
 * ERR_LIMIT as above. */
int ratls_time_check(const struct ratls_time *t, const struct ecc_public *mesh_ca, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* As it is kept: RATLS_TIME_SIZE bytes, the fields in their order, big endian. Decoding returns 0, or -1 with
 * *err set (ERR_FORMAT) and *t untouched; it does not look at the signature. */
void ratls_time_encode(const struct ratls_time *t, uint8_t out[RATLS_TIME_SIZE]) __attribute__((nonnull));
int ratls_time_decode(struct span bytes, struct ratls_time *t, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
