/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest: tests/vectors/manifest/full.json is good; every bad row changes one place of it. */
#include "manifest.h"
#include "parser_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FILE_MAX 16384
#define HEX_11 "1111111111111111111111111111111111111111111111111111111111111111"

static size_t load(const char *path, char text[FILE_MAX])
{
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    size_t len = fread(text, 1, FILE_MAX - 1, f);
    (void) fclose(f);
    text[len] = '\0';
    return len;
}

static void test_full(void **state)
{
    char text[FILE_MAX];
    size_t len = load("tests/vectors/manifest/full.json", text);
    struct manifest m;
    struct err err;
    uint8_t host_data[SNP_HOST_DATA_SIZE];
    uint8_t digest[SHA256_SIZE];

    (void) state;
    assert_int_equal(manifest_parse(span_of(text, len), "full.json", true, &m, &err), 0);
    memset(text, 0, sizeof text); /* nothing is borrowed from the text */
    assert_int_equal(m.policy_count, 3);
    assert_int_equal(m.snp_count, 2);
    assert_int_equal(m.tdx_count, 1);
    assert_int_equal(m.owner_digests.count + m.owner_keys.count, 1);
    assert_int_equal(m.seedshare_owners.count, 1);
    memset(host_data, 0x11, sizeof host_data);
    const struct manifest_policy *web = manifest_find(&m, host_data);
    assert_non_null(web);
    assert_true(span_eq_str(web->secret_id, "apps/v1/StatefulSet/ns/web"));
    assert_int_equal(web->role, MANIFEST_ROLE_NONE);
    assert_int_equal(web->san_count, 4);
    assert_int_equal(web->sans[1].kind, SAN_DNS);
    assert_int_equal(web->sans[2].kind, SAN_IP);
    assert_int_equal(web->sans[3].kind, SAN_URI);
    memset(host_data, 0x22, sizeof host_data);
    assert_int_equal(manifest_find(&m, host_data)->secret_id.len, 0);
    memset(host_data, 0x33, sizeof host_data);
    assert_int_equal(manifest_find(&m, host_data)->role, MANIFEST_ROLE_COORDINATOR);
    host_data[31] = 0;
    assert_null(manifest_find(&m, host_data));
    (void) load("tests/vectors/manifest/full.json", text);
    assert_int_equal(hash_bytes(HASH_SHA256, span_of(text, len), digest, &err), 0);
    assert_memory_equal(digest, m.sha256, sizeof digest);
    manifest_free(&m);
    manifest_free(&m);
    manifest_free(NULL);
}

static void check_genoa(const struct manifest_snp *entry)
{
    struct snp_expect e;
    uint8_t want[SNP_MEASUREMENT_SIZE];

    memset(want, 0x44, sizeof want);
    manifest_expect(entry, &e);
    assert_int_equal(e.product, SNP_PRODUCT_GENOA);
    assert_int_equal(e.measurements.count, 1);
    assert_false(e.measurements.any);
    assert_memory_equal(e.measurements.entries, want, sizeof want);
    assert_true(e.chip_ids.any);
    assert_int_equal(e.vmpl, 0);
    assert_true(e.tcb.set && e.launch_tcb.set);
    assert_int_equal(e.tcb.tcb.boot_loader, 10);
    assert_int_equal(e.tcb.tcb.snp, 28);
    assert_int_equal(e.launch_tcb.tcb.microcode, 88);
    assert_true(e.policy.set);
    assert_int_equal(e.policy.required, SNP_POLICY_MUST_BE_ONE | SNP_POLICY_PAGE_SWAP_DISABLE);
    assert_int_equal(e.policy.allowed, SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SMT | SNP_POLICY_SINGLE_SOCKET |
                                           SNP_POLICY_MEM_AES_256_XTS | SNP_POLICY_RAPL_DIS |
                                           SNP_POLICY_CIPHERTEXT_HIDING | SNP_POLICY_PAGE_SWAP_DISABLE);
    assert_true(e.platform_info.set);
    assert_int_equal(e.platform_info.required, SNP_PLATFORM_ECC_EN | SNP_PLATFORM_ALIAS_CHECK_COMPLETE);
    assert_int_equal(e.platform_info.allowed, SNP_PLATFORM_ECC_EN | SNP_PLATFORM_RAPL_DIS |
                                                  SNP_PLATFORM_CIPHERTEXT_HIDING_EN |
                                                  SNP_PLATFORM_ALIAS_CHECK_COMPLETE);
    assert_int_equal(e.mit_vector_min, 15);
    assert_true(e.host_data.any); /* looked up by manifest_find */
    assert_false(e.csp_ids_sha256.any);
}

