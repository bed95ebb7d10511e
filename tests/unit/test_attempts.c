/* SPDX-License-Identifier: GPL-2.0-or-later */
/* channel and attempts: the agent's two sockets for real. This process is the agent; the test holds the other
 * end of its channel to PID 1, a child is the Coordinator. */
#include "attempts.h"

#include "channel.h"
#include "mesh_server.h"
#include "os.h"
#include "parser_test.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int pid1;  /* the other end of WIRE_FD */
static int spare; /* what WIRE_FD was */
static struct agent agent;
static struct policy policy;
static struct err err;
static struct mesh_server server;
static int listener;
static pid_t child;
static uint8_t message[WIRE_MESSAGE_MAX];

static int setup(void **state)
{
    int pair[2];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    (void) state;
    spare = fcntl(WIRE_FD, F_DUPFD, 20); /* -1 when nothing is there */
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    pid1 = fcntl(pair[0], F_DUPFD, 10);
    assert_int_equal(dup2(pair[1], WIRE_FD), WIRE_FD);
    for (int i = 0; i < 2; i++)
        if (pair[i] != WIRE_FD)
            close(pair[i]);

    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *) &at, &len), 0);

    memset(&policy, 0, sizeof(policy));
    memset(&err, 0, sizeof(err));
    struct policy_coordinator *c = &policy.coordinator;
    policy.has_coordinator = true;
    c->protocol = POLICY_CONTRAST;
    c->address = (struct netaddr){.kind = NETADDR_TCP4, .ip = {{127, 0, 0, 1}}, .port = ntohs(at.sin_port)};
    c->has_root_ca_key = true;
    c->deadline_ms = 20000;
    c->retry_ms = 10;
    c->retry_max_ms = 20;
    mesh_server_open(&server, (int64_t) time(NULL));
    mesh_server_pin(&server, c->root_ca_key_sha256);
    agent = (struct agent){.start_ms = os_now_ms(), .policy = &policy};
    child = 0;
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    if (child > 0) {
        (void) kill(child, SIGKILL);
        (void) waitpid(child, NULL, 0);
    }
    join_free(agent.join);
    mesh_server_close(&server);
    close(listener);
    close(pid1);
    if (spare >= 0) {
        (void) dup2(spare, WIRE_FD);
        close(spare);
    } else {
        close(WIRE_FD);
    }
    return 0;
}

/* --- the channel ----------------------------------------------------------------------------------- */

static void say(const struct wire_msg *msg)
{
    struct writer w = writer_of(message, sizeof(message));
    assert_int_equal(wire_encode(msg, &w, &err), 0);
    assert_int_equal(send(pid1, message, w.len, 0), w.len);
}

static struct wire_msg hear(enum wire_type type)
{
    struct wire_msg msg;
    ssize_t n = recv(pid1, message, sizeof(message), MSG_DONTWAIT);
    assert_true(n > 0);
    assert_int_equal(wire_decode(span_of(message, (size_t) n), &msg, &err), 0);
    assert_int_equal(msg.type, type);
    return msg;
}

static void queue_report(void)
{
    static char *report;
    static size_t len;
    if (report == NULL)
        report = test_slurp("tests/vectors/snp/dstack/report.bin", &len);
    say(&(struct wire_msg){.type = WIRE_REPORT_REPLY, .report_reply = {.report = span_of(report, len)}});
}

static void start(enum wire_job job, const char *file)
{
    size_t len;
    char *text = test_slurp(file, &len);
    say(&(struct wire_msg){
        .type = WIRE_START,
        .start = {.job = job, .time_floor_s = 12345, .event_head = {7}, .policy = span_of(text, len)}
    });
    free(text);
}

static void test_start(void **state)
{
    struct agent fresh = {0};
    (void) state;
    start(WIRE_JOB_AGENT, "tests/vectors/policy/minimal.json");
    assert_int_equal(channel_start(&fresh, &err), 0);
    assert_int_equal(fresh.clock.floor_s, 12345);
    assert_int_equal(fresh.event_head[0], 7);
    assert_int_equal(fresh.policy->coordinator.address.kind, NETADDR_VSOCK);
    policy_free(fresh.policy);
}

