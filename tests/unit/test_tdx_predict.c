/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_predict: registers of known inputs, the events of a real guest, and what is said to be unknown. */
#include "tdx_predict.h"
#include "pcr.h"
#include "registers_test.h"

#define NEEDS_EDK2 "edk2 release"

struct files {
    char *firmware;
    char *kernel;
    struct tdvf tdvf;
    struct pe_image pe;
    struct bzimage bzimage;
    struct tdx_config config;
};

static void load(struct files *f)
{
    size_t len;
    struct err err;

    memset(f, 0, sizeof *f);
    f->firmware = test_slurp(TDX_FIRMWARE, &len);
    f->config = (struct tdx_config){.firmware_name = "OVMF.fd", .firmware = span_of(f->firmware, len)};
    assert_int_equal(tdvf_parse(f->config.firmware, TDX_FROM_END, &f->tdvf, &err), 0);
    f->config.tdvf = &f->tdvf;
    f->kernel = test_slurp("tests/vectors/pe/kernel.bin", &len);
    assert_int_equal(pe_image_parse(span_of(f->kernel, len), &f->pe, &err), 0);
    assert_int_equal(bzimage_parse(f->pe.file, &f->bzimage, &err), 0);
    f->config.kernel = &f->pe;
    f->config.bzimage = &f->bzimage;
    f->config.cmdline = span_str("console=tty0");
    f->config.initrd_size = 6;
    assert_int_equal(hash_bytes(HASH_SHA384, span_str("initrd"), f->config.initrd, &err), 0);
    f->config.memory = 2ull << 30;
    f->config.qemu = 1002;
    f->config.edk2_first = f->config.edk2_last = 202411;
    f->config.has_acpi = true;
    assert_int_equal(hash_bytes(HASH_SHA384, span_str("loader"), f->config.acpi[0], &err), 0);
    assert_int_equal(hash_bytes(HASH_SHA384, span_str("rsdp"), f->config.acpi[1], &err), 0);
    assert_int_equal(hash_bytes(HASH_SHA384, span_str("tables"), f->config.acpi[2], &err), 0);
}

static void done(struct files *f)
{
    free(f->firmware);
    free(f->kernel);
}

static struct tdx_values predict(const struct files *f)
{
    struct tdx_values v;
    struct err err;

