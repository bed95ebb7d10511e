/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workload's side of the attestation socket, and of renewals. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET "/dev/nacre/attest.sock"
#define TLS "/contrast/tls-config"
#define REQUEST_SIZE 68

static int dial(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    struct timeval limit = {.tv_sec = 20};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *) &at, sizeof at) == 0)
        return fd;
    printf("connect=%s\n", probe_errno(errno));
    close(fd);
    return -1;
}

/* PID 1 says its figures when the workload has begun: long lines come after that. */
static void let_pid1_speak(void)
{
    struct timespec pause = {.tv_nsec = 500000000};

    nanosleep(&pause, NULL);
}

static void print_hex(const char *key, const uint8_t *bytes, size_t len)
{
    printf("%s=", key);
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

/* One request; the reply's bytes, or -1. */
static ssize_t ask(int fd, const uint8_t request[REQUEST_SIZE], uint8_t *reply, size_t cap)
{
    if (send(fd, request, REQUEST_SIZE, MSG_NOSIGNAL) != REQUEST_SIZE)
        return -1;
    return recv(fd, reply, cap, 0);
}

static void make_request(const char *kind, const char *hex, uint8_t request[REQUEST_SIZE])
{
    memset(request, 0, REQUEST_SIZE);
    request[0] = 1;
    request[1] = (uint8_t) atoi(kind);
    for (size_t i = 0; i < REQUEST_SIZE - 4 && sscanf(hex + 2 * i, "%2hhx", &request[4 + i]) == 1; i++)
        ;
}

/* attest KIND HEX [COUNT]: ask COUNT times for the same; print the first reply, and how often which status
 * came. */
int probe_attest(int argc, char **argv)
{
    static uint8_t reply[32768];
    uint8_t request[REQUEST_SIZE];
    unsigned seen[3] = {0};
    int count = argc > 2 ? atoi(argv[2]) : 1;
    int fd = dial();

    if (argc < 2 || fd < 0)
        return 1;
    make_request(argv[0], argv[1], request);
    let_pid1_speak();
    for (int i = 0; i < count; i++) {
        ssize_t n = ask(fd, request, reply, sizeof reply);

        if (n < 4 || reply[1] > 2) {
            printf("answer=%s\n", n < 0 ? probe_errno(errno) : "none");
            return 1;
        }
        if (seen[reply[1]]++ == 0 && reply[1] != 0)
            printf("%s=%.*s\n", reply[1] == 1 ? "refused" : "busy", (int) n - 4, (const char *) reply + 4);
        if (i == 0)
            print_hex("reply", reply, (size_t) n);
    }
    printf("statuses=%u,%u,%u\n", seen[0], seen[1], seen[2]);
    return 0;
}

static void print_file(const char *key, int dir, const char *name)
{
    static uint8_t text[16384];
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text) : -1;
    struct stat st;

    if (len < 0 || fstat(fd, &st) != 0) {
        printf("%s=%s\n", key, probe_errno(errno));
        return;
    }
    printf("%s_mode=%04o:%u\n", key, (unsigned) st.st_mode & 07777, st.st_uid);
    print_hex(key, text, (size_t) len);
    close(fd);
}

static void print_generation(const char *key, int dir)
{
    char name[32];

    snprintf(name, sizeof name, "%s_chain", key);
    print_file(name, dir, "certChain.pem");
    snprintf(name, sizeof name, "%s_key_size", key);
    struct stat st = {0};
    printf("%s=%d\n", name, fstatat(dir, "key.pem", &st, 0) == 0 ? (int) st.st_size : -1);
}

/* renewal SECONDS: print the certificate, wait for SIGHUP, print what the folder holds now, and what it held.
 */
int probe_renewal(int argc, char **argv)
{
    struct timespec limit = {.tv_sec = argc > 0 ? atol(argv[0]) : 60};
    int before = open(TLS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sigset_t set;
    int signal;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    let_pid1_speak();
    print_generation("first", before);
    signal = sigtimedwait(&set, NULL, &limit);
    printf("signal=%d\n", signal);
    int after = open(TLS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    print_generation("second", after);
    print_generation("kept", before);
    probe_writable("contrast_writable", "/contrast/probe");
    return signal == SIGHUP ? 0 : 1;
}

/* attest-as UID KIND HEX: the same as another user, which needs CAP_SETUID. */
int probe_attest_as(int argc, char **argv)
{
    uid_t uid = argc > 0 ? (uid_t) atol(argv[0]) : 0;

    if (setuid(uid) != 0) {
        printf("setuid=%s\n", probe_errno(errno));
        return 1;
    }
    printf("uid=%u\n", getuid());
    return probe_attest(argc - 1, argv + 1);
}

/* date: seconds since 1970. */
int probe_date(int argc, char **argv)
{
    (void) argc;
    (void) argv;
    printf("date=%jd\n", (intmax_t) time(NULL));
    return 0;
}
