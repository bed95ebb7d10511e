/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent that stays: renewals, reports, its end, and the VMs that need no Coordinator, over the fake
 * kernel. */
#include "agent_link.h"
#include "boot.h"
#include "fake_sys.h"
#include "halt.h"
#include "stages.h"
#include "supervise.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TLS "/run/nacre/contrast/tls-config"
#define BEFORE "/run/nacre/contrast/.tls-config"
#define SOCKET "/run/nacre/attest/attest.sock"

static struct boot boot;
static struct boot_end end;

/* The good policy with the rows' texts replaced. */
static void change_policy(const char *const (*changes)[2], size_t count)
{
    char policy[8192], next[8192];

    (void) snprintf(policy, sizeof policy, "%s", fake_good_policy);
    for (size_t i = 0; i < count; i++) {
        const char *at = strstr(policy, changes[i][0]);

        assert_non_null(at);
        (void) snprintf(next, sizeof next, "%.*s%s%s", (int) (at - policy), policy, changes[i][1],
                        at + strlen(changes[i][0]));
        memcpy(policy, next, sizeof policy);
    }
    fake_policy(policy);
}

static const char *const reload[][2] = {
    {"\"console\"", "\"reload_signal\": \"SIGHUP\", \"console\""},
};

/* A VM that is a Coordinator itself. */
#define VOLUMES                                                                                              \
    "\"volumes\": [{\"name\": \"data\", \"device\": \"data\", \"mount\": \"/state\", \"filesystem\": "       \
    "\"ext4\", \"format_if_blank\": true}]"
#define COORDINATOR                                                                                          \
    ",\"coordinator\": {\"address\": \"10.0.2.2:7777\", \"root_ca_key_sha256\":"                             \
    " \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\", \"deadline_ms\": 20000,"         \
    " \"retry_ms\": 100, \"retry_max_ms\": 1000}"
static const char *const alone[][2] = {
    {VOLUMES,       "\"volumes\": []"                              },
    {COORDINATOR,   ""                                             },
    {"\"console\"", "\"attestation\": \"report-data\", \"console\""},
};

static int setup(void **state)
{
    (void) state;
    fake_reset();
    end = (struct boot_end){0};
    boot_init(&boot);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    boot_free(&boot);
    return 0;
}

static void run(void)
{
    if (stages_run(&boot, &end) < 0)
        fail_msg("%s: %s: %s", end.stage, err_code_name(end.err.code), end.err.text);
    supervise(&boot, &end);
    halt(&boot, &end);
    assert_int_equal(fake.power_offs, 1);
    assert_int_equal(fake_open_descriptors(), 0);
    assert_int_equal(fake_children(), end.exited ? 0 : 1); /* the workload goes with the power */
    assert_int_equal(fake_entries(), 0);
    assert_int_equal(fake.dirty, 0);
}

static void check_file(const char *path, const char *content, unsigned int expected_mode)
{
    size_t len = 0;
    unsigned int mode = 0;
    uid_t uid = 0;
    const uint8_t *bytes = fake_content(path, &len, &mode, &uid);

    if (bytes == NULL)
        fail_msg("no %s", path);
    assert_true(span_eq_str(span_of(bytes, len), content));
    assert_int_equal(mode, expected_mode);
    assert_int_equal(uid, 1000);
}

static bool is_there(const char *path)
{
    size_t len;
    unsigned int mode;
    uid_t uid;

    return fake_content(path, &len, &mode, &uid) != NULL;
}

/* --- renewals ------------------------------------------------------------------------------------------ */

static void test_renewal(void **state)
{
    (void) state;
    change_policy(reload, 1);
    fake.later[0] = FAKE_LATER_RENEWS;
    run();
    assert_true(end.exited);
    check_file(TLS "/key.pem", "second key", 0400);
    check_file(TLS "/certChain.pem", "second chain", 0444);
    check_file(TLS "/mesh-ca.pem", "mesh CA", 0444);
    check_file(TLS "/coordinator-root-ca.pem", "root CA", 0444);
    check_file(BEFORE "/key.pem", "key", 0400); /* for who has the folder open */
    check_file(BEFORE "/certChain.pem", "chain", 0444);
    assert_int_equal(fake.forwarded, 1);
    assert_int_equal(fake.last_forwarded, SIGHUP);
    assert_non_null(strstr(fake.console, "nacre: certificate renewed\n"));
}

static void test_renewal_after_renewal(void **state)
{
    (void) state;
    for (int i = 0; i < 3; i++)
        fake.later[i] = FAKE_LATER_RENEWS;
    run();
    assert_true(end.exited);
    check_file(TLS "/key.pem", "second key", 0400);
    check_file(BEFORE "/key.pem", "second key", 0400); /* the first generation is gone */
    assert_int_equal(fake.forwarded, 0);               /* the policy names no signal */
}

static void test_renewal_with_another_secret(void **state)
{
    (void) state;
    change_policy(reload, 1);
    fake.later[0] = FAKE_LATER_OTHER_SECRET;
    run();
    assert_false(end.exited);
    assert_string_equal(end.stage, "attest");
    assert_int_equal(end.err.code, ERR_HELPER);
    assert_non_null(strstr(end.err.text, "another workload secret"));
    check_file(TLS "/key.pem", "key", 0400);
    assert_int_equal(fake.forwarded, 0);
}

/* --- reports ------------------------------------------------------------------------------------------- */

static void test_reports(void **state)
{
    (void) state;
    fake.later[0] = FAKE_LATER_ASKS;
    fake.later[1] = FAKE_LATER_ASKS;
    run();
    assert_true(end.exited);
    assert_int_equal(fake.reports, 4); /* our own, the join's, two more */
}

