/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection: bytes between a socket and its session, or a socket that the HTTP library has. */
#include "server_parts.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define READ_MAX 16384     /* bytes of one read */
#define TLS_HANDSHAKE 0x16 /* RFC 8446 5.1: the type of a ClientHello's record */

static int64_t wall_s(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec;
}

static size_t index_of(const struct server *s, const struct conn *c)
{
    return (size_t) (c - s->conns);
}

static struct limits_entry *entry_of(const struct server *s, const struct conn *c)
{
    return &s->table.entries[index_of(s, c)];
}

static struct metrics_door *door_of(const struct server *s, const struct conn *c)
{
    return server_door(s, entry_of(s, c)->door);
}

static uint32_t limit_of(const struct server *s, const struct conn *c, enum limits_name name)
{
    return limits_value(entry_of(s, c)->door, name);
}

static void log_end(struct server *s, const struct conn *c, const struct err *failure)
{
    const struct joinlog_event event = {.now_s = wall_s(),
                                        .peer = c->peer,
                                        .session = c->session,
                                        .failure = failure,
                                        .budget = &s->log,
                                        .took_ms = server_clock_ms() - c->accepted_ms};

    if (failure != NULL)
        door_of(s, c)->failures[failure->code]++;
    joinlog_write(&event);
    metrics_set(s->config->service->metrics, METRICS_LOG_LEFT_OUT, s->log.total_out);
}

/* The slot is free again; the socket is closed already or by somebody else. */
static void forget(struct server *s, struct conn *c)
{
    door_of(s, c)->open--;
    limits_leave(&s->table, index_of(s, c));
    session_free(c->session);
    *c = (struct conn){0};
    s->used--;
}

void server_conn_drop(struct server *s, struct conn *c)
{
    if (c->state == CONN_HTTP) {
        http_cut(s->http, c->fd); /* calls http_closed, which forgets it */
        return;
    }
    (void) close(c->fd); /* takes it out of epoll too */
    forget(s, c);
}

static void http_stage(void *ctx, size_t conn, enum limits_stage stage)
{
    const struct server *s = ctx;

    if (s->table.entries[conn].stage < stage)
        s->table.entries[conn].stage = stage;
}

static void http_closed(void *ctx, size_t conn)
{
    struct server *s = ctx;

    forget(s, &s->conns[conn]);
}

static void http_limit(void *ctx, size_t conn, enum limits_name name)
{
    const struct server *s = ctx;

    server_door(s, s->table.entries[conn].door)->limits[name]++;
}

struct http_calls server_conn_http_calls(void)
{
    return (struct http_calls){.stage = http_stage, .closed = http_closed, .limit = http_limit};
}

