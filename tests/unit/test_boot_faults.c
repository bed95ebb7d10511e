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
#include <string.h>

#include <cmocka.h>

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

static void fail_every_call(int error)
{
    int late = 0;

    for (int n = 1;; n++) {
        struct boot boot;
        struct boot_end end = {0};
        int r;

        fake_reset();
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

/* Once the workload runs: whatever fails, the VM is powered off, and with it the workload. */
static void test_after_the_start(void **state)
{
    static const int errors[] = {EIO, ENOMEM, EINTR};

    (void) state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        int calls_before;

        for (int n = 1;; n++) {
            struct boot boot;
            struct boot_end end = {0};

            fake_reset();
            fake.signals[0] = SIGTERM;
            boot_init(&boot);
            assert_int_equal(stages_run(&boot, &end), 0);
            calls_before = fake.calls;
            fake.fail_at = calls_before + n;
            fake.fail_errno = errors[i];
            supervise(&boot, &end);
            halt(&boot, &end);
            assert_int_equal(fake.power_offs, 1);
            assert_int_equal(fake.syncs, 1);
            assert_true(is_wiped(&boot.secret));
            assert_int_equal(fake_open_descriptors(), 0);
            assert_string_equal(end.stage, "supervise");
            assert_true(end.exited || end.err.code == ERR_SYS);
            boot_free(&boot);
            if (fake.calls < calls_before + n) {
                assert_true(end.exited);
                assert_true(n > 3);
                break;
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eio),
        cmocka_unit_test(test_enomem),
        cmocka_unit_test(test_eintr),
        cmocka_unit_test(test_after_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