static void test_expect(void **state)
{
    char text[FILE_MAX];
    size_t len = load("tests/vectors/manifest/full.json", text);
    struct manifest m;
    struct snp_expect e;
    struct err err;

    (void) state;
    assert_int_equal(manifest_parse(span_of(text, len), "full.json", true, &m, &err), 0);
    check_genoa(&m.snp[0]);
    manifest_expect(&m.snp[1], &e);
    assert_int_equal(e.product, SNP_PRODUCT_MILAN);
    assert_int_equal(e.policy_abi_major, 1);
    assert_int_equal(e.policy_abi_minor, 31);
    assert_false(e.chip_ids.any);
    assert_int_equal(e.chip_ids.count, 2);
    assert_int_equal(e.chip_ids.entries[0], 0x3a);
    assert_int_equal(e.chip_ids.entries[SNP_CHIP_ID_SIZE], 0x66);
    assert_int_equal(e.policy.required, SNP_POLICY_MUST_BE_ONE | SNP_POLICY_SINGLE_SOCKET |
                                            SNP_POLICY_MEM_AES_256_XTS | SNP_POLICY_RAPL_DIS |
                                            SNP_POLICY_CIPHERTEXT_HIDING);
    assert_int_equal(e.policy.allowed & (SNP_POLICY_SMT | SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA), 0);
    assert_true((e.policy.allowed & SNP_POLICY_CXL_ALLOW) != 0);
    assert_true((e.platform_info.allowed & SNP_PLATFORM_TIO_EN) != 0);
    manifest_free(&m);
}

static void test_expect_tdx(void **state)
{
    char text[FILE_MAX];
    size_t len = load("tests/vectors/manifest/full.json", text);
    struct manifest m;
    struct tdx_expect e;
    struct err err;
    uint8_t want[TDX_REG_SIZE];

    (void) state;
    assert_int_equal(manifest_parse(span_of(text, len), "full.json", true, &m, &err), 0);
    manifest_expect_tdx(&m.tdx[0], &e);
    memset(want, 0x77, sizeof want);
    assert_memory_equal(e.mr_td.entries, want, sizeof want);
    assert_int_equal(e.mr_seam.entries[0], 0x48);
    for (size_t i = 0; i < TDX_VERIFY_RTMR_COUNT; i++) {
        memset(want, 0xa0 + (int) i, sizeof want);
        assert_memory_equal(e.rtmr[i].entries, want, sizeof want);
        assert_true(e.rtmr[i].count == 1 && !e.rtmr[i].any);
    }
    assert_true(e.mr_td.count == 1 && !e.mr_td.any && e.mr_seam.count == 1 && !e.mr_seam.any);
    assert_true(e.mr_config_id.any); /* looked up by manifest_find_tdx */
    assert_true(e.mr_owner.count == 1 && span_is_zero(span_of(e.mr_owner.entries, TDX_REG_SIZE)));
    assert_true(e.mr_owner_config.count == 1 && e.mr_service_td.count == 0 && !e.mr_service_td.any);
    assert_true(e.xfam.set && e.xfam.allowed == 0x602e7 && e.xfam.required == 0x602e7);
    assert_true(e.attributes.set && e.attributes.allowed == TDX_ATTR_SEPT_VE_DISABLE &&
                e.attributes.required == TDX_ATTR_SEPT_VE_DISABLE && !e.sept_ve_disable_not_required);
    assert_int_equal(e.evaluation_min, 21);
    assert_int_equal(e.accepted, 0); /* UpToDate only */
    assert_true(e.minimum.set && e.advisories.count == 0 && !e.advisories.any);
    assert_true(e.piids.count == 1 && !e.piids.any && e.piids.entries[15] == 0x88);
    assert_false(e.memory_integrity || e.smt_disabled || e.static_platform);

    memset(want, 0, sizeof want);
    memset(want, 0x22, SNP_HOST_DATA_SIZE);
    assert_ptr_equal(manifest_find_tdx(&m, want), &m.policies[1]);
    want[TDX_REG_SIZE - 1] = 1;
    assert_null(manifest_find_tdx(&m, want));
    manifest_free(&m);
}

