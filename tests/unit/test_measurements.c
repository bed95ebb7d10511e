/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "hex.h"
#include "json.h"
#include "measurements.h"
#include "measurements_sig.h"
#include "reference_values.h"

#define DIR "tests/vectors/measurements/"

static struct measurements *parse(const char *path)
{
    struct measurements *m = calloc(1, sizeof *m);
    struct err err = {0};
    size_t len;
    char *text = test_slurp(path, &len);

    assert_non_null(m);
    if (measurements_parse(span_of(text, len), "m", m, &err) < 0)
        fail_msg("%s: %s", path, err.text);
    free(text);
    return m;
}

static void check_hash(const uint8_t *found, enum hash_alg alg, const char *of)
{
    uint8_t want[HASH_MAX];
    struct err err = {0};

    assert_int_equal(hash_bytes(alg, span_str(of), want, &err), 0);
    assert_memory_equal(found, want, hash_size(alg));
}

static void test_production(void **state)
{
    struct measurements *m = parse(DIR "production.json");

    (void) state;
    assert_false(m->debug);
    assert_string_equal(m->cmdline, "console=ttyS0 quiet note=\"a\\b\"");
    assert_string_equal(m->files[MEASUREMENTS_FIRMWARE].name, "OVMF.fd");
    check_hash(m->files[MEASUREMENTS_KERNEL].sha256, HASH_SHA256, "vmlinuz");
    check_hash(m->files[MEASUREMENTS_INITRD].sha384, HASH_SHA384, "initrd");
    assert_true(m->files[MEASUREMENTS_KERNEL].size == JSON_INT_MAX);
    assert_true(m->snp.present);
    assert_false(m->tdx.present);
    assert_false(measurements_has(m, MEASUREMENTS_TDX_FIRMWARE));
    assert_int_equal(m->snp.features, 1);
    assert_int_equal(m->snp.cpu_count, 1);
    assert_string_equal(m->snp.cpus[0].model, "EPYC-v4");
    assert_int_equal(m->snp.cpus[0].sig, 0x800f12);
    check_hash(m->snp.cpus[0].digests[0], HASH_SHA384, "EPYC-v4 1");
    check_hash(m->snp.cpus[0].digests[9], HASH_SHA384, "EPYC-v4 10");
    check_hash(m->snp.cpus[0].digests[219], HASH_SHA384, "EPYC-v4 220");
    assert_int_equal(m->workload_count, 2);
    assert_int_equal(m->workloads[0].verity.salt_len, 2);
    assert_int_equal(m->workloads[1].verity.salt_len, 0);
    check_hash(m->workloads[0].verity.root_hash, HASH_SHA256, "root redis.img");
    assert_int_equal(m->host_data_count, 2);
    check_hash(m->host_data[1].sha256, HASH_SHA256, "b.toml");
    free(m);
}

static void test_others(void **state)
{
    struct measurements *m = parse(DIR "dev.json");

    (void) state;
    assert_true(m->debug);
    free(m);
    m = parse(DIR "snp-and-tdx.json");
    assert_int_equal(m->snp.cpu_count, 2);
    assert_true(m->tdx.present);
    check_hash(m->tdx.rtmr2, HASH_SHA384, "rtmr2");
    assert_true(measurements_has(m, MEASUREMENTS_TDX_FIRMWARE));
    assert_string_equal(m->files[MEASUREMENTS_TDX_FIRMWARE].name, "TDVF.fd");
    check_hash(m->files[MEASUREMENTS_TDX_FIRMWARE].sha384, HASH_SHA384, "TDVF.fd");
    free(m);
    m = parse(DIR "tdx.json");
    assert_false(m->snp.present);
    check_hash(m->tdx.mrtd_single_pass, HASH_SHA384, "single");
    check_hash(m->tdx.mrtd_two_pass, HASH_SHA384, "two");
    free(m);
}

/* One change each to a good document. */
struct row {
    const char *file;
    const char *from;
    const char *to;
    enum err_code code;
    const char *text;
};