static void test_bad_start(void **state)
{
    struct agent fresh = {0};
    (void) state;
    start(WIRE_JOB_IMAGE, "tests/vectors/policy/minimal.json");
    assert_int_equal(channel_start(&fresh, &err), -1);
    assert_string_equal(err.text, "channel: START for job image");
    start(WIRE_JOB_AGENT, "tests/vectors/snp/NOTICE");
    assert_int_equal(channel_start(&fresh, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    say(&(struct wire_msg){.type = WIRE_DONE});
    assert_int_equal(channel_start(&fresh, &err), -1);
    assert_string_equal(err.text, "channel: no valid START");
    assert_int_equal(send(pid1, "x", 1, 0), 1);
    assert_int_equal(channel_start(&fresh, &err), -1);
    assert_int_equal(err.code, ERR_HELPER);
    assert_int_equal(shutdown(pid1, SHUT_RDWR), 0);
    assert_int_equal(channel_start(&fresh, &err), -1);
    assert_string_equal(err.text, "channel: closed instead of START");
    assert_null(fresh.policy);
}

static void test_failed(void **state)
{
    const struct err why = {.code = ERR_DENIED, .text = "coordinator: \x1b no\n"};
    (void) state;
    channel_failed(&why);
    struct wire_msg msg = hear(WIRE_FAILED);
    assert_int_equal(msg.failed.code, ERR_DENIED);
    assert_true(span_eq_str(msg.failed.text, "coordinator: ? no?"));
}

static void test_no_pid1(void **state)
{
    uint8_t report_data[CHANNEL_REPORT_DATA_SIZE] = {0};
    uint8_t evidence[ATLS_EVIDENCE_MAX];
    struct writer w = writer_of(evidence, sizeof(evidence));
    enum ratls_kind kind = RATLS_NO_TEE;
    (void) state;
    assert_int_equal(shutdown(pid1, SHUT_RDWR), 0);
    assert_int_equal(channel_evidence(report_data, &kind, &w, &err), -1);
    assert_int_equal(err.code, ERR_HELPER);
    assert_string_equal(err.text, "channel: cannot send REPORT_REQUEST (errno 32)");
    channel_failed(&err); /* nobody hears it, and that is not a crash */
}

static void test_bad_report(void **state)
{
    uint8_t report_data[CHANNEL_REPORT_DATA_SIZE] = {0};
    uint8_t evidence[ATLS_EVIDENCE_MAX];
    struct writer w = writer_of(evidence, sizeof(evidence));
    enum ratls_kind kind = RATLS_NO_TEE;
    (void) state;
    say(&(struct wire_msg){.type = WIRE_REPORT_REPLY, .report_reply = {.report = span_str("no report")}});
    assert_int_equal(channel_evidence(report_data, &kind, &w, &err), -1);
    assert_int_equal(err.code, ERR_HELPER);
    assert_memory_equal(err.text, "own evidence: ", 14);
    say(&(struct wire_msg){.type = WIRE_REPORT_REPLY}); /* PID 1 had none: another time perhaps */
    assert_int_equal(channel_evidence(report_data, &kind, &w, &err), -1);
    assert_int_equal(err.code, ERR_MISSING);
    assert_int_equal(kind, RATLS_NO_TEE);
    queue_report();
    assert_int_equal(channel_evidence(report_data, &kind, &w, &err), 0);
    assert_int_equal(kind, RATLS_SNP);
}

/* A real machine's quote: what goes out is the quote without the padding. */
static void test_quote(void **state)
{
    uint8_t report_data[CHANNEL_REPORT_DATA_SIZE] = {0};
    uint8_t evidence[ATLS_EVIDENCE_MAX];
    struct writer w = writer_of(evidence, sizeof(evidence)), small = writer_of(evidence, 4000);
    enum ratls_kind kind = RATLS_NO_TEE;
    size_t len;
    char *quote = test_slurp("tests/vectors/tdx/v4.bin", &len);
    const struct wire_msg reply = {.type = WIRE_REPORT_REPLY,
                                   .report_reply = {.report = span_of(quote, len)}};
    (void) state;
    say(&reply);
    assert_int_equal(channel_evidence(report_data, &kind, &w, &err), 0);
    assert_int_equal(kind, RATLS_TDX);
    assert_int_equal(w.len, len - 70);
    assert_memory_equal(evidence, quote, w.len);
    say(&reply);
    assert_int_equal(channel_evidence(report_data, &kind, &small, &err), -1);
    assert_string_equal(err.text, "own evidence: TDX quote: no room for 4936 bytes");
    assert_int_equal(small.len, 0);
    quote[632] ^= 1; /* the length of the signature data */
    say(&reply);
    assert_int_equal(channel_evidence(report_data, &kind, &w, &err), -1);
    assert_int_equal(err.code, ERR_HELPER);
    free(quote);
}

/* --- attempts -------------------------------------------------------------------------------------- */

/* In the child: serve one connection, as long as the peer stays. */
static void serve(int fd)
{
    uint8_t bytes[4096];
    mesh_server_start(&server);
    for (;;) {
        (void) mesh_server_step(&server);
        for (struct span out; (out = tls_output(server.tls)).len > 0;) {
            ssize_t n = send(fd, out.data, out.len, MSG_NOSIGNAL);
            if (n <= 0)
                _exit(1);
            tls_sent(server.tls, (size_t) n);
        }
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        struct err ignored;
        if (n <= 0 || tls_feed(server.tls, span_of(bytes, (size_t) n), &ignored) < 0)
            break;
    }
    tls_free(server.tls);
    grpc_free(server.grpc);
}

/* A Coordinator that closes its first connections, then serves the others. */
static void coordinator(unsigned closed)
{
    child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return;
    close(pid1);
    close(WIRE_FD);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (closed > 0)
            closed--;
        else
            serve(fd);
        close(fd);
    }
}

static void test_join(void **state)
{
    (void) state;
    coordinator(0);
    queue_report();
    if (attempts_run(&agent, &err) < 0)
        fail_msg("%s", err.text);
    hear(WIRE_REPORT_REQUEST);
    assert_int_equal(channel_hand_over(&agent, &err), 0);
    struct wire_msg msg = hear(WIRE_CERTIFICATES);
    assert_int_equal(msg.certificates.workload_secret.len, WIRE_SECRET_SIZE);
    assert_memory_equal(msg.certificates.key_pem.data, "-----BEGIN PRIVATE KEY-----", 27);
    assert_int_equal(channel_ready(&agent, &err), 0);
    hear(WIRE_READY);
    assert_true(agent.serve.started && !agent.serve.listens);
}

static void test_join_at_third(void **state)
{
    (void) state;
    coordinator(2);
    queue_report();
    if (attempts_run(&agent, &err) < 0)
        fail_msg("%s", err.text);
    hear(WIRE_REPORT_REQUEST);
}

static void fails(enum err_code code, const char *text)
{
    char prefix[64];
    (void) snprintf(prefix, sizeof(prefix), "coordinator 127.0.0.1:%u: ", policy.coordinator.address.port);
    assert_int_equal(attempts_run(&agent, &err), -1);
    assert_null(agent.join);
    if (err.code != code || strncmp(err.text, prefix, strlen(prefix)) != 0 ||
        strncmp(err.text + strlen(prefix), text, strlen(text)) != 0)
        fail_msg("expected %s \"%s%s\", found %s \"%s\"", err_code_name(code), prefix, text,
                 err_code_name(err.code), err.text);
}

static void test_refused(void **state)
{
    (void) state;
    server.status = GRPC_PERMISSION_DENIED;
    server.text = "host data ab is not in the manifest";
    coordinator(0);
    queue_report();
    fails(ERR_DENIED, "PermissionDenied: host data ab is not in the manifest");
}

static void test_other_root(void **state)
{
    (void) state;
    policy.coordinator.root_ca_key_sha256[0] ^= 1;
    coordinator(0);
    queue_report();
    fails(ERR_DENIED, "root CA key: expected ");
}

static void test_pid1_dies(void **state)
{
    (void) state;
    coordinator(0);
    assert_int_equal(shutdown(pid1, SHUT_RDWR), 0);
    fails(ERR_HELPER, "channel: cannot send REPORT_REQUEST");
}

static void test_nobody_listens(void **state)
{
    (void) state;
    policy.coordinator.deadline_ms = 200;
    close(listener);
    listener = -1;
    uint64_t begin = os_now_ms();
    fails(ERR_TIMEOUT, "connection refused (last of ");
    assert_true(os_now_ms() - begin <= 250);
}

static void test_silence(void **state)
{
    (void) state;
    policy.coordinator.deadline_ms = 200; /* the kernel accepts, nobody answers */
    fails(ERR_TIMEOUT, "join: no answer in time (last of 1 tries)");
}

static void test_only_closes(void **state)
{
    (void) state;
    policy.coordinator.deadline_ms = 200;
    coordinator(1000);
    fails(ERR_TIMEOUT, "");
    assert_non_null(strstr(err.text, " tries)"));
}

static void test_no_coordinator(void **state)
{
    (void) state;
    policy.has_coordinator = false;
    assert_int_equal(attempts_run(&agent, &err), 0);
    assert_null(agent.join);
}

static void test_clock_floor(void **state)
{
    (void) state;
    agent.clock.floor_s = time(NULL) + 86400; /* the host's clock is a day behind the image */
    policy.coordinator.deadline_ms = 2000;
    coordinator(0);
    fails(ERR_DENIED, "aTLS: peer's certificate: ");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_start),      ROW(test_bad_start),   ROW(test_failed),      ROW(test_no_pid1),
        ROW(test_bad_report), ROW(test_quote),       ROW(test_join),        ROW(test_join_at_third),
        ROW(test_refused),    ROW(test_other_root),  ROW(test_pid1_dies),   ROW(test_nobody_listens),
        ROW(test_silence),    ROW(test_only_closes), ROW(test_clock_floor), ROW(test_no_coordinator),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