/* Replace the first `from` in full.json by `to`: the parse fails with this code, and the message has this in
 * it. */
struct bad {
    const char *from;
    const char *to;
    enum err_code code;
    const char *says;
};

static size_t replace(char text[FILE_MAX], const struct bad *row)
{
    char *at = strstr(text, row->from);
    char rest[FILE_MAX];

    if (at == NULL)
        fail_msg("full.json has no %s", row->from);
    assert_true(strlen(text) + strlen(row->to) < FILE_MAX);
    (void) snprintf(rest, sizeof rest, "%s", at + strlen(row->from));
    (void) snprintf(at, FILE_MAX - (size_t) (at - text), "%s%s", row->to, rest);
    return strlen(text);
}

/* APEIP: one entry for 1 to 220 vCPUs. */
static void test_vcpus(void **state)
{
    static const struct bad rows[] = {
        {"\"Platform\"", "\"APEIP\": \"0080b004\", \"Platform\"",                            ERR_NONE,    ""     },
        {"\"Platform\"", "\"APEIP\": \"0080b004\", \"VCPUSig\": \"00a10f10\", \"Platform\"", ERR_NONE,    ""     },
        {"\"Platform\"", "\"VCPUSig\": \"00a10f10\", \"Platform\"",                          ERR_MISSING,
         "VCPUSig: stands without APEIP"                                                                         },
        {"\"Platform\"", "\"APEIP\": \"80b004\", \"Platform\"",                              ERR_FORMAT,  "APEIP"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FILE_MAX];
        struct manifest m = {0};
        struct err err = {0};

        (void) load("tests/vectors/manifest/full.json", text);
        size_t len = replace(text, &rows[i]);
        assert_int_equal(manifest_parse(span_of(text, len), "m.json", true, &m, &err),
                         rows[i].code == ERR_NONE ? 0 : -1);
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.text, rows[i].says));
        assert_int_equal(rows[i].code == ERR_NONE ? m.snp[0].measurement_count : 220, 220);
        assert_int_equal(rows[i].code == ERR_NONE ? m.snp[1].measurement_count : 1, 1);
        manifest_free(&m);
    }
}

