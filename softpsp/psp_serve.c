/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_serve.h"

#include "hex.h"
#include "snp_cert_table.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RETRY_MS 20
#define REPLY_MAX (8 + SNP_REPORT_SIZE + SNP_CERT_TABLE_MAX)
#define VMPL_MAX 3

static int64_t now_ms(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int make_address(const char *path, struct sockaddr_un *addr, struct err *err)
{
    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof addr->sun_path)
        return err_set(err, ERR_LIMIT, 0, "--socket: path of %zu bytes, at most %zu", strlen(path),
                       sizeof addr->sun_path - 1);
    (void) snprintf(addr->sun_path, sizeof addr->sun_path, "%s", path);
    return 0;
}

/* QEMU may not have made its socket yet: try until the time is over. */
static int connect_to(int fd, const struct sockaddr_un *addr, unsigned wait_s, struct err *err)
{
    int64_t deadline = now_ms() + (int64_t) wait_s * 1000;

    while (connect(fd, (const struct sockaddr *) addr, sizeof *addr) < 0) {
        if (errno != ENOENT && errno != ECONNREFUSED && errno != EINTR)
            return err_set(err, ERR_SYS, errno, "%s: %m", addr->sun_path);
        if (now_ms() >= deadline)
            return err_set(err, ERR_TIMEOUT, 0, "%s: nobody listens after %u s", addr->sun_path, wait_s);
        (void) poll(NULL, 0, RETRY_MS);
    }
    return 0;
}

/* Bind the path and wait for one connection; returns it. */
static int accept_one(int fd, const struct sockaddr_un *addr, unsigned wait_s, struct err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int got;

    if (unlink(addr->sun_path) < 0 && errno != ENOENT)
        return err_set(err, ERR_SYS, errno, "%s: cannot be removed: %m", addr->sun_path);
    if (bind(fd, (const struct sockaddr *) addr, sizeof *addr) < 0 || listen(fd, 1) < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", addr->sun_path);
    if (poll(&p, 1, (int) wait_s * 1000) <= 0)
        return err_set(err, ERR_TIMEOUT, 0, "%s: nobody connected within %u s", addr->sun_path, wait_s);
    got = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (got < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", addr->sun_path);
    return got;
}

int psp_serve_open(const struct psp_options *options, struct err *err)
{
    struct sockaddr_un addr;
    int fd, connection;

    if (make_address(options->socket, &addr, err) < 0)
        return -1;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "socket: %m");
    if (options->listen) {
        connection = accept_one(fd, &addr, options->wait_s, err);
        (void) close(fd);
        return connection;
    }
    if (connect_to(fd, &addr, options->wait_s, err) < 0) {
        (void) close(fd);
        return -1;
    }
    return fd;
}

/* 1: len bytes read; 0: the other end closed before the first; -1: error. */
static int read_full(int fd, void *buf, size_t len, struct err *err)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, (uint8_t *) buf + got, len - got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == ECONNRESET)
            n = 0;
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "reading a request: %m");
        if (n == 0)
            return got == 0 ? 0 : err_set(err, ERR_FORMAT, 0, "the VM went away inside a request");
        got += (size_t) n;
    }
    return 1;
}

static int write_full(int fd, struct span bytes, struct err *err)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "writing a reply: %m");
        bytes = span_of(bytes.data + n, bytes.len - (size_t) n);
    }
    return 0;
}

/* A report with the certificate table, or the empty reply that means refused. */
static int make_reply(struct psp_vm *vm, uint8_t vmpl, struct span inblob, struct writer *w, struct err *err)
{
    static uint8_t table_buf[SNP_CERT_TABLE_MAX];
    struct writer table = writer_of(table_buf, sizeof table_buf);
    uint8_t report[SNP_REPORT_SIZE];
    unsigned from = vm->options->refuse_from;
    bool refuse = vm->options->refuse || (from != 0 && vm->requests + 1 >= from);

    if (refuse || vmpl > VMPL_MAX || inblob.len != SNP_REPORT_DATA_SIZE) {
        writer_zeros(w, 8);
        return 0;
    }
    if (psp_report_make(vm, vmpl, inblob.data, report, err) < 0)
        return -1;
    snp_cert_table_write(&vm->state->chain, &table);
    writer_le32(w, sizeof report);
    writer_le32(w, (uint32_t) table.len);
    writer_bytes(w, span_of(report, sizeof report));
    writer_bytes(w, writer_span(&table));
    if (w->bad || table.bad)
        return err_set(err, ERR_LIMIT, 0, "the reply does not fit");
    return 0;
}

static void log_request(const struct psp_vm *vm, uint8_t vmpl, struct span inblob, bool refused,
                        void (*log)(const char *line))
{
    char head[17] = "", line[120];
    struct err ignored;

    if (inblob.len >= 8 && hex_encode(span_sub(inblob, 0, 8), head, sizeof head, &ignored) < 0)
        head[0] = '\0';
    if (refused)
        (void) snprintf(line, sizeof line, "refused a request of %zu bytes for VMPL %u", inblob.len, vmpl);
    else
        (void) snprintf(line, sizeof line, "report %u for VMPL %u, report data %s...", vm->requests, vmpl,
                        head);
    log(line);
}

int psp_serve_run(int fd, struct psp_vm *vm, void (*log)(const char *line), struct err *err)
{
    static uint8_t reply[REPLY_MAX];

    for (;;) {
        struct writer w = writer_of(reply, sizeof reply);
        uint8_t head[2], inblob[UINT8_MAX];
        int rc = read_full(fd, head, sizeof head, err);

        if (rc <= 0)
            return rc;
        if (head[1] > 0) {
            rc = read_full(fd, inblob, head[1], err);
            if (rc <= 0)
                return rc;
        }
        if (make_reply(vm, head[0], span_of(inblob, head[1]), &w, err) < 0)
            return -1;
        if (write_full(fd, writer_span(&w), err) < 0)
            return -1;
        log_request(vm, head[0], span_of(inblob, head[1]), w.len == 8, log);
    }
}
