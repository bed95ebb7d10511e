/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve: the attestation socket over real sockets. This process is the agent; PID 1 and the workload are
 * children. */
#include "serve.h"

#include "agent_lab.h"
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define PATH_MAX_HERE 64

static struct agent_lab lab;
static struct agent agent;
static struct err err;
static char dir[PATH_MAX_HERE];
static char path[PATH_MAX_HERE + 8];

static int setup(void **state)
{
    (void) state;
    agent_lab_open(&lab, (int64_t) time(NULL));
    agent = (struct agent){
        .start_ms = os_now_ms(), .policy = &lab.policy, .event_head = {0xe1, 0xe2}
    };
    agent.leaf = (struct agent_leaf){
        .held = true, .spki = {0x30, 0x59},
             .spki_len = 91
    };
    lab.policy.workload.attestation = POLICY_ATTESTATION_NONCE;
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX && agent.serve.started; i++)
        if (agent.serve.clients[i].fd >= 0)
            close(agent.serve.clients[i].fd);
    if (dir[0] != 0) {
        (void) unlink(path);
        (void) rmdir(dir);
        dir[0] = 0;
    }
    agent_lab_close(&lab);
    return 0;
}

/* PID 1, and the socket in its place. */
static void start(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void) snprintf(dir, sizeof(dir), "/tmp/nacre-serve-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof(path), "%s/s", dir);
    (void) snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    agent_lab_start_pid1(&lab);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    if (fd != SERVE_FD) {
        assert_int_equal(dup2(fd, SERVE_FD), SERVE_FD);
        close(fd);
    }
    serve_start(&agent);
}

/* --- the workload's side, in a child; it exits with 0 when all was as it should be ------------------------
 */

static int dial(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void) snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (connect(fd, (struct sockaddr *) &at, sizeof(at)) != 0)
        _exit(100);
    return fd;
}

static uint8_t reply_bytes[ATTEST_SOCKET_REPLY_MAX];

static struct attest_socket_reply ask_bytes(int fd, const void *bytes, size_t len)
{
    struct attest_socket_reply reply;
    struct err why;
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t) len)
        _exit(101);
    ssize_t n = recv(fd, reply_bytes, sizeof(reply_bytes), 0);
    if (n <= 0 || attest_socket_decode_reply(span_of(reply_bytes, (size_t) n), &reply, &why) < 0)
        _exit(102);
    return reply;
}

static struct attest_socket_reply ask(int fd, enum attest_socket_kind kind)
{
    struct attest_socket_request request = {
        .kind = kind, .data = {1, 2, 3}
    };
    uint8_t bytes[ATTEST_SOCKET_REQUEST_SIZE];
    struct writer w = writer_of(bytes, sizeof(bytes));
    struct err why;
    if (attest_socket_encode_request(&request, &w, &why) < 0)
        _exit(103);
    return ask_bytes(fd, bytes, w.len);
}

static void need(bool good, int status)
{
    if (!good)
        _exit(status);
}

/* Run the workload, and serve until it has ended. */
static void run(void (*workload)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(SERVE_FD);
        close(WIRE_FD);
        (void) alarm(30);
        workload();
        _exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0)
        assert_int_equal(serve_wait(&agent, -1, 0, 20), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void wants_a_nonce(void)
{
    int fd = dial();
    for (int i = 0; i < 2; i++) {
        struct attest_socket_reply r = ask(fd, ATTEST_SOCKET_NONCE);
        need(r.status == ATTEST_SOCKET_OK && r.evidence_kind == ATTEST_SOCKET_SNP, 1);
        need(r.spki.len == 91 && r.spki.data[1] == 0x59 && r.head[1] == 0xe2 && r.evidence.len > 500, 2);
    }
    struct attest_socket_reply r = ask(fd, ATTEST_SOCKET_REPORT_DATA);
    need(r.status == ATTEST_SOCKET_REFUSED && span_eq_str(r.text, "the policy allows nonces only"), 3);
}

static void test_nonce(void **state)
{
    struct agent_lab_note notes[AGENT_LAB_NOTES_MAX];
    uint8_t nonce[ATTEST_SOCKET_NONCE_SIZE] = {1, 2, 3};
    uint8_t expected[ATTEST_SOCKET_REPORT_DATA_SIZE];
    (void) state;
    start();
    run(wants_a_nonce);
    assert_int_equal(agent_lab_notes(&lab, notes), 2);
    assert_int_equal(
        attest_socket_report_data(nonce, span_of(agent.leaf.spki, 91), agent.event_head, expected, &err), 0);
    assert_memory_equal(notes[0].report_data, expected, sizeof(expected));
}

static void wants_report_data(void)
{
    struct attest_socket_reply r = ask(dial(), ATTEST_SOCKET_REPORT_DATA);
    need(r.status == ATTEST_SOCKET_OK && r.spki.len == 0 && span_is_zero(span_of(r.head, sizeof(r.head))), 1);
}

static void test_report_data(void **state)
{
    struct agent_lab_note notes[AGENT_LAB_NOTES_MAX];
    (void) state;
    lab.policy.workload.attestation = POLICY_ATTESTATION_REPORT_DATA;
    start();
    run(wants_report_data);
    assert_int_equal(agent_lab_notes(&lab, notes), 1);
    assert_int_equal(notes[0].report_data[2], 3);
    assert_int_equal(notes[0].report_data[3], 0);
}

static void is_busy(void)
{
    struct attest_socket_reply r = ask(dial(), ATTEST_SOCKET_NONCE);
    need(r.status == ATTEST_SOCKET_BUSY && span_eq_str(r.text, "there is no report just now"), 1);
}

static void test_no_report(void **state)
{
    (void) state;
    lab.no_reports = true;
    start();
    run(is_busy);
}

static void asks_too_often(void)
{
    int fd = dial();
    unsigned ok = 0;
    struct attest_socket_reply r = {0};
    for (int i = 0; i < SERVE_BURST + 4 && r.status == ATTEST_SOCKET_OK; i++) {
        r = ask(fd, ATTEST_SOCKET_NONCE);
        ok += r.status == ATTEST_SOCKET_OK;
    }
    need(r.status == ATTEST_SOCKET_BUSY && span_eq_str(r.text, "too many requests"), 1);
    need(ok >= SERVE_BURST, 2);
}

static void test_rate(void **state)
{
    (void) state;
    start();
    run(asks_too_often);
}

static void sends_garbage(void)
{
    uint8_t bytes[200] = {1, 9};
    static const size_t sizes[] = {2, 67, 68, 69, 200};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int fd = dial();
        need(ask_bytes(fd, bytes, sizes[i]).status == ATTEST_SOCKET_REFUSED, 1);
        need(recv(fd, bytes + 100, 1, 0) == 0, 2); /* and closed */
        close(fd);
    }
    int fd = dial();
    need(send(fd, bytes, 1, MSG_NOSIGNAL) == 1 && recv(fd, bytes + 100, 1, 0) == 0,
         3); /* one byte: no answer */
}