/* What Contrast's tools write: null for an empty list, and the number of vCPUs. */
static void test_contrast(void **state)
{
    static const struct bad rows[] = {
        {"\"AllowedChipIDs\": []",                                                          "\"AllowedChipIDs\": null",                    ERR_NONE,   ""           },
        {"\"AllowedPIIDs\": [\"88888888888888888888888888888888\"]",                        "\"AllowedPIIDs\": null",                      ERR_NONE,   ""           },
        {"\"Platform\": \"Metal-QEMU-TDX\"",                                                "\"CPUs\": 4",                                 ERR_NONE,   ""           },
        {"\"Platform\": \"Metal-QEMU-SNP\"",                                                "\"CPUs\": 4",                                 ERR_NONE,   ""           },
        {"\"Platform\": \"Metal-QEMU-SNP\"",                                                "\"CPUs\": \"4\"",                             ERR_FORMAT, "snp[0].CPUs"},
        {"\"StaticPlatform\": false",                                                       "\"StaticPlatform\": true",                    ERR_NONE,   ""           },
        {"\"MinTCBEvaluationDataNumber\": 21",                                              "\"MinTCBEvaluationDataNumber\": 0",           ERR_NONE,   ""           },
        {"\"AllowedChipIDs\": [\"3ac3",                                                     "\"AllowedChipIDs\": null, \"CPUs\": [\"3ac3", ERR_FORMAT,
         "snp[1].CPUs"                                                                                                                                              },
        {"\"WorkloadOwnerKeyDigests\": "
         "[\"9999999999999999999999999999999999999999999999999999999999999999\"]", "\"WorkloadOwnerKeyDigests\": null",           ERR_NONE,   ""           },
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[FILE_MAX];
        struct manifest m = {0};
        struct tdx_expect e;
        struct err err = {0};

        (void) load("tests/vectors/manifest/full.json", text);
        size_t len = replace(text, &rows[i]);
        if (manifest_parse(span_of(text, len), "m.json", true, &m, &err) !=
            (rows[i].code == ERR_NONE ? 0 : -1))
            fail_msg("row %zu: %s", i, err.text);
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.text, rows[i].says));
        if (rows[i].code != ERR_NONE)
            continue;
        manifest_expect_tdx(&m.tdx[0], &e);
        assert_int_equal(e.piids.any, strstr(rows[i].to, "PIIDs") != NULL);
        assert_int_equal(e.static_platform, strstr(rows[i].to, "Static") != NULL);
        assert_int_equal(e.evaluation_min, strstr(rows[i].to, "MinTCB") != NULL ? 1 : 21);
        manifest_free(&m);
    }
}

/* Milan only with a chip list: neither [] nor null will do. */
static void test_milan(void **state)
{
    const char *const lists[] = {"[]", "null"};

    (void) state;
    for (size_t i = 0; i < 2; i++) {
        char text[FILE_MAX];
        struct manifest m;
        struct err err = {0};
        char list[64];
        const struct bad milan = {"\"Genoa\"", "\"Milan\"", ERR_MISSING, ""};

        (void) load("tests/vectors/manifest/full.json", text);
        (void) replace(text, &milan);
        (void) snprintf(list, sizeof list, "\"AllowedChipIDs\": %s", lists[i]);
        const struct bad chips = {"\"AllowedChipIDs\": []", list, ERR_MISSING, ""};
        size_t len = replace(text, &chips);
        assert_int_equal(manifest_parse(span_of(text, len), "m.json", true, &m, &err), -1);
        assert_int_equal(err.code, ERR_MISSING);
        assert_non_null(strstr(err.text, "snp[0].AllowedChipIDs: is empty; Milan needs its chips named"));
    }
}

