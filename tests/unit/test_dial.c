/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dial: addresses, and connections on this machine. */
#include "dial.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static const struct {
    const char *text;
    uint32_t default_port;
    const char *host; /* NULL: refused */
    uint32_t port;
    const char *canonical;
} rows[] = {
    {"coordinator.example", 1313, "coordinator.example", 1313,  "coordinator.example:1313"},
    {"10.0.2.2:7",          1313, "10.0.2.2",            7,     "10.0.2.2:7"              },
    {"[::1]:65535",         1313, "::1",                 65535, "[::1]:65535"             },
    {"[::1]",               1313, "::1",                 1313,  "[::1]:1313"              },
    {"vsock:3:1313",        0,    "",                    1313,  "vsock:3:1313"            },
    {"host",                0,    NULL,                  0,     NULL                      },
    {"",                    1313, NULL,                  0,     NULL                      },
    {":1313",               1313, NULL,                  0,     NULL                      },
    {"host:",               1313, NULL,                  0,     NULL                      },
    {"host:0",              1313, NULL,                  0,     NULL                      },
    {"host:65536",          1313, NULL,                  0,     NULL                      },
    {"host:080",            1313, NULL,                  0,     NULL                      },
    {"host:1x",             1313, NULL,                  0,     NULL                      },
    {"::1",                 1313, NULL,                  0,     NULL                      },
    {"[::1",                1313, NULL,                  0,     NULL                      },
    {"[::1]x",              1313, NULL,                  0,     NULL                      },
    {"vsock:3",             1313, NULL,                  0,     NULL                      },
    {"vsock:x:1",           1313, NULL,                  0,     NULL                      },
};

static void test_parse(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dial_target target = {.port = 42};
        struct err err = {0};
        const int rc = dial_parse(rows[i].text, rows[i].default_port, &target, &err);

        if (rc != (rows[i].host ? 0 : -1))
            fail_msg("'%s': %d %s", rows[i].text, rc, err.text);
        if (rc < 0) {
            assert_int_equal(err.code, ERR_FORMAT);
            assert_int_equal(target.port, 42);
            continue;
        }
        assert_string_equal(target.host, rows[i].host);
        assert_int_equal(target.port, rows[i].port);
        assert_string_equal(target.text, rows[i].canonical);
    }
}

/* A socket that listens on a free port. */
static int listen_on(struct dial_target *target)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *) &addr, sizeof addr), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *) &addr, &len), 0);
    *target = (struct dial_target){.host = "127.0.0.1", .port = ntohs(addr.sin_port), .text = "here:1"};
    return fd;
}

static void test_connection(void **state)
{
    struct dial_target target;
    struct dial d;
    struct err err = {0};
    uint8_t in[8] = {0};
    size_t len = 0;
    const int server = listen_on(&target);

    (void) state;
    assert_int_equal(dial_open(&target, 2000, &d, &err), 0);
    const int peer = accept(server, NULL, NULL);
    assert_true(peer >= 0);
    assert_int_equal(dial_send(&d, span_str("ping"), &err), 0);
    assert_int_equal(read(peer, in, sizeof in), 4);
    assert_int_equal(write(peer, "pong", 4), 4);
    assert_int_equal(dial_receive(&d, in, sizeof in, &len, &err), 0);
    assert_int_equal(len, 4);
    assert_memory_equal(in, "pong", 4);
    (void) close(peer);
    assert_int_equal(dial_receive(&d, in, sizeof in, &len, &err), 0);
    assert_int_equal(len, 0);
    dial_close(&d);
    assert_int_equal(d.fd, -1);
    (void) close(server);
    assert_int_equal(dial_open(&target, 2000, &d, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
    assert_non_null(strstr(err.text, "here:1: "));
}

static void test_deadline(void **state)
{
    struct dial_target target;
    struct dial d;
    struct err err = {0};
    uint8_t in[8];
    size_t len = 42;
    const int server = listen_on(&target);

    (void) state;
    assert_int_equal(dial_open(&target, 20, &d, &err), 0);
    assert_int_equal(dial_receive(&d, in, sizeof in, &len, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_int_equal(len, 42);
    dial_close(&d);
    (void) close(server);
}

static void test_no_such_host(void **state)
{
    const struct dial_target target = {.host = "300.1.1.1", .port = 1, .text = "300.1.1.1:1"};
    struct dial d;
    struct err err = {0};

    (void) state;
    assert_int_equal(dial_open(&target, 2000, &d, &err), -1);
    assert_int_equal(err.code, ERR_SYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_connection),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_no_such_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
