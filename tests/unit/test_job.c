/* SPDX-License-Identifier: GPL-2.0-or-later */
/* job: the helper's end of the socket, with the test as PID 1. Each case runs in a child, whose descriptor 3
 * is the socket. */
#include "parser_test.h"

#include "job.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLICY "tests/vectors/policy/full.json"

/* What the child found, as its exit status. */
enum { OK, REFUSED, NOT_CLOEXEC, OTHER_VALUES, NOT_WIPED };

static int child_begin(void)
{
    struct job job = {0};
    struct err err = {0};
    if (job_begin(&job, &err) < 0) {
        job_failed(&err);
        return REFUSED;
    }
    if ((fcntl(WIRE_FD, F_GETFD) & FD_CLOEXEC) == 0)
        return NOT_CLOEXEC;
    if (job.job != WIRE_JOB_VOLUMES || job.policy == NULL || job.secret.len != 64 ||
        job.secret.bytes[63] != 0x5a)
        return OTHER_VALUES;
    job_end(&job);
    if (!span_is_zero(span_of(&job.secret, sizeof job.secret)) || job.policy != NULL)
        return NOT_WIPED;
    job_done();
    return OK;
}

/* Send datagram (if there is one), run the child; its answer is in reply. Returns its exit status. */
static int run(struct span datagram, uint8_t *reply, size_t cap, size_t *len)
{
    int fds[2];
    int status = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    if (datagram.len > 0)
        assert_int_equal(send(fds[0], datagram.data, datagram.len, 0), (ssize_t) datagram.len);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void) dup2(fds[1], WIRE_FD);
        if (datagram.len == 0)
            (void) shutdown(WIRE_FD, SHUT_RD);
        _exit(child_begin());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    ssize_t n = recv(fds[0], reply, cap, MSG_DONTWAIT);
    *len = n < 0 ? 0 : (size_t) n;
    close(fds[0]);
    close(fds[1]);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static struct span start_make(const char *policy, size_t policy_len, uint8_t *buf, size_t cap)
{
    static const uint8_t secret[64] = {[63] = 0x5a};
    struct err err = {0};
    struct writer w = writer_of(buf, cap);
    struct wire_msg msg = {.type = WIRE_START};
    msg.start.job = WIRE_JOB_VOLUMES;
    msg.start.policy = span_of(policy, policy_len);
    msg.start.secret = span_of(secret, sizeof secret);
    if (wire_encode(&msg, &w, &err) < 0)
        fail_msg("%s", err.text);
    return writer_span(&w);
}

static void expect_failed(struct span datagram, enum err_code code, const char *part)
{
    static uint8_t reply[4096];
    size_t len;
    struct err err = {0};
    struct wire_msg msg;
    assert_int_equal(run(datagram, reply, sizeof reply, &len), REFUSED);
    if (wire_decode(span_of(reply, len), &msg, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(msg.type, WIRE_FAILED);
    assert_int_equal(msg.failed.code, code);
    char text[ERR_TEXT_MAX] = "";
    memcpy(text, msg.failed.text.data, msg.failed.text.len);
    if (strstr(text, part) == NULL)
        fail_msg("expected \"...%s...\", found \"%s\"", part, text);
}

static void test_good(void **state)
{
    static uint8_t buf[WIRE_MESSAGE_MAX];
    uint8_t reply[64];
    size_t len;
    (void) state;
    char *policy = test_slurp(POLICY, &len);
    struct span start = start_make(policy, len, buf, sizeof buf);
    assert_int_equal(run(start, reply, sizeof reply, &len), OK);
    assert_int_equal(len, WIRE_HEADER_SIZE);
    assert_int_equal(reply[0], WIRE_DONE);
    free(policy);
}

static void test_bad(void **state)
{
    static uint8_t buf[WIRE_MESSAGE_MAX];
    static uint8_t big[WIRE_MESSAGE_MAX + 1];
    static const uint8_t done[WIRE_HEADER_SIZE] = {WIRE_DONE};
    (void) state;
    expect_failed(span_of(done, sizeof done), ERR_HELPER, "expected START, found DONE");
    expect_failed(span_of(done, 3), ERR_FORMAT, "");
    expect_failed(span_of(big, sizeof big), ERR_LIMIT, "START: longer than");
    expect_failed(span_of("", 0), ERR_FORMAT, "");
    /* what the policy's parser says comes through, printable */
    expect_failed(start_make("{\"\xc3\xa4\":1}", 8, buf, sizeof buf), ERR_FORMAT, "unknown key \"??\"");
}

static void test_no_socket(void **state)
{
    int status = 0;
    (void) state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct job job = {0};
        struct err err = {0};
        close(WIRE_FD);
        _exit(job_begin(&job, &err) < 0 && err.code == ERR_SYS ? OK : REFUSED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_no_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
