/* SPDX-License-Identifier: GPL-2.0-or-later */
/* renew: the agent after the join, against a Coordinator and a PID 1 that are processes of their own. */
#include "renew.h"

#include "agent_lab.h"
#include "attempts.h"
#include "channel.h"
#include "os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static struct agent_lab lab;
static struct agent agent;
static struct err err;

static int setup(void **state)
{
    (void) state;
    agent_lab_open(&lab, (int64_t) time(NULL));
    memset(&err, 0, sizeof(err));
    agent = (struct agent){.start_ms = os_now_ms(), .policy = &lab.policy};
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    join_free(agent.join);
    agent_lab_close(&lab);
    return 0;
}

/* The join, and then the agent's life to its end. */
static void live(void)
{
    agent_lab_start_coordinator(&lab);
    agent_lab_start_pid1(&lab);
    if (attempts_run(&agent, &err) < 0 || renew_hand_over(&agent, &err) < 0 ||
        channel_ready(&agent, &err) < 0)
        fail_msg("%s", err.text);
    assert_null(agent.join);
    assert_true(agent.leaf.held);
    assert_int_equal(renew_run(&agent, &err), -1);
}

static void test_when(void **state)
{
    static const int64_t rows[][3] = {
        {1000, 1300,     1200    },
        {1000, 1003,     1002    },
        {1000, 1001,     1000    },
        {1000, 1000,     1000    },
        {1000, 900,      1000    },
        {0,    31557600, 21038400},
    };
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(renew_at_s(rows[i][0], rows[i][1]), rows[i][2]);
    assert_true(renew_at_s(1000, INT64_MAX) > 0);
}

/* A certificate of six seconds: the next one comes after four, with another key and another report. */
static void test_renewals(void **state)
{
    struct agent_lab_note notes[AGENT_LAB_NOTES_MAX];
    (void) state;
    lab.server.leaf_life_s = 6;
    lab.renewals_max = 3;
    uint64_t begin = os_now_ms();
    live();
    uint64_t took_ms = os_now_ms() - begin;
    assert_int_equal(err.code, ERR_HELPER);
    assert_string_equal(err.text, "PID 1 is gone (errno 32)");
    assert_in_range(took_ms, 6500, 60000); /* twice four seconds, less what rounding takes */
    static const enum wire_type story[] = {WIRE_REPORT_REQUEST, WIRE_CERTIFICATES, WIRE_READY,
                                           WIRE_REPORT_REQUEST, WIRE_CERTIFICATES, WIRE_REPORT_REQUEST,
                                           WIRE_CERTIFICATES};
    assert_int_equal(agent_lab_notes(&lab, notes), sizeof(story) / sizeof(story[0]));
    for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); i++)
        assert_int_equal(notes[i].type, story[i]);
    assert_memory_not_equal(notes[1].key, notes[4].key, sizeof(notes[1].key));
    assert_memory_not_equal(notes[4].key, notes[6].key, sizeof(notes[1].key));
    assert_memory_not_equal(notes[0].report_data, notes[3].report_data, WIRE_REPORT_DATA_SIZE);
    assert_memory_not_equal(notes[3].report_data, notes[5].report_data, WIRE_REPORT_DATA_SIZE);
    assert_true(notes[1].has_secret && notes[4].has_secret);
}

static void ends(const char *reason)
{
    char start[80];
    (void) snprintf(start, sizeof(start), "coordinator 127.0.0.1:%u: ", lab.policy.coordinator.address.port);
    if (err.code != ERR_TIMEOUT || strncmp(err.text, "the certificate ended at 20", 27) != 0 ||
        strstr(err.text, start) == NULL || strstr(err.text, reason) == NULL)
        fail_msg("expected timeout \"...%s%s...\", found %s \"%s\"", start, reason, err_code_name(err.code),
                 err.text);
}

static void test_coordinator_gone(void **state)
{
    uint64_t begin = os_now_ms();
    (void) state;
    lab.server.leaf_life_s = 6;
    lab.joins_max = 1;
    live();
    ends("connection refused");
    assert_in_range(os_now_ms() - begin, 4900, 60000);
}

/* A refusal is no end either before the certificate has ended. */
static void test_another_secret(void **state)
{
    struct agent_lab_note notes[AGENT_LAB_NOTES_MAX];
    (void) state;
    lab.server.leaf_life_s = 6;
    lab.other_secret = 2;
    live();
    ends("another workload secret");
    size_t count = agent_lab_notes(&lab, notes);
    unsigned certificates = 0;
    for (size_t i = 0; i < count; i++)
        certificates += notes[i].type == WIRE_CERTIFICATES;
    assert_int_equal(certificates, 1);
    assert_true(count >= 4); /* it has tried */
}

static void test_no_reports(void **state)
{
    (void) state;
    lab.no_reports = true;
    lab.policy.coordinator.deadline_ms = 300;
    agent_lab_start_coordinator(&lab);
    agent_lab_start_pid1(&lab);
    assert_int_equal(attempts_run(&agent, &err), -1);
    assert_int_equal(err.code, ERR_TIMEOUT);
    assert_non_null(strstr(err.text, "no report this time"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_when), ROW(test_renewals),   ROW(test_coordinator_gone),
        ROW(test_another_secret),    ROW(test_no_reports),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