static const struct row rows[] = {
    {"production.json",  "\"version\": 1",            "\"version\": 2",               ERR_LIMIT,   "version"              },
    {"production.json",  "\"version\": 1,",           "\"version\": 1, \"x\": 1,",    ERR_FORMAT,  "unknown key \"x\""    },
    {"production.json",  "\"version\": 1,",           "\"version\":1,",               ERR_FORMAT,  "canonical"            },
    {"production.json",  "\"version\": 1,",           "",                             ERR_MISSING, "version"              },
    {"production.json",  "\"image\"",                 "\"dev\"",                      ERR_MISSING, "dev: key \"debug\""   },
    {"production.json",  "\"image\"",                 "\"picture\"",                  ERR_MISSING, "image"                },
    {"dev.json",         "\"dev\"",                   "\"image\"",                    ERR_FORMAT,  "unknown key \"debug\""},
    {"dev.json",         "\"debug\": true",           "\"debug\": false",             ERR_FORMAT,  "dev.debug"            },
    {"dev.json",         "\"host_data\"",             "\"image\": {}, \"host_data\"", ERR_FORMAT,  "both"                 },
    {"production.json",  "\"files\"",                 "\"file\"",                     ERR_FORMAT,  "image"                },
    {"production.json",  "\"OVMF.fd\"",               "\".VMF.fd\"",                  ERR_FORMAT,  "firmware.name"        },
    {"production.json",  "\"OVMF.fd\"",               "\"a/OVMF.fd\"",                ERR_FORMAT,  "firmware.name"        },
    {"production.json",  "\"OVMF.fd\"",               "\"\"",                         ERR_FORMAT,  "firmware.name"        },
    {"production.json",  "\"size\": 0",               "\"size\": -1",                 ERR_FORMAT,  "initrd.size"          },
    {"production.json",  "9007199254740991",          "9007199254740992",             ERR_FORMAT,  "line"                 },
    {"production.json",  "\"0x800f12\"",              "\"0x0800f12\"",                ERR_FORMAT,  "canonical"            },
    {"production.json",  "\"0x800f12\"",              "\"0x800F12\"",                 ERR_FORMAT,  "vcpu_sig"             },
    {"production.json",  "\"0x800f12\"",              "\"0x\"",                       ERR_FORMAT,  "vcpu_sig"             },
    {"production.json",  "\"0x800f12\"",              "\"800f12\"",                   ERR_FORMAT,  "vcpu_sig"             },
    {"production.json",  "\"0x800f12\"",              "\"0x100000000\"",              ERR_LIMIT,   "vcpu_sig"             },
    {"production.json",  "\"0x800f12\"",              "\"0x11111111111111111\"",      ERR_FORMAT,  "vcpu_sig"             },
    {"production.json",  "\"0x1\"",                   "\"0xffffffffffffffff\"",       ERR_LIMIT,   "guest_features"       },
    {"production.json",  "\"EPYC-v4\"",               "\"EPYC v4\"",                  ERR_FORMAT,  "vcpu_type"            },
    {"production.json",  "\"100\": ",                 "\"221\": ",                    ERR_MISSING, "100"                  },
    {"production.json",  "\"1\": ",                   "\"0\": ",                      ERR_MISSING, "\"1\""                },
    {"production.json",  "\"sha256\": \"",            "\"sha256\": \"0",              ERR_FORMAT,  "sha256"               },
    {"production.json",  "\"data_block_size\": 4096", "\"data_block_size\": 4095",    ERR_FORMAT,
     "data_block_size"                                                                                                    },
    {"production.json",  "\"hash_start_block\": 190", "\"hash_start_block\": 189",    ERR_FORMAT,
     "hash_start_block"                                                                                                   },
    {"production.json",  "\"hash\": \"sha256\"",      "\"hash\": \"sha384\"",         ERR_FORMAT,  "hash"                 },
    {"production.json",  "\"salt\": \"aabb\"",        "\"salt\": \"aab\"",            ERR_FORMAT,  "salt"                 },
    {"production.json",  "\"web.img\"",               "\"redis.img\"",                ERR_FORMAT,  "does not rise"        },
    {"production.json",  "\"b.toml\"",                "\"a.toml\"",                   ERR_FORMAT,  "does not rise"        },
    {"production.json",  "\"tdx_mrconfigid\": \"",    "\"tdx_mrconfigid\": \"x",      ERR_FORMAT,  "tdx_mrconfigid"       },
    {"production.json",  "0000\"",                    "0001\"",                       ERR_FORMAT,  "canonical"            },
    {"snp-and-tdx.json", "\"EPYC-v4\"",               "\"EPYC-A\"",                   ERR_FORMAT,  "does not rise"        },
    {"snp-and-tdx.json", "\"TDVF.fd\"",               "\"\"",                         ERR_FORMAT,  "tdx_firmware.name"    },
    {"snp-and-tdx.json", "\"tdx_firmware\"",          "\"tdxfirmware\"",              ERR_FORMAT,  "tdxfirmware"          },
    {"tdx.json",         "\"rtmr1\"",                 "\"rtmr0\"",                    ERR_FORMAT,  "rtmr0"                },
    {"tdx.json",         "\"tdx\"",                   "\"tdy\"",                      ERR_FORMAT,  "tdy"                  },
    {"production.json",  "\"console",                 "\"\\u0063onsole",              ERR_FORMAT,  "canonical"            },
};

