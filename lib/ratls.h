/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ratls: nacre/1, attestation of both sides after the handshake of TLS 1.3, then calls.
 * docs/formats/ratls.md
 *
 * The parts that are not TLS: messages, whose turn it is, and what a report must hold. lib/ratls_link puts
 * them on a connection. The peer chooses all bytes that are decoded here; nothing of them is measured.
 */
#ifndef NACRE_RATLS_H
#define NACRE_RATLS_H

#include "err.h"
#include "hash.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define RATLS_ALPN "nacre/1" /* the only name that a client offers, and the tag in a report */
#define RATLS_EXPORTER "EXPERIMENTAL-nacre-1" /* label of the TLS exporter; its context: both nonces */
#define RATLS_NONCE_SIZE 32
#define RATLS_EKM_SIZE 32 /* bytes of exported keying material */
#define RATLS_HEAD_SIZE SHA384_SIZE
#define RATLS_REPORT_DATA_SIZE SHA512_SIZE
#define RATLS_HEADER_SIZE 5              /* be32 length of the payload, u8 type */
#define RATLS_PAYLOAD_MAX 65536          /* bytes */
#define RATLS_EVIDENCE_MAX (16u * 1024)  /* bytes of evidence */
#define RATLS_TEXT_MAX 512               /* bytes of a refusal's text */
#define RATLS_CALLS_MAX 32               /* calls on one connection */
#define RATLS_TIME_MAX_S 253402300799ull /* 9999-12-31 23:59:59 */
#define RATLS_SIGNATURE_SIZE 96          /* bytes: r and s of ECDSA on P-384 */

enum ratls_role {
    RATLS_CLIENT = 'C',
    RATLS_SERVER = 'S',
};

enum ratls_type {
    RATLS_HELLO = 1,       /* client */
    RATLS_SERVER_EVIDENCE, /* server */
    RATLS_CLIENT_EVIDENCE, /* client: it has accepted the server's */
    RATLS_ACCEPTED,        /* server */
    RATLS_REQUEST,         /* client */
    RATLS_ANSWER,          /* server; another REQUEST may follow */
    RATLS_REFUSED,         /* server, instead of ACCEPTED or ANSWER, last */
};

enum ratls_kind {
    RATLS_NO_TEE = 0, /* this side has no TEE, and says so: no bytes of evidence follow */
    RATLS_SNP = 1,    /* SNP evidence (lib/snp_evidence) */
    RATLS_TDX = 2,    /* TDX evidence: the raw quote (lib/tdx_quote) */
};

enum ratls_method {
    RATLS_NEW_MESH_CERT = 1, /* bodies as in lib/meshapi */
    RATLS_VOLUME = 2,        /* bodies as in lib/epoch */
    RATLS_TIME = 3,          /* no bodies: the answer's signed time is all */
};

/* One message. Which fields it has depends on its type; spans are borrowed. */
struct ratls_msg {
    enum ratls_type type;
    uint8_t nonce[RATLS_NONCE_SIZE];         /* HELLO, SERVER_EVIDENCE */
    uint8_t head[RATLS_HEAD_SIZE];           /* CLIENT_EVIDENCE: of the guest's event log (lib/evlog) */
    enum ratls_kind kind;                    /* both evidence messages */
    struct span evidence;                    /* empty with RATLS_NO_TEE, else 1..RATLS_EVIDENCE_MAX bytes */
    enum ratls_method method;                /* REQUEST */
    uint64_t time_s;                         /* ANSWER: the server's clock, Unix seconds */
    uint8_t signature[RATLS_SIGNATURE_SIZE]; /* ANSWER: of the time (lib/ratls_time) */
    struct span body;                        /* REQUEST, ANSWER */
    struct span text;                        /* REFUSED: printable ASCII, 1..RATLS_TEXT_MAX bytes */
};

/* Append msg to w. Returns 0, or -1 with *err set (ERR_LIMIT, ERR_FORMAT) and w of no use. */
int ratls_encode(const struct ratls_msg *msg, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The message at the start of bytes. Returns 1 with *msg, and *used bytes of it; 0 when more bytes are
 * needed; -1 with *err set (ERR_FORMAT, ERR_LIMIT), as early as the header tells. Canonical: ratls_encode
 * gives the same bytes again. Outputs are untouched unless it returns 1. */
int ratls_decode(struct span bytes, struct ratls_msg *msg, size_t *used, struct err *err)
    __attribute__((warn_unused_result, nonnull));

const char *ratls_type_name(enum ratls_type type); /* "HELLO"...; "unknown" */

/* Where an exchange is. Both sides keep one of these and start at RATLS_AT_START. */
enum ratls_state {
    RATLS_AT_START,     /* HELLO is next */
    RATLS_AT_SERVER,    /* SERVER_EVIDENCE is next */
    RATLS_AT_CLIENT,    /* CLIENT_EVIDENCE is next */
    RATLS_AT_VERDICT,   /* ACCEPTED or REFUSED is next */
    RATLS_AT_ACCEPTED,  /* both have accepted: REQUEST is next, or nothing */
    RATLS_AT_REQUESTED, /* ANSWER or REFUSED is next */
    RATLS_AT_END,       /* nothing is next */
};

/* Role from sends, or has sent, a message of this type. Returns 0 and moves *state on, or -1 with *err set
 * (ERR_FORMAT) and *state untouched. */
int ratls_advance(enum ratls_state *state, enum ratls_role from, enum ratls_type type, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* What a report is bound to: all of it as the one who computes it has seen it. */
struct ratls_binding {
    enum ratls_role role; /* whose report it is */
    uint8_t nonce_c[RATLS_NONCE_SIZE];
    uint8_t nonce_s[RATLS_NONCE_SIZE];
    struct span spki; /* SubjectPublicKeyInfo, DER, of role's certificate */
    uint8_t ekm[RATLS_EKM_SIZE];
    uint8_t head[RATLS_HEAD_SIZE]; /* role C only: of the event log */
};

/* SHA-512("nacre/1" || 0x00 || role || nonce_c || nonce_s || SHA-384(spki) || ekm [|| head, role C]) */
int ratls_report_data(const struct ratls_binding *binding, uint8_t out[RATLS_REPORT_DATA_SIZE],
                      struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
