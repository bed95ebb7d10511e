/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sev_launch over tests/vectors/ovmf: digests worked out by sev-snp-measure 0.0.13, for a kernel "K\n", an
 * initrd "I\n" and the command line "console=ttyS0". */
#include "hex.h"
#include "parser_test.h"
#include "sev_launch.h"

struct lab {
    struct hash firmware;
    struct ovmf ovmf;
    struct snp_launch_kernel kernel;
    struct snp_launch launch;
};

static void load(const char *path, struct lab *lab)
{
    size_t len;
    char *file = test_slurp(path, &len);
    struct err err;

    memset(lab, 0, sizeof *lab);
    assert_int_equal(ovmf_parse(span_of(file, len), &lab->ovmf, &err), 0);
    assert_int_equal(hash_begin(HASH_SHA256, &lab->firmware, &err), 0);
    assert_int_equal(hash_update(&lab->firmware, span_of(file, len), &err), 0);
    assert_int_equal(hash_bytes(HASH_SHA256, span_str("K\n"), lab->kernel.kernel, &err), 0);
    assert_int_equal(hash_bytes(HASH_SHA256, span_str("I\n"), lab->kernel.initrd, &err), 0);
    assert_int_equal(snp_launch_cmdline_hash(span_str("console=ttyS0"), lab->kernel.cmdline, &err), 0);
    lab->launch = (struct snp_launch){.ovmf = &lab->ovmf, .vcpu_sig = 0x800f12, .features = 0x21};
    free(file);
}

static void check(const uint8_t *digest, const char *want)
{
    char text[2 * SEV_LAUNCH_DIGEST_SIZE + 1];
    struct err err;

    assert_int_equal(hex_encode(span_of(digest, SEV_LAUNCH_DIGEST_SIZE), text, sizeof text, &err), 0);
    assert_string_equal(text, want);
}

static void test_sev(void **state)
{
    struct lab lab;
    uint8_t digest[SEV_LAUNCH_DIGEST_SIZE];
    struct err err;

    (void) state;
    load("tests/vectors/ovmf/kernel-hashes.fd", &lab);
    assert_int_equal(sev_launch_digest(&lab.firmware, &lab.launch, digest, &err), 0);
    check(digest, "38637b373efc9bf1674fa06e8092c506c93caefbba32cda0bafa3e54e790e6b7");
    lab.launch.kernel = &lab.kernel;
    assert_int_equal(sev_launch_digest(&lab.firmware, &lab.launch, digest, &err), 0);
    check(digest, "3f097726e36577a78a9c8ee387a3bace3cb9a1164822b9fa7b8319d6364a1d1f");
}

static void test_es(void **state)
{
    struct lab lab;
    uint8_t digests[4 * SEV_LAUNCH_DIGEST_SIZE], one[SEV_LAUNCH_DIGEST_SIZE];
    struct err err;

    (void) state;
    load("tests/vectors/ovmf/kernel-hashes.fd", &lab);
    lab.launch.kernel = &lab.kernel;
    assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, 1, 4, digests, &err), 0);
    check(digests, "fbdf75ddbac0db199623983b91c114caa963816561eb0d9e246644f25015c059");
    check(digests + 3 * SEV_LAUNCH_DIGEST_SIZE,
          "9bfdfe3378292d51cdf7e04e3c43b45eb6533531fab811d8fefa340a023a06ac");
    for (unsigned i = 1; i <= 4; i++) { /* the firmware's state was not used up */
        assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, i, i, one, &err), 0);
        assert_memory_equal(one, digests + (size_t) (i - 1) * SEV_LAUNCH_DIGEST_SIZE, sizeof one);
    }
    lab.launch.features = 1; /* not part of it */
    assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, 2, 2, one, &err), 0);
    assert_memory_equal(one, digests + SEV_LAUNCH_DIGEST_SIZE, sizeof one);
}

static void test_refusals(void **state)
{
    struct lab lab;
    uint8_t digest[SEV_LAUNCH_DIGEST_SIZE];
    struct err err;

    (void) state;
    load("tests/vectors/ovmf/no-kernel-hashes.fd", &lab);
    lab.launch.kernel = &lab.kernel;
    assert_int_equal(sev_launch_digest(&lab.firmware, &lab.launch, digest, &err), -1);
    test_check_err(&err, ERR_DENIED, "would not check the kernel", "no table");
    assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, 1, 1, digest, &err), -1);
    test_check_err(&err, ERR_DENIED, "would not check the kernel", "no table");
    lab.launch.kernel = NULL;
    assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, 0, 1, digest, &err), -1);
    test_check_err(&err, ERR_LIMIT, "0 to 1", "none");
    assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, 513, 513, digest, &err), -1);
    test_check_err(&err, ERR_LIMIT, "513", "too many");
    lab.ovmf.has_reset_eip = false;
    assert_int_equal(sev_launch_digests_es(&lab.firmware, &lab.launch, 1, 1, digest, &err), -1);
    test_check_err(&err, ERR_DENIED, "reset block", "no reset block");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sev),
        cmocka_unit_test(test_es),
        cmocka_unit_test(test_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
