/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define ACCEPTS_MAX 16      /* new connections of one listener before the others have their turn */
#define ACCEPT_PAUSE_MS 500 /* when the kernel has no descriptor or memory for us */
#define WAIT_MAX_MS 1000

int64_t server_clock_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
    return (int64_t) ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int server_watch(const struct server *s, int op, int fd, uint64_t key, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.u64 = key};

    return epoll_ctl(s->epoll, op, fd, &ev);
}

struct metrics_door *server_door(const struct server *s, enum limits_door door)
{
    return &s->config->service->metrics->doors[door];
}

/* Room for a newcomer, made if need be. */
static bool make_room(struct server *s, enum limits_door door, const struct limits_address *address)
{
    const struct limits_choice choice = limits_ask(&s->table, door, address, server_clock_ms());

    if (choice.verdict == LIMITS_ROOM)
        return true;
    server_door(s, door)->limits[choice.name]++;
    if (choice.verdict == LIMITS_REFUSE)
        return false;
    server_conn_drop(s, &s->conns[choice.victim]);
    return limits_ask(&s->table, door, address, server_clock_ms()).verdict == LIMITS_ROOM;
}

static void take(struct server *s, int fd, enum limits_door door, const struct sockaddr_storage *addr)
{
    const struct limits_address address = limits_address_of(addr);

    server_door(s, door)->accepted++;
    if (make_room(s, door, &address))
        server_conn_start(s, fd, door, addr);
    else
        (void) close(fd);
}