static void test_garbage(void **state)
{
    (void) state;
    start();
    run(sends_garbage);
}

static void comes_often(void)
{
    int fds[SERVE_CONNECTIONS_MAX];
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++) {
        fds[i] = dial();
        need(ask(fds[i], ATTEST_SOCKET_NONCE).status == ATTEST_SOCKET_OK, 1);
    }
    int waits = dial(); /* taken when a place is free */
    struct timeval limit = {.tv_usec = 300000};
    uint8_t request[ATTEST_SOCKET_REQUEST_SIZE] = {1, 1};
    need(setsockopt(waits, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0, 2);
    need(send(waits, request, sizeof(request), MSG_NOSIGNAL) == sizeof(request), 3);
    need(recv(waits, reply_bytes, sizeof(reply_bytes), 0) < 0 && errno == EAGAIN, 4);
    close(fds[0]);
    limit = (struct timeval){.tv_sec = 5};
    need(setsockopt(waits, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0, 5);
    need(recv(waits, reply_bytes, sizeof(reply_bytes), 0) > 0 && reply_bytes[1] == ATTEST_SOCKET_OK, 6);
}

static void test_connections(void **state)
{
    (void) state;
    start();
    run(comes_often);
    /* Those that stay idle lose their place. */
    for (size_t i = 0; i < SERVE_CONNECTIONS_MAX; i++)
        agent.serve.clients[i].until_ms = os_now_ms();
    run(wants_a_nonce);
}

static void test_pid1_gone(void **state)
{
    (void) state;
    start();
    assert_int_equal(kill(lab.pid1, SIGKILL), 0);
    assert_int_equal(serve_wait(&agent, -1, 0, 5000), -EPIPE);
}

/* Before READY it waits for its own descriptor only; afterwards for that too. */
static void test_waits_for_its_own(void **state)
{
    int ends[2];
    (void) state;
    assert_int_equal(pipe(ends), 0);
    int in = fcntl(ends[0], F_DUPFD, 50);
    int out = fcntl(ends[1], F_DUPFD, 50);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(serve_wait(&agent, in, 0, 10), 0);
    start();
    assert_int_equal(serve_wait(&agent, in, 0, 10), 0);
    assert_int_equal(write(out, "x", 1), 1);
    assert_int_equal(serve_wait(&agent, in, 0, 1000), 1);
    assert_int_equal(serve_wait(&agent, out, 1, 1000), 1);
    close(in);
    close(out);
}

static void test_bucket(void **state)
{
    struct serve_bucket b = {.at_ms = 1000, .rate_ms = 500, .burst = 2, .tokens = 2};
    (void) state;
    assert_true(serve_allow(&b, 1000));
    assert_true(serve_allow(&b, 1000));
    assert_false(serve_allow(&b, 1000));
    assert_false(serve_allow(&b, 1499));
    assert_true(serve_allow(&b, 1500));
    assert_false(serve_allow(&b, 1999));
    assert_true(serve_allow(&b, 1000000)); /* never more than the burst */
    assert_true(serve_allow(&b, 1000000));
    assert_false(serve_allow(&b, 1000000));
    assert_false(serve_allow(&b, 5)); /* a clock that goes back gives nothing */
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_nonce),     ROW(test_report_data),       ROW(test_no_report),
        ROW(test_rate),      ROW(test_garbage),           ROW(test_connections),
        ROW(test_pid1_gone), ROW(test_waits_for_its_own), cmocka_unit_test(test_bucket),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
