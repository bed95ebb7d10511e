/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server: the sockets: accept, read, write, deadlines. One thread, nothing blocks, every number is bounded.
 */
#ifndef NACRE_SERVER_H
#define NACRE_SERVER_H

#include "err.h"
#include "service.h"

#define SERVER_CONNECTIONS_MAX 256 /* at once; further ones wait in the kernel's backlog */
#define SERVER_DEADLINE_MS 25000   /* from accept to the end of the answer: Contrast's own limit */
#define SERVER_LINGER_MS 2000      /* after it, for the peer to read it and close */

/* Serve joins on listen_fd until stop_fd is readable (a signalfd for SIGTERM and SIGINT). Returns 0 then, or
 * -1 with *err set when the loop itself cannot go on. Closes neither. */
int server_run(int listen_fd, int stop_fd, const struct service *service, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
