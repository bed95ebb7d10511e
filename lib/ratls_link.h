/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ratls_link: nacre/1's messages on one TLS connection, in their order. docs/formats/ratls.md
 *
 * The peer chooses the bytes that come in. A message out of turn, or a byte behind a message that has to be
 * answered first, ends the exchange.
 */
#ifndef NACRE_RATLS_LINK_H
#define NACRE_RATLS_LINK_H

#include "ratls.h"
#include "ratls_time.h"
#include "tls.h"

#include <stdbool.h>

struct ratls_link {
    struct tls *tls; /* borrowed; its handshake is complete */
    enum ratls_role role;
    enum ratls_state state;
    unsigned calls; /* answers that went by; after RATLS_CALLS_MAX of them nothing is next */
    bool bound;
    struct ratls_binding binding; /* nonces, exported key and head, as they came and went */
    uint8_t *in;                  /* bytes of the message that is coming, and what was read behind it */
    size_t in_len;
};

/* Start on a connection. Returns 0, or -1 with *err set: ERR_DENIED unless it is TLS 1.3 and nacre/1 was
 * agreed on. */
int ratls_link_open(struct ratls_link *l, struct tls *tls, enum ratls_role role, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void ratls_link_close(struct ratls_link *l) __attribute__((nonnull)); /* wipes; all zero is fine too */

/* Send a message. Returns 0, or -1 with *err set. */
int ratls_link_send(struct ratls_link *l, const struct ratls_msg *msg, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The peer's next message, borrowed until the next call. Returns 1 with it, 0 when bytes are missing or the
 * peer has closed where it may (ratls_link_served, and tls_closed tells), -1 with *err set. */
int ratls_link_receive(struct ratls_link *l, struct ratls_msg *msg, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A server: every request was answered, at least one, and no part of another one is there: the client may
 * close. */
bool ratls_link_served(const struct ratls_link *l) __attribute__((nonnull));

/* Both nonces are known, ours or the peer's: export the key for them. ratls_link_receive does it in a client,
 * a server calls it before it makes its own evidence. Returns 0, or -1 with *err set. */
int ratls_link_bind(struct ratls_link *l, const uint8_t nonce_s[RATLS_NONCE_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* What the report of this role must hold on this connection, once it is bound. For role C, binding.head must
 * be right: CLIENT_EVIDENCE sets it in a server. */
int ratls_link_report_data(const struct ratls_link *l, enum ratls_role role, struct span spki,
                           uint8_t out[RATLS_REPORT_DATA_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* What an answer's time is signed with on this connection, once it is bound, but for time and signature; spki
 * is the client's. Returns 0, or -1 with *err set and *out untouched. */
int ratls_link_time(const struct ratls_link *l, struct span spki, struct ratls_time *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