static void test_small(void **state)
{
    char text[FILE_MAX];
    size_t len = load("tests/vectors/manifest/small.json", text);
    struct manifest m;
    struct err err = {0};

    (void) state;
    assert_int_equal(manifest_parse(span_of(text, len), "small.json", true, &m, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_non_null(
        strstr(err.text, "small.json: Policies: expected exactly one entry with the Role coordinator"));
    assert_int_equal(manifest_parse(span_of(text, len), "small.json", false, &m, &err), 0);
    assert_int_equal(m.snp[0].platform.len, 0);
    manifest_free(&m);
}

static const struct bad bad[] = {
    {"\"Policies\"",                                                       "\"policies\"",                                                           ERR_FORMAT,  "policies"                                              },
    {"\"WorkloadOwnerKeyDigests\"",                                        "\"Extra\"",                                                              ERR_FORMAT,  "Extra"                                                 },
    {"\"WorkloadOwnerKeyDigests\"",                                        "\"Policies\"",                                                           ERR_FORMAT,  "Policies"                                              },
    {"\"" HEX_11,                                                          "\"" HEX_11 "1",                                                          ERR_FORMAT,  "SHA-256"                                               },
    {"\"1111",                                                             "\"AAAA",                                                                 ERR_FORMAT,  "SHA-256"                                               },
    {"\"2222222222222222222222222222222222222222222222222222222222222222", "\"" HEX_11,                                                              ERR_FORMAT,  "1111"                                                  },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": []",                                                           ERR_MISSING, "SANs: expected at least one DNS name"                  },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": [\"1.2.3.4\"]",                                                ERR_MISSING, "SANs"                                                  },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": [\"a b\"]",                                                    ERR_FORMAT,  "SANs[0]: neither"                                      },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": [7]",                                                          ERR_FORMAT,  "SANs[0]"                                               },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": \"batch\"",                                                    ERR_FORMAT,  "SANs"                                                  },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": null",                                                         ERR_FORMAT,  "SANs"                                                  },
    {"\"SANs\": [\"batch\"]",                                              "\"sans\": [\"batch\"]",                                                  ERR_FORMAT,  "sans"                                                  },
    {"\"SANs\": [\"batch\"]",                                              "",                                                                       ERR_MISSING, "key \"SANs\" is missing"                               },
    {"\"batch\"",                                                          "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", ERR_LIMIT,
     "SANs[0]: 66 bytes"                                                                                                                                                                                                  },
    {"\"WorkloadSecretID\": \"c\"",                                        "\"WorkloadSecretID\": \"\"",                                             ERR_FORMAT,  "WorkloadSecretID: is empty"                            },
    {"\"WorkloadSecretID\": \"c\"",                                        "\"WorkloadSecretID\": 1",                                                ERR_FORMAT,  "WorkloadSecretID"                                      },
    {"\"Role\": \"coordinator\"",                                          "\"Role\": \"root\"",                                                     ERR_FORMAT,  "Role"                                                  },
    {", \"Role\": \"coordinator\"",                                        "",                                                                       ERR_FORMAT,  "found 0"                                               },
    {"\"SANs\": [\"batch\"]",                                              "\"SANs\": [\"batch\"], \"Role\": \"coordinator\"",                       ERR_FORMAT,  "found 2"                                               },
    {"\"snp\"",                                                            "\"sev\"",                                                                ERR_FORMAT,  "sev"                                                   },
    {"\"ProductName\": \"Genoa\"",                                         "\"ProductName\": \"Rome\"",                                              ERR_FORMAT,  "snp[0].ProductName"                                    },
    {"\"ProductName\": \"Genoa\"",                                         "\"ProductName\": \"Milan\"",                                             ERR_MISSING,
     "snp[0].AllowedChipIDs: is empty"                                                                                                                                                                                    },
    {"\"ProductName\": \"Genoa\",",                                        "",                                                                       ERR_MISSING, "snp[0]: key \"ProductName\" is missing"                },
    {"\"ProductName\": \"Genoa\"",                                         "\"Product\": \"Genoa\"",                                                 ERR_FORMAT,  "Product"                                               },
    {"\"4444",                                                             "\"44",                                                                   ERR_FORMAT,  "snp[0].TrustedMeasurement"                             },
    {"\"4444",                                                             "\"444G",                                                                 ERR_FORMAT,  "snp[0].TrustedMeasurement"                             },
    {"\"TEEVersion\": 0",                                                  "\"TEEVersion\": 256",                                                    ERR_LIMIT,   "snp[0].MinimumTCB.TEEVersion"                          },
    {"\"TEEVersion\": 0",                                                  "\"TEEVersion\": -1",                                                     ERR_FORMAT,  "snp[0].MinimumTCB.TEEVersion"                          },
    {"\"TEEVersion\": 0",                                                  "\"TEEVersion\": null",                                                   ERR_FORMAT,  "snp[0].MinimumTCB.TEEVersion"                          },
    {"\"BootloaderVersion\": 10, ",                                        "",                                                                       ERR_MISSING,
     "snp[0].MinimumTCB: key \"BootloaderVersion\" is missing"                                                                                                                                                            },
    {", \"MicrocodeVersion\": 88",                                         "",                                                                       ERR_MISSING, "snp[0].MinimumTCB: key \"MicrocodeVersion\" is missing"},
    {"\"MinimumTCB\"",                                                     "\"MinimumTcb\"",                                                         ERR_FORMAT,  "MinimumTcb"                                            },
    {"\"Debug\": false",                                                   "\"Debug\": true",                                                        ERR_DENIED,  "snp[0].GuestPolicy.Debug"                              },
    {"\"MigrateMA\": false",                                               "\"MigrateMA\": true",                                                    ERR_DENIED,  "snp[0].GuestPolicy.MigrateMA"                          },
    {"\"SMT\": true, ",                                                    "",                                                                       ERR_MISSING, "snp[0].GuestPolicy: key \"SMT\" is missing"            },
    {"\"SMT\": true",                                                      "\"SMT\": 1",                                                             ERR_FORMAT,  "snp[0].GuestPolicy.SMT"                                },
    {"\"ABIMinor\": 0, ",                                                  "",                                                                       ERR_MISSING, "snp[0].GuestPolicy: key \"ABIMinor\" is missing"       },
    {"\"CXLAllowed\": false",                                              "\"CXL\": false",                                                         ERR_FORMAT,  "CXL"                                                   },
    {", \"TIOEnabled\": false",                                            "",                                                                       ERR_MISSING, "snp[0].PlatformInfo: key \"TIOEnabled\" is missing"    },
    {"\"ECCEnabled\": true",                                               "\"ECC\": true",                                                          ERR_FORMAT,  "ECC"                                                   },
    {"\"MinimumMitigationVector\": 15,",                                   "",                                                                       ERR_MISSING,
     "snp[0]: key \"MinimumMitigationVector\" is missing"                                                                                                                                                                 },
    {"\"MinimumMitigationVector\": 15",                                    "\"MinimumMitigationVector\": 1.5",                                       ERR_FORMAT,  ""                                                      },
    {"\"AllowedChipIDs\": [\"3a",                                          "\"AllowedChipIDs\": [\"",                                                ERR_FORMAT,  "snp[1].AllowedChipIDs[0]"                              },
    {"\"MrSeam\": \"48",                                                   "\"MrSeam\": \"",                                                         ERR_FORMAT,  "tdx[0].MrSeam"                                         },
    {"\"Rtmrs\": [",                                                       "\"Rtmrs\": [], \"Platform2\": [",                                        ERR_FORMAT,  "Platform2"                                             },
    {"\"Xfam\": \"e7",                                                     "\"Xfam\": \"",                                                           ERR_FORMAT,  "tdx[0].Xfam"                                           },
    {"\"StaticPlatform\": false",                                          "\"StaticPlatform\": 0",                                                  ERR_FORMAT,  "tdx[0].StaticPlatform"                                 },
    {"\"AllowedPIIDs\": [\"88",                                            "\"AllowedPIIDs\": [\"",                                                  ERR_FORMAT,  "tdx[0].AllowedPIIDs[0]"                                },
    {"\"9999",                                                             "\"99",                                                                   ERR_FORMAT,  "WorkloadOwnerKeyDigests[0]"                            },
    {"\"SeedshareOwnerPubKeys\": [\"3082",                                 "\"SeedshareOwnerPubKeys\": [\"308",                                      ERR_FORMAT,
     "SeedshareOwnerPubKeys[0]"                                                                                                                                                                                           },
    {"\"SeedshareOwnerPubKeys\"",                                          "\"WorkloadOwnerPubKeys\"",                                               ERR_FORMAT,  "WorkloadOwnerPubKeys"                                  },
    {"  \"Policies\"",                                                     "\"Policies\": {}, \"x\"",                                                ERR_FORMAT,  ""                                                      },
};

