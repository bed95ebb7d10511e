/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole table of stages over the fake kernel: the good boot, and every machine that must be refused. */
#include "boot.h"
#include "fake_sys.h"
#include "halt.h"
#include "stages.h"
#include "supervise.h"
#include "sys.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CONTRAST "/run/nacre/contrast"

/* A change of the good policy: the first text becomes the second. */
static void change_policy(const char *from, const char *to)
{
    char policy[8192];
    const char *at = strstr(fake_good_policy, from);

    assert_non_null(at);
    (void) snprintf(policy, sizeof policy, "%.*s%s%s", (int) (at - fake_good_policy), fake_good_policy, to,
                    at + strlen(from));
    fake_policy(policy);
}

/* --- the good boot --- */

static void run_good(struct boot *boot, struct boot_end *end)
{
    *end = (struct boot_end){0};
    boot_init(boot);
    if (stages_run(boot, end) < 0)
        fail_msg("%s: %s: %s", end->stage, err_code_name(end->err.code), end->err.text);
}

static void test_every_stage_has_its_line(void **state)
{
    struct boot boot;
    struct boot_end end;
    const char *at;

    (void) state;
    fake_reset();
    run_good(&boot, &end);
    at = fake.console;
    for (size_t i = 0; i < stages_count; i++) {
        char line[64];

        (void) snprintf(line, sizeof line, "nacre: stage %s ", stages[i].name);
        at = strstr(at, line);
        if (at == NULL)
            fail_msg("no line '%s' in order in: %s", line, fake.console);
    }
    assert_non_null(strstr(fake.console, "nacre: event log head "));
    assert_int_equal(fake.workloads, 1);
    assert_int_equal(fake.helpers, 4);
    assert_int_equal(fake_open_descriptors(), 1); /* the agent's socket */
    assert_int_equal(fake_children(), 2);         /* the agent and the workload */
    assert_true(fake.lo_up && fake.eth_up && fake.gateway);
    assert_int_equal(fake.reports, 2); /* our own, and the agent's */
    boot_free(&boot);
}

static void test_secret_is_forgotten(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    run_good(&boot, &end);
    assert_true(span_is_zero(span_of(&boot.secret, sizeof boot.secret)));
    assert_int_equal(fake.dirty, 0);
    boot_free(&boot);
}

static void test_files_of_contrast(void **state)
{
    static const struct {
        const char *path, *content;
        unsigned int mode;
    } files[] = {
        {CONTRAST "/tls-config/mesh-ca.pem",             "mesh CA", 0444},
        {CONTRAST "/tls-config/certChain.pem",           "chain",   0444},
        {CONTRAST "/tls-config/key.pem",                 "key",     0400},
        {CONTRAST "/tls-config/coordinator-root-ca.pem", "root CA", 0444},
        {CONTRAST "/secrets/workload-secret-seed",       NULL,      0400},
    };
    struct boot boot;
    struct boot_end end;
    char seed[2 * WIRE_SECRET_SIZE];

    (void) state;
    fake_reset();
    run_good(&boot, &end);
    for (size_t i = 0; i < sizeof seed; i++)
        seed[i] = "5a"[i % 2];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t len = 0;
        unsigned int mode = 0;
        uid_t uid = 0;
        const uint8_t *bytes = fake_content(files[i].path, &len, &mode, &uid);
        struct span want = files[i].content ? span_str(files[i].content) : span_of(seed, sizeof seed);

        assert_non_null(bytes);
        assert_true(span_eq(span_of(bytes, len), want));
        assert_int_equal(mode, files[i].mode);
        assert_int_equal(uid, 1000);
    }
    boot_free(&boot);
}

static void test_no_secret_no_seed(void **state)
{
    struct boot boot;
    struct boot_end end = {0};
    size_t len;
    unsigned int mode;
    uid_t uid;

    (void) state;
    fake_reset();
    fake.helper[WIRE_JOB_AGENT] = FAKE_NO_SECRET;
    boot_init(&boot);
    assert_int_equal(stages_run(&boot, &end), -1);
    assert_string_equal(end.stage, "volumes"); /* the policy names a volume, which needs one */
    assert_int_equal(end.err.code, ERR_MISSING);
    assert_non_null(fake_content(CONTRAST "/tls-config/key.pem", &len, &mode, &uid));
    assert_null(fake_content(CONTRAST "/secrets/workload-secret-seed", &len, &mode, &uid));
    boot_free(&boot);
}

