/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "hex.h"
#include "volplan.h"

/* By Python's hmac (RFC 5869): secret 01..40, no salt, info "nacre volume ... v1" NUL "data". */
#define KEY                                                                                                  \
    "9afaa9baa65774a01c50f9e10ce4469136e20d2e3e9eb8fa6a9dc8ad6c89117cf847784469e7659191ec45589673cc7c"       \
    "5ba3bc761ba8f52da9e0c05488e6d29441f67c5b4935ba60a02c20ef67d64b02e48f22a374cc914f831365118992cc74"
#define PASSPHRASE "c6fb08233c5e6e07fc721743395aace9cce555f23b29f314705f4a7ddc790fc2"

static struct secret secret_make(void)
{
    struct secret s = {.len = 64};
    for (size_t i = 0; i < s.len; i++)
        s.bytes[i] = (uint8_t) (i + 1);
    return s;
}

static void test_derivation(void **state)
{
    struct secret secret = secret_make();
    struct volplan plan;
    struct err err = {0};
    char text[2 * VOLPLAN_KEY_SIZE + 1];
    (void) state;
    assert_int_equal(volplan_make(&secret, "data", &plan, &err), 0);
    assert_int_equal(plan.key.len, VOLPLAN_KEY_SIZE);
    assert_int_equal(hex_encode(secret_span(&plan.key), text, sizeof text, &err), 0);
    assert_string_equal(text, KEY);
    assert_int_equal(plan.passphrase.len, VOLPLAN_PASSPHRASE_SIZE);
    assert_true(span_eq_str(secret_span(&plan.passphrase), PASSPHRASE));
    assert_string_equal(plan.crypt_name, "nacre-volume-data");
    assert_string_equal(plan.integrity_name, "nacre-volume-data_dif");
    volplan_wipe(&plan);
    assert_true(span_is_zero(span_of(&plan, sizeof plan)));
}

/* Another name, another key; none is part of another. */
static void test_separation(void **state)
{
    static const char *const names[] = {"a", "b", "aa", "data", "data-1"};
    struct secret secret = secret_make();
    struct volplan plans[COUNT(names)];
    struct err err = {0};
    (void) state;
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(volplan_make(&secret, names[i], &plans[i], &err), 0);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(plans[i].key.bytes, plans[j].key.bytes, 32);
            assert_memory_not_equal(plans[i].passphrase.bytes, plans[j].passphrase.bytes, 32);
        }
    }
}

static void test_refusals(void **state)
{
    struct secret secret = secret_make();
    struct secret none = {.len = 0};
    struct volplan plan;
    struct volplan before;
    struct err err = {0};
    (void) state;
    memset(&plan, 0x5a, sizeof plan);
    before = plan;
    assert_int_equal(volplan_make(&none, "data", &plan, &err), -1);
    test_check_err(&err, ERR_MISSING, "volume data: there is no workload secret", "none");
    assert_int_equal(volplan_make(&secret, "a-name-that-is-longer-than-32-bytes", &plan, &err), -1);
    test_check_err(&err, ERR_LIMIT, "volume name", "long");
    assert_memory_equal(&plan, &before, sizeof plan);
}

/* sha256(salt || block), the block 4096 bytes of 'x', by Python's hashlib. */
static void test_root(void **state)
{
    struct verity_geometry g = {
        .salt = {1, 2, 3},
        .salt_len = 3,
        .data_block_size = 4096,
        .hash_block_size = 4096,
        .data_blocks = 5,
        .hash_start_block = 5
    };
    static const char digest[] = "0b6b47ca4aa6672075d3988753c85987afc38367657f3e071e1c3d31d59d48a0";
    uint8_t block[4096];
    uint64_t offset;
    uint32_t length;
    struct err err = {0};
    (void) state;
    memset(block, 'x', sizeof block);
    assert_int_equal(hex_decode(span_str(digest), g.root_hash, sizeof g.root_hash, &err), 0);
    volplan_root_block(&g, &offset, &length);
    assert_int_equal(offset, 5 * 4096);
    assert_int_equal(length, 4096);
    assert_int_equal(volplan_root_check(&g, span_of(block, sizeof block), &err), 0);
    block[4095] = 'y';
    assert_int_equal(volplan_root_check(&g, span_of(block, sizeof block), &err), -1);
    test_check_err(&err, ERR_DENIED, "root hash", "changed block");
    g.data_blocks = 1;
    volplan_root_block(&g, &offset, &length);
    assert_int_equal(offset, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_derivation),
        cmocka_unit_test(test_separation),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
