/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http: HTTP/1.1 on sockets that the server has accepted. http.c alone includes the HTTP library.
 *
 * One request a connection. The library parses the bytes of whoever connects, inside memory bounds set here;
 * http_routes.c decides the answers. Its descriptors sit behind one epoll descriptor: nothing blocks.
 */
#ifndef NACRE_HTTP_H
#define NACRE_HTTP_H

#include "err.h"
#include "conn_limits.h"
#include "service.h"

#include <stddef.h>

#define HTTP_CONNECTION_MEMORY 16384 /* bytes for the header of a request and of its answer */

struct http_calls {
    void (*stage)(void *ctx, size_t conn, enum limits_stage stage); /* it got this far */
    void (*limit)(void *ctx, size_t conn, enum limits_name name);   /* it met this limit */
    void (*closed)(void *ctx, size_t conn); /* its socket is closed: the last call about it */
};

struct http_config {
    const struct service *service; /* outlives it */
    unsigned connections_max;
    struct http_calls calls;
    void *ctx;
};

struct http;

/* Returns NULL with *err set. */
struct http *http_new(const struct http_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void http_free(struct http *h); /* accepts NULL; closes what is open, with calls */

int http_fd(const struct http *h) __attribute__((nonnull)); /* readable: call http_run */
void http_run(struct http *h) __attribute__((nonnull));
int http_wait_ms(const struct http *h) __attribute__((nonnull)); /* until http_run is due; -1: never */

/* Take fd, which is closed by this or later. conn names it in the calls. Returns 0, or -1: it could not be
 * taken, and no call was made. */
int http_add(struct http *h, int fd, size_t conn, enum limits_door door)
    __attribute__((warn_unused_result, nonnull));
/* End the connection with this socket; not from within a call. */
void http_cut(struct http *h, int fd) __attribute__((nonnull));

#endif
