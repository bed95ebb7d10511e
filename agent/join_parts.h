/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join_parts: what the dialects of a join share. Nobody but join*.c includes this. */
#ifndef NACRE_JOIN_PARTS_H
#define NACRE_JOIN_PARTS_H

#include "grpc.h"
#include "join.h"
#include "meshapi.h"
#include "ratls_link.h"

#define JOIN_KEY_PEM_MAX 512

struct join {
    struct join_config config;
    struct ecc_pair key;
    uint8_t spki[ECC_SPKI_MAX];
    size_t spki_len;
    uint8_t nonce[RATLS_NONCE_SIZE]; /* ours */
    uint8_t certificate[ATLS_CERTIFICATE_MAX];
    struct tls *tls;
    struct grpc *grpc;               /* contrast: after the handshake */
    struct ratls_link link;          /* nacre/1: after the handshake */
    uint8_t peer_spki[ECC_SPKI_MAX]; /* nacre/1 */
    size_t peer_spki_len;
    enum ratls_method asked;    /* nacre/1: the call that is open */
    struct ecc_public mesh_key; /* nacre/1: signs the time of every answer */
    uint8_t *answer;            /* nacre/1: owned copy, which the result borrows from */
    size_t answer_len;
    char key_pem[JOIN_KEY_PEM_MAX];
    struct join_result result;
    bool joined;
    struct err failed; /* it stays so */
};

_Static_assert(RATLS_NONCE_SIZE == ATLS_NONCE_SIZE && RATLS_REPORT_DATA_SIZE == ATLS_REPORT_DATA_SIZE,
               "both dialects");

/* The pin on reference values, for evidence whose report must hold report_data (64 bytes). */
int join_check_evidence(const struct join *j, bool is_tdx, struct span evidence, const uint8_t *report_data,
                        struct err *err) __attribute__((warn_unused_result, nonnull));
/* Our evidence in the form of nacre/1, and what kind it is. */
int join_own_evidence(const struct join *j, const uint8_t *report_data, struct writer *w,
                      enum ratls_kind *kind, struct err *err) __attribute__((warn_unused_result, nonnull));
/* The Coordinator's answer to NewMeshCert: check and keep it (the result borrows from message). time_s: its
 * clock, Unix seconds, or 0; dates are checked with it if it is later than the attempt's own time. Returns 0,
 * or -1 with *err set. */
int join_take_answer(struct join *j, struct span message, uint64_t time_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Nothing more to ask: the result is complete. Returns 1. */
int join_complete(struct join *j) __attribute__((nonnull));

/* Once the handshake is complete: as join_step. */
int join_contrast_step(struct join *j, struct err *err) __attribute__((warn_unused_result, nonnull));
int join_nacre_step(struct join *j, struct err *err) __attribute__((warn_unused_result, nonnull));
/* The public key of this mesh CA (PEM, one certificate), for the time's signatures. */
int join_nacre_mesh_ca(struct join *j, struct span pem, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* In the handshake: the key of the Coordinator's certificate. */
int join_nacre_note(struct join *j, struct span spki, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
