/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot of a TD over the fake kernel: recorded quotes of Intel's hardware in the platform stage, and a
 * whole boot with quotes that a quoting enclave of ours signs. No TDX machine is here; the code is the same.
 */
#include "boot.h"
#include "fake_sys.h"
#include "stages.h"
#include "supervise.h"
#include "tdx_forge.h"

#define BODY_REPORT_DATA 520 /* offset in a quote's body */

static struct span
    recorded; /* the quote that the kernel hands out, with the report data that was asked for */

static size_t recorded_quote(const uint8_t *report_data, uint8_t *out, size_t cap)
{
    size_t body = recorded.data[0] == 4 ? 48 : 54;

    assert_true(recorded.len <= cap);
    memcpy(out, recorded.data, recorded.len);
    if (!fake.other_report_data && recorded.len > body + BODY_REPORT_DATA + 64)
        memcpy(out + body + BODY_REPORT_DATA, report_data, 64);
    return recorded.len;
}

static void test_recorded(void **state)
{
    static const struct {
        const char *file;
        size_t cut; /* to so many bytes; 0: not */
        bool dev, stale;
        const char *says; /* NULL: taken */
    } rows[] = {
        {"v4.bin",                 0,   false, false, NULL                                  },
        {"v5.bin",                 0,   false, false, NULL                                  },
        {"dstack-lite.bin",        0,   false, false, NULL                                  },
        {"verify/out-of-date.bin", 0,   false, false, NULL                                  },
        {"verify/spr-e4.bin",      0,   false, false, NULL                                  },
        {"v4.bin",                 0,   false, true,  "report data is not what we asked for"},
        {"debug.bin",              0,   false, false, "debug bit set"                       },
        {"debug.bin",              0,   true,  false, NULL                                  },
        {"verify/service-td.bin",  0,   false, false, "a service TD is bound"               },
        {"sgx.bin",                0,   false, false, "version: expected 4 or 5, found 3"   },
        {"v4.bin",                 600, false, false, "too few"                             },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct span quote = tdx_load(rows[i].file);
        struct tdx_quote parsed;
        struct boot boot;
        struct err err = {0}, other;

        fake_reset();
        fake.tdx = true;
        fake.quote = recorded_quote;
        fake.other_report_data = rows[i].stale;
        recorded = rows[i].cut != 0 ? span_sub(quote, 0, rows[i].cut) : quote;
        boot_init(&boot);
        boot.cmdline.dev = rows[i].dev;
        assert_int_equal(stage_earlyfs(&boot, &err), 0);
        int rc = stage_platform(&boot, &err);
        if ((rc == 0) != (rows[i].says == NULL) || (rc < 0 && strstr(err.text, rows[i].says) == NULL))
            fail_msg("%s: %d %s", rows[i].file, rc, err.text);
        if (rc == 0) {
            assert_int_equal(tdx_quote_parse(quote, &parsed, &other), 0);
            assert_int_equal(boot.platform.tee, POLICY_TDX);
            assert_int_equal(boot.platform.host_data_len, TDX_REG_SIZE);
            assert_memory_equal(boot.platform.host_data, parsed.mr_config_id, TDX_REG_SIZE);
            assert_int_equal(boot.platform.debug, rows[i].dev);
        }
        boot_free(&boot);
        free((void *) (uintptr_t) quote.data);
    }
}

static struct forged machine;
static struct forge how;
static uint8_t config_id[TDX_REG_SIZE];

static size_t forged_quote(const uint8_t *report_data, uint8_t *out, size_t cap)
{
    how.report_data = report_data;
    how.mr_config_id = config_id;
    forge_quote(&machine, &how, span_str((const char *) machine.pck_pem));
    assert_true(machine.set.quote.len <= cap);
    memcpy(out, machine.set.quote.data, machine.set.quote.len);
    return machine.set.quote.len;
}

static void be_td(void)
{
    static const char from[] = "\"platforms\": [\"snp\"]";
    char *policy;

    fake_reset();
    policy = test_replace(fake_good_policy, from, "\"platforms\": [\"tdx\"]");
    fake_policy(policy);
    free(policy);
    fake.tdx = true;
    fake.quote = forged_quote;
    how = forge_plain;
    memset(config_id, 0, sizeof config_id);
    memcpy(config_id, fake.report.host_data, sizeof fake.report.host_data);
}

static void test_boot(void **state)
{
    struct boot_end end = {0};
    struct boot boot;

    (void) state;
    be_td();
    boot_init(&boot);
    if (stages_run(&boot, &end) < 0)
        fail_msg("%s: %s", end.stage, end.err.text);
    assert_int_equal(boot.platform.tee, POLICY_TDX);
    assert_memory_equal(boot.platform.host_data, config_id, sizeof config_id);
    assert_int_equal(fake.workloads, 1);
    boot_free(&boot);
}

static void test_boot_refused(void **state)
{
    static const struct {
        const char *label, *stage, *says;
        size_t flip; /* this byte of MRCONFIGID */
        uint64_t attributes;
        uint8_t service_td;
    } rows[] = {
        {"another policy",          "initdata", "digest",                0,  0,                 0},
        {"bytes behind the digest", "initdata", "",                      47, 0,                 0},
        {"debug",                   "platform", "debug bit set",         99, TDX_ATTR_DEBUG,    0},
        {"migration",               "platform", "can be migrated",       99, UINT64_C(1) << 29, 0},
        {"service TD",              "platform", "a service TD is bound", 99, 0,                 1},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct boot_end end = {0};
        struct boot boot;

        be_td();
        if (rows[i].flip < sizeof config_id)
            config_id[rows[i].flip] ^= 1;
        how.attributes |= rows[i].attributes;
        how.body = FORGE_V5_1_5;
        how.mr_service_td = rows[i].service_td;
        boot_init(&boot);
        assert_int_equal(stages_run(&boot, &end), -1);
        if (strcmp(end.stage, rows[i].stage) != 0 || strstr(end.err.text, rows[i].says) == NULL)
            fail_msg("%s: %s: %s", rows[i].label, end.stage, end.err.text);
        assert_int_equal(end.err.code, ERR_DENIED);
        assert_int_equal(fake.workloads, 0);
        boot_free(&boot);
    }
}

static int setup(void **state)
{
    (void) state;
    forge_open(&machine);
    forge_make(&machine, &forge_plain);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_boot),
        cmocka_unit_test(test_boot_refused),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
