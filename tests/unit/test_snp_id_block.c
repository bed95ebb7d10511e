/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ID blocks: the bytes and where they lie, signatures that verify, and the keyless vector of another tool. */
#include "ecc_recover.h"
#include "hash.h"
#include "hex.h"
#include "parser_test.h"
#include "snp_id_block.h"

#define AUTH_BLOCK_SIG 0x40
#define AUTH_ID_KEY 0x240
#define AUTH_ID_KEY_SIG 0x680
#define AUTH_AUTHOR_KEY 0x880
#define KEY_SIZE 0x404
#define KEYLESS_DIGEST                                                                                       \
    "45c561c003ae6d90f5281dc39b7a97aa00941beb2711057b"                                                       \
    "bb157f1071d2855cbc857340c20516333eeac6284a641bf7"

static void number(const uint8_t *little, uint8_t big[ECC_FIELD_MAX])
{
    for (int i = 0; i < ECC_FIELD_MAX; i++)
        big[i] = little[ECC_FIELD_MAX - 1 - i];
    assert_true(span_is_zero(span_of(little + ECC_FIELD_MAX, 72 - ECC_FIELD_MAX)));
}

static void key_at(const uint8_t *at, struct ecc_public *key)
{
    assert_int_equal(at[0] | at[1] << 8 | at[2] << 16 | at[3] << 24, 2);
    key->curve = ECC_CURVE_P384;
    number(at + 4, key->x);
    number(at + 76, key->y);
    assert_true(span_is_zero(span_of(at + 148, KEY_SIZE - 148)));
}

static void check_sig(const uint8_t *at, const struct ecc_public *key, struct span bytes)
{
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;
    struct err err;

    number(at, sig.r);
    number(at + 72, sig.s);
    assert_true(span_is_zero(span_of(at + 144, 512 - 144)));
    assert_int_equal(hash_bytes(HASH_SHA384, bytes, digest, &err), 0);
    assert_int_equal(ecc_verify(key, span_of(digest, sizeof digest), &sig, &err), 0);
}

/* Digest of zeros, policy 0x30000, SVN 2: made with edgelesssys/contrast internal/idblock @19cd56d. */
static void test_keyless(void **state)
{
    struct snp_id_block block = {.guest_svn = 2, .policy = SNP_ID_POLICY_DEFAULT};
    struct snp_id id;
    struct ecc_public key;
    struct err err;
    char text[2 * SNP_KEY_DIGEST_SIZE + 1];

    (void) state;
    assert_int_equal(snp_id_keyless(&block, &id, &err), 0);
    assert_int_equal(hex_encode(span_of(id.id_key_digest, sizeof id.id_key_digest), text, sizeof text, &err),
                     0);
    assert_string_equal(text, KEYLESS_DIGEST);
    assert_false(id.has_author);
    assert_true(span_is_zero(span_of(id.author_key_digest, sizeof id.author_key_digest)));
    key_at(id.auth + AUTH_ID_KEY, &key);
    check_sig(id.auth + AUTH_BLOCK_SIG, &key, span_of(id.block, sizeof id.block));
    assert_int_equal(id.auth[AUTH_BLOCK_SIG], 2);
    assert_int_equal(id.auth[AUTH_BLOCK_SIG + 72], 1);
    assert_true(
        span_is_zero(span_of(id.auth + AUTH_ID_KEY + KEY_SIZE, SNP_ID_AUTH_SIZE - AUTH_ID_KEY - KEY_SIZE)));
    block.guest_svn = 3; /* every bit counts */
    struct snp_id other;
    assert_int_equal(snp_id_keyless(&block, &other, &err), 0);
    assert_memory_not_equal(id.id_key_digest, other.id_key_digest, sizeof id.id_key_digest);
}

static void test_signed(void **state)
{
    struct snp_id_block block = {.guest_svn = 0x01020304, .policy = UINT64_C(0x1122334455667788)};
    AUTO_ECC_PAIR id_key = {0};
    AUTO_ECC_PAIR author = {0};
    struct ecc_public key;
    struct snp_id id;
    struct err err;

    (void) state;
    memset(block.digest, 0xd1, sizeof block.digest);
    memset(block.family_id, 0xfa, sizeof block.family_id);
    memset(block.image_id, 0x1a, sizeof block.image_id);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &id_key, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &author, &err), 0);
    assert_int_equal(snp_id_sign(&block, &id_key, &author, &id, &err), 0);
    assert_memory_equal(id.block, block.digest, 48);
    assert_memory_equal(id.block + 0x30, block.family_id, 16);
    assert_memory_equal(id.block + 0x40, block.image_id, 16);
    assert_memory_equal(id.block + 0x50, "\x01\0\0\0\x04\x03\x02\x01\x88\x77\x66\x55\x44\x33\x22\x11", 16);
    assert_memory_equal(id.auth, "\x01\0\0\0\x01\0\0\0", 8);
    assert_true(span_is_zero(span_of(id.auth + 8, AUTH_BLOCK_SIG - 8)));
    key_at(id.auth + AUTH_ID_KEY, &key);
    assert_true(ecc_public_eq(&key, &id_key.pub));
    check_sig(id.auth + AUTH_BLOCK_SIG, &id_key.pub, span_of(id.block, sizeof id.block));
    key_at(id.auth + AUTH_AUTHOR_KEY, &key);
    assert_true(ecc_public_eq(&key, &author.pub));
    check_sig(id.auth + AUTH_ID_KEY_SIG, &author.pub, span_of(id.auth + AUTH_ID_KEY, KEY_SIZE));
    uint8_t digest[SHA384_SIZE];
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(id.auth + AUTH_AUTHOR_KEY, KEY_SIZE), digest, &err), 0);
    assert_true(id.has_author);
    assert_memory_equal(id.author_key_digest, digest, sizeof digest);
    assert_int_equal(snp_id_sign(&block, &id_key, NULL, &id, &err), 0);
    assert_false(id.has_author);
    assert_true(span_is_zero(span_of(id.auth + AUTH_ID_KEY_SIG, SNP_ID_AUTH_SIZE - AUTH_ID_KEY_SIG)));
}

