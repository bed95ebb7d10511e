/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fail the Nth kernel call of the boot, for every N that it makes: the workload must then never start (or,
 * where it has begun to, be killed), no descriptor and no child may be left, and the secrets must be wiped.
 */
#include "boot.h"
#include "fake_sys.h"
#include "halt.h"
#include "stages.h"
#include "supervise.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WENT_ON 24 /* calls of one report, which the agent may be refused */

static bool is_wiped(const struct secret *s)
{
    return span_is_zero(span_of(s, sizeof *s));
}

/* The boot has failed at call n: nothing of it is left. */
static void check_nothing_left(struct boot *boot, const struct boot_end *end, int *late)
{
    /* Only a fault between START to init-launch and the end of its socket finds a workload: it is killed. */
    if (fake.workloads != 0) {
        assert_string_equal(end->stage, "workload");
        assert_int_equal(fake.kills, 1);
        *late += 1;
    }
    assert_non_null(end->stage);
    assert_int_not_equal(end->err.code, ERR_NONE);
    assert_int_equal(boot->workload, 0);
    fake.fail_at = 0;
    halt(boot, end);
    assert_true(is_wiped(&boot->secret));
    assert_int_equal(fake.dirty, 0);
    assert_int_equal(fake_open_descriptors(), 0);
    assert_int_equal(fake_children(), 0);
    assert_int_equal(fake_entries(), 0);
    assert_int_equal(fake.power_offs, 1);
    assert_int_equal(fake.syncs, 1);
    assert_non_null(strstr(fake.record, end->stage));
}

/* The good policy, with an attestation socket. */
static void with_socket(void)
{
    static const char key[] = "\"attestation\": \"nonce\", ";
    const char *at = strstr(fake_good_policy, "\"console\"");
    char policy[8192];

    (void) snprintf(policy, sizeof policy, "%.*s%s%s", (int) (at - fake_good_policy), fake_good_policy, key,
                    at);
    fake_policy(policy);
}

static void fail_every_call(int error)
{
    int late = 0;

    for (int n = 1;; n++) {
        struct boot boot;
        struct boot_end end = {0};
        int r;

        fake_reset();
        with_socket();
        fake.coordinator_time_s = 1900000000;
        fake.fail_at = n;
        fake.fail_errno = error;
        boot_init(&boot);
        r = stages_run(&boot, &end);
        if (fake.calls < n) { /* the boot makes n - 1 calls: each has failed once */
            assert_int_equal(r, 0);
            assert_int_equal(fake.workloads, 1);
            assert_true(n > 200);
            assert_int_equal(late, 3); /* wait for the socket, receive, look what runs */
            boot_free(&boot);
            break;
        }
        if (r == 0)
            fail_msg("call %d failed with errno %d and the boot went on", n, error);
        check_nothing_left(&boot, &end, &late);
        boot_free(&boot);
    }
}

static void test_eio(void **state)
{
    (void) state;
    fail_every_call(EIO);
}

static void test_enomem(void **state)
{
    (void) state;
    fail_every_call(ENOMEM);
}

/* sys_linux.c repeats a call that a signal has cut short. If one came through all the same, it would be an
 * error like any other. */
static void test_eintr(void **state)
{
    (void) state;
    fail_every_call(EINTR);
}

/* What the agent does while the workload runs, and what must be true after a fault in it: the VM has ended,
 * or the fault was in a report, which the agent does without. */
static const enum fake_later events[4] = {FAKE_LATER_RENEWS, FAKE_LATER_ASKS, FAKE_LATER_RENEWS};

static void check_end(const struct boot *boot, const struct boot_end *end, int error)
{
    assert_int_equal(fake.power_offs, 1);
    assert_int_equal(fake.syncs, 1);
    assert_true(is_wiped(&boot->secret));
    assert_int_equal(fake.dirty, 0);
    assert_int_equal(fake_open_descriptors(), 0);
    if (end->exited) {
        assert_string_equal(end->stage, "supervise");
        return;
    }
    assert_int_equal(end->err.code, ERR_SYS);
    assert_int_equal(end->err.sys_errno, error);
    assert_true(strcmp(end->stage, "supervise") == 0 || strcmp(end->stage, "attest") == 0);
}

/* Once the workload runs: whatever fails, the VM is powered off, and with it the workload. */
static void test_after_the_start(void **state)
{
    static const int errors[] = {EIO, ENOMEM, EINTR};

    (void) state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        int went_on = 0;

        for (int n = 1;; n++) {
            struct boot boot;
            struct boot_end end = {0};
            int calls_before, calls;

            fake_reset();
            fake.signals[0] = SIGTERM;
            memcpy(fake.later, events, sizeof events);
            boot_init(&boot);
            assert_int_equal(stages_run(&boot, &end), 0);
            calls_before = fake.calls;
            fake.fail_at = calls_before + n;
            fake.fail_errno = errors[i];
            supervise(&boot, &end);
            calls = fake.calls;
            fake.fail_at = 0;
            halt(&boot, &end);
            check_end(&boot, &end, errors[i]);
            boot_free(&boot);
            if (calls < calls_before + n) {
                assert_true(end.exited);
                assert_true(n > 60);
                break;
            }
            went_on += end.exited;
        }
        assert_int_equal(went_on, WENT_ON);
    }
}

/* And whatever fails in halt, the power goes. */
static void test_in_the_end(void **state)
{
    (void) state;
    for (int n = 1;; n++) {
        struct boot boot;
        struct boot_end end = {0};
        int calls_before;

        fake_reset();
        boot_init(&boot);
        assert_int_equal(stages_run(&boot, &end), 0);
        supervise(&boot, &end);
        calls_before = fake.calls;
        fake.fail_at = calls_before + n;
        fake.fail_errno = EIO;
        halt(&boot, &end);
        assert_int_equal(fake.power_offs, 1);
        assert_int_equal(fake.syncs, 1);
        assert_int_equal(fake_open_descriptors(), 0);
        boot_free(&boot);
        if (fake.calls < calls_before + n)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio),        cmocka_unit_test(test_enomem),
        cmocka_unit_test(test_eintr),      cmocka_unit_test(test_after_the_start),
        cmocka_unit_test(test_in_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
