/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "serve.h"

#include "channel.h"
#include "os.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum { AT_CHANNEL, AT_FD, AT_LISTENER, AT_CLIENTS };
#define POLL_MAX (AT_CLIENTS + SERVE_CONNECTIONS_MAX)

/* --- limits ---------------------------------------------------------------------------------------- */

bool serve_allow(struct serve_bucket *b, uint64_t now_ms)
{
    uint64_t earned = now_ms > b->at_ms ? (now_ms - b->at_ms) / b->rate_ms : 0;
    if (earned > 0) {
        b->tokens = earned < b->burst - b->tokens ? b->tokens + (uint32_t) earned : b->burst;
        b->at_ms += earned * b->rate_ms;
    }
    if (b->tokens == 0)
        return false;
    b->tokens--;
    return true;
}

void serve_start(struct agent *agent)
{
    struct serve *s = &agent->serve;
    enum policy_attestation allowed = agent->policy->workload.attestation;
    bool own = allowed == POLICY_ATTESTATION_REPORT_DATA;
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++)
        s->clients[i].fd = -1;
    s->started = true;
    s->listens = allowed != POLICY_ATTESTATION_NONE;
    s->bucket.rate_ms = own ? SERVE_OWN_RATE_MS : SERVE_RATE_MS;
    s->bucket.burst = own ? SERVE_OWN_BURST : SERVE_BURST;
    s->bucket.tokens = s->bucket.burst;
    s->bucket.at_ms = os_now_ms();
}

/* --- one request ----------------------------------------------------------------------------------- */

static void decline(struct attest_socket_reply *reply, enum attest_socket_status status, const char *text)
{
    reply->status = status;
    reply->text = span_str(text);
}

static int report_data_of(const struct agent *agent, const struct attest_socket_request *request,
                          struct attest_socket_reply *reply, uint8_t *report_data, struct err *err)
{
    if (request->kind == ATTEST_SOCKET_REPORT_DATA) {
        memcpy(report_data, request->data, CHANNEL_REPORT_DATA_SIZE);
        return 0;
    }
    reply->spki = span_of(agent->leaf.spki, agent->leaf.spki_len);
    memcpy(reply->head, agent->event_head, sizeof(reply->head));
    return attest_socket_report_data(request->data, reply->spki, reply->head, report_data, err);
}

void serve_answer(struct agent *agent, const struct attest_socket_request *request, struct writer *w,
                  struct attest_socket_reply *reply)
{
    uint8_t report_data[CHANNEL_REPORT_DATA_SIZE];
    enum ratls_kind kind = RATLS_SNP;
    struct err err = {0};
    *reply = (struct attest_socket_reply){.kind = request->kind};
    if (request->kind == ATTEST_SOCKET_REPORT_DATA &&
        agent->policy->workload.attestation != POLICY_ATTESTATION_REPORT_DATA) {
        decline(reply, ATTEST_SOCKET_REFUSED, "the policy allows nonces only");
        return;
    }
    if (!serve_allow(&agent->serve.bucket, os_now_ms())) {
        decline(reply, ATTEST_SOCKET_BUSY, "too many requests");
        return;
    }
    if (report_data_of(agent, request, reply, report_data, &err) < 0 ||
        channel_evidence(report_data, &kind, w, &err) < 0) {
        decline(reply, ATTEST_SOCKET_BUSY, "there is no report just now");
        return;
    }
    reply->evidence_kind = kind == RATLS_TDX ? ATTEST_SOCKET_TDX : ATTEST_SOCKET_SNP;
    reply->evidence = writer_span(w);
}

/* --- connections ----------------------------------------------------------------------------------- */

static void drop(struct serve_client *c)
{
    os_close(c->fd);
    c->fd = -1;
}

/* A request that cannot be read: say so if it is known what was asked for. */
static bool unreadable(struct span datagram, const struct err *why, struct attest_socket_reply *reply)
{
    *reply = (struct attest_socket_reply){.kind = ATTEST_SOCKET_NONCE};
    if (datagram.len < 2)
        return false;
    if (datagram.data[1] == ATTEST_SOCKET_REPORT_DATA)
        reply->kind = ATTEST_SOCKET_REPORT_DATA;
    decline(reply, ATTEST_SOCKET_REFUSED, why->text);
    return true;
}

