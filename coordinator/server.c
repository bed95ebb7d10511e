/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include "joinlog.h"
#include "listen_addr.h"
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define READ_MAX 16384      /* bytes of one read */
#define ACCEPT_PAUSE_MS 500 /* when the kernel has no descriptor or memory for us */

/* Keys of epoll events: a slot's index, or one of these. */
#define KEY_STOP (SERVER_CONNECTIONS_MAX + 1)
#define KEY_LISTEN (SERVER_CONNECTIONS_MAX + 2) /* and the listener's index */

enum conn_state {
    CONN_FREE = 0,
    CONN_TALKS,   /* bytes go to the session */
    CONN_FLUSHES, /* the last bytes of the session go out */
    CONN_LINGERS, /* our side is closed: read and drop until the peer closes, else it might lose the answer */
};

struct conn {
    enum conn_state state;
    int fd;
    uint32_t events; /* that epoll watches */
    int64_t accepted_ms;
    int64_t deadline_ms;
    struct session *session;
    char peer[LISTEN_ADDR_NAME_MAX];
};

struct server {
    int epoll;
    const struct server_config *config;
    bool listening; /* epoll watches the listeners */
    int64_t pause_until_ms;
    size_t used;
    struct conn *conns; /* SERVER_CONNECTIONS_MAX of them */
};

static int64_t clock_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t wall_s(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_REALTIME, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec;
}

static int watch(const struct server *s, int op, int fd, uint64_t key, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.u64 = key};

    return epoll_ctl(s->epoll, op, fd, &ev);
}

static void log_end(const struct conn *c, const struct err *failure)
{
    const struct joinlog_event event = {.now_s = wall_s(),
                                        .peer = c->peer,
                                        .session = c->session,
                                        .failure = failure,
                                        .took_ms = clock_ms() - c->accepted_ms};

    joinlog_write(&event);
}

static void conn_drop(struct server *s, struct conn *c)
{
    session_free(c->session);
    (void) close(c->fd); /* takes it out of epoll too */
    *c = (struct conn){0};
    s->used--;
}

/* Send what the session has. 1 when all is sent, 0 when the socket is full, -1 when it is broken. */
static int flush(struct conn *c)
{
    for (;;) {
        struct span out = session_output(c->session);

        if (out.len == 0)
            return 1;
        ssize_t n = send(c->fd, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -1;
        session_sent(c->session, (size_t) n);
    }
}

/* The session is over, answered or not: what it still has to say goes out, then our side closes. */
static void finish(struct server *s, struct conn *c, const struct err *failure)
{
    log_end(c, failure);
    c->state = CONN_FLUSHES;
    if (flush(c) < 0)
        conn_drop(s, c);
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
            conn_drop(s, c);
        return;
    }
    if (n < 0) {
        (void) err_set(&err, ERR_SYS, errno, "read");
        log_end(c, &err);
        conn_drop(s, c);
        return;
    }
    session_tick(c->session, wall_s(), (uint64_t) clock_ms());
    if (session_input(c->session, span_of(bytes, (size_t) n), &err) < 0)
        finish(s, c, &err);
    else if (session_answered(c->session))
        finish(s, c, NULL);
}

/* Move on what can be moved, and watch for what is missing. */
static void conn_step(struct server *s, struct conn *c)
{
    int sent = c->state == CONN_LINGERS ? 1 : flush(c);
    uint32_t want = c->state == CONN_FLUSHES ? 0 : EPOLLIN;

    if (sent < 0) {
        conn_drop(s, c);
        return;
    }
    if (sent > 0 && c->state == CONN_FLUSHES) {
        (void) shutdown(c->fd, SHUT_WR); /* a peer that is gone shows in the next read */
        c->state = CONN_LINGERS;
        c->deadline_ms = clock_ms() + SERVER_LINGER_MS;
        want = EPOLLIN;
    }
    want |= sent == 0 ? EPOLLOUT : 0;
    if (want != c->events && watch(s, EPOLL_CTL_MOD, c->fd, (uint64_t) (c - s->conns), want) < 0)
        conn_drop(s, c);
    else
        c->events = want;
}

static void conn_event(struct server *s, struct conn *c, uint32_t events)
{
    if (c->state == CONN_FREE)
        return; /* dropped earlier in this round */
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && c->state != CONN_FLUSHES)
        take_bytes(s, c);
    else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
        conn_drop(s, c);
    if (c->state != CONN_FREE)
        conn_step(s, c);
}