static void test_quiet(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    fake_text("/proc/cmdline", "nacre.log=quiet random.trust_bootloader=off\n");
    run_good(&boot, &end);
    assert_string_equal(fake.console, "");
    boot_free(&boot);
}

static void test_console_of_the_workload(void **state)
{
    static const struct {
        const char *word;
        bool output;
    } rows[] = {
        {"host", true },
        {"none", false},
    };
    char policy[4096];

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct boot boot;
        struct boot_end end;
        const char *at = strstr(fake_good_policy, "\"console\": \"host\"");

        fake_reset();
        (void) snprintf(policy, sizeof policy, "%.*s\"console\": \"%s\"%s", (int) (at - fake_good_policy),
                        fake_good_policy, rows[i].word, at + strlen("\"console\": \"host\""));
        fake_policy(policy);
        run_good(&boot, &end);
        assert_int_equal(fake.launch_output > 2, rows[i].output);
        boot_free(&boot);
    }
}

static void test_kernel_log_instead_of_a_console(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    fake.no_console = true;
    run_good(&boot, &end);
    assert_non_null(strstr(fake.console, "nacre: stage workload "));
    assert_true(fake.launch_output < 0);
    boot_free(&boot);
}

static void test_clock_floor(void **state)
{
    static const int64_t clocks[][2] = {
        {0,                         BOOT_TIME_FLOOR_S        },
        {BOOT_TIME_FLOOR_S - 1,     BOOT_TIME_FLOOR_S        },
        {BOOT_TIME_FLOOR_S + 86400, BOOT_TIME_FLOOR_S + 86400},
    };

    (void) state;
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        struct boot boot;
        struct boot_end end;

        fake_reset();
        fake.clock_s = clocks[i][0];
        run_good(&boot, &end);
        assert_int_equal(fake.clock_s, clocks[i][1]);
        boot_free(&boot);
    }
}

static void test_report_races_are_retried(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    fake.report_races = 2;
    run_good(&boot, &end);
    assert_int_equal(fake.reports, 4);
    assert_int_equal(fake_entries(), 0);
    boot_free(&boot);
}

static void test_rng_that_needs_a_moment(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    fake.rng_waits = 20;
    run_good(&boot, &end);
    boot_free(&boot);
}

static void test_short_lived_workload(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    fake.helper[WIRE_JOB_LAUNCH] = FAKE_SHORT_LIVED;
    fake.workload_status = 9;
    run_good(&boot, &end);
    supervise(&boot, &end);
    assert_true(end.exited);
    assert_int_equal(end.status, 9);
    boot_free(&boot);
}

static void test_tdx(void **state)
{
    struct boot boot;
    struct boot_end end;

    (void) state;
    fake_reset();
    change_policy("\"platforms\": [\"snp\"]", "\"platforms\": [\"tdx\"]");
    fake.tdx = true;
    run_good(&boot, &end);
    assert_int_equal(boot.platform.tee, POLICY_TDX);
    assert_int_equal(boot.platform.host_data_len, 48);
    boot_free(&boot);
}

/* --- refusals --- */

