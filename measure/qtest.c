/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qtest.h"

#include "span.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QEMU_FD 3 /* QEMU's end of the socket */
#define FW_CFG_DMA 0x514
#define FW_CFG_DIRECTORY 0x19
#define FW_CFG_NAME 56
#define FW_CFG_FILES_MAX 512
#define DMA_READ 2u
#define DMA_SELECT 8u
#define DMA_CONTROL_AT 0x10000 /* guest memory that nothing uses: no code runs */
#define DMA_DATA_AT 0x100000
#define READ_MAX 4096     /* bytes of guest memory in one request */
#define QEMU_TEXT_MAX 160 /* bytes of its messages that are looked at */
#define REPLY_MAX (64 + 2 * READ_MAX)

static int64_t now_ms(void)
{
    struct timespec t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* QEMU ended or spoke nonsense: what does it say itself? Its messages in one line. */
static int fail(struct qtest *q, const char *what, struct err *err)
{
    char text[QEMU_TEXT_MAX + 1] = "";
    ssize_t n = pread(q->log, text, QEMU_TEXT_MAX, 0);

    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n > 0 ? n : 0] = '\0';
    for (char *c = text; *c; c++) {
        if (*c == '\n')
            *c = ';';
    }
    return err_set(err, ERR_HELPER, 0, "QEMU %s%s%s", what, text[0] ? ": " : "", text);
}

/* In the child: QEMU with its messages and its end of the socket, killed when we die. */
static _Noreturn void become(char **argv, int socket_end, int log)
{
    int null = open("/dev/null", O_RDONLY);

    /* A descriptor that has its number already would stay close-on-exec. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && null >= 0 && dup2(null, 0) == 0 && dup2(log, 1) == 1 &&
        dup2(log, 2) == 2 && (socket_end == QEMU_FD || dup2(socket_end, QEMU_FD) == QEMU_FD) &&
        fcntl(QEMU_FD, F_SETFD, 0) == 0)
        (void) execvp(argv[0], argv);
    (void) dprintf(2, "%s: cannot be started: %s", argv[0], strerror(errno));
    _exit(127);
}

static int spawn(struct qtest *q, char **argv, int socket_end, struct err *err)
{
    q->pid = fork();
    if (q->pid < 0) {
        q->pid = 0;
        return err_set(err, ERR_SYS, errno, "fork: %m");
    }
    if (q->pid == 0)
        become(argv, socket_end, q->log);
    return 0;
}

/* Does the caller say what shall run the guest? Then that stands. */
static bool names_accelerator(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(argv[i], "accel") || strstr(argv[i], "enable-kvm"))
            return true;
    }
    return false;
}

int qtest_start(struct qtest *q, int argc, char **argv, struct err *err)
{
    char added[][24] = {"-display",   "none",      "-S",     "-chardev",      "socket,id=qtest,fd=3",
                        "-qtest-log", "/dev/null", "-qtest", "chardev:qtest", "-accel",
                        "tcg"};
    char *args[QTEST_ARGS_MAX + sizeof added / sizeof added[0] + 1];
    size_t count = sizeof added / sizeof added[0] - (names_accelerator(argc, argv) ? 2 : 0);
    int ends[2], rc;

    *q = (struct qtest){.fd = -1, .log = -1, .deadline_ms = now_ms() + QTEST_DEADLINE_S * 1000};
    if (argc < 1 || argc > QTEST_ARGS_MAX)
        return err_set(err, ERR_LIMIT, 0, "--qemu: %d arguments, expected 1 to %d", argc, QTEST_ARGS_MAX);
    memcpy(args, argv, (size_t) argc * sizeof args[0]);
    for (size_t i = 0; i < count; i++)
        args[(size_t) argc + i] = added[i];
    args[(size_t) argc + count] = NULL;
    q->log = memfd_create("qemu-messages", MFD_CLOEXEC);
    if (q->log < 0)
        return err_set(err, ERR_SYS, errno, "memfd_create: %m");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, ERR_SYS, errno, "socketpair: %m");
    q->fd = ends[0];
    rc = spawn(q, args, ends[1], err);
    (void) close(ends[1]); /* QEMU's */
    return rc;
}

void qtest_stop(struct qtest *q)
{
    if (q->pid > 0) {
        (void) kill(q->pid, SIGKILL);
        (void) waitpid(q->pid, NULL, 0);
    }
    if (q->fd >= 0)
        (void) close(q->fd);
    if (q->log >= 0)
        (void) close(q->log);
    *q = (struct qtest){.fd = -1, .log = -1};
}

