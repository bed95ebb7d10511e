/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A helper that does anything but its job ends the boot at its stage, is killed, and leaves nothing. */
#include "boot.h"
#include "fake_sys.h"
#include "halt.h"
#include "stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *const stage_of[FAKE_JOBS] = {
    [WIRE_JOB_AGENT] = "attest",
    [WIRE_JOB_VOLUMES] = "volumes",
    [WIRE_JOB_IMAGE] = "image",
    [WIRE_JOB_LAUNCH] = "workload",
};

/* Run the boot with one bad helper and check that it ends as it must. */
static void check(enum wire_job job, enum fake_helper how, enum err_code code, const char *text)
{
    struct boot boot;
    struct boot_end end = {0};

    fake_reset();
    fake.helper[job] = how;
    boot_init(&boot);
    if (stages_run(&boot, &end) == 0)
        fail_msg("%s: fault %d: the boot went on", wire_job_name(job), how);
    print_message("%s: %s: %s\n", end.stage, err_code_name(end.err.code), end.err.text);
    assert_string_equal(end.stage, stage_of[job]);
    assert_int_equal(end.err.code, code);
    assert_non_null(strstr(end.err.text, wire_job_name(job)));
    assert_non_null(strstr(end.err.text, text));
    assert_int_equal(fake.workloads, 0);
    halt(&boot, &end);
    assert_int_equal(fake_children(), 0);
    assert_int_equal(fake_open_descriptors(), 0);
    assert_int_equal(fake_entries(), 0);
    assert_int_equal(fake.dirty, 0);
    assert_true(span_is_zero(span_of(&boot.secret, sizeof boot.secret)));
    boot_free(&boot);
}

static void test_every_helper(void **state)
{
    static const struct {
        enum fake_helper how;
        enum err_code code;
        const char *text;
    } rows[] = {
        {FAKE_KILLED,    ERR_HELPER,  "SIGILL"      },
        {FAKE_SILENT,    ERR_TIMEOUT, "not done"    },
        {FAKE_FAILED,    ERR_DENIED,  "it said no"  },
        {FAKE_UNKNOWN,   ERR_HELPER,  ""            },
        {FAKE_SHORT,     ERR_HELPER,  ""            },
        {FAKE_LONG,      ERR_HELPER,  "131081 bytes"},
        {FAKE_OTHER_JOB, ERR_HELPER,  ""            },
        {FAKE_TALKS,     ERR_HELPER,  ""            },
    };

    (void) state;
    for (int job = WIRE_JOB_AGENT; job <= WIRE_JOB_LAUNCH; job++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            check((enum wire_job) job, rows[i].how, rows[i].code, rows[i].text);
}

static void test_helpers_that_end_with_done(void **state)
{
    static const enum wire_job jobs[] = {WIRE_JOB_VOLUMES, WIRE_JOB_IMAGE};

    (void) state;
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        check(jobs[i], FAKE_EXITS, ERR_HELPER, "");
        check(jobs[i], FAKE_RESETS, ERR_HELPER, "");
        check(jobs[i], FAKE_BAD_EXIT, ERR_HELPER, "exit status 3");
        check(jobs[i], FAKE_LINGERS, ERR_TIMEOUT, "not done");
    }
}

static void test_agent_without_done(void **state)
{
    (void) state;
    check(WIRE_JOB_AGENT, FAKE_NO_DONE, ERR_HELPER, "");
    check(WIRE_JOB_AGENT, FAKE_EXITS, ERR_HELPER, "");
}

/* For init-launch the end of the socket means that the execve was done: unless it was not. */
static void test_launch_without_execve(void **state)
{
    (void) state;
    check(WIRE_JOB_LAUNCH, FAKE_EXITS, ERR_HELPER, "exit status 3");
    check(WIRE_JOB_LAUNCH, FAKE_CLOSES, ERR_HELPER, "before the execve");
    check(WIRE_JOB_LAUNCH, FAKE_RESETS, ERR_HELPER, "exit status 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_helper),
        cmocka_unit_test(test_helpers_that_end_with_done),
        cmocka_unit_test(test_agent_without_done),
        cmocka_unit_test(test_launch_without_execve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
