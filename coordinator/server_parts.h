/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server_parts: what server.c (the loop) and server_conn.c (one connection) share. Nobody else includes this.
 */
#ifndef NACRE_SERVER_PARTS_H
#define NACRE_SERVER_PARTS_H

#include "http.h"
#include "joinlog.h"
#include "conn_limits.h"
#include "listen_addr.h"
#include "server.h"
#include "session.h"

/* Keys of epoll events: a connection's index, or one of these. */
#define KEY_STOP UINT64_C(0x100000000)
#define KEY_HTTP UINT64_C(0x200000000)
#define KEY_LISTEN UINT64_C(0x300000000) /* and the listener's index */

enum conn_state {
    CONN_FREE = 0,
    CONN_TALKS,   /* bytes go to the session */
    CONN_FLUSHES, /* the last bytes of the session go out */
    CONN_LINGERS, /* our side is closed: read and drop until the peer closes, else it might lose the answer */
    CONN_HTTP,    /* the HTTP library has the socket */
};

struct conn {
    enum conn_state state;
    int fd;
    uint32_t events; /* that epoll watches */
    int64_t accepted_ms;
    int64_t active_ms; /* the last byte, either way */
    int64_t linger_ms; /* end of CONN_LINGERS */
    size_t input_bytes;
    struct session *session; /* NULL before the first byte */
    char peer[LISTEN_ADDR_NAME_MAX];
};

struct server {
    int epoll;
    const struct server_config *config;
    struct http *http; /* NULL: no listener needs it */
    bool listening;    /* epoll watches the listeners */
    int64_t pause_until_ms;
    int64_t stop_ms; /* when stopping: the end of the grace; else 0 */
    size_t used;
    size_t size;
    struct conn *conns; /* `size` of them; table.entries[i] is conns[i]'s */
    struct limits_table table;
    struct joinlog_budget log;
};

int64_t server_clock_ms(void);
int server_watch(const struct server *s, int op, int fd, uint64_t key, uint32_t events)
    __attribute__((warn_unused_result, nonnull));
struct metrics_door *server_door(const struct server *s, enum limits_door door) __attribute__((nonnull));

/* server_conn.c */
struct http_calls server_conn_http_calls(void);
void server_conn_start(struct server *s, int fd, enum limits_door door, const struct sockaddr_storage *addr)
    __attribute__((nonnull));
void server_conn_event(struct server *s, struct conn *c, uint32_t events) __attribute__((nonnull));
/* End it now, without a line in the log. */
void server_conn_drop(struct server *s, struct conn *c) __attribute__((nonnull));
/* When it has to go, by which limit. */
int64_t server_conn_due(const struct server *s, const struct conn *c, enum limits_name *name)
    __attribute__((nonnull));
void server_conn_expire(struct server *s, struct conn *c, enum limits_name name) __attribute__((nonnull));

#endif