/* One line from QEMU, without its end, into line (REPLY_MAX bytes). */
static int read_line(struct qtest *q, char *line, struct err *err)
{
    size_t len = 0;

    while (len < REPLY_MAX - 1) {
        struct pollfd p = {.fd = q->fd, .events = POLLIN};
        int64_t left = q->deadline_ms - now_ms();
        ssize_t n;

        if (left <= 0 || poll(&p, 1, (int) left) == 0)
            return fail(q, "does not answer", err);
        n = recv(q->fd, line + len, REPLY_MAX - 1 - len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(q, "ended", err);
        len += (size_t) n;
        if (line[len - 1] != '\n')
            continue;
        line[len - 1] = '\0';
        return 0;
    }
    return fail(q, "answers with too much", err);
}

/* Send a request; *value is what stands behind OK in reply. */
static int ask(struct qtest *q, const char *request, char *reply, struct err *err)
{
    size_t len = strlen(request);

    for (size_t at = 0; at < len;) {
        ssize_t n = send(q->fd, request + at, len - at, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(q, "ended", err);
        at += (size_t) n;
    }
    if (read_line(q, reply, err) < 0)
        return -1;
    if (strncmp(reply, "OK", 2) != 0)
        return fail(q, "refused a request", err);
    return 0;
}

int qtest_out(struct qtest *q, char width, uint16_t port, uint32_t value, struct err *err)
{
    char request[64], reply[REPLY_MAX];

    (void) snprintf(request, sizeof request, "out%c 0x%x 0x%x\n", width, port, value);
    return ask(q, request, reply, err);
}

/* Guest memory [at, at + size) into out. */
static int read_memory(struct qtest *q, uint64_t at, uint8_t *out, size_t size, struct err *err)
{
    char request[64], reply[REPLY_MAX];

    for (size_t done = 0; done < size;) {
        size_t piece = size - done < READ_MAX ? size - done : READ_MAX;

        (void) snprintf(request, sizeof request, "read 0x%llx 0x%zx\n", (unsigned long long) at + done,
                        piece);
        if (ask(q, request, reply, err) < 0)
            return -1;
        if (strlen(reply) != 5 + 2 * piece || strncmp(reply, "OK 0x", 5) != 0)
            return fail(q, "gave other memory than asked for", err);
        for (size_t i = 0; i < piece; i++) {
            char pair[3] = {reply[5 + 2 * i], reply[6 + 2 * i], '\0'};

            out[done + i] = (uint8_t) strtoul(pair, NULL, 16);
        }
        done += piece;
    }
    return 0;
}

/* fw_cfg's DMA: select the item and copy its first size bytes to guest memory, then read them there. */
static int read_item(struct qtest *q, uint16_t key, uint8_t *out, size_t size, struct err *err)
{
    char request[96], reply[REPLY_MAX];
    uint8_t control[4];

    /* be32 control, be32 length, be64 address */
    (void) snprintf(request, sizeof request, "write 0x%x 16 0x%08x%08zx%016x\n", DMA_CONTROL_AT,
                    (uint32_t) key << 16 | DMA_SELECT | DMA_READ, size, DMA_DATA_AT);
    if (ask(q, request, reply, err) < 0 || qtest_out(q, 'l', FW_CFG_DMA, 0, err) < 0 ||
        qtest_out(q, 'l', FW_CFG_DMA + 4, __builtin_bswap32(DMA_CONTROL_AT), err) < 0 ||
        read_memory(q, DMA_CONTROL_AT, control, sizeof control, err) < 0)
        return -1;
    if (!span_is_zero(span_of(control, sizeof control)))
        return fail(q, "has no fw_cfg DMA (is this an x86 machine with at least 8 MiB of memory?)", err);
    return read_memory(q, DMA_DATA_AT, out, size, err);
}

/* The directory's entry for name. */
static int find(struct span directory, const char *name, uint16_t *key, uint32_t *size, struct err *err)
{
    struct reader r = reader_of(directory);

    reader_skip(&r, 4); /* their number */
    while (reader_left(&r) > 0) {
        uint32_t s = reader_be32(&r);
        uint16_t k = reader_be16(&r);
        char text[FW_CFG_NAME + 1] = "";

        reader_skip(&r, 2);
        reader_copy(&r, text, FW_CFG_NAME);
        if (strcmp(text, name) == 0) {
            *key = k;
            *size = s;
            return 0;
        }
    }
    return err_set(err, ERR_MISSING, 0, "QEMU offers no %s", name);
}

static int locate(struct qtest *q, const char *name, uint16_t *key, uint32_t *size, struct err *err)
{
    uint8_t directory[4 + FW_CFG_FILES_MAX * 64];
    struct reader r;
    uint32_t count;

    if (read_item(q, FW_CFG_DIRECTORY, directory, 4, err) < 0)
        return -1;
    r = reader_of(span_of(directory, 4));
    count = reader_be32(&r);
    if (count > FW_CFG_FILES_MAX)
        return fail(q, "offers too many files", err);
    if (read_item(q, FW_CFG_DIRECTORY, directory, 4 + (size_t) count * 64, err) < 0)
        return -1;
    return find(span_of(directory, 4 + (size_t) count * 64), name, key, size, err);
}

int qtest_file(struct qtest *q, const char *name, uint8_t **data, size_t *size, struct err *err)
{
    uint16_t key = 0;
    uint32_t len = 0;
    uint8_t *out;

    if (locate(q, name, &key, &len, err) < 0)
        return -1;
    if (len == 0 || len > QTEST_FILE_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: %u bytes, expected 1 to %u", name, len, QTEST_FILE_MAX);
    out = malloc(len);
    if (!out)
        return err_set(err, ERR_LIMIT, 0, "no memory for %u bytes", len);
    if (read_item(q, key, out, len, err) < 0) {
        free(out);
        return -1;
    }
    *data = out;
    *size = len;
    return 0;
}