static void test_bad(void **state)
{
    struct measurements *m = calloc(1, sizeof *m);

    (void) state;
    assert_non_null(m);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[128];
        struct err err = {0};
        size_t len;
        char *good, *bad;

        (void) snprintf(path, sizeof path, DIR "%s", rows[i].file);
        good = test_slurp(path, &len);
        bad = test_replace(good, rows[i].from, rows[i].to);
        m->workload_count = 4711;
        if (measurements_parse(span_str(bad), "m", m, &err) == 0)
            fail_msg("row %zu (%s) went through", i, rows[i].to);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].to);
        assert_int_equal(m->workload_count, 4711);
        free(good);
        free(bad);
    }
    free(m);
}

/* Every prefix and every text with more behind it. */
static void test_cut(void **state)
{
    struct measurements *m = calloc(1, sizeof *m);
    struct err err = {0};
    size_t len;
    char *text = test_slurp(DIR "tdx.json", &len);

    (void) state;
    assert_non_null(m);
    for (size_t n = 0; n < len; n++)
        assert_int_equal(measurements_parse(span_of(text, n), "m", m, &err), -1);
    assert_int_equal(measurements_parse(span_of(text, len), "m", m, &err), 0);
    text[len] = '\n';
    assert_int_equal(measurements_parse(span_of(text, len + 1), "m", m, &err), -1);
    free(text);
    free(m);
}