static void no_console_no_log(void)
{
    fake_text("/proc/cmdline", NULL);
}
static void no_must_switch(void)
{
    fake_text("/proc/sys/kernel/panic", NULL);
}
static void unknown_option(void)
{
    fake_text("/proc/cmdline", "random.trust_bootloader=off nacre.surprise\n");
}
static void double_option(void)
{
    fake_text("/proc/cmdline", "random.trust_bootloader=off nacre.log=info nacre.log=info\n");
}
static void dev_option(void) /* this is the production twin */
{
    fake_text("/proc/cmdline", "random.trust_bootloader=off nacre.dev\n");
}
static void no_trust_option(void)
{
    fake_text("/proc/cmdline", "console=ttyS0\n");
}
static void trust_taken_back(void)
{
    fake_text("/proc/cmdline", "random.trust_bootloader=off random.trust_bootloader=on\n");
}
static void virtio_rng(void)
{
    fake_text("/sys/class/misc/hw_random/rng_current", "virtio_rng.0\n");
}
static void no_rdrand(void)
{
    fake.no_rdrand = true;
}
static void stuck_rdrand(void)
{
    fake.rdrand_step = 0;
}
static void no_seed(void)
{
    fake.rng_waits = 1000000;
}
static void no_tee(void)
{
    fake.no_tee = true;
}
static void vmpl_1(void)
{
    fake.report.vmpl = 1;
}
static void debug_bit(void)
{
    fake.report.policy |= SNP_POLICY_DEBUG;
}
static void migration(void)
{
    fake.report.policy |= SNP_POLICY_MIGRATE_MA;
}
static void tdx_debug(void)
{
    fake.tdx = true;
    fake.tdx_attributes = 1;
}
static void tdx_migration(void)
{
    fake.tdx = true;
    fake.tdx_attributes = UINT64_C(1) << 29;
}
static void tdx_not_listed(void)
{
    fake.tdx = true;
}
static void tdx_stale(void)
{
    fake.tdx = true;
    fake.other_report_data = true;
}
static void other_provider(void)
{
    fake.provider = "arm_cca_guest\n";
}
static void other_generation(void)
{
    fake.odd_generation = true;
}
static void stale_report(void)
{
    fake.other_report_data = true;
}
static void unknown_report_version(void)
{
    fake.report.version = 9;
}
static void busy_entry(void)
{
    fake.report_races = 3;
}
static void no_initdata(void)
{
    fake_text("/dev/vda", "no such magic here........................");
}
static void two_initdata(void)
{
    size_t len;
    unsigned int mode;
    uid_t uid;
    const uint8_t *bytes = fake_content("/dev/vda", &len, &mode, &uid);

    fake_file("/dev/vdb", bytes, len);
}
static void short_disk(void)
{
    fake_text("/sys/block/vda/size", "1\n");
}
static void odd_size(void)
{
    fake_text("/sys/block/vda/size", "many\n");
}
static void other_document(void)
{
    fake.report.host_data[31] ^= 1;
}
static void unknown_file(void)
{
    char policy[64] = "x\n'''\n\"other.txt\" = '''y";

    fake_policy(policy);
}
static void other_platform(void)
{
    change_policy("\"platforms\": [\"snp\"]", "\"platforms\": [\"tdx\"]");
}
static void unknown_key(void)
{
    change_policy("{\"version\": 1,", "{\"version\": 1, \"surprise\": 1,");
}
static void no_image_disk(void)
{
    fake_text("/sys/block/vdb/serial", "imag");
}
static void two_image_disks(void)
{
    fake_text("/sys/block/vdc/serial", "image");
}
static void no_volume_disk(void)
{
    fake_text("/sys/block/vdc/serial", "");
}
static void no_link(void)
{
    change_policy("\"link\": \"eth0\"", "\"link\": \"eth1\"");
}
static void no_switch_of_the_network(void)
{
    fake_text("/proc/sys/net/ipv4/ip_forward", NULL);
}
static void secret_missing(void)
{
    fake.helper[WIRE_JOB_AGENT] = FAKE_NO_SECRET;
}

