/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise and halt: how the VM's end is told, and that it always comes. */
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

static void check_record(const struct boot_end *end, const char *want)
{
    char buf[HALT_RECORD_MAX + 1] = "";
    struct writer w = writer_of(buf, HALT_RECORD_MAX);

    halt_record(end, &w);
    assert_false(w.bad);
    buf[w.len] = '\0';
    assert_string_equal(buf, want);
}

static void test_record_of_a_failure(void **state)
{
    struct boot_end end = {.stage = "initdata"};

    (void) state;
    (void) err_set(&end.err, ERR_DENIED, 0, "not \"this\" \\ one\n");
    check_record(&end, "{\"stage\":\"initdata\",\"code\":\"denied\","
                       "\"text\":\"not \\\"this\\\" \\\\ one?\",\"exit\":null}\n");
}

static void test_record_of_a_system_error(void **state)
{
    struct boot_end end = {.stage = "earlyfs"};
    char want[256];

    (void) state;
    (void) err_set(&end.err, ERR_SYS, EIO, "mount /proc");
    (void) snprintf(want, sizeof want,
                    "{\"stage\":\"earlyfs\",\"code\":\"sys\",\"text\":\"mount /proc: %s\",\"exit\":null}\n",
                    strerror(EIO));
    check_record(&end, want);
}

static void test_record_of_an_exit(void **state)
{
    struct boot_end end = {.stage = "supervise", .exited = true, .status = 143};

    (void) state;
    check_record(&end, "{\"stage\":\"supervise\",\"code\":\"exit\",\"text\":\"the workload has ended\","
                       "\"exit\":143}\n");
}

/* The longest text, of which every byte is escaped, fits. */
static void test_record_fits(void **state)
{
    struct boot_end end = {.stage = "initdata"};
    char buf[HALT_RECORD_MAX];
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    end.err.code = ERR_SYS;
    end.err.sys_errno = EIO;
    memset(end.err.text, '"', sizeof end.err.text - 1);
    halt_record(&end, &w);
    assert_false(w.bad);
}

/* --- whole ends --- */

struct row {
    int status, signal;
    int sent[3];
    int forwarded;
    int exit;
};

static void test_ends_of_the_workload(void **state)
{
    static const struct row rows[] = {
        {0,  0,       {0},                        0, 0  },
        {7,  0,       {SIGTERM},                  1, 7  },
        {0,  SIGKILL, {0},                        0, 137},
        {0,  SIGTERM, {SIGHUP, SIGINT, SIGUSR1},  3, 143},
        {3,  0,       {SIGUSR2, SIGQUIT, SIGURG}, 2, 3  },
        {99, 0,       {SIGCHLD, SIGALRM},         0, 99 },
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct boot boot;
        struct boot_end end = {0};
        char line[64];

        fake_reset();
        fake.workload_status = rows[i].status;
        fake.workload_signal = rows[i].signal;
        for (size_t j = 0; j < 3; j++)
            fake.signals[j] = rows[i].sent[j];
        boot_init(&boot);
        assert_int_equal(stages_run(&boot, &end), 0);
        supervise(&boot, &end);
        halt(&boot, &end);
        assert_int_equal(fake.forwarded, rows[i].forwarded);
        assert_true(end.exited);
        assert_int_equal(end.status, rows[i].exit);
        (void) snprintf(line, sizeof line, "nacre: halt: supervise: exit: %d\n", rows[i].exit);
        assert_non_null(strstr(fake.console, line));
        (void) snprintf(line, sizeof line, "\"exit\":%d}\n", rows[i].exit);
        assert_non_null(strstr(fake.record, line));
        assert_int_equal(fake.umounts, 1); /* the one volume */
        assert_int_equal(fake.power_offs, 1);
        assert_int_equal(fake_children(), 0);
        boot_free(&boot);
    }
}