/* Send what the session has. 1 when all is sent, 0 when the socket is full, -1 when it is broken. */
static int flush(const struct server *s, struct conn *c)
{
    while (c->session != NULL) {
        struct span out = session_output(c->session);

        if (out.len == 0)
            return 1;
        ssize_t n = send(c->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        c->active_ms = server_clock_ms();
        door_of(s, c)->bytes_out += (size_t) n;
        session_sent(c->session, (size_t) n);
    }
    return 1;
}

/* The session is over, answered or not: what it still has to say goes out, then our side closes. */
static void finish(struct server *s, struct conn *c, const struct err *failure)
{
    log_end(s, c, failure);
    c->state = CONN_FLUSHES;
    if (flush(s, c) < 0)
        server_conn_drop(s, c);
}

/* A session is made for the first byte: whoever says nothing costs a socket and no more. */
static int open_session(const struct server *s, struct conn *c, struct err *err)
{
    const enum session_kind kind = entry_of(s, c)->door == LIMITS_USER ? SESSION_USER : SESSION_MESH;

    if (c->session == NULL)
        c->session = session_new(s->config->service, kind, wall_s(), err);
    return c->session == NULL ? -1 : 0;
}

static void note_stage(const struct server *s, struct conn *c)
{
    struct limits_entry *entry = entry_of(s, c);
    enum limits_stage stage = LIMITS_STARTED;

    if (session_opened(c->session))
        stage = session_admitted(c->session) ? LIMITS_ADMITTED : LIMITS_GREETED;
    if (stage >= LIMITS_GREETED && entry->stage < LIMITS_GREETED)
        door_of(s, c)->handshakes++;
    if (stage > entry->stage)
        entry->stage = stage;
}

static int take_input(struct server *s, struct conn *c, struct span bytes, struct err *err)
{
    door_of(s, c)->bytes_in += bytes.len;
    c->input_bytes += bytes.len;
    if (c->input_bytes > limit_of(s, c, LIMITS_INPUT_BYTES)) {
        door_of(s, c)->limits[LIMITS_INPUT_BYTES]++;
        return err_set(err, ERR_LIMIT, 0, "the peer sent more than %u bytes",
                       limit_of(s, c, LIMITS_INPUT_BYTES));
    }
    if (bytes.len == 0 && c->session == NULL)
        return err_set(err, ERR_FORMAT, 0, "the peer closed the connection before it said anything");
    if (c->session == NULL && bytes.data[0] != TLS_HANDSHAKE)
        return err_set(err, ERR_FORMAT, 0, "the peer does not speak TLS");
    if (open_session(s, c, err) < 0)
        return -1;
    session_tick(c->session, wall_s(), (uint64_t) server_clock_ms());
    int rc = session_input(c->session, bytes, err);
    note_stage(s, c);
    return rc;
}

static void take_bytes(struct server *s, struct conn *c)
{
    uint8_t bytes[READ_MAX];
    struct err err;
    ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (c->state == CONN_LINGERS) {
        if (n <= 0)
            server_conn_drop(s, c);
        return;
    }
    if (n < 0) {
        (void) err_set(&err, ERR_SYS, errno, "read");
        log_end(s, c, &err);
        server_conn_drop(s, c);
        return;
    }
    c->active_ms = server_clock_ms();
    if (take_input(s, c, span_of(bytes, (size_t) n), &err) < 0)
        finish(s, c, &err);
    else if (session_answered(c->session))
        finish(s, c, NULL);
}

/* Move on what can be moved, and watch for what is missing. */
static void step(struct server *s, struct conn *c)
{
    int sent = c->state == CONN_LINGERS ? 1 : flush(s, c);
    uint32_t want = c->state == CONN_FLUSHES ? 0 : EPOLLIN;

    if (sent < 0) {
        server_conn_drop(s, c);
        return;
    }
    if (sent > 0 && c->state == CONN_FLUSHES) {
        (void) shutdown(c->fd, SHUT_WR); /* a peer that is gone shows in the next read */
        c->state = CONN_LINGERS;
        c->linger_ms = server_clock_ms() + SERVER_LINGER_MS;
        want = EPOLLIN;
    }
    want |= sent == 0 ? EPOLLOUT : 0;
    if (want != c->events && server_watch(s, EPOLL_CTL_MOD, c->fd, index_of(s, c), want) < 0)
        server_conn_drop(s, c);
    else
        c->events = want;
}

void server_conn_event(struct server *s, struct conn *c, uint32_t events)
{
    if (c->state == CONN_FREE || c->state == CONN_HTTP)
        return; /* dropped earlier in this round */
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && c->state != CONN_FLUSHES)
        take_bytes(s, c);
    else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
        server_conn_drop(s, c);
    if (c->state != CONN_FREE)
        step(s, c);
}

void server_conn_start(struct server *s, int fd, enum limits_door door, const struct sockaddr_storage *addr)
{
    const struct limits_address address = limits_address_of(addr);
    int64_t now_ms = server_clock_ms();
    size_t index = limits_enter(&s->table, door, &address, now_ms);
    struct conn *c = &s->conns[index];

    *c = (struct conn){
        .state = CONN_TALKS, .fd = fd, .events = EPOLLIN, .accepted_ms = now_ms, .active_ms = now_ms};
    listen_addr_name(addr, c->peer);
    s->used++;
    server_door(s, door)->open++;
    if (door == LIMITS_HTTP || door == LIMITS_METRICS) {
        c->state = CONN_HTTP;
        if (http_add(s->http, fd, index, door) < 0) /* has closed it */
            forget(s, c);
        return;
    }
    if (server_watch(s, EPOLL_CTL_ADD, fd, index, EPOLLIN) < 0)
        server_conn_drop(s, c);
}

int64_t server_conn_due(const struct server *s, const struct conn *c, enum limits_name *name)
{
    const struct limits_entry *entry = entry_of(s, c);
    const int64_t idle_ms = limit_of(s, c, LIMITS_IDLE_MS);
    int64_t due_ms = c->accepted_ms + limit_of(s, c, LIMITS_DEADLINE_MS);

    *name = LIMITS_DEADLINE_MS;
    if (c->state == CONN_LINGERS)
        return c->linger_ms;
    if (entry->stage < LIMITS_GREETED && c->accepted_ms + limit_of(s, c, LIMITS_HANDSHAKE_MS) < due_ms) {
        due_ms = c->accepted_ms + limit_of(s, c, LIMITS_HANDSHAKE_MS);
        *name = LIMITS_HANDSHAKE_MS;
    }
    if (entry->stage < LIMITS_ADMITTED && idle_ms > 0 && c->active_ms + idle_ms < due_ms) {
        due_ms = c->active_ms + idle_ms;
        *name = LIMITS_IDLE_MS;
    }
    return due_ms;
}

void server_conn_expire(struct server *s, struct conn *c, enum limits_name name)
{
    struct err err;
    bool served = c->session != NULL && session_served(c->session);

    if (c->state != CONN_LINGERS && !served)
        door_of(s, c)->limits[name]++;
    if (c->state == CONN_TALKS) {
        (void) err_set(&err, ERR_TIMEOUT, 0, "no complete call: %s is %u", limits_name_text(name),
                       limit_of(s, c, name));
        log_end(s, c, served ? NULL : &err);
    }
    server_conn_drop(s, c);
}