static void test_refusals(void **state)
{
    static const struct {
        const char *name;
        void (*change)(void);
        const char *stage;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"no /proc/cmdline",   no_console_no_log,        "cmdline",  ERR_SYS,     "/proc/cmdline"           },
        {"no panic switch",    no_must_switch,           "earlyfs",  ERR_SYS,     "/proc/sys/kernel/panic"  },
        {"unknown option",     unknown_option,           "cmdline",  ERR_FORMAT,  "nacre.surprise"          },
        {"double option",      double_option,            "cmdline",  ERR_FORMAT,  "nacre.log"               },
        {"dev in production",  dev_option,               "cmdline",  ERR_FORMAT,  "nacre.dev"               },
        {"no trust option",    no_trust_option,          "entropy",  ERR_MISSING, "trust_bootloader"        },
        {"trust taken back",   trust_taken_back,         "entropy",  ERR_DENIED,  "trust_bootloader=on"     },
        {"virtio-rng",         virtio_rng,               "entropy",  ERR_DENIED,  "virtio_rng.0"            },
        {"no RDRAND",          no_rdrand,                "entropy",  ERR_MISSING, "RDRAND"                  },
        {"stuck RDRAND",       stuck_rdrand,             "entropy",  ERR_DENIED,  "RDRAND"                  },
        {"no seed",            no_seed,                  "entropy",  ERR_TIMEOUT, "seed"                    },
        {"no TEE",             no_tee,                   "platform", ERR_MISSING, "no TEE"                  },
        {"VMPL 1",             vmpl_1,                   "platform", ERR_DENIED,  "VMPL 1"                  },
        {"debug bit",          debug_bit,                "platform", ERR_DENIED,  "debug"                   },
        {"migration agent",    migration,                "platform", ERR_DENIED,  "migration"               },
        {"stale report",       stale_report,             "platform", ERR_DENIED,  "report data"             },
        {"unknown version",    unknown_report_version,   "platform", ERR_FORMAT,  "ersion"                  },
        {"TDX debug",          tdx_debug,                "platform", ERR_DENIED,  "debug"                   },
        {"TDX migration",      tdx_migration,            "platform", ERR_DENIED,  "migrated"                },
        {"TDX not listed",     tdx_not_listed,           "policy",   ERR_DENIED,  "this machine is tdx"     },
        {"stale quote",        tdx_stale,                "platform", ERR_DENIED,  "report data"             },
        {"other provider",     other_provider,           "platform", ERR_DENIED,  "arm_cca_guest"           },
        {"other generation",   other_generation,         "platform", ERR_FORMAT,  "'one'"                   },
        {"busy entry",         busy_entry,               "platform", ERR_DENIED,  "somebody else"           },
        {"no initdata",        no_initdata,              "initdata", ERR_MISSING, "no initdata disk"        },
        {"two initdata disks", two_initdata,             "initdata", ERR_DENIED,  "two initdata disks"      },
        {"short disk",         short_disk,               "initdata", ERR_LIMIT,   "initdata"                },
        {"odd size",           odd_size,                 "initdata", ERR_FORMAT,  "many"                    },
        {"other document",     other_document,           "initdata", ERR_DENIED,  "host data"               },
        {"unknown file",       unknown_file,             "initdata", ERR_DENIED,  "other.txt"               },
        {"other platform",     other_platform,           "policy",   ERR_DENIED,  "platforms"               },
        {"unknown key",        unknown_key,              "policy",   ERR_FORMAT,  "surprise"                },
        {"no image disk",      no_image_disk,            "policy",   ERR_MISSING, "image.device"            },
        {"two image disks",    two_image_disks,          "policy",   ERR_DENIED,  "2 disks have this serial"},
        {"no volume disk",     no_volume_disk,           "policy",   ERR_MISSING, "volumes[0].device"       },
        {"no link",            no_link,                  "network",  ERR_MISSING, "eth1"                    },
        {"no network switch",  no_switch_of_the_network, "network",  ERR_SYS,     "ip_forward"              },
        {"no secret",          secret_missing,           "volumes",  ERR_MISSING, "workload secret"         },
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct boot boot;
        struct boot_end end = {0};
        char line[64];

        fake_reset();
        rows[i].change();
        boot_init(&boot);
        if (stages_run(&boot, &end) == 0)
            fail_msg("%s: the boot went on", rows[i].name);
        print_message("%s: %s: %s: %s\n", rows[i].name, end.stage, err_code_name(end.err.code), end.err.text);
        assert_string_equal(end.stage, rows[i].stage);
        assert_int_equal(end.err.code, rows[i].code);
        if (rows[i].text != NULL)
            assert_non_null(strstr(end.err.text, rows[i].text));
        assert_int_equal(fake.workloads, 0);
        halt(&boot, &end);
        assert_int_equal(fake.power_offs, 1);
        assert_int_equal(fake_open_descriptors(), 0);
        assert_int_equal(fake_entries(), 0);
        (void) snprintf(line, sizeof line, "nacre: halt: %s: %s: ", rows[i].stage,
                        err_code_name(rows[i].code));
        assert_non_null(strstr(fake.console, line));
        boot_free(&boot);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_stage_has_its_line),
        cmocka_unit_test(test_secret_is_forgotten),
        cmocka_unit_test(test_files_of_contrast),
        cmocka_unit_test(test_no_secret_no_seed),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_console_of_the_workload),
        cmocka_unit_test(test_kernel_log_instead_of_a_console),
        cmocka_unit_test(test_clock_floor),
        cmocka_unit_test(test_report_races_are_retried),
        cmocka_unit_test(test_rng_that_needs_a_moment),
        cmocka_unit_test(test_short_lived_workload),
        cmocka_unit_test(test_tdx),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
