/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dial: a connection to an address that a person gave, with one deadline for all that is done with it.
 *
 * "host", "host:port", "1.2.3.4:port", "[v6 address]:port" or "vsock:cid:port". Names are looked up: what the
 * peer is worth is for its evidence or its certificate to say. Errors name the address.
 */
#ifndef NACRE_DIAL_H
#define NACRE_DIAL_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define DIAL_TEXT_MAX 280 /* bytes of an address, the NUL included */

struct dial_target {
    char host[DIAL_TEXT_MAX]; /* a name or a number, without brackets; empty: vsock */
    uint32_t cid;             /* vsock */
    uint32_t port;
    char text[DIAL_TEXT_MAX + 16]; /* "host:port": for messages and for :authority */
};

struct dial {
    int fd; /* non-blocking */
    uint64_t end_ms;
    const struct dial_target *target; /* borrowed */
};

/* default_port: when text names none; 0: it has to. ERR_FORMAT when it is no address. */
int dial_parse(const char *text, uint32_t default_port, struct dial_target *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Connect, trying all that the name stands for. Everything with the connection ends timeout_ms from now
 * (ERR_TIMEOUT). A name's look-up itself takes as long as the system's resolver allows. */
int dial_open(const struct dial_target *target, uint64_t timeout_ms, struct dial *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void dial_close(struct dial *d); /* accepts {.fd = -1} */
#define AUTO_DIAL __attribute__((cleanup(dial_close))) struct dial

/* Send all of bytes. */
int dial_send(const struct dial *d, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Wait for bytes, 1 to cap; *len is 0 when the peer has closed. */
int dial_receive(const struct dial *d, uint8_t *out, size_t cap, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
