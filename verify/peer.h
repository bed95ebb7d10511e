/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peer: the certificates that a TLS server shows, and the proof that it holds the first one's key. Nothing is
 * trusted for it: the certificates are the caller's to judge. */
#ifndef NACRE_PEER_H
#define NACRE_PEER_H

#include "dial.h"
#include "tls.h"

#define PEER_DER_MAX 20480 /* bytes of one certificate: a leaf with every claim fits */

/* Large: keep it off the stack. */
struct peer {
    uint8_t der[TLS_CHAIN_MAX][PEER_DER_MAX];
    struct span certs[TLS_CHAIN_MAX]; /* borrow from der */
    size_t count;
    char version[8]; /* of TLS */
};

/* Shake hands over a connection. When the server wants a client certificate it gets one that proves nothing:
 * what it then says no longer matters. */
int peer_look(const struct dial *d, struct peer *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