static void test_other_curve(void **state)
{
    const struct snp_id_block block = {.policy = SNP_ID_POLICY_DEFAULT};
    AUTO_ECC_PAIR p256 = {0};
    AUTO_ECC_PAIR p384 = {0};
    struct snp_id id, untouched;
    struct err err;

    (void) state;
    memset(&id, 7, sizeof id);
    memset(&untouched, 7, sizeof untouched);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &p256, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &p384, &err), 0);
    assert_int_equal(snp_id_sign(&block, &p256, NULL, &id, &err), -1);
    test_check_err(&err, ERR_FORMAT, "P-384", "ID key on P-256");
    assert_int_equal(snp_id_sign(&block, &p384, &p256, &id, &err), -1);
    test_check_err(&err, ERR_FORMAT, "P-384", "author key on P-256");
    assert_memory_equal(&id, &untouched, sizeof id);
}

/* The key that signed is one of the two, and they are in order. */
static void test_recover(void **state)
{
    (void) state;
    for (int round = 0; round < 8; round++) {
        AUTO_ECC_PAIR pair = {0};
        uint8_t digest[SHA384_SIZE];
        struct ecc_public keys[2];
        struct ecc_sig sig;
        struct err err;
        int order;

        memset(digest, round * 31, sizeof digest); /* one of them is zero */
        assert_int_equal(ecc_generate(ECC_CURVE_P384, &pair, &err), 0);
        assert_int_equal(ecc_sign(&pair, span_of(digest, sizeof digest), &sig, &err), 0);
        assert_int_equal(ecc_recover_p384(span_of(digest, sizeof digest), &sig, keys, &err), 0);
        assert_int_equal(ecc_public_eq(&keys[0], &pair.pub) + ecc_public_eq(&keys[1], &pair.pub), 1);
        order = memcmp(keys[0].x, keys[1].x, ECC_FIELD_MAX);
        assert_true(order < 0 || (order == 0 && memcmp(keys[0].y, keys[1].y, ECC_FIELD_MAX) < 0));
    }
}

static void test_recover_refusals(void **state)
{
    const uint8_t digest[SHA384_SIZE] = {1};
    struct ecc_sig sig = {.s = {0}};
    struct ecc_public keys[2], untouched[2];
    struct err err;
    int refused = 0;

    (void) state;
    memset(keys, 7, sizeof keys);
    memset(untouched, 7, sizeof untouched);
    sig.s[ECC_FIELD_MAX - 1] = 1; /* r is 0 */
    assert_int_equal(ecc_recover_p384(span_of(digest, sizeof digest), &sig, keys, &err), -1);
    test_check_err(&err, ERR_FORMAT, "no P-384 key", "r = 0");
    memset(sig.r, 0xff, sizeof sig.r); /* above the field */
    assert_int_equal(ecc_recover_p384(span_of(digest, sizeof digest), &sig, keys, &err), -1);
    memset(sig.r, 0, sizeof sig.r);
    for (uint8_t r = 1; r < 40; r++) { /* about half of all numbers are no point's x */
        sig.r[ECC_FIELD_MAX - 1] = r;
        if (ecc_recover_p384(span_of(digest, sizeof digest), &sig, keys, &err) == 0) {
            memcpy(untouched, keys, sizeof keys);
            continue;
        }
        test_check_err(&err, ERR_FORMAT, "no P-384 key", "r is no x");
        assert_memory_equal(keys, untouched, sizeof keys);
        refused++;
    }
    assert_true(refused > 5 && refused < 35);
    memset(sig.s, 0, sizeof sig.s); /* s = 0 */
    sig.r[ECC_FIELD_MAX - 1] = 2;
    assert_int_equal(ecc_recover_p384(span_of(digest, sizeof digest), &sig, keys, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keyless),          cmocka_unit_test(test_signed),
        cmocka_unit_test(test_other_curve),      cmocka_unit_test(test_recover),
        cmocka_unit_test(test_recover_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
