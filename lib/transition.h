/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transition: the chain of a Coordinator's manifests, as bytes, digests and signatures.
 *
 * Contrast's history format (docs/formats/store.md). A transition names a manifest and the transition before
 * it; the latest one is signed by the transaction key, which follows from the seed. The bytes come from the
 * Coordinator's disk or over the user API: neither is trusted before the signature and every digest fit.
 */
#ifndef NACRE_TRANSITION_H
#define NACRE_TRANSITION_H

#include "ecc.h"
#include "err.h"
#include "hash.h"
#include "mesh_secret.h"
#include "span.h"

#include <stdint.h>

#define TRANSITION_SIZE 64                                /* bytes of a transition */
#define TRANSITION_LATEST_MAX (SHA256_SIZE + ECC_SIG_MAX) /* bytes of the latest one with its signature */
#define TRANSITION_NONCE_SIZE 32                          /* bytes of the nonce of /attest */
#define TRANSITION_REPORT_DATA_SIZE 64                    /* bytes */

struct transition {
    uint8_t manifest[SHA256_SIZE]; /* SHA-256 of the manifest's bytes */
    uint8_t previous[SHA256_SIZE]; /* of the transition before it; zeros: there is none */
};

/* The latest transition's digest and the transaction key's signature over it. */
struct transition_latest {
    uint8_t digest[SHA256_SIZE];
    uint8_t signature[ECC_SIG_MAX]; /* ECDSA-Sig-Value, P-384, over digest itself */
    size_t signature_len;
};

void transition_encode(const struct transition *t, uint8_t out[TRANSITION_SIZE]) __attribute__((nonnull));
/* Returns 0, or -1 with *err set (ERR_FORMAT: not TRANSITION_SIZE bytes) and *out untouched. */
int transition_decode(struct span bytes, struct transition *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* SHA-256 of the encoded transition: its name. */
int transition_digest(const struct transition *t, uint8_t out[SHA256_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The transaction key of this seed. Returns 0, or -1 with *err set and *out untouched. */
int transition_key(const struct mesh_secret_seed *seed, struct ecc_pair *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Sign digest into *out. */
int transition_sign(const struct ecc_pair *key, const uint8_t digest[SHA256_SIZE],
                    struct transition_latest *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* 0 when the signature is the key's; ERR_DENIED when not, ERR_FORMAT when it is none. */
int transition_verify(const struct ecc_public *key, const struct transition_latest *latest, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* What a workload owner signs, as the digest of ECDSA, to have a manifest set by somebody else: the SHA-256
 * of the lower-case hex digits of the transition's digest. */
int transition_owner_digest(const struct transition *t, uint8_t out[SHA256_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The form on disk: the digest, then the signature to the end. */
void transition_latest_encode(const struct transition_latest *latest, struct writer *w)
    __attribute__((nonnull));
/* Takes the lengths apart only. Returns 0, or -1 with *err set (ERR_FORMAT) and *out untouched. */
int transition_latest_decode(struct span bytes, struct transition_latest *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* What a report must hold that answers to /attest with nonce (TRANSITION_NONCE_SIZE bytes): SHA-256(nonce ||
 * latest transition's digest || SHA-256(root CA PEM) || SHA-256(mesh CA PEM)), then 32 zeros. */
struct transition_attest {
    struct span nonce;
    const uint8_t *digest; /* SHA256_SIZE bytes: of the latest transition */
    struct span root_pem;
    struct span mesh_pem;
};
int transition_report_data(const struct transition_attest *a, uint8_t out[TRANSITION_REPORT_DATA_SIZE],
                           struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
