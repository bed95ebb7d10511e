/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listen_addr: where the Coordinator listens, from the operator's text, and names of peers for the log.
 *
 * "ADDR:PORT" with a numeric IPv4 address, "[ADDR]:PORT" with IPv6, "vsock:PORT" for the guests of this
 * machine. No names: nothing here asks a resolver. Port 0 lets the kernel choose.
 */
#ifndef NACRE_LISTEN_ADDR_H
#define NACRE_LISTEN_ADDR_H

#include "err.h"

#include <sys/socket.h>

#define LISTEN_ADDR_NAME_MAX 64 /* bytes of a peer's name, the NUL included */

/* Open a socket that listens on text: non-blocking, close-on-exec. Returns the descriptor, or -1 with *err
 * set (ERR_FORMAT: no address; ERR_SYS). */
int listen_addr_open(const char *text, struct err *err) __attribute__((warn_unused_result, nonnull));

/* The address as text, in the form that listen_addr_open takes ("vsock:CID:PORT" for a peer). */
void listen_addr_name(const struct sockaddr_storage *addr, char name[LISTEN_ADDR_NAME_MAX])
    __attribute__((nonnull));

#endif
