/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "joinlog.h"

#include "hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

struct line {
    char text[LINE_MAX_BYTES];
    size_t len; /* at most LINE_MAX_BYTES - 2: room for the end of the line */
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *fmt, ...)
{
    size_t room = sizeof line->text - 1 - line->len;
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(line->text + line->len, room, fmt, ap);
    va_end(ap);
    if (n > 0)
        line->len += (size_t) n < room ? (size_t) n : room - 1;
}

static void add_time(struct line *line, int64_t now_s)
{
    time_t t = (time_t) now_s;
    struct tm tm = {0};

    (void) gmtime_r(&t, &tm); /* fails beyond the year 2^31 only */
    add(line, "%04d-%02d-%02dT%02d:%02d:%02dZ ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
        tm.tm_min, tm.tm_sec);
}

/* One write, so that lines stay whole. */
static void put(struct line *line)
{
    for (size_t i = 0; i < line->len; i++) {
        if (line->text[i] < ' ' || line->text[i] > '~')
            line->text[i] = '?';
    }
    line->text[line->len++] = '\n';
    if (write(STDERR_FILENO, line->text, line->len) < 0)
        return; /* nowhere to say so */
}

static void add_joined(struct line *line, const struct joinlog_event *event)
{
    const struct examine_peer *peer = session_peer(event->session);
    const char *product = peer->kind == EXAMINE_TDX ? "TDX" : snp_product_name(peer->product);

    add(line, "%s host_data=", session_issued(event->session) ? "joined" : "served");
    for (size_t i = 0; i < sizeof peer->host_data; i++)
        add(line, "%02x", peer->host_data[i]);
    if (peer->has_event_head) {
        add(line, " events=");
        for (size_t i = 0; i < sizeof peer->event_head; i++)
            add(line, "%02x", peer->event_head[i]);
    }
    add(line, " product=%s name=%.*s secret=%s tls=%s protocol=%s ms=%lld", product,
        (int) peer->policy->sans[0].text.len, (const char *) peer->policy->sans[0].text.data,
        peer->policy->secret_id.len > 0 ? "yes" : "no", session_tls_version(event->session),
        session_protocol(event->session), (long long) event->took_ms);
    if (*session_volumes(event->session) != '\0')
        add(line, " volumes=%s", session_volumes(event->session));
}

/* A call of the user API that was done; the key is told by its start of SHA-256. */
static void add_called(struct line *line, const struct joinlog_event *event)
{
    uint8_t digest[SHA256_SIZE] = {0};
    struct span key = session_user_key(event->session);
    struct err err; /* then the key is not told */

    add(line, "called %s", session_call(event->session));
    if (key.len > 0 && hash_bytes(HASH_SHA256, key, digest, &err) == 0) {
        add(line, " key=");
        for (size_t i = 0; i < sizeof digest; i++)
            add(line, "%02x", digest[i]);
    }
    add(line, " tls=%s ms=%lld", session_tls_version(event->session), (long long) event->took_ms);
}

void joinlog_end(struct joinlog_budget *b, int64_t now_s)
{
    const unsigned long long left_out = b->left_out;

    b->left_out = 0;
    if (left_out > 0)
        joinlog_note(now_s, "%llu lines of failed connections left out", left_out);
}

/* A new second: say what the one before left out. */
static void turn_page(struct joinlog_budget *b, int64_t now_s)
{
    if (b->second == now_s)
        return;
    b->second = now_s;
    b->written = 0;
    joinlog_end(b, now_s);
}

/* May this line be written? Joins always. */
static bool within(const struct joinlog_event *event)
{
    struct joinlog_budget *b = event->budget;

    if (b == NULL)
        return true;
    turn_page(b, event->now_s);
    if (event->failure == NULL && session_status(event->session) == GRPC_OK)
        return true;
    if (b->written++ < JOINLOG_FAILURES_MAX)
        return true;
    b->left_out++;
    b->total_out++;
    return false;
}

void joinlog_write(const struct joinlog_event *event)
{
    struct line line = {.len = 0};

    if (!within(event))
        return;
    add_time(&line, event->now_s);
    add(&line, "%s ", event->peer);
    if (event->failure != NULL)
        add(&line, "failed: %s%s%s", event->failure->text, event->failure->sys_errno != 0 ? ": " : "",
            event->failure->sys_errno != 0 ? strerror(event->failure->sys_errno) : "");
    else if (session_status(event->session) == GRPC_OK && session_call(event->session)[0] != '\0')
        add_called(&line, event);
    else if (session_status(event->session) == GRPC_OK)
        add_joined(&line, event);
    else
        add(&line, "refused %s: %s", grpc_status_name((int) session_status(event->session)),
            session_reason(event->session));
    put(&line);
}

void joinlog_note(int64_t now_s, const char *fmt, ...)
{
    struct line line = {.len = 0};
    char text[LINE_MAX_BYTES / 2];
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    add_time(&line, now_s);
    add(&line, "nacre-coordinator: %s", text);
    put(&line);
}