/* Answer what has come. Returns false when the connection is of no more use. */
static bool answer(struct agent *agent, int fd, uint8_t *room)
{
    uint8_t bytes[ATTEST_SOCKET_REQUEST_SIZE];
    struct attest_socket_request request;
    struct attest_socket_reply reply;
    struct err err = {0};
    struct writer evidence = writer_of(room, ATTEST_SOCKET_EVIDENCE_MAX);
    struct writer out = writer_of(room + ATTEST_SOCKET_EVIDENCE_MAX, ATTEST_SOCKET_REPLY_MAX);
    ssize_t n = os_receive_message(fd, bytes, sizeof(bytes));
    bool good = true;
    if (n == -EAGAIN)
        return true;
    if (n <= 0)
        return false;
    if (n > (ssize_t) sizeof(bytes))
        good = err_set(&err, ERR_FORMAT, 0, "a request of %zd bytes", n) == 0;
    else
        good = attest_socket_decode_request(span_of(bytes, (size_t) n), &request, &err) == 0;
    if (good)
        serve_answer(agent, &request, &evidence, &reply);
    else if (!unreadable(span_of(bytes, (size_t) n), &err, &reply))
        return false;
    if (attest_socket_encode_reply(&reply, &out, &err) < 0)
        return false;
    return os_send_message(fd, writer_span(&out)) == (ssize_t) out.len && good;
}

static void serve_client(struct agent *agent, struct serve_client *c)
{
    AUTO_FREE uint8_t *room = malloc(ATTEST_SOCKET_EVIDENCE_MAX + ATTEST_SOCKET_REPLY_MAX);
    if (room == NULL || !answer(agent, c->fd, room)) {
        drop(c);
        return;
    }
    c->until_ms = os_now_ms() + SERVE_IDLE_MS;
}

static struct serve_client *free_place(struct serve *s)
{
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++)
        if (s->clients[i].fd < 0)
            return &s->clients[i];
    return NULL;
}

static void take_client(struct serve *s)
{
    struct serve_client *c = free_place(s);
    int fd = c == NULL ? -1 : os_accept(SERVE_FD);
    if (fd >= 0)
        *c = (struct serve_client){.fd = fd, .until_ms = os_now_ms() + SERVE_IDLE_MS};
}

/* Close what has been idle for too long; returns the time when the next one is. */
static uint64_t drop_idle(struct serve *s, uint64_t now_ms)
{
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++) {
        struct serve_client *c = &s->clients[i];
        if (c->fd >= 0 && c->until_ms <= now_ms)
            drop(c);
        if (c->fd >= 0 && c->until_ms < next_ms)
            next_ms = c->until_ms;
    }
    return next_ms;
}

/* --- the wait -------------------------------------------------------------------------------------- */

static void list_waits(struct serve *s, int fd, int writable, struct pollfd p[POLL_MAX])
{
    bool accepts = s->listens && free_place(s) != NULL;
    p[AT_CHANNEL] = (struct pollfd){.fd = WIRE_FD, .events = POLLIN};
    p[AT_FD] = (struct pollfd){.fd = fd, .events = (short) (writable ? POLLIN | POLLOUT : POLLIN)};
    p[AT_LISTENER] = (struct pollfd){.fd = accepts ? SERVE_FD : -1, .events = POLLIN};
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++)
        p[AT_CLIENTS + i] = (struct pollfd){.fd = s->clients[i].fd, .events = POLLIN};
}

/* One poll, and what it calls for. Returns 1 when fd is ready, 0, or -errno. */
static int turn(struct agent *agent, int fd, int writable, uint64_t end_ms)
{
    struct serve *s = &agent->serve;
    struct pollfd p[POLL_MAX];
    uint64_t idle_ms = drop_idle(s, os_now_ms());
    list_waits(s, fd, writable, p);
    int rc = os_poll(p, POLL_MAX, idle_ms < end_ms ? idle_ms : end_ms);
    if (rc < 0)
        return rc;
    if (p[AT_CHANNEL].revents != 0)
        return -EPIPE;
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++)
        if (p[AT_CLIENTS + i].revents != 0)
            serve_client(agent, &s->clients[i]);
    if (p[AT_LISTENER].revents != 0)
        take_client(s);
    return p[AT_FD].revents != 0;
}

int serve_wait(struct agent *agent, int fd, int writable, uint64_t timeout_ms)
{
    uint64_t end_ms = os_now_ms() + timeout_ms;
    int rc = 0;
    if (!agent->serve.started)
        return os_wait(fd, writable, timeout_ms);
    do
        rc = turn(agent, fd, writable, end_ms);
    while (rc == 0 && os_now_ms() < end_ms);
    return rc;
}
