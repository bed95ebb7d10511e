/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_evidence: over a real socket, with a child at the other end that answers as told. */
#include "own_evidence.h"

#include "parser_test.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static char path[96];
static pid_t child;
static struct err err;

static int setup(void **state)
{
    (void) state;
    (void) snprintf(dir, sizeof(dir), "/tmp/nacre-evidence-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void) snprintf(path, sizeof(path), "%s/attest.sock", dir);
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
    (void) unlink(path);
    (void) rmdir(dir);
    return 0;
}

/* Answer each request with the next of the replies; the last one again and again. Text and evidence are
 * static; evidence starts with the request's data. */
static void serve(int listener, const struct attest_socket_reply *replies, size_t count)
{
    static uint8_t buf[ATTEST_SOCKET_REPLY_MAX];
    for (size_t i = 0;; i += i + 1 < count) {
        struct attest_socket_request request;
        struct attest_socket_reply reply = replies[i];
        struct writer w = writer_of(buf, sizeof(buf));
        uint8_t bytes[128];
        int fd = accept(listener, NULL, NULL);
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0 || attest_socket_decode_request(span_of(bytes, (size_t) n), &request, &err) < 0)
            _exit(1);
        if (reply.evidence.len == 64)
            reply.evidence.data = request.data;
        if (attest_socket_encode_reply(&reply, &w, &err) < 0)
            writer_str(&w, "no reply at all");
        (void) send(fd, buf, w.len, MSG_NOSIGNAL);
        close(fd);
    }
}

static void start(const struct attest_socket_reply *replies, size_t count)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    (void) snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    assert_int_equal(bind(listener, (struct sockaddr *) &at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 8), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        serve(listener, replies, count);
    close(listener);
}

static struct attest_socket_reply ok(enum attest_socket_evidence kind)
{
    static const uint8_t filler[64];
    return (struct attest_socket_reply){
        .kind = ATTEST_SOCKET_REPORT_DATA, .evidence_kind = kind, .evidence = span_of(filler, 64)};
}

static struct attest_socket_reply no(enum attest_socket_status status)
{
    return (struct attest_socket_reply){
        .status = status, .kind = ATTEST_SOCKET_REPORT_DATA, .text = span_str("said so")};
}

static void test_good(void **state)
{
    static const enum attest_socket_evidence kinds[] = {ATTEST_SOCKET_SNP, ATTEST_SOCKET_TDX};
    static const enum ratls_kind expected[] = {RATLS_SNP, RATLS_TDX};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct attest_socket_reply replies[] = {ok(kinds[i]), no(ATTEST_SOCKET_BUSY), ok(kinds[i])};
        struct own_evidence own = {0};
        uint8_t data[64], out[80];
        struct writer w = writer_of(out, sizeof(out));
        memset(data, 0x42, sizeof(data));
        start(replies, COUNT(replies));
        assert_int_equal(own_evidence_open(path, &own, &err), 0);
        assert_int_equal(own.kind, expected[i]);
        assert_int_equal(own_evidence_get(&own, data, &w, &err), 0); /* busy, then ok */
        assert_int_equal(w.len, 64);
        assert_memory_equal(out, data, sizeof(data));
        assert_int_equal(own_evidence_get(&own, data, &w, &err), -1);
        test_check_err(&err, ERR_LIMIT, "no room", "full writer");
        assert_int_equal(w.len, 64);
        teardown(state);
        setup(state);
    }
}

static void test_bad(void **state)
{
    struct attest_socket_reply other = ok(ATTEST_SOCKET_SNP);
    other.kind = ATTEST_SOCKET_NONCE;
    const struct {
        struct attest_socket_reply reply;
        enum err_code code;
        const char *text;
    } rows[] = {
        {no(ATTEST_SOCKET_REFUSED), ERR_DENIED,  "refused: said so"},
        {no(ATTEST_SOCKET_BUSY),    ERR_TIMEOUT, "busy: said so"   },
        {other,                     ERR_FORMAT,  "another kind"    },
        {{0},                       ERR_FORMAT,  "version"         },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct own_evidence own = {.path = "untouched"};
        start(&rows[i].reply, 1);
        assert_int_equal(own_evidence_open(path, &own, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].text);
        assert_string_equal(own.path, "untouched");
        teardown(state);
        setup(state);
    }
}

static void test_kind_changes(void **state)
{
    const struct attest_socket_reply replies[] = {ok(ATTEST_SOCKET_SNP), ok(ATTEST_SOCKET_TDX)};
    struct own_evidence own;
    uint8_t data[64] = {0}, out[80];
    struct writer w = writer_of(out, sizeof(out));
    (void) state;
    start(replies, COUNT(replies));
    assert_int_equal(own_evidence_open(path, &own, &err), 0);
    assert_int_equal(own_evidence_get(&own, data, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "than at the start", "kind");
    assert_int_equal(w.len, 0);
}

static void test_nobody(void **state)
{
    struct own_evidence own;
    char longest[200];
    (void) state;
    assert_int_equal(own_evidence_open(path, &own, &err), -1);
    test_check_err(&err, ERR_SYS, "connect", "no socket");
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(own_evidence_open(longest, &own, &err), -1);
    test_check_err(&err, ERR_LIMIT, "199 bytes", "long path");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kind_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