static void test_busy_volume(void **state)
{
    static const struct {
        int busy;
        int umounts;
    } rows[] = {
        {3,   1},
        {100, 0},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct boot boot;
        struct boot_end end = {0};

        fake_reset();
        boot_init(&boot);
        assert_int_equal(stages_run(&boot, &end), 0);
        supervise(&boot, &end);
        fake.busy_umounts = rows[i].busy;
        halt(&boot, &end);
        assert_int_equal(fake.umounts, rows[i].umounts);
        assert_int_equal(strstr(fake.console, "volume data: not unmounted") == NULL, rows[i].umounts);
        assert_int_equal(fake.power_offs, 1);
        boot_free(&boot);
    }
}

/* --- what supervise says first --- */

static void run_to_the_end(struct boot_end *end)
{
    struct boot boot;

    boot_init(&boot);
    assert_int_equal(stages_run(&boot, end), 0);
    supervise(&boot, end);
    halt(&boot, end);
    assert_int_equal(fake.power_offs, 1);
    assert_int_equal(fake_open_descriptors(), 0);
    boot_free(&boot);
}

static void test_figures(void **state)
{
    struct boot_end end = {0};
    const char *line;

    (void) state;
    fake_reset();
    run_to_the_end(&end);
    assert_true(end.exited);
    line = strstr(fake.console, "nacre: figures kernel_ms=0.00");
    assert_non_null(line);
    assert_non_null(strstr(line, " init_rss_kib=480 guest_used_kib=17000\n"));
    assert_true(strstr(line, " init_ms=") < strchr(line, '\n'));
}

static void test_figures_when_quiet(void **state)
{
    struct boot_end end = {0};

    (void) state;
    fake_reset();
    fake_text("/proc/cmdline", "random.trust_bootloader=off nacre.log=quiet\n");
    fake_text("/proc/meminfo", NULL); /* not read */
    run_to_the_end(&end);
    assert_true(end.exited);
    assert_null(strstr(fake.console, "figures"));
}

static void test_figures_missing(void **state)
{
    static const struct {
        const char *path, *text;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"/proc/self/statm", NULL,                                      ERR_SYS,    "open /proc/self/statm"},
        {"/proc/self/statm", "180\n",                                   ERR_FORMAT, "no ' '"               },
        {"/proc/self/statm", "180 x\n",                                 ERR_FORMAT, "no number behind ' '" },
        {"/proc/meminfo",    NULL,                                      ERR_SYS,    "open /proc/meminfo"   },
        {"/proc/meminfo",    "MemAvailable: 1 kB\n",                    ERR_FORMAT, "no 'MemTotal:'"       },
        {"/proc/meminfo",    "MemTotal: 2 kB\nMemAvailable: lots kB\n", ERR_FORMAT, "no number behind"     },
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct boot_end end = {0};

        fake_reset();
        fake_text(rows[i].path, rows[i].text);
        run_to_the_end(&end);
        assert_false(end.exited);
        assert_string_equal(end.stage, "supervise");
        assert_int_equal(end.err.code, rows[i].code);
        assert_non_null(strstr(end.err.text, rows[i].says));
    }
}

static void test_without_a_port(void **state)
{
    struct boot boot;
    struct boot_end end = {.stage = "console"};

    (void) state;
    fake_reset();
    fake_text("/sys/class/virtio-ports/vport0p1/name", "other\n");
    boot_init(&boot);
    (void) err_set(&end.err, ERR_SYS, EIO, "open /dev/console");
    halt(&boot, &end);
    assert_string_equal(fake.record, "");
    assert_int_equal(fake.power_offs, 1);
    assert_int_equal(fake_open_descriptors(), 0);
    boot_free(&boot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_of_a_failure),
        cmocka_unit_test(test_record_of_a_system_error),
        cmocka_unit_test(test_record_of_an_exit),
        cmocka_unit_test(test_record_fits),
        cmocka_unit_test(test_ends_of_the_workload),
        cmocka_unit_test(test_busy_volume),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_figures_when_quiet),
        cmocka_unit_test(test_figures_missing),
        cmocka_unit_test(test_without_a_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