static void conn_start(struct server *s, int fd, enum server_kind kind, const struct sockaddr_storage *addr)
{
    const enum session_kind session = kind == SERVER_USER ? SESSION_USER : SESSION_MESH;
    struct conn *c = s->conns;
    struct err err;

    while (c->state != CONN_FREE)
        c++; /* there is one: used < SERVER_CONNECTIONS_MAX */
    *c = (struct conn){.state = CONN_TALKS, .fd = fd, .events = EPOLLIN, .accepted_ms = clock_ms()};
    c->deadline_ms = c->accepted_ms + SERVER_DEADLINE_MS;
    listen_addr_name(addr, c->peer);
    s->used++;
    c->session = session_new(s->config->service, session, wall_s(), &err);
    if (c->session == NULL) {
        log_end(c, &err);
        conn_drop(s, c);
        return;
    }
    if (watch(s, EPOLL_CTL_ADD, fd, (uint64_t) (c - s->conns), EPOLLIN) < 0)
        conn_drop(s, c);
}

static void accept_some(struct server *s, const struct server_listener *listener)
{
    while (s->used < SERVER_CONNECTIONS_MAX) {
        struct sockaddr_storage addr = {0};
        socklen_t len = sizeof addr;
        int fd = accept4(listener->fd, (struct sockaddr *) &addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            conn_start(s, fd, listener->kind, &addr);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            s->pause_until_ms = clock_ms() + ACCEPT_PAUSE_MS;
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/* Watch the listening sockets while there is room. */
static int set_listening(struct server *s, int64_t now_ms)
{
    bool want = s->used < SERVER_CONNECTIONS_MAX && now_ms >= s->pause_until_ms;

    if (want == s->listening)
        return 0;
    s->listening = want;
    for (size_t i = 0; i < s->config->listener_count; i++) {
        if (watch(s, EPOLL_CTL_MOD, s->config->listeners[i].fd, KEY_LISTEN + i, want ? EPOLLIN : 0) < 0)
            return -1;
    }
    return 0;
}

/* Drop what is overdue; milliseconds until the next one is, at most a second. */
static int expire(struct server *s)
{
    int64_t now_ms = clock_ms();
    int64_t wait_ms = 1000;

    for (size_t i = 0; s->used > 0 && i < SERVER_CONNECTIONS_MAX; i++) {
        struct conn *c = &s->conns[i];
        struct err err;

        if (c->state == CONN_FREE)
            continue;
        if (c->deadline_ms > now_ms) {
            wait_ms = c->deadline_ms - now_ms < wait_ms ? c->deadline_ms - now_ms : wait_ms;
            continue;
        }
        if (c->state == CONN_TALKS) {
            (void) err_set(&err, ERR_TIMEOUT, 0, "no complete call within %d ms", SERVER_DEADLINE_MS);
            log_end(c, session_served(c->session) ? NULL : &err);
        }
        conn_drop(s, c);
    }
    return s->used == 0 && s->listening ? -1 : (int) wait_ms;
}

/* Returns 1 to go on, 0 to stop. */
static int dispatch(struct server *s, const struct epoll_event *ev)
{
    if (ev->data.u64 == KEY_STOP)
        return 0;
    if (ev->data.u64 >= KEY_LISTEN)
        accept_some(s, &s->config->listeners[ev->data.u64 - KEY_LISTEN]);
    else
        conn_event(s, &s->conns[ev->data.u64], ev->events);
    return 1;
}

static int loop(struct server *s, struct err *err)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int wait_ms = expire(s);

        if (set_listening(s, clock_ms()) < 0)
            return err_set(err, ERR_SYS, errno, "epoll");
        int n = epoll_wait(s->epoll, events, EVENTS_MAX, wait_ms);
        if (n < 0 && errno != EINTR)
            return err_set(err, ERR_SYS, errno, "epoll");
        for (int i = 0; i < n; i++) {
            if (dispatch(s, &events[i]) == 0)
                return 0;
        }
    }
}

static int watch_all(const struct server *s)
{
    const struct server_config *c = s->config;

    for (size_t i = 0; i < c->listener_count; i++) {
        if (watch(s, EPOLL_CTL_ADD, c->listeners[i].fd, KEY_LISTEN + i, EPOLLIN) < 0)
            return -1;
    }
    return watch(s, EPOLL_CTL_ADD, c->stop_fd, KEY_STOP, EPOLLIN);
}

int server_run(const struct server_config *config, struct err *err)
{
    struct server s = {.config = config, .listening = true};
    int rc = -1;

    if (config->listener_count > SERVER_LISTENERS_MAX)
        return err_set(err, ERR_LIMIT, 0, "more than %d listeners", SERVER_LISTENERS_MAX);
    s.conns = calloc(SERVER_CONNECTIONS_MAX, sizeof *s.conns);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s.conns == NULL || s.epoll < 0 || watch_all(&s) < 0)
        (void) err_set(err, ERR_SYS, errno, "epoll");
    else
        rc = loop(&s, err);
    for (size_t i = 0; s.conns != NULL && i < SERVER_CONNECTIONS_MAX; i++) {
        if (s.conns[i].state != CONN_FREE)
            conn_drop(&s, &s.conns[i]);
    }
    free(s.conns);
    if (s.epoll >= 0)
        (void) close(s.epoll);
    return rc;
}
