/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own_evidence.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LAST_TRY_MS 250 /* no new try with less time left */

static int64_t now_ms(void)
{
    struct timespec t = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void) close(*fd);
}

static int dial(const char *path, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int fd;

    if (len >= sizeof at.sun_path)
        return err_set(err, ERR_LIMIT, 0, "evidence socket: a path of %zu bytes, at most %zu", len,
                       sizeof at.sun_path - 1);
    memcpy(at.sun_path, path, len + 1);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "evidence socket");
    if (connect(fd, (const struct sockaddr *) &at, sizeof at) == 0)
        return fd;
    (void) err_set(err, ERR_SYS, errno, "evidence socket: connect %s", path);
    (void) close(fd);
    return -1;
}

static int wait_readable(int fd, int64_t end_ms, struct err *err)
{
    for (;;) {
        int64_t left_ms = end_ms - now_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int rc = poll(&p, 1, left_ms > 0 ? (int) left_ms : 0);

        if (rc > 0)
            return 0;
        if (rc == 0)
            return err_set(err, ERR_TIMEOUT, 0, "evidence socket: no answer in %d ms",
                           OWN_EVIDENCE_DEADLINE_MS);
        if (errno != EINTR)
            return err_set(err, ERR_SYS, errno, "evidence socket: poll");
    }
}

/* One request on a connection of its own. *reply borrows from buf. */
static int ask(const char *path, const uint8_t *report_data, int64_t end_ms,
               uint8_t buf[ATTEST_SOCKET_REPLY_MAX], struct attest_socket_reply *reply, struct err *err)
{
    uint8_t bytes[ATTEST_SOCKET_REQUEST_SIZE];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct attest_socket_request request = {.kind = ATTEST_SOCKET_REPORT_DATA};
    __attribute__((cleanup(close_fd))) int fd = -1;

    memcpy(request.data, report_data, sizeof request.data);
    if (attest_socket_encode_request(&request, &w, err) < 0)
        return -1;
    fd = dial(path, err);
    if (fd < 0)
        return -1;
    if (send(fd, bytes, w.len, MSG_NOSIGNAL) != (ssize_t) w.len)
        return err_set(err, ERR_SYS, errno, "evidence socket: send");
    if (wait_readable(fd, end_ms, err) < 0)
        return -1;
    ssize_t n = recv(fd, buf, ATTEST_SOCKET_REPLY_MAX, MSG_TRUNC);
    if (n < 0)
        return err_set(err, ERR_SYS, errno, "evidence socket: receive");
    if (n == 0 || n > (ssize_t) ATTEST_SOCKET_REPLY_MAX)
        return err_set(err, ERR_FORMAT, 0, "evidence socket: an answer of %zd bytes", n);
    if (attest_socket_decode_reply(span_of(buf, (size_t) n), reply, err) < 0)
        return -1;
    if (reply->kind != ATTEST_SOCKET_REPORT_DATA)
        return err_set(err, ERR_FORMAT, 0, "evidence socket: an answer to another kind of request");
    return 0;
}

/* Ask until there is evidence, a refusal, or no time left. */
static int ask_until(const char *path, const uint8_t *report_data, uint8_t buf[ATTEST_SOCKET_REPLY_MAX],
                     struct attest_socket_reply *reply, struct err *err)
{
    const struct timespec pause = {.tv_nsec = OWN_EVIDENCE_PAUSE_MS * 1000000L};
    int64_t end_ms = now_ms() + OWN_EVIDENCE_DEADLINE_MS;

    for (;;) {
        if (ask(path, report_data, end_ms, buf, reply, err) < 0)
            return -1;
        if (reply->status == ATTEST_SOCKET_OK)
            return 0;
        if (reply->status == ATTEST_SOCKET_REFUSED)
            return err_set(err, ERR_DENIED, 0, "evidence socket: refused: %.*s", (int) reply->text.len,
                           (const char *) reply->text.data);
        if (now_ms() + LAST_TRY_MS >= end_ms)
            return err_set(err, ERR_TIMEOUT, 0, "evidence socket: busy: %.*s", (int) reply->text.len,
                           (const char *) reply->text.data);
        (void) nanosleep(&pause, NULL);
    }
}

/* As own_evidence_get; *kind says what it is. */
static int get(const char *path, const uint8_t *report_data, struct writer *w, enum ratls_kind *kind,
               struct err *err)
{
    uint8_t *buf = malloc(ATTEST_SOCKET_REPLY_MAX);
    struct attest_socket_reply reply;
    struct writer out = *w;
    int rc = -1;

    if (buf == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    if (ask_until(path, report_data, buf, &reply, err) == 0) {
        writer_bytes(&out, reply.evidence);
        rc =
            out.bad ? err_set(err, ERR_LIMIT, 0, "no room for %zu bytes of evidence", reply.evidence.len) : 0;
    }
    if (rc == 0) {
        *kind = reply.evidence_kind == ATTEST_SOCKET_TDX ? RATLS_TDX : RATLS_SNP;
        *w = out;
    }
    free(buf);
    return rc;
}

int own_evidence_open(const char *path, struct own_evidence *out, struct err *err)
{
    static const uint8_t zeros[ATTEST_SOCKET_REPORT_DATA_SIZE];
    struct own_evidence got = {.path = path};
    uint8_t *evidence = malloc(ATTEST_SOCKET_EVIDENCE_MAX);
    int rc;

    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, ATTEST_SOCKET_EVIDENCE_MAX);
    rc = get(path, zeros, &w, &got.kind, err);
    free(evidence);
    if (rc == 0)
        *out = got;
    return rc;
}

int own_evidence_get(void *ctx, const uint8_t report_data[ATTEST_SOCKET_REPORT_DATA_SIZE], struct writer *w,
                     struct err *err)
{
    const struct own_evidence *own = ctx;
    enum ratls_kind kind = RATLS_NO_TEE;
    struct writer out = *w;

    if (get(own->path, report_data, &out, &kind, err) < 0)
        return -1;
    if (kind != own->kind)
        return err_set(err, ERR_FORMAT, 0, "evidence socket: another kind of evidence than at the start");
    *w = out;
    return 0;
}