static void test_write_refuses(void **state)
{
    struct measurements *m = parse(DIR "snp-and-tdx.json");
    char buf[1024];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err = {0};

    (void) state;
    assert_int_equal(measurements_write(m, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "do not fit", "full");
    m->tdx.present = false;
    assert_int_equal(measurements_write(m, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "tdx_firmware", "firmware for nothing");
    m->snp.present = false;
    m->snp.cpu_count = 0;
    assert_int_equal(measurements_write(m, &w, &err), -1);
    test_check_err(&err, ERR_MISSING, "neither", "no part");
    m->snp.present = true;
    assert_int_equal(measurements_write(m, &w, &err), -1);
    test_check_err(&err, ERR_MISSING, "no CPU", "no cpu");
    free(m);
}

static void test_names(void **state)
{
    static const char *const good[] = {"a", "OVMF.fd", "A-b_c+1.2"};
    static const char *const bad[] = {"", ".", "..", ".a", "a/b", "/", "a b", "\xc3\xa9", "a\n"};
    char name[MEASUREMENTS_NAME_MAX + 2] = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(measurements_name_ok(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(measurements_name_ok(bad[i]));
    memset(name, 'a', MEASUREMENTS_NAME_MAX);
    assert_true(measurements_name_ok(name));
    name[MEASUREMENTS_NAME_MAX] = 'a';
    assert_false(measurements_name_ok(name));
}

static void test_signature(void **state)
{
    struct ecc_pair pair = {0}, small = {0};
    uint8_t buf[ECC_SIG_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err = {0};

    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &pair, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &small, &err), 0);
    assert_int_equal(measurements_sign(span_str("text"), &small, &w, &err), -1);
    assert_int_equal(measurements_sign(span_str("text"), &pair, &w, &err), 0);
    assert_int_equal(measurements_check_sig(span_str("text"), writer_span(&w), &pair.pub, &err), 0);
    assert_int_equal(measurements_check_sig(span_str("texT"), writer_span(&w), &pair.pub, &err), -1);
    test_check_err(&err, ERR_DENIED, "", "text");
    assert_int_equal(measurements_check_sig(span_str("text"), span_of(buf, w.len - 1), &pair.pub, &err), -1);
    test_check_err(&err, ERR_FORMAT, "", "cut");
    assert_int_equal(measurements_check_sig(span_str("text"), writer_span(&w), &small.pub, &err), -1);
    test_check_err(&err, ERR_FORMAT, "P-384", "curve");
}

static void test_keys(void **state)
{
    struct ecc_pair pair = {0}, small = {0}, back = {0};
    char pem[2 * 320 + 1] = {0};
    struct writer w = writer_of(pem, sizeof pem - 1);
    struct ecc_public pub = {.curve = ECC_CURVE_P256};
    struct err err = {0};

    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &pair, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &small, &err), 0);
    ecc_pair_to_pem(&pair, &w);
    assert_int_equal(measurements_key(writer_span(&w), &back, &err), 0);
    assert_true(ecc_public_eq(&back.pub, &pair.pub));
    assert_int_equal(measurements_public_key(writer_span(&w), &pub, &err), -1); /* a private key */
    w = writer_of(pem, sizeof pem - 1);
    ecc_pair_to_pem(&small, &w);
    assert_int_equal(measurements_key(writer_span(&w), &back, &err), -1);
    test_check_err(&err, ERR_FORMAT, "P-384", "curve");
    assert_int_equal(measurements_key(span_of(pem, MEASUREMENTS_PEM_MAX + 1), &back, &err), -1);
    assert_int_equal(measurements_public_key(span_of(pem, MEASUREMENTS_PEM_MAX + 1), &pub, &err), -1);
    assert_int_equal(pub.curve, ECC_CURVE_P256);
}

static void test_reference_values(void **state)
{
    struct measurements *m = parse(DIR "snp-and-tdx.json");
    static char text[REFERENCE_VALUES_MAX + 1];
    struct writer w = writer_of(text, REFERENCE_VALUES_MAX);
    struct writer tiny = writer_of(text, 100);
    struct err err = {0};

    (void) state;
    assert_int_equal(reference_values_write(m, 0x80b004, &tiny, &err), -1);
    test_check_err(&err, ERR_LIMIT, "do not fit", "full");
    assert_int_equal(reference_values_write(m, 0x80b004, &w, &err), 0);
    assert_non_null(strstr(text, "\"APEIP\": \"0080b004\""));
    assert_non_null(strstr(text, "\"VCPUSig\": \"00a00f11\""));
    assert_non_null(strstr(text, "\"Platform\": \"Metal-QEMU-SNP\""));
    m->debug = true;
    w.len = 0;
    assert_int_equal(reference_values_write(m, 0x80b004, &w, &err), 0);
    assert_null(strstr(text, "\"Platform\": \"Metal-QEMU-SNP\","));
    m->snp.present = false;
    assert_int_equal(reference_values_write(m, 0x80b004, &w, &err), -1);
    test_check_err(&err, ERR_MISSING, "SEV-SNP", "no snp");
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_production),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_reference_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
