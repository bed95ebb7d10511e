/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_vcpus agrees with snp_launch, which tests/unit/test_snp_launch.c holds against real vectors. */
#include "snp_vcpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_agrees(void **state)
{
    enum { COUNT = 220 };
    struct ovmf ovmf = {.has_reset_eip = true,
                        .reset_eip = 0x80b004,
                        .sections = {{.gpa = 0x800000, .size = 0x2000, .type = OVMF_SEC_MEM}},
                        .section_count = 1};
    struct snp_launch launch = {.ovmf = &ovmf,
                                .vmm = SNP_LAUNCH_QEMU,
                                .vcpu_sig = snp_launch_cpu_sig("EPYC-Genoa"),
                                .features = SNP_LAUNCH_FEATURES_DEFAULT};
    const struct snp_vcpus vcpus = {.ap_eip = 0x80b004, .vcpu_sig = launch.vcpu_sig};
    static uint8_t want[COUNT][SNP_LAUNCH_DIGEST_SIZE];
    static uint8_t got[COUNT][SNP_LAUNCH_DIGEST_SIZE];
    struct err err;

    (void) state;
    memset(launch.firmware_digest, 0x5a, sizeof launch.firmware_digest);
    assert_int_equal(snp_launch_digests(&launch, 1, COUNT, want[0], &err), 0);
    memcpy(got[0], want[0], sizeof got[0]);
    assert_int_equal(snp_vcpus_further(&vcpus, COUNT, got[0], &err), 0);
    assert_memory_equal(got, want, sizeof want);
}

static void test_count(void **state)
{
    const struct snp_vcpus vcpus = {0};
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE] = {0};
    struct err err;

    (void) state;
    assert_int_equal(snp_vcpus_further(&vcpus, 0, digest, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(snp_vcpus_further(&vcpus, SNP_LAUNCH_VCPUS_MAX + 1, digest, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(snp_vcpus_further(&vcpus, 1, digest, &err), 0);
    assert_true(span_is_zero(span_of(digest, sizeof digest)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_agrees), cmocka_unit_test(test_count)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