    if (tdx_predict(&f->config, &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static void expect(const struct files *f, unsigned rtmr, const char *value)
{
    struct tdx_values v = predict(f);

    if (v.rtmr[rtmr].why)
        fail_msg("RTMR%u: %s", rtmr, v.rtmr[rtmr].why);
    test_check_hex(v.rtmr[rtmr].value, SHA384_SIZE, value, "register");
}

static void expect_unknown(const struct files *f, unsigned rtmr, const char *part)
{
    struct tdx_values v = predict(f);

    if (!v.rtmr[rtmr].why || !strstr(v.rtmr[rtmr].why, part))
        fail_msg("RTMR%u: expected '%s', found '%s'", rtmr, part,
                 v.rtmr[rtmr].why ? v.rtmr[rtmr].why : "known");
}

static void test_known(void **state)
{
    struct files f;

    (void) state;
    load(&f);
    expect(
        &f, 0,
        "240fcedc4306b49b06b2206782dd7009736413832a6149913e7b8d6630a1f253a98877f644730018afcc12d18cf74f9d");
    expect(
        &f, 1,
        "9f94e866e79dc88f1dfe64b435b6e6b3763bf0b0c311d16ecd6d4c8c61d4ba4acfcb231ed562382be0caeb9801a133ec");
    expect(
        &f, 2,
        "3938cf83fe59e8b5ce120b76474bf6070fbaebd5ce2154fee2cbe66d743d5d72723e2cd5dec022c0093f26f27cb8393b");
    f.config.edk2_first = TDX_EDK2_OLDEST;
    f.config.edk2_last = 202408;
    expect(
        &f, 0,
        "30f5a260fe379de73f2c3db550ca404c0251ebf274992e408c0a8a819e4bf6e48ea7f131800faa115cb7591ca93f2f50");
    expect(
        &f, 1,
        "b79434465bf1037db0790d83537b46140ab680c69ada617ba9d3a5e4c4eccf6421cbb240ab16b5e6d0221ae7ed8bf79b");
    f.config.edk2_first = TDX_EDK2_INITRD_FIRST;
    f.config.edk2_last = TDX_EDK2_NEWEST;
    expect(
        &f, 2,
        "d009742b76a57509dfbac8e6c4fbe6631fc2cfda4ce3ad5044bb29d0bb983b8a3ad84c3cd278f32991704b6e89033d05");
    done(&f);
}

/* All events of RTMR0 and RTMR1 of a real guest (Dstack-TEE/dstack, tdx-lite-getquote: 2 GiB, edk2 of profile
 * B) whose inputs are known here: ours must have the same digests in the same order. */
static void test_real_events(void **state)
{
    static const char *const rtmr0[] = {
        "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe4917ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749",
        NULL, /* variables: another firmware */
        "9dc3a1f80bcec915391dcda5ffbb15e7419f77eab462bbf72b42166fb70d50325e37b36f93537a863769bcf9bedae6fb",
        "6f2e3cbc14f9def86980f5f66fd85e99d63e69a73014ed8a5633ce56eca5b64b692108c56110e22acadcef58c3250f1b",
        "d607c0efb41c0d757d69bca0615c3a9ac0b1db06c557d992e906c6b7dee40e0e031640c7bfd7bcd35844ef9edeadc6f9",
        "08a74f8963b337acb6c93682f934496373679dd26af1089cb4eaf0c30cf260a12e814856385ab8843e56a9acea19e127",
        "18cc6e01f0c6ea99aa23f8a280423e94ad81d96d0aeb5180504fc0f7a40cb3619dd39bd6a95ec1680a86ed6ab0f9828d",
        "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0",
        NULL,
        NULL,
        NULL, /* ACPI */
        "1dd6f7b457ad880d840d41c961283bab688e94e4b59359ea45686581e90feccea3c624b1226113f824f315eb60ae0a7c",
        "23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fea1c64bc656b1d28eacf7047ae6e967c58fd2a98bfa74c298",
        NULL, /* RTMR1: kernel */
        "77a0dab2312b4e1e57a84d865a21e5b2ee8d677a21012ada819d0a98988078d3d740f6346bfe0abaa938ca20439a8d71",
        "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0",
        "214b0bef1379756011344877743fdc2a5382bac6e70362d624ccf3f654407c1b4badf7d8f9295dd3dabdef65b27677e0",
        "0a2e01c85deae718a530ad8c6d20a84009babe6c8989269e950d8cf440c6e997695e64d455c4174a652cd080f6230b74",
    };
    struct files f;
    struct tdx_values v;

    (void) state;
    load(&f);
    v = predict(&f);
    assert_int_equal(v.event_count, COUNT(rtmr0) + 2);
    for (size_t i = 0; i < COUNT(rtmr0); i++) {
        assert_true(v.events[i].known);
        if (rtmr0[i])
            test_check_hex(v.events[i].digest, SHA384_SIZE, rtmr0[i], v.events[i].label);
    }
    done(&f);
}

static void test_unknown(void **state)
{
    struct files f;

    (void) state;
    load(&f);
    f.config.has_acpi = false;
    expect_unknown(&f, 0, "--acpi-tables");
    f.config.memory = 0;
    expect_unknown(&f, 0, "--memory");
    f.config.qemu = 902;
    expect_unknown(&f, 1, "--memory");
    f.config.initrd_size = 0;
    assert_null(predict(&f).rtmr[1].why);
    f.config.qemu = 0;
    expect_unknown(&f, 1, "--qemu");
    f.config.edk2_first = f.config.edk2_last = 0;
    expect_unknown(&f, 0, NEEDS_EDK2);
    f.config.qemu = 1002;
    expect_unknown(&f, 1, NEEDS_EDK2);
    assert_null(predict(&f).rtmr[2].why); /* no initrd: no rule about it */
    f.config.initrd_size = 6;
    expect_unknown(&f, 2, "202508");
    f.config.edk2_first = TDX_EDK2_SMBIOS;
    f.config.edk2_last = TDX_EDK2_NEWEST;
    expect_unknown(&f, 0, "SMBIOS");
    expect_unknown(&f, 2, "202508");
    f.config.edk2_first = TDX_EDK2_OLDEST;
    f.config.edk2_last = 202411;
    expect_unknown(&f, 0, "exact edk2 release");
    f.config.kernel = NULL;
    expect_unknown(&f, 1, "--kernel");
    expect_unknown(&f, 2, "--kernel");
    done(&f);
}

/* Which QEMU and edk2 hand the firmware a changed kernel. */
static void test_patched(void **state)
{
    static const struct {
        unsigned qemu;
        unsigned first;
        unsigned last;
        int patched; /* -1: unknown */
    } rows[] = {
        {802,  202302, 202408, 1 },
        {902,  202502, 202502, 1 },
        {1000, 202302, 202408, 1 },
        {1001, 202411, 202411, 1 },
        {1000, 202411, 202502, -1},
        {1000, 202502, 202502, 0 },
        {1001, 202505, 209912, 0 },
        {1002, 202302, 202408, 0 },
        {1100, 202411, 202502, 0 },
    };
    struct files f;
    uint8_t raw[SHA384_SIZE];
    struct err err;

    (void) state;
    load(&f);
    assert_int_equal(pe_image_digest(&f.pe, span_of(NULL, 0), HASH_SHA384, raw, &err), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tdx_values v;
        const struct tdx_event *kernel;

        f.config.qemu = rows[i].qemu;
        f.config.edk2_first = rows[i].first;
        f.config.edk2_last = rows[i].last;
        v = predict(&f);
        kernel = &v.events[0];
        while (kernel->rtmr != 1)
            kernel++;
        assert_int_equal(kernel->known, rows[i].patched >= 0);
        if (kernel->known)
            assert_int_equal(memcmp(kernel->digest, raw, sizeof raw) != 0, rows[i].patched);
    }
    done(&f);
}

/* Neither command line nor initrd: the kernel measures nothing. */
static void test_no_options(void **state)
{
    struct files f;

    (void) state;
    load(&f);
    f.config.initrd_size = 0;
    f.config.cmdline = span_of(NULL, 0);
    expect(
        &f, 2,
        "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000");
    done(&f);
}

static void test_errors(void **state)
{
    struct files f;
    struct tdx_values v, before;
    struct err err;

    (void) state;
    memset(&v, 0x5a, sizeof v);
    before = v;
    load(&f);
    f.config.cmdline = span_str("\xff");
    assert_int_equal(tdx_predict(&f.config, &v, &err), -1);
    test_check_err(&err, ERR_FORMAT, "command line: byte 0xff", "no ASCII");
    f.config.cmdline = span_of(f.firmware, PCR_TEXT_MAX);
    assert_int_equal(tdx_predict(&f.config, &v, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most 16384", "no room for initrd=initrd");
    f.config.cmdline = span_str("");
    f.config.memory = 4096;
    assert_int_equal(tdx_predict(&f.config, &v, &err), -1);
    test_check_err(&err, ERR_FORMAT, "OVMF.fd: TDX section 2", "little memory");
    f.config.memory = 1ull << 30;
    f.config.qemu = 900;
    f.pe.table_end = BZIMAGE_HEADER_AT + 1;
    assert_int_equal(tdx_predict(&f.config, &v, &err), -1);
    test_check_err(&err, ERR_FORMAT, "in the setup header", "headers overlap");
    f.tdvf.sections[1].type = TDVF_BFV;
    assert_int_equal(tdx_predict(&f.config, &v, &err), -1);
    test_check_err(&err, ERR_FORMAT, "expected one CFV", "no variables");
    assert_memory_equal(&v, &before, sizeof v);
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),   cmocka_unit_test(test_real_events), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_patched), cmocka_unit_test(test_no_options),  cmocka_unit_test(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
