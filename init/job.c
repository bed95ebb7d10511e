/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static ssize_t receive(uint8_t *buf, size_t cap)
{
    for (;;) {
        ssize_t n = recv(WIRE_FD, buf, cap, MSG_TRUNC);
        if (n >= 0 || errno != EINTR)
            return n;
    }
}

static int start_take(struct span datagram, struct job *job, struct err *err)
{
    struct wire_msg msg;
    if (wire_decode(datagram, &msg, err) < 0)
        return -1;
    if (msg.type != WIRE_START)
        return err_set(err, ERR_HELPER, 0, "expected START, found %s", wire_type_name(msg.type));
    struct policy *policy = NULL;
    if (policy_parse(msg.start.policy, &policy, err) < 0)
        return -1;
    job->job = msg.start.job;
    job->policy = policy;
    job->secret.len = msg.start.secret.len;
    if (msg.start.secret.len > 0)
        memcpy(job->secret.bytes, msg.start.secret.data, msg.start.secret.len);
    return 0;
}

int job_begin(struct job *job, struct err *err)
{
    if (fcntl(WIRE_FD, F_SETFD, FD_CLOEXEC) < 0)
        return err_set(err, ERR_SYS, errno, "descriptor 3: expected the socket to PID 1");
    AUTO_FREE uint8_t *buf = malloc(WIRE_MESSAGE_MAX);
    if (buf == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "START: no memory");
    int rc = -1;
    ssize_t n = receive(buf, WIRE_MESSAGE_MAX);
    if (n < 0)
        (void) err_set(err, ERR_SYS, errno, "START: receive");
    else if ((size_t) n > WIRE_MESSAGE_MAX)
        (void) err_set(err, ERR_LIMIT, 0, "START: longer than %d bytes", WIRE_MESSAGE_MAX);
    else
        rc = start_take(span_of(buf, (size_t) n), job, err);
    secret_wipe_bytes(buf, WIRE_MESSAGE_MAX);
    return rc;
}

void job_end(struct job *job)
{
    secret_wipe(&job->secret);
    policy_free(job->policy);
    job->policy = NULL;
}

static void job_send(const struct wire_msg *msg)
{
    uint8_t buf[WIRE_HEADER_SIZE + 8 + ERR_TEXT_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct err unsaid;
    if (wire_encode(msg, &w, &unsaid) == 0)
        (void) send(WIRE_FD, buf, w.len, MSG_NOSIGNAL); /* PID 1 sees the closed socket and our exit status */
}

void job_done(void)
{
    job_send(&(struct wire_msg){.type = WIRE_DONE});
}

/* The wire takes printable ASCII only; a text may quote a path. */
static struct span printable(char *text)
{
    size_t len = strnlen(text, WIRE_TEXT_MAX);
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
    return span_of(text, len);
}

void job_failed(const struct err *err)
{
    struct err e = *err;
    struct wire_msg msg = {.type = WIRE_FAILED};
    msg.failed.code = e.code;
    msg.failed.sys_errno = e.sys_errno;
    msg.failed.text = printable(e.text);
    job_send(&msg);
}
