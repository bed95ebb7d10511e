/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server: the sockets: accept, read, write, deadlines. One thread, nothing blocks, every number is bounded.
 */
#ifndef NACRE_SERVER_H
#define NACRE_SERVER_H

#include "err.h"
#include "service.h"

#define SERVER_LISTENERS_MAX 4
#define SERVER_CONNECTIONS_MAX 256 /* at once; further ones wait in the kernel's backlog */
#define SERVER_DEADLINE_MS 25000   /* from accept to the end of the answer: Contrast's own limit */
#define SERVER_LINGER_MS 2000      /* after it, for the peer to read it and close */

enum server_kind {
    SERVER_MESH, /* guests: nacre/1 and MeshAPI */
    SERVER_USER, /* owners of the manifest: UserAPI */
};

struct server_listener {
    int fd; /* listens, non-blocking */
    enum server_kind kind;
};

struct server_config {
    const struct server_listener *listeners;
    size_t listener_count; /* at most SERVER_LISTENERS_MAX */
    int stop_fd;           /* readable: stop (a signalfd for SIGTERM and SIGINT) */
    struct service *service;
};

/* Serve until stop_fd is readable. Returns 0 then, or -1 with *err set when the loop itself cannot go on.
 * Closes no descriptor of the config. */
int server_run(const struct server_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