static void test_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[FILE_MAX];
        struct manifest m = {.policy_count = 77};
        struct err err = {0};

        (void) load("tests/vectors/manifest/full.json", text);
        size_t len = replace(text, &bad[i]);
        if (manifest_parse(span_of(text, len), "m.json", true, &m, &err) == 0)
            fail_msg("row %zu (%s): accepted", i, bad[i].to);
        if (err.code != bad[i].code || strstr(err.text, bad[i].says) == NULL ||
            strncmp(err.text, "m.json", 6) != 0)
            fail_msg("row %zu (%s): code %s: %s", i, bad[i].to, err_code_name(err.code), err.text);
        assert_int_equal(m.policy_count, 77);
    }
}

/* Cut anywhere, it is no manifest. */
static void test_truncated(void **state)
{
    char text[FILE_MAX];
    size_t len = load("tests/vectors/manifest/full.json", text) - 1; /* the newline may go */

    (void) state;
    for (size_t i = 0; i < len; i += 7) {
        struct manifest m;
        struct err err;

        assert_int_equal(manifest_parse(span_of(text, i), "m.json", true, &m, &err), -1);
    }
}

static void test_too_long(void **state)
{
    char *text = malloc(MANIFEST_SIZE_MAX + 1);
    struct manifest m;
    struct err err;

    (void) state;
    assert_non_null(text);
    memset(text, ' ', MANIFEST_SIZE_MAX + 1);
    assert_int_equal(manifest_parse(span_of(text, MANIFEST_SIZE_MAX + 1), "m.json", true, &m, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    free(text);
}

/* The document with its owners' list replaced, parsed. */
static void parse_owners(const char *list, struct manifest *m)
{
    static const char old[] = "\"WorkloadOwnerKeyDigests\": "
                              "[\"9999999999999999999999999999999999999999999999999999999999999999\"]";
    struct err err;
    size_t len;
    char *text = test_slurp("tests/vectors/manifest/full.json", &len);
    char *changed = test_replace(text, old, list);

    if (manifest_parse(span_str(changed), "full.json", true, m, &err) < 0)
        fail_msg("%s", err.text);
    free(text);
    free(changed);
}

static void test_owners(void **state)
{
    char list[512];
    char spki[92];
    struct manifest m;
    size_t len;
    char *rsa = test_slurp("tests/vectors/rsa_oaep/public.der", &len);

    (void) state;
    /* SHA-256 of "spki" */
    parse_owners("\"WorkloadOwnerKeyDigests\": "
                 "[\"9999999999999999999999999999999999999999999999999999999999999999\","
                 " \"6feecc8c16c5551d9feb3eb5f77e2da773bf68bd9ef9c52927ceb2c86e56892b\"]",
                 &m);
    assert_true(manifest_is_owner(&m, span_str("spki")));
    assert_false(manifest_is_owner(&m, span_str("spkj")));
    assert_false(manifest_is_owner(&m, span_str("")));
    assert_true(manifest_is_seedshare_owner(&m, span_of(rsa, len)));
    assert_false(manifest_is_seedshare_owner(&m, span_of(rsa, len - 1)));
    assert_false(manifest_is_owner(&m, span_of(rsa, len)));
    manifest_free(&m);
    parse_owners("\"WorkloadOwnerKeyDigests\": []", &m);
    assert_false(manifest_is_owner(&m, span_str("spki")));
    manifest_free(&m);
    memset(spki, 0x31, 91); /* "1" */
    spki[91] = '\0';
    char *end = list + snprintf(list, sizeof list, "\"WorkloadOwnerPubKeys\": [\"");
    for (int i = 0; i < 91; i++)
        end += snprintf(end, 3, "31");
    (void) snprintf(end, 3, "\"]");
    parse_owners(list, &m);
    assert_true(manifest_is_owner(&m, span_str(spki)));
    assert_false(manifest_is_owner(&m, span_str("spki")));
    manifest_free(&m);
    free(rsa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),     cmocka_unit_test(test_expect), cmocka_unit_test(test_expect_tdx),
        cmocka_unit_test(test_contrast), cmocka_unit_test(test_milan),  cmocka_unit_test(test_small),
        cmocka_unit_test(test_vcpus),    cmocka_unit_test(test_bad),    cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_too_long), cmocka_unit_test(test_owners)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
