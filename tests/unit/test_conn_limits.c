/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may come in, and who has to go. */
#include "conn_limits.h"

#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct limits_table table;

static int setup(void **state)
{
    (void) state;
    table = (struct limits_table){.entries = calloc(limits_total(), sizeof *table.entries),
                                  .size = limits_total()};
    return table.entries == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void) state;
    free(table.entries);
    return 0;
}

static struct limits_address ip4(uint32_t host)
{
    struct sockaddr_storage addr = {0};
    const struct sockaddr_in in4 = {
        .sin_family = AF_INET, .sin_port = htons(77), .sin_addr.s_addr = htonl(host)};

    memcpy(&addr, &in4, sizeof in4);
    return limits_address_of(&addr);
}

static struct limits_address ip6(const char *text)
{
    struct sockaddr_storage addr = {0};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    memcpy(&addr, &in6, sizeof in6);
    return limits_address_of(&addr);
}

static size_t enter(enum limits_door door, uint32_t host, int64_t since_ms)
{
    const struct limits_address a = ip4(host);

    return limits_enter(&table, door, &a, since_ms);
}

static struct limits_choice ask(enum limits_door door, uint32_t host, int64_t now_ms)
{
    const struct limits_address a = ip4(host);

    return limits_ask(&table, door, &a, now_ms);
}

static bool same_address(const struct limits_address a, const struct limits_address b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_addresses(void **state)
{
    struct sockaddr_storage addr = {0};
    struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 1};

    (void) state;
    assert_true(same_address(ip4(0x7f000001), ip4(0x7f000001)));
    assert_false(same_address(ip4(0x7f000001), ip4(0x7f000002)));
    assert_true(same_address(ip6("::ffff:127.0.0.1"), ip4(0x7f000001)));
    assert_true(same_address(ip6("2001:db8:1:2:3::1"), ip6("2001:db8:1:2:4::2")));
    assert_false(same_address(ip6("2001:db8:1:2::1"), ip6("2001:db8:1:3::1")));
    memcpy(&addr, &vm, sizeof vm);
    const struct limits_address three = limits_address_of(&addr);
    vm.svm_port = 9;
    memcpy(&addr, &vm, sizeof vm);
    assert_true(same_address(three, limits_address_of(&addr)));
    vm.svm_cid = 4;
    memcpy(&addr, &vm, sizeof vm);
    assert_false(same_address(three, limits_address_of(&addr)));
}

static void test_names(void **state)
{
    (void) state;
    for (int door = 0; door < LIMITS_DOORS; door++) {
        assert_string_not_equal(limits_door_name((enum limits_door) door), "none");
        assert_in_range(limits_value((enum limits_door) door, LIMITS_PER_ADDRESS), 1,
                        limits_value((enum limits_door) door, LIMITS_CONNECTIONS));
        assert_true(limits_value((enum limits_door) door, LIMITS_HANDSHAKE_MS) <
                    limits_value((enum limits_door) door, LIMITS_DEADLINE_MS));
    }
    for (int name = 0; name < LIMITS_COUNT; name++)
        assert_string_not_equal(limits_name_text((enum limits_name) name), "none");
    assert_string_equal(limits_name_text(LIMITS_COUNT), "none");
}

/* One address is full before the door is: it alone loses a connection, its oldest. */
static void test_one_address(void **state)
{
    const uint32_t most = limits_value(LIMITS_MESH, LIMITS_PER_ADDRESS);

    (void) state;
    size_t oldest = enter(LIMITS_MESH, 1, 100);
    (void) enter(LIMITS_MESH, 2, 50);
    for (uint32_t i = 1; i < most; i++)
        (void) enter(LIMITS_MESH, 1, 200);
    assert_int_equal(ask(LIMITS_MESH, 2, 300).verdict, LIMITS_ROOM);
    assert_int_equal(ask(LIMITS_USER, 1, 300).verdict, LIMITS_ROOM); /* another door */
    const struct limits_choice choice = ask(LIMITS_MESH, 1, 300);
    assert_int_equal(choice.verdict, LIMITS_EVICT);
    assert_int_equal(choice.name, LIMITS_PER_ADDRESS);
    assert_int_equal(choice.victim, oldest);
    limits_leave(&table, choice.victim);
    assert_int_equal(ask(LIMITS_MESH, 1, 300).verdict, LIMITS_ROOM);
    assert_int_equal(table.open[LIMITS_MESH], most);
}

