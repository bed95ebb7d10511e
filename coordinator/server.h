/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server: the sockets: accept, read, write, deadlines, limits. One thread, every number is bounded
 * (conn_limits.h), and nothing blocks but the Coordinator's own evidence (service_evidence).
 */
#ifndef NACRE_SERVER_H
#define NACRE_SERVER_H

#include "err.h"
#include "conn_limits.h"
#include "metrics.h"
#include "service.h"

#define SERVER_LISTENERS_MAX 8
#define SERVER_LINGER_MS 2000 /* after the answer, for the peer to read it and close */
#define SERVER_GRACE_MS 3000  /* after the stop signal, for calls that have begun */

struct server_listener {
    int fd; /* listens, non-blocking */
    enum limits_door door;
};

struct server_config {
    const struct server_listener *listeners;
    size_t listener_count; /* at most SERVER_LISTENERS_MAX */
    int stop_fd; /* readable: stop; readable again: stop at once (a signalfd for SIGTERM and SIGINT) */
    struct service *service;
};

/* Serve until stop_fd is readable. Returns 0 then, or -1 with *err set when the loop itself cannot go on.
 * Closes no descriptor of the config. */
int server_run(const struct server_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
