/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dial.h"

#include <errno.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT_MAX 65535
#define VSOCK_MAX 0xfffffffeU

/* --- addresses ------------------------------------------------------------------------------------- */

static int parse_number(const char *text, size_t len, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;

    if (len == 0 || len > 10 || (text[0] == '0' && len > 1))
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (uint64_t) (text[i] - '0');
    }
    if (value > max)
        return -1;
    *out = (uint32_t) value;
    return 0;
}

static int parse_vsock(const char *text, struct dial_target *out)
{
    const char *colon = strchr(text, ':');

    if (colon == NULL || parse_number(text, (size_t) (colon - text), VSOCK_MAX, &out->cid) < 0 ||
        parse_number(colon + 1, strlen(colon + 1), VSOCK_MAX, &out->port) < 0 || out->port == 0)
        return -1;
    (void) snprintf(out->text, sizeof out->text, "vsock:%u:%u", out->cid, out->port);
    return 0;
}

static int parse_port(const char *text, uint32_t default_port, uint32_t *port)
{
    *port = default_port;
    if (*text == '\0')
        return default_port == 0 ? -1 : 0;
    return *text != ':' || parse_number(text + 1, strlen(text + 1), PORT_MAX, port) < 0 || *port == 0 ? -1
                                                                                                      : 0;
}

static int parse_host(const char *text, uint32_t default_port, struct dial_target *out)
{
    const bool bracket = *text == '[';
    const char *host = bracket ? text + 1 : text;
    const size_t len = strcspn(host, bracket ? "]" : ":");

    if (len == 0 || len >= sizeof out->host || (bracket && host[len] != ']') ||
        parse_port(host + len + bracket, default_port, &out->port) < 0)
        return -1;
    memcpy(out->host, host, len);
    (void) snprintf(out->text, sizeof out->text, bracket ? "[%s]:%u" : "%s:%u", out->host, out->port);
    return 0;
}

int dial_parse(const char *text, uint32_t default_port, struct dial_target *out, struct err *err)
{
    struct dial_target target = {0};
    const bool vsock = strncmp(text, "vsock:", 6) == 0;

    if ((vsock ? parse_vsock(text + 6, &target) : parse_host(text, default_port, &target)) < 0)
        return err_set(err, ERR_FORMAT, 0, "'%.100s' is no address, expected HOST%s or vsock:CID:PORT", text,
                       default_port > 0 ? "[:PORT]" : ":PORT");
    *out = target;
    return 0;
}

/* --- connections ----------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
    struct timespec ts = {0};

    (void) clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail */
    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}

static int system_error(const struct dial *d, int error, struct err *err)
{
    return err_set(err, ERR_SYS, 0, "%s: %s", d->target->text, strerror(error));
}

/* Until fd can be read or written. */
static int wait_for(const struct dial *d, short events, struct err *err)
{
    for (;;) {
        struct pollfd p = {.fd = d->fd, .events = events};
        const uint64_t now = now_ms();
        const uint64_t left = d->end_ms > now ? d->end_ms - now : 0;
        const int rc = poll(&p, 1, left > 3600000 ? 3600000 : (int) left);

        if (rc > 0)
            return 0;
        if (rc < 0 && errno != EINTR)
            return system_error(d, errno, err);
        if (rc == 0 && left <= 3600000)
            return err_set(err, ERR_TIMEOUT, 0, "%s: no answer in time", d->target->text);
    }
}

static int connect_to(struct dial *d, const struct sockaddr *addr, socklen_t len, struct err *err)
{
    int error = 0;
    socklen_t size = sizeof error;

    d->fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->fd < 0)
        return system_error(d, errno, err);
    if (connect(d->fd, addr, len) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return system_error(d, errno, err);
    if (wait_for(d, POLLOUT, err) < 0)
        return -1;
    if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    return error != 0 ? system_error(d, error, err) : 0;
}

static int open_vsock(struct dial *d, struct err *err)
{
    const struct sockaddr_vm vm = {
        .svm_family = AF_VSOCK, .svm_cid = d->target->cid, .svm_port = d->target->port};
    struct sockaddr_storage addr = {0};

    memcpy(&addr, &vm, sizeof vm);
    return connect_to(d, (const struct sockaddr *) &addr, sizeof vm, err);
}

static int open_host(struct dial *d, struct err *err)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char port[12];
    int rc;

    (void) snprintf(port, sizeof port, "%u", d->target->port);
    rc = getaddrinfo(d->target->host, port, &hints, &list);
    if (rc != 0)
        return err_set(err, ERR_SYS, rc == EAI_SYSTEM ? errno : 0, "%s: %s", d->target->text,
                       gai_strerror(rc));
    rc = -1;
    if (list == NULL)
        (void) err_set(err, ERR_MISSING, 0, "%s: the name has no address", d->target->text);
    for (const struct addrinfo *a = list; a != NULL && rc < 0; a = a->ai_next) {
        dial_close(d);
        rc = connect_to(d, a->ai_addr, a->ai_addrlen, err);
    }
    freeaddrinfo(list);
    return rc;
}

int dial_open(const struct dial_target *target, uint64_t timeout_ms, struct dial *out, struct err *err)
{
    struct dial d = {.fd = -1, .end_ms = now_ms() + timeout_ms, .target = target};

    if ((target->host[0] == '\0' ? open_vsock(&d, err) : open_host(&d, err)) < 0) {
        dial_close(&d);
        return -1;
    }
    *out = d;
    return 0;
}

void dial_close(struct dial *d)
{
    if (d->fd >= 0)
        (void) close(d->fd); /* nothing was promised about it */
    d->fd = -1;
}

int dial_send(const struct dial *d, struct span bytes, struct err *err)
{
    for (size_t done = 0; done < bytes.len;) {
        const ssize_t n = send(d->fd, bytes.data + done, bytes.len - done, MSG_NOSIGNAL);

        if (n >= 0)
            done += (size_t) n;
        else if (errno == EAGAIN) {
            if (wait_for(d, POLLOUT, err) < 0)
                return -1;
        } else if (errno != EINTR)
            return system_error(d, errno, err);
    }
    return 0;
}

int dial_receive(const struct dial *d, uint8_t *out, size_t cap, size_t *len, struct err *err)
{
    for (;;) {
        const ssize_t n = recv(d->fd, out, cap, 0);

        if (n >= 0) {
            *len = (size_t) n;
            return 0;
        }
        if (errno == EAGAIN) {
            if (wait_for(d, POLLIN, err) < 0)
                return -1;
        } else if (errno != EINTR)
            return system_error(d, errno, err);
    }
}
