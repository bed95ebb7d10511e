/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "netaddr.h"

static void test_good(void **state)
{
    static const struct {
        const char *text;
        struct netaddr want;
    } rows[] = {
        {"10.0.2.2:7777",               {NETADDR_TCP4, {{10, 0, 2, 2}}, 0, 7777}        },
        {"1.255.0.255:1",               {NETADDR_TCP4, {{1, 255, 0, 255}}, 0, 1}        },
        {"127.0.0.1:65535",             {NETADDR_TCP4, {{127, 0, 0, 1}}, 0, 65535}      },
        {"vsock:2:7777",                {NETADDR_VSOCK, {{0}}, 2, 7777}                 },
        {"vsock:0:1",                   {NETADDR_VSOCK, {{0}}, 0, 1}                    },
        {"vsock:4294967294:4294967294", {NETADDR_VSOCK, {{0}}, 4294967294u, 4294967294u}},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct netaddr got;
        struct err err = {0};
        char text[NETADDR_TEXT_MAX];

        assert_int_equal(netaddr_parse(span_str(rows[i].text), &got, &err), 0);
        assert_int_equal(got.kind, rows[i].want.kind);
        assert_memory_equal(got.ip.bytes, rows[i].want.ip.bytes, 4);
        assert_int_equal(got.cid, rows[i].want.cid);
        assert_int_equal(got.port, rows[i].want.port);
        netaddr_format(&got, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_bad(void **state)
{
    static const char *const bad[] = {
        "",
        ":",
        "10.0.2.2",
        "10.0.2.2:",
        "10.0.2.2:0",
        "10.0.2.2:65536",
        "10.0.2.2:07777",
        "10.0.2.2:+1",
        "10.0.2.2: 1",
        "10.0.2.2:1 ",
        "10.0.2:1",
        "10.0.2.2.2:1",
        "10.0.2.256:1",
        "10.0.2.02:1",
        "10..2.2:1",
        "0.0.0.0:1",
        "0.1.2.3:1",
        "224.0.0.1:1",
        "255.255.255.255:1",
        "localhost:1",
        "[::1]:1",
        "10.0.2.2:1:1",
        "0x0a.0.2.2:1",
        "vsock",
        "vsock:",
        "vsock:2",
        "vsock:2:",
        "vsock:2:0",
        "vsock:-1:1",
        "vsock:4294967295:1",
        "vsock:2:4294967295",
        "vsock:2:7777:1",
        "vsock::1",
        "VSOCK:2:1",
        "vsock:02:1",
        "10.0.2.2:99999999999",
        "10.0.2.2:18446744073709551617",
        ".10.0.2.2:1",
        "10.0.2.2.:1",
    };

    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct netaddr got = {.port = 77};
        struct err err = {0};

        if (netaddr_parse(span_str(bad[i]), &got, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_int_equal(got.port, 77);
    }
}

static void test_net4(void **state)
{
    static const char *const bad[] = {"",
                                      "/",
                                      "10.0.2.15",
                                      "10.0.2.15/",
                                      "10.0.2.15/0",
                                      "10.0.2.15/33",
                                      "10.0.2.15/024",
                                      "10.0.2.15/24/",
                                      "10.0.2/24",
                                      "/24",
                                      "10.0.2.15/-1",
                                      "0.0.0.0/8",
                                      "10.0.2.15/255.255.255.0"};
    struct netaddr_net4 net = {.prefix_bits = 77};
    struct netaddr_ip4 ip;
    struct err err = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (netaddr_parse_net4(span_str(bad[i]), &net, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.code, ERR_FORMAT);
        assert_int_equal(net.prefix_bits, 77);
    }
    assert_int_equal(netaddr_parse_net4(span_str("10.0.2.15/24"), &net, &err), 0);
    assert_int_equal(net.prefix_bits, 24);
    assert_int_equal(net.ip.bytes[3], 15);
    assert_int_equal(netaddr_parse_ip4(span_str("10.0.2.15"), &ip, &err), 0);
    assert_int_equal(ip.bytes[0], 10);
    assert_int_equal(netaddr_parse_ip4(span_str("10.0.2.15/24"), &ip, &err), -1);
    assert_int_equal(netaddr_parse_ip4(span_of("10.0.2.1\0", 9), &ip, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_net4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
