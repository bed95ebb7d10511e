/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_parts: what the two dialects of a session share. Nobody but session*.c includes this. */
#ifndef NACRE_SESSION_PARTS_H
#define NACRE_SESSION_PARTS_H

#include "ratls_link.h"
#include "session.h"

#define SESSION_RESPONSE_MAX 131072  /* bytes */
#define SESSION_VOLUMES_MAX 512      /* bytes of the text about calls on volumes, the NUL included */
#define SESSION_USER_SPKI_MAX 1200   /* bytes: RSA with up to 8192 bits */
#define SESSION_CERTIFICATE_MAX 1024 /* bytes of a certificate of ours without evidence */

_Static_assert(SESSION_RESPONSE_MAX >= MESHAPI_RESPONSE_MAX, "an answer fits");
_Static_assert(RATLS_PAYLOAD_MAX >= 8 + RATLS_SIGNATURE_SIZE + MESHAPI_RESPONSE_MAX,
               "an answer fits into a message");

struct session {
    struct service *service;
    struct generation *generation; /* one reference; NULL: the Coordinator is not ready */
    enum session_kind kind;
    int64_t now_s;
    uint64_t now_ms;     /* monotonic */
    struct ecc_pair key; /* of this connection only */
    uint8_t nonce[ATLS_NONCE_SIZE];
    uint8_t *certificate; /* ours; owned */
    size_t input_len;     /* bytes taken so far */
    struct tls *tls;
    bool nacre;                 /* the client speaks nacre/1, not Contrast's dialect */
    bool opened;                /* the handshake is complete, and what follows has begun */
    struct grpc *grpc;          /* Contrast's */
    struct ratls_link link;     /* nacre/1 */
    struct ecc_public peer_key; /* nacre/1: of the client's certificate */
    uint8_t peer_spki[ECC_SPKI_MAX];
    size_t peer_spki_len;
    bool have_peer;
    bool answered;
    bool issued; /* a certificate */
    char volumes[SESSION_VOLUMES_MAX];
    struct examine_peer peer;
    uint8_t user_spki[SESSION_USER_SPKI_MAX]; /* a user's key, when it has shown a certificate */
    size_t user_spki_len;
    const char *call;        /* a user's: the method's name, borrowed from grpc; "": none yet */
    enum grpc_status status; /* of the answer */
    char reason[EXAMINE_REASON_MAX];
};

/* Once the handshake is complete: begin, then go as far as the bytes allow. Return 0, or -1 with *err set. */
int session_contrast_open(struct session *s, struct err *err) __attribute__((warn_unused_result, nonnull));
int session_contrast_step(struct session *s, struct err *err) __attribute__((warn_unused_result, nonnull));
int session_nacre_open(struct session *s, struct err *err) __attribute__((warn_unused_result, nonnull));
int session_nacre_step(struct session *s, struct err *err) __attribute__((warn_unused_result, nonnull));

/* In the handshake, nacre/1: keep the key of the client's certificate. */
int session_nacre_note(struct session *s, const struct atls_peer *peer, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A user: keep the key of its certificate; begin; do its call and answer. */
int session_user_note(struct session *s, struct span certificate, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int session_user_open(struct session *s, struct err *err) __attribute__((warn_unused_result, nonnull));
int session_user_answer(struct session *s, const char *path, struct span message, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The answer is known: note it for the log. */
void session_note(struct session *s, enum grpc_status status, const char *reason) __attribute__((nonnull));

#endif