static void accept_some(struct server *s, const struct server_listener *listener)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage addr = {0};
        socklen_t len = sizeof addr;
        int fd = accept4(listener->fd, (struct sockaddr *) &addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            take(s, fd, listener->door, &addr);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            s->pause_until_ms = server_clock_ms() + ACCEPT_PAUSE_MS;
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

/* Watch the listening sockets, unless the system has no room. */
static int set_listening(struct server *s, int64_t now_ms)
{
    bool want = now_ms >= s->pause_until_ms;

    if (want == s->listening || s->stop_ms != 0)
        return 0;
    s->listening = want;
    for (size_t i = 0; i < s->config->listener_count; i++) {
        if (server_watch(s, EPOLL_CTL_MOD, s->config->listeners[i].fd, KEY_LISTEN + i, want ? EPOLLIN : 0) <
            0)
            return -1;
    }
    return 0;
}

/* End what is overdue; milliseconds until the next one is, at most WAIT_MAX_MS. */
static int expire(struct server *s)
{
    int64_t now_ms = server_clock_ms();
    int64_t wait_ms = WAIT_MAX_MS;

    for (size_t i = 0; s->used > 0 && i < s->size; i++) {
        struct conn *c = &s->conns[i];
        enum limits_name name;

        if (c->state == CONN_FREE)
            continue;
        int64_t left_ms = server_conn_due(s, c, &name) - now_ms;
        if (left_ms <= 0)
            server_conn_expire(s, c, name);
        else if (left_ms < wait_ms)
            wait_ms = left_ms;
    }
    if (s->used == 0 && s->listening && s->http == NULL)
        return -1;
    int http_ms = s->http != NULL ? http_wait_ms(s->http) : -1;
    return http_ms >= 0 && http_ms < wait_ms ? http_ms : (int) wait_ms;
}

/* From now on newcomers are refused by the kernel. */
static void stop_listening(const struct server *s)
{
    for (size_t i = 0; i < s->config->listener_count; i++) {
        const int fd = s->config->listeners[i].fd;

        if (server_watch(s, EPOLL_CTL_DEL, fd, 0, 0) < 0)
            continue;                   /* the second signal: it is done */
        (void) shutdown(fd, SHUT_RDWR); /* vsock does not know it: newcomers there wait for the end */
    }
}

/* The stop signal: no newcomers, the silent go, the others have the grace. At the second one they go too. */
static void stop(struct server *s)
{
    uint8_t drained[256];
    bool again = s->stop_ms != 0;

    while (read(s->config->stop_fd, drained, sizeof drained) > 0)
        continue;
    s->stop_ms = server_clock_ms() + (again ? 0 : SERVER_GRACE_MS);
    stop_listening(s);
    for (size_t i = 0; i < s->size; i++) {
        if (s->conns[i].state != CONN_FREE && (again || s->table.entries[i].stage == LIMITS_SILENT))
            server_conn_drop(s, &s->conns[i]);
    }
}

static void dispatch(struct server *s, const struct epoll_event *ev)
{
    if (ev->data.u64 == KEY_STOP)
        stop(s);
    else if (ev->data.u64 == KEY_HTTP && s->http != NULL)
        http_run(s->http);
    else if (ev->data.u64 < s->size)
        server_conn_event(s, &s->conns[ev->data.u64], ev->events);
}

static void accept_at(struct server *s, uint64_t key)
{
    if (key >= KEY_LISTEN && s->stop_ms == 0)
        accept_some(s, &s->config->listeners[key - KEY_LISTEN]);
}

static int loop(struct server *s, struct err *err)
{
    struct epoll_event events[EVENTS_MAX];

    while (s->stop_ms == 0 || (s->used > 0 && server_clock_ms() < s->stop_ms)) {
        int wait_ms = expire(s);

        if (set_listening(s, server_clock_ms()) < 0)
            return err_set(err, ERR_SYS, errno, "epoll");
        int n = epoll_wait(s->epoll, events, EVENTS_MAX, wait_ms);
        if (n < 0 && errno != EINTR)
            return err_set(err, ERR_SYS, errno, "epoll");
        for (int i = 0; i < n; i++)
            dispatch(s, &events[i]);
        for (int i = 0; i < n; i++) /* newcomers last: they may push out somebody whose bytes are here */
            accept_at(s, events[i].data.u64);
        if (s->http != NULL && http_wait_ms(s->http) == 0)
            http_run(s->http);
    }
    return 0;
}

static int watch_all(const struct server *s)
{
    const struct server_config *c = s->config;

    for (size_t i = 0; i < c->listener_count; i++) {
        if (server_watch(s, EPOLL_CTL_ADD, c->listeners[i].fd, KEY_LISTEN + i, EPOLLIN) < 0)
            return -1;
    }
    if (s->http != NULL && server_watch(s, EPOLL_CTL_ADD, http_fd(s->http), KEY_HTTP, EPOLLIN) < 0)
        return -1;
    return server_watch(s, EPOLL_CTL_ADD, c->stop_fd, KEY_STOP, EPOLLIN);
}

static int start_http(struct server *s, struct err *err)
{
    const struct http_config config = {.service = s->config->service,
                                       .connections_max = limits_value(LIMITS_HTTP, LIMITS_CONNECTIONS) +
                                                          limits_value(LIMITS_METRICS, LIMITS_CONNECTIONS),
                                       .calls = server_conn_http_calls(),
                                       .ctx = s};

    for (size_t i = 0; i < s->config->listener_count && s->http == NULL; i++) {
        if (s->config->listeners[i].door != LIMITS_HTTP && s->config->listeners[i].door != LIMITS_METRICS)
            continue;
        s->http = http_new(&config, err);
        if (s->http == NULL)
            return -1;
    }
    return 0;
}

static int start(struct server *s, struct err *err)
{
    if (s->config->listener_count > SERVER_LISTENERS_MAX)
        return err_set(err, ERR_LIMIT, 0, "more than %d listeners", SERVER_LISTENERS_MAX);
    s->conns = calloc(s->size, sizeof *s->conns);
    s->table = (struct limits_table){.entries = calloc(s->size, sizeof *s->table.entries), .size = s->size};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->conns == NULL || s->table.entries == NULL || s->epoll < 0)
        return err_set(err, ERR_SYS, errno, "epoll");
    if (start_http(s, err) < 0)
        return -1;
    return watch_all(s) < 0 ? err_set(err, ERR_SYS, errno, "epoll") : 0;
}

static void end(struct server *s)
{
    for (size_t i = 0; s->conns != NULL && i < s->size; i++) {
        if (s->conns[i].state != CONN_FREE)
            server_conn_drop(s, &s->conns[i]);
    }
    joinlog_end(&s->log, s->log.second);
    http_free(s->http);
    free(s->conns);
    free(s->table.entries);
    if (s->epoll >= 0)
        (void) close(s->epoll);
}

int server_run(const struct server_config *config, struct err *err)
{
    struct server s = {.config = config, .listening = true, .size = limits_total(), .epoll = -1};
    int rc = start(&s, err);

    if (rc == 0)
        rc = loop(&s, err);
    end(&s);
    return rc;
}
