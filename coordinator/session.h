/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session: one connection of a guest, from its first byte to the last, without a socket.
 *
 * TLS (lib/tls) carries nacre/1 (lib/ratls) or Contrast's dialect, one gRPC call (lib/grpc): the client's
 * ALPN names say which. Contrast's evidence is judged in the handshake, nacre/1's after it; a refusal is an
 * answer, so that the guest can print why. The peer chooses all bytes.
 */
#ifndef NACRE_SESSION_H
#define NACRE_SESSION_H

#include "err.h"
#include "grpc.h"
#include "service.h"
#include "span.h"
#include "tls.h"

#include <stdbool.h>
#include <stdint.h>

#define SESSION_INPUT_MAX 262144 /* bytes that a guest may send in all: a certificate and one small call */
#define SESSION_USER_INPUT_MAX 2359296 /* the same for a user: a manifest with its policies */

struct session;

/* Which door the peer came through. */
enum session_kind {
    SESSION_MESH, /* a guest: nacre/1 or MeshAPI */
    SESSION_USER, /* an owner of the manifest: UserAPI */
};

/* service must outlive the session, which ends with the generation that is current now; now_s is the time for
 * everything in it: certificates, evidence, the leaf. Returns NULL with *err set on failure. */
struct session *session_new(struct service *service, enum session_kind kind, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void session_free(struct session *s); /* accepts NULL */

/* The time from here on: now_s as in session_new, now_ms of the clock that leases are counted by. Before each
 * session_input. */
void session_tick(struct session *s, int64_t now_s, uint64_t now_ms) __attribute__((nonnull));

/* Take bytes of the peer, or the end of them (no bytes). Returns 0, or -1 with *err set: the connection is
 * over, but session_output may still hold an alert for the peer. */
int session_input(struct session *s, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Bytes to send, borrowed until the next call on s; session_sent says how many of them are on their way. */
struct span session_output(const struct session *s) __attribute__((nonnull));
void session_sent(struct session *s, size_t len) __attribute__((nonnull));

/* The last answer has been queued completely, or the client has closed after one: send what session_output
 * has, then close. */
bool session_answered(const struct session *s) __attribute__((nonnull));

/* A call has been answered, and none is open: a client that has said enough may go. */
bool session_served(const struct session *s) __attribute__((nonnull));

/* The handshake is complete; and: the evidence is good, so this peer may stay however full it gets. */
bool session_opened(const struct session *s) __attribute__((nonnull));
bool session_admitted(const struct session *s) __attribute__((nonnull));

/* What the last answer was, and about whom; peer is NULL before the handshake showed a certificate. */
/* A user's call: "SetManifest"...; "" when there is none, and for a guest. */
const char *session_call(const struct session *s) __attribute__((nonnull));
/* The SubjectPublicKeyInfo of a user's key; empty when it has shown none. */
struct span session_user_key(const struct session *s) __attribute__((nonnull));

enum grpc_status session_status(const struct session *s) __attribute__((nonnull));
const char *session_reason(const struct session *s) __attribute__((nonnull)); /* "" with GRPC_OK */
const struct examine_peer *session_peer(const struct session *s) __attribute__((nonnull));
const char *session_protocol(const struct session *s) __attribute__((nonnull)); /* "nacre/1", "contrast" */
/* nacre/1: the calls on volumes with their answers, "data:acquire:ok:41,..." (cut when there are many); "":
 * none. Whether a certificate was issued, too: a connection may be for volumes or the time only. */
const char *session_volumes(const struct session *s) __attribute__((nonnull));
bool session_issued(const struct session *s) __attribute__((nonnull));
const char *session_tls_version(const struct session *s) __attribute__((nonnull));

#endif
