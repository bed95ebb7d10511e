/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_explain: every single change and every pair of a small lab is found, with no more changes than needed.
 */
#include "hash.h"
#include "parser_test.h"
#include "snp_explain.h"

static struct ovmf footers[2] = {
    {.has_reset_eip = true,
     .reset_eip = 0x80b004,
     .hash_table_gpa = 0x810c00,
     .has_kernel_hashes = true,
     .sections = {{0x800000, 0x2000, OVMF_SEC_MEM}, {0x810000, 0x1000, OVMF_KERNEL_HASHES}},
     .section_count = 2},
    {.has_reset_eip = true,
     .reset_eip = 0x80b004,
     .sections = {{0x800000, 0x2000, OVMF_SEC_MEM}},
     .section_count = 1    },
};

static void add(struct snp_explain *e, enum snp_explain_setting setting, uint64_t number)
{
    struct snp_explain_choice *c = snp_explain_add(e, setting);

    assert_non_null(c);
    c->number = number;
    memset(c->hash, (int) number, sizeof c->hash);
    memset(c->firmware_digest, (int) number, sizeof c->firmware_digest);
    c->ovmf = &footers[0];
}

/* Two or three choices a setting. */
static struct snp_explain *lab(void)
{
    struct snp_explain *e = calloc(1, sizeof *e);

    assert_non_null(e);
    for (unsigned s = 0; s < SNP_EXPLAIN_SETTINGS; s++) {
        add(e, (enum snp_explain_setting) s, 0);
        add(e, (enum snp_explain_setting) s, 1);
    }
    add(e, SNP_EXPLAIN_FEATURES, 0x21);
    add(e, SNP_EXPLAIN_CMDLINE, 5);
    e->vcpus = 2;
    return e;
}

static void digest_of(const struct snp_explain *e, const size_t *choice, unsigned vcpus, uint8_t *digest)
{
    struct snp_explain *moved = calloc(1, sizeof *moved);
    struct err err;

    assert_non_null(moved);
    for (unsigned s = 0; s < SNP_EXPLAIN_SETTINGS; s++)
        *snp_explain_add(moved, (enum snp_explain_setting) s) = e->lists[s].choice[choice[s]];
    moved->vcpus = vcpus;
    assert_int_equal(snp_explain_given(moved, digest, &err), 0);
    free(moved);
}

static void check(const struct snp_explain *e, const size_t *choice, unsigned vcpus)
{
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE];
    struct snp_explain_found found;
    struct err err;

    digest_of(e, choice, vcpus, digest);
    assert_int_equal(snp_explain_search(e, digest, &found, &err), 0);
    assert_true(found.found);
    assert_int_equal(found.vcpus, vcpus);
    assert_int_equal(found.other_vcpus, e->vcpus != 0 && vcpus != e->vcpus);
    assert_memory_equal(found.choice, choice, sizeof found.choice);
}

static void test_one_and_two(void **state)
{
    struct snp_explain *e = lab();
    size_t choice[SNP_EXPLAIN_SETTINGS] = {0};

    (void) state;
    check(e, choice, 2);
    check(e, choice, 220);
    for (unsigned a = 0; a < SNP_EXPLAIN_SETTINGS; a++) {
        for (size_t i = 1; i < e->lists[a].count; i++) {
            choice[a] = i;
            /* EC2 (VMM 1) has no FPU fields and its own RDX: then those settings do not count */
            check(e, choice, 2);
            check(e, choice, 9);
            for (unsigned b = a + 1; b < SNP_EXPLAIN_SETTINGS; b++) {
                if (b == SNP_EXPLAIN_VMM && a != SNP_EXPLAIN_FEATURES)
                    continue;
                choice[b] = e->lists[b].count - 1;
                check(e, choice, 2);
                check(e, choice, 3);
                choice[b] = 0;
            }
        }
        choice[a] = 0;
    }
    free(e);
}

static void test_nothing(void **state)
{
    struct snp_explain *e = lab();
    const uint8_t other[SNP_LAUNCH_DIGEST_SIZE] = {1};
    size_t choice[SNP_EXPLAIN_SETTINGS] = {0};
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE];
    struct snp_explain_found found;
    struct err err;

    (void) state;
    assert_int_equal(snp_explain_search(e, other, &found, &err), 0);
    assert_false(found.found);
    assert_int_equal(found.tried % SNP_EXPLAIN_VCPUS_MAX, 0);
    assert_true(found.tried > 40 * SNP_EXPLAIN_VCPUS_MAX);
    choice[SNP_EXPLAIN_FEATURES] = choice[SNP_EXPLAIN_CPU] = choice[SNP_EXPLAIN_FPU] =
        1; /* three are too many */
    digest_of(e, choice, 2, digest);
    assert_int_equal(snp_explain_search(e, digest, &found, &err), 0);
    assert_false(found.found);
    free(e);
}

static void test_any_number(void **state)
{
    struct snp_explain *e = lab();
    const size_t choice[SNP_EXPLAIN_SETTINGS] = {0};

    (void) state;
    e->vcpus = 0;
    check(e, choice, 1);
    check(e, choice, 77);
    e->vcpus = 300; /* more than are tried otherwise */
    check(e, choice, 300);
    check(e, choice, 250);
    free(e);
}

/* A kernel under a firmware that does not check it has no digest; others are still found. */
static void test_impossible(void **state)
{
    struct snp_explain *e = lab();
    size_t choice[SNP_EXPLAIN_SETTINGS] = {0};
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE];
    struct err err;

    (void) state;
    choice[SNP_EXPLAIN_FIRMWARE] = 1;
    e->lists[SNP_EXPLAIN_FIRMWARE].choice[0].ovmf = &footers[1];
    assert_int_equal(snp_explain_given(e, digest, &err), -1);
    test_check_err(&err, ERR_DENIED, "would not check", "given");
    check(e, choice, 2);
    e->lists[SNP_EXPLAIN_KERNEL].choice[1].none = true;
    choice[SNP_EXPLAIN_FIRMWARE] = 0;
    choice[SNP_EXPLAIN_KERNEL] = 1;
    check(e, choice, 2);
    free(e);
}

static void test_limits(void **state)
{
    struct snp_explain *e = calloc(1, sizeof *e);
    const uint8_t digest[SNP_LAUNCH_DIGEST_SIZE] = {0};
    struct snp_explain_found found;
    struct err err;

    (void) state;
    assert_non_null(e);
    assert_int_equal(snp_explain_search(e, digest, &found, &err), -1);
    test_check_err(&err, ERR_MISSING, "guest features: not given", "empty");
    for (int i = 0; i < SNP_EXPLAIN_CHOICES_MAX; i++)
        assert_non_null(snp_explain_add(e, SNP_EXPLAIN_CPU));
    assert_null(snp_explain_add(e, SNP_EXPLAIN_CPU));
    e->vcpus = SNP_LAUNCH_VCPUS_MAX + 1;
    assert_int_equal(snp_explain_search(e, digest, &found, &err), -1);
    test_check_err(&err, ERR_LIMIT, "513", "vCPUs");
    assert_string_equal(snp_explain_name(SNP_EXPLAIN_KERNEL), "kernel");
    free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_and_two), cmocka_unit_test(test_nothing), cmocka_unit_test(test_any_number),
        cmocka_unit_test(test_impossible),  cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