static void fill_mesh(int64_t since_ms)
{
    for (uint32_t i = table.open[LIMITS_MESH]; i < limits_value(LIMITS_MESH, LIMITS_CONNECTIONS); i++)
        (void) enter(LIMITS_MESH, 1000 + i, since_ms);
}

/* Rows: what an entry is, against the crowd of `fill_mesh(5000)` (an address each, silent), at 9000 ms. */
static void test_full_door(void **state)
{
    static const struct {
        uint32_t host;
        unsigned count; /* of this host */
        enum limits_stage stage;
        int64_t since_ms;
        bool goes;
    } rows[] = {
        {7, 1,  LIMITS_SILENT,   4000, true }, /* the oldest of equals */
        {7, 1,  LIMITS_SILENT,   6000, false},
        {7, 1,  LIMITS_STARTED,  4000, true }, /* a few bytes are nothing */
        {7, 1,  LIMITS_GREETED,  4000, false}, /* a handshake is work */
        {7, 32, LIMITS_SILENT,   6000, false}, /* not yet a crowd */
        {7, 33, LIMITS_GREETED,  6000, true }, /* a crowd */
        {7, 33, LIMITS_ADMITTED, 6000, false}, /* whoever is admitted stays */
        {7, 33, LIMITS_SILENT,   8500, false}, /* has not had its time */
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(table.entries, 0, table.size * sizeof *table.entries);
        memset(table.open, 0, sizeof table.open);
        for (unsigned n = 0; n < rows[i].count; n++) {
            size_t index = enter(LIMITS_MESH, rows[i].host, rows[i].since_ms);
            table.entries[index].stage = rows[i].stage;
        }
        fill_mesh(5000);
        const struct limits_choice choice = ask(LIMITS_MESH, 5, 9000);
        assert_int_equal(choice.verdict, LIMITS_EVICT);
        assert_int_equal(choice.name, LIMITS_CONNECTIONS);
        assert_int_equal(table.entries[choice.victim].address.bytes[4] == 7, rows[i].goes);
        if (rows[i].goes)
            assert_int_equal(table.entries[choice.victim].stage, rows[i].stage);
    }
}

static void test_all_admitted(void **state)
{
    (void) state;
    fill_mesh(1);
    for (size_t i = 0; i < limits_value(LIMITS_MESH, LIMITS_CONNECTIONS); i++)
        table.entries[i].stage = LIMITS_ADMITTED;
    assert_int_equal(ask(LIMITS_MESH, 5, 9000).verdict, LIMITS_REFUSE);
    assert_int_equal(ask(LIMITS_MESH, 5, 9000).name, LIMITS_CONNECTIONS);
}

/* A flood from one address, newer than everybody, does not push out those who are slower but alone. */
static void test_flood(void **state)
{
    (void) state;
    size_t honest = enter(LIMITS_MESH, 5, 0);
    table.entries[honest].stage = LIMITS_STARTED;
    for (int64_t t = 1; t < 900; t++) {
        const struct limits_choice choice = ask(LIMITS_MESH, 6, t);

        if (choice.verdict == LIMITS_EVICT) {
            assert_int_not_equal(choice.victim, honest);
            limits_leave(&table, choice.victim);
        }
        (void) enter(LIMITS_MESH, 6, t);
    }
    assert_true(table.entries[honest].used);
    assert_int_equal(table.open[LIMITS_MESH], limits_value(LIMITS_MESH, LIMITS_PER_ADDRESS) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_one_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_door, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_admitted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