/* While the workload runs, no report is no end. */
static void test_no_report(void **state)
{
    (void) state;
    fake.later[0] = FAKE_LATER_ASKS;
    if (stages_run(&boot, &end) < 0)
        fail_msg("%s", end.err.text);
    fake.no_report = true;
    supervise(&boot, &end);
    halt(&boot, &end);
    assert_true(end.exited);
    assert_int_equal(fake.refused_reports, 1);
    assert_non_null(strstr(fake.console, "nacre: no report: "));
    assert_int_equal(fake_entries(), 0);
}

/* In the boot it is. */
static void test_no_report_in_the_boot(void **state)
{
    (void) state;
    fake.no_report = true;
    assert_int_equal(stages_run(&boot, &end), -1);
    assert_string_equal(end.stage, "platform");
}

/* --- the agent's end ----------------------------------------------------------------------------------- */

static void test_ends_of_the_agent(void **state)
{
    static const struct {
        enum fake_later how;
        enum err_code code;
        const char *text;
    } rows[] = {
        {FAKE_LATER_FAILS,        ERR_TIMEOUT, "agent: it has ended"           },
        {FAKE_LATER_FAILS_UNSEEN, ERR_TIMEOUT, "agent: it has ended"           },
        {FAKE_LATER_KILLED,       ERR_HELPER,  "agent: killed by SIGKILL (9)"  },
        {FAKE_LATER_EXITS,        ERR_HELPER,  "job agent ended without a word"},
        {FAKE_LATER_CLOSES,       ERR_HELPER,  "agent: has closed its socket"  },
        {FAKE_LATER_READY,        ERR_HELPER,  "message READY came out of turn"},
        {FAKE_LATER_GARBAGE,      ERR_HELPER,  "a message of 3 bytes"          },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[128];

        setup(state);
        fake.later[0] = rows[i].how;
        fake.signals[0] = SIGTERM;
        run();
        assert_false(end.exited);
        assert_int_equal(end.err.code, rows[i].code);
        assert_non_null(strstr(end.err.text, rows[i].text));
        (void) snprintf(line, sizeof line, "nacre: halt: attest: %s: ", err_code_name(rows[i].code));
        assert_non_null(strstr(fake.console, line));
        assert_non_null(strstr(fake.record, "\"stage\":\"attest\""));
        assert_int_equal(fake.forwarded, 1);
        teardown(state);
    }
    setup(state);
}

/* --- VMs with less ------------------------------------------------------------------------------------- */

static void test_alone_with_a_socket(void **state)
{
    size_t len;
    unsigned int mode;
    uid_t uid;

    (void) state;
    change_policy(alone, 3);
    fake.later[0] = FAKE_LATER_ASKS;
    run();
    assert_true(end.exited);
    assert_int_equal(fake.listeners, 1);
    assert_non_null(fake_content(SOCKET, &len, &mode, &uid));
    assert_false(is_there(TLS "/key.pem"));
    assert_int_equal(fake.helpers, 3); /* the agent, the image, the launch */
    assert_int_equal(fake.reports, 2);
}

static void test_alone_without_anything(void **state)
{
    (void) state;
    change_policy(alone, 2);
    run();
    assert_true(end.exited);
    assert_int_equal(fake.listeners, 0);
    assert_int_equal(fake.helpers, 2);
    assert_int_equal(fake.reports, 1);
}

static void test_no_socket_without_the_key(void **state)
{
    (void) state;
    run();
    assert_int_equal(fake.listeners, 0);
    assert_false(is_there(SOCKET));
}

static void refused(const char *text)
{
    assert_int_equal(stages_run(&boot, &end), -1);
    assert_string_equal(end.stage, "attest");
    assert_int_equal(end.err.code, ERR_HELPER);
    assert_non_null(strstr(end.err.text, text));
    assert_int_equal(fake_children(), 0);
    assert_int_equal(fake_open_descriptors(), 0);
    assert_null(boot.agent);
}

static void test_ready_without_a_join(void **state)
{
    (void) state;
    fake.helper[WIRE_JOB_AGENT] = FAKE_NO_JOIN;
    refused("READY without certificates");
}

static void test_certificates_from_nobody(void **state)
{
    (void) state;
    change_policy(alone, 3);
    fake.helper[WIRE_JOB_AGENT] = FAKE_NO_SECRET; /* it joins all the same */
    refused("the policy has no coordinator");
}

/* --- epochs, time -------------------------------------------------------------------------------------- */

static void test_epochs(void **state)
{
    (void) state;
    run();
    assert_int_equal(boot.epochs.count, 1);
    assert_int_equal(boot.epochs.of_volume[0], 7);
}

static void test_epochs_of_other_volumes(void **state)
{
    (void) state;
    fake.helper[WIRE_JOB_AGENT] = FAKE_EPOCHS;
    refused("3 epochs for 1 volumes");
}

/* The Coordinator's time moves the clock, but only on. */
static void test_time(void **state)
{
    static const uint64_t rows[][2] = {
        {0,          1800000000},
        {1700000000, 1800000000},
        {1800000001, 1800000001},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setup(state);
        fake.coordinator_time_s = rows[i][0];
        run();
        assert_int_equal(fake.clock_s, rows[i][1]);
        teardown(state);
    }
    setup(state);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_renewal),
        TEST(test_renewal_after_renewal),
        TEST(test_renewal_with_another_secret),
        TEST(test_reports),
        TEST(test_no_report),
        TEST(test_no_report_in_the_boot),
        TEST(test_ends_of_the_agent),
        TEST(test_alone_with_a_socket),
        TEST(test_alone_without_anything),
        TEST(test_no_socket_without_the_key),
        TEST(test_ready_without_a_join),
        TEST(test_certificates_from_nobody),
        TEST(test_epochs),
        TEST(test_epochs_of_other_volumes),
        TEST(test_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
