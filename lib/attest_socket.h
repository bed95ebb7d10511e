/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attest_socket: what is said on the attestation socket, where a workload asks for fresh evidence of its VM.
 * docs/formats/attestation-socket.md
 *
 * One SOCK_SEQPACKET datagram a message: the workload's request, the agent's reply. The workload chooses the
 * request; a reply may be saved and carried to a verifier, who must take all of it for hostile.
 */
#ifndef NACRE_ATTEST_SOCKET_H
#define NACRE_ATTEST_SOCKET_H

#include "err.h"
#include "hash.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define ATTEST_SOCKET_PATH "/dev/nacre/attest.sock" /* as the workload sees it */
#define ATTEST_SOCKET_TAG "nacre/attest/1"          /* the domain tag in the report data of a nonce */
#define ATTEST_SOCKET_VERSION 1
#define ATTEST_SOCKET_NONCE_SIZE 32               /* bytes; zeros behind it */
#define ATTEST_SOCKET_DATA_SIZE 64                /* bytes in a request */
#define ATTEST_SOCKET_REPORT_DATA_SIZE 64         /* bytes of the report's own field */
#define ATTEST_SOCKET_REQUEST_SIZE 68             /* bytes */
#define ATTEST_SOCKET_HEAD_SIZE SHA384_SIZE       /* bytes of the event log's head */
#define ATTEST_SOCKET_SPKI_MAX 256                /* bytes of the leaf's SubjectPublicKeyInfo */
#define ATTEST_SOCKET_EVIDENCE_MAX (16u * 1024)   /* bytes */
#define ATTEST_SOCKET_TEXT_MAX (ERR_TEXT_MAX - 1) /* bytes of a refusal's text */
#define ATTEST_SOCKET_REPLY_MAX                                                                              \
    (4 + ATTEST_SOCKET_HEAD_SIZE + 2 + ATTEST_SOCKET_SPKI_MAX + ATTEST_SOCKET_EVIDENCE_MAX)

enum attest_socket_kind {
    ATTEST_SOCKET_NONCE = 1,   /* the report holds attest_socket_report_data of the caller's nonce */
    ATTEST_SOCKET_REPORT_DATA, /* the report holds the caller's 64 bytes: only if the policy says so */
};

enum attest_socket_status {
    ATTEST_SOCKET_OK = 0,
    ATTEST_SOCKET_REFUSED, /* asking again does not help */
    ATTEST_SOCKET_BUSY,    /* a limit was passed, or there was no report just now: ask again later */
};

enum attest_socket_evidence {
    ATTEST_SOCKET_SNP = 1, /* SNP evidence (lib/snp_evidence), as in aTLS and nacre/1 */
    ATTEST_SOCKET_TDX,     /* a quote (lib/tdx_quote) */
};

struct attest_socket_request {
    enum attest_socket_kind kind;
    uint8_t data[ATTEST_SOCKET_DATA_SIZE]; /* nonce: 32 bytes, then zeros; report-data: 64 bytes */
};

/* Spans of a decoded reply borrow from the datagram. */
struct attest_socket_reply {
    enum attest_socket_status status;
    enum attest_socket_kind kind; /* of the request that it answers */
    struct span text;             /* unless OK: printable ASCII, 1..ATTEST_SOCKET_TEXT_MAX bytes */
    /* The rest with OK only. */
    enum attest_socket_evidence evidence_kind;
    uint8_t head[ATTEST_SOCKET_HEAD_SIZE]; /* of the event log; zero with report-data, which binds none */
    struct span spki;     /* DER, of the VM's certificate; empty when it has none, or with report-data */
    struct span evidence; /* 1..ATTEST_SOCKET_EVIDENCE_MAX bytes */
};

#define ATTEST_SOCKET_CALL __attribute__((warn_unused_result, nonnull))

/* Append msg to *w. Returns 0, or -1 with *err set (ERR_LIMIT, ERR_FORMAT) and *w untouched. */
int attest_socket_encode_request(const struct attest_socket_request *msg, struct writer *w,
                                 struct err *err) ATTEST_SOCKET_CALL;
int attest_socket_encode_reply(const struct attest_socket_reply *msg, struct writer *w,
                               struct err *err) ATTEST_SOCKET_CALL;

/* Take a whole datagram apart. Returns 0, or -1 with *err set (ERR_FORMAT, ERR_LIMIT) and *msg untouched.
 * Canonical: encoding *msg gives the same bytes again. */
int attest_socket_decode_request(struct span datagram, struct attest_socket_request *msg,
                                 struct err *err) ATTEST_SOCKET_CALL;
int attest_socket_decode_reply(struct span datagram, struct attest_socket_reply *msg,
                               struct err *err) ATTEST_SOCKET_CALL;

/* SHA-512(tag || 0x00 || nonce || SHA-384(spki) || head): what the report that answers to a nonce holds.
 * spki may be empty. */
int attest_socket_report_data(const uint8_t nonce[ATTEST_SOCKET_NONCE_SIZE], struct span spki,
                              const uint8_t head[ATTEST_SOCKET_HEAD_SIZE],
                              uint8_t out[ATTEST_SOCKET_REPORT_DATA_SIZE],
                              struct err *err) ATTEST_SOCKET_CALL;

#endif
