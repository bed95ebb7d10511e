/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"

#include "http_routes.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CUT_ROUNDS 3 /* of the library's loop, after which a cut connection is gone */

/* One connection; the library keeps the pointer. */
struct http_conn {
    struct http *http;
    size_t conn;
    enum limits_door door;
};

struct http {
    struct MHD_Daemon *daemon;
    struct http_config config;
    struct http_routes routes;
    int epoll;
    struct http_conn *adding; /* between http_add and the library's first word about it */
};

/* The body of a request while it arrives. */
struct pending {
    uint8_t body[HTTP_BODY_MAX];
    size_t len;
    bool answered;
};

static int64_t clock_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result send_reply(struct MHD_Connection *c, struct http_reply *reply)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_FREE);

    if (r == NULL) {
        free(reply->body);
        return MHD_NO;
    }
    bool ok = MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type) == MHD_YES &&
              MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES &&
              MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES;
    if (reply->allow != NULL)
        ok = ok && MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, reply->allow) == MHD_YES;
    enum MHD_Result rc = ok ? MHD_queue_response(c, reply->status, r) : MHD_NO;
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result reply_to(const struct http_conn *at, struct MHD_Connection *c,
                                struct http_request *request)
{
    struct http *h = at->http;
    struct http_reply reply = {0};

    request->door = at->door;
    request->content_type = header(c, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->now_ms = clock_ms();
    if (http_routes_answer(&h->routes, request, &reply) < 0)
        return MHD_NO;
    if (reply.limited)
        h->config.calls.limit(h->config.ctx, at->conn, LIMITS_ATTESTATIONS);
    return send_reply(c, &reply);
}

/* Is a body announced that is too long for any of our routes? */
static bool announces_too_much(struct MHD_Connection *c)
{
    const char *length = header(c, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length != NULL && strtoull(length, NULL, 10) > HTTP_BODY_MAX;
}

/* The header is complete: the library calls again for the body, and once more behind it. */
static enum MHD_Result begin(const struct http_conn *at, struct MHD_Connection *c,
                             struct http_request *request, void **state)
{
    at->http->config.calls.stage(at->http->config.ctx, at->conn, LIMITS_GREETED);
    struct pending *p = calloc(1, sizeof *p);
    if (p == NULL)
        return MHD_NO;
    *state = p;
    if (!announces_too_much(c))
        return MHD_YES;
    p->answered = true;
    request->too_long = true;
    return reply_to(at, c, request);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_len, void **state)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_request request = {.method = method, .path = url};
    struct pending *p = *state;

    (void) ctx;
    (void) version;
    if (info == NULL || info->socket_context == NULL)
        return MHD_NO;
    if (p == NULL)
        return begin(info->socket_context, c, &request, state);
    if (*upload_len > 0) {
        if (*upload_len > sizeof p->body - p->len)
            return MHD_NO; /* sent in chunks, so that no header told */
        memcpy(p->body + p->len, upload, *upload_len);
        p->len += *upload_len;
        *upload_len = 0;
        return MHD_YES;
    }
    if (p->answered)
        return MHD_YES;
    p->answered = true;
    request.body = span_of(p->body, p->len);
    return reply_to(info->socket_context, c, &request);
}

static void on_request_end(void *ctx, struct MHD_Connection *c, void **state,
                           enum MHD_RequestTerminationCode why)
{
    (void) ctx;
    (void) c;
    (void) why;
    free(*state);
    *state = NULL;
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http *h = ctx;
    struct http_conn *at = *socket_context;

    (void) c;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = h->adding;
        h->adding = NULL;
    } else if (at != NULL) {
        h->config.calls.closed(h->config.ctx, at->conn);
        free(at);
        *socket_context = NULL;
    }
}

static struct MHD_Daemon *start(struct http *h)
{
    const unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | (unsigned) MHD_USE_NO_THREAD_SAFETY;
    const unsigned seconds = (limits_value(LIMITS_HTTP, LIMITS_DEADLINE_MS) + 999) / 1000;

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, h, MHD_OPTION_CONNECTION_LIMIT,
                            h->config.connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t) HTTP_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, seconds,
                            MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
                            h, MHD_OPTION_NOTIFY_COMPLETED, on_request_end, h, MHD_OPTION_END);
}

struct http *http_new(const struct http_config *config, struct err *err)
{
    struct http *h = calloc(1, sizeof *h);

    if (h == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "http");
        return NULL;
    }
    h->config = *config;
    h->routes.service = config->service;
    h->daemon = start(h);
    const union MHD_DaemonInfo *info =
        h->daemon != NULL ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (info == NULL) {
        (void) err_set(err, ERR_SYS, errno, "http: the library does not start");
        http_free(h);
        return NULL;
    }
    h->epoll = info->epoll_fd;
    return h;
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    if (h->daemon != NULL)
        MHD_stop_daemon(h->daemon);
    free(h);
}

int http_fd(const struct http *h)
{
    return h->epoll;
}

void http_run(struct http *h)
{
    (void) MHD_run(h->daemon); /* fails for a daemon with threads only */
}

int http_wait_ms(const struct http *h)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;

    if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
        return -1;
    return ms < 1000 ? (int) ms : 1000;
}

int http_add(struct http *h, int fd, size_t conn, enum limits_door door)
{
    struct http_conn *at = malloc(sizeof *at);

    if (at == NULL) {
        (void) close(fd);
        return -1;
    }
    *at = (struct http_conn){.http = h, .conn = conn, .door = door};
    h->adding = at;
    (void) MHD_add_connection(h->daemon, fd, NULL, 0); /* closes fd when it fails */
    if (h->adding == NULL)
        return 0; /* from now on `closed` tells, or has told, its end */
    free(at);
    h->adding = NULL;
    return -1;
}

void http_cut(struct http *h, int fd)
{
    (void) shutdown(fd, SHUT_RDWR);
    for (int i = 0; i < CUT_ROUNDS; i++)
        http_run(h);
}
