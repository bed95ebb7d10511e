/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dev twins: the shell starts only if the measured command line says so, and the boot goes on beside it.
 * The programs of the other tests link the production twins. */
#include "../../init/build_dev.c"
#include "../../init/console_dev.c"

#include "boot.h"
#include "fake_sys.h"
#include "stages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void run(const char *cmdline, int want, struct boot_end *end)
{
    struct boot boot;

    fake_text("/proc/cmdline", cmdline);
    boot_init(&boot);
    assert_int_equal(stages_run(&boot, end), want);
    assert_int_equal(fake_open_descriptors(), boot.agent != NULL); /* the agent's socket */
    boot_free(&boot);
}

static void test_no_word_no_shell(void **state)
{
    struct boot_end end = {0};

    (void) state;
    fake_reset();
    run("random.trust_bootloader=off\n", 0, &end);
    assert_int_equal(fake.shells, 0);
}

static void test_shell(void **state)
{
    struct boot_end end = {0};

    (void) state;
    fake_reset();
    run("random.trust_bootloader=off nacre.dev\n", 0, &end);
    assert_int_equal(fake.shells, 1);
    assert_int_equal(fake.workloads, 1);
}

static void test_no_shell_in_the_image(void **state)
{
    struct boot_end end = {0};

    (void) state;
    fake_reset();
    fake.no_shell = true;
    run("random.trust_bootloader=off nacre.dev\n", 0, &end);
    assert_int_equal(fake.workloads, 1);
}

static void test_debug_bit(void **state)
{
    struct boot_end end = {0};

    (void) state;
    fake_reset();
    fake.report.policy |= SNP_POLICY_DEBUG;
    run("random.trust_bootloader=off nacre.dev\n", 0, &end);
    fake_reset();
    fake.report.policy |= SNP_POLICY_DEBUG;
    run("random.trust_bootloader=off\n", -1, &end);
    assert_string_equal(end.stage, "platform");
    assert_int_equal(end.err.code, ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_word_no_shell),
        cmocka_unit_test(test_shell),
        cmocka_unit_test(test_no_shell_in_the_image),
        cmocka_unit_test(test_debug_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
