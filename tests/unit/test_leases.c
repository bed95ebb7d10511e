/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leases: when the agent asks for its leases again, and what it keeps for it. The calls themselves:
 * test_join_nacre, and tests/cli/test_epochs.py with the real agent. */
#include "leases.h"

#include "os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const struct {
    struct epoch_answer answers[2];
    size_t count;
    uint64_t pause_ms;
} rows[] = {
    {{{0}},                                                                      0, UINT64_MAX         },
    {{{.status = EPOCH_OK, .left_s = 900}},                                      1, 300000             },
    {{{.status = EPOCH_OK, .left_s = 10}},                                       1, 3333               },
    {{{.status = EPOCH_OK, .left_s = 0}},                                        1, LEASES_PAUSE_MIN_MS},
    {{{.status = EPOCH_OK, .left_s = 86400}},                                    1, LEASES_PAUSE_MAX_MS},
    {{{.status = EPOCH_HELD, .left_s = 500}},                                    1, 500000             },
    {{{.status = EPOCH_OK, .left_s = 900}, {.status = EPOCH_HELD, .left_s = 5}}, 2, 5000               },
    {{{.status = EPOCH_OK, .left_s = 900}, {.status = EPOCH_FULL}},              2, 300000             },
    {{{.status = EPOCH_FULL}},                                                   1, LEASES_PAUSE_MAX_MS},
    {{{.status = EPOCH_NO_VOLUMES}, {.status = EPOCH_NO_VOLUMES}},               2, UINT64_MAX         },
};

static void test_pause(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct join_volume v[2] = {{.answer = rows[i].answers[0]}, {.answer = rows[i].answers[1]}};
        if (leases_pause_ms(v, rows[i].count) != rows[i].pause_ms)
            fail_msg("row %zu: %llu", i, (unsigned long long) leases_pause_ms(v, rows[i].count));
    }
}

static void test_take(void **state)
{
    static struct agent agent;
    struct join_result r = {.mesh_ca = span_str("a mesh CA"), .volume_count = 1};
    uint8_t large[AGENT_MESH_CA_MAX + 1] = {0};
    (void) state;
    assert_true(leases_wait_ms(&agent, 0) == UINT64_MAX);
    r.volumes[0].answer.left_s = 900;
    uint64_t before = os_now_ms();
    leases_take(&agent, &r);
    assert_in_range(leases_wait_ms(&agent, before), 300000, 310000);
    assert_true(leases_wait_ms(&agent, before + 400000) == 0);
    assert_memory_equal(agent.leases.mesh_ca, "a mesh CA", 9);
    /* A connection without a certificate changes the time only. */
    r.mesh_ca = span_of(NULL, 0);
    r.volumes[0].answer.left_s = 90;
    leases_take(&agent, &r);
    assert_in_range(leases_wait_ms(&agent, before), 30000, 40000);
    assert_int_equal(agent.leases.mesh_ca_len, 9);
    r.mesh_ca = span_of(large, sizeof(large));
    leases_take(&agent, &r);
    assert_true(leases_wait_ms(&agent, before) == UINT64_MAX);
    r = (struct join_result){.mesh_ca = span_str("a mesh CA")}; /* Contrast's dialect */
    leases_take(&agent, &r);
    assert_true(leases_wait_ms(&agent, before) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pause), cmocka_unit_test(test_take)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
