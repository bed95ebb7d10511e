/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transition: digests and the key against values made by Python's hashlib and hmac; signatures by ourselves.
 */
#include "parser_test.h"
#include "hex.h"
#include "transition.h"

static struct err err;

static void unhex(const char *text, uint8_t *out, size_t len)
{
    assert_int_equal(hex_decode(span_str(text), out, len, &err), 0);
}

static void make_seed(struct mesh_secret_seed *seed)
{
    *seed = (struct mesh_secret_seed){.seed.len = MESH_SECRET_SEED_SIZE, .salt.len = MESH_SECRET_SALT_SIZE};
    for (uint8_t i = 0; i < 64; i++)
        seed->seed.bytes[i] = i;
    for (uint8_t i = 0; i < 32; i++)
        seed->salt.bytes[i] = i;
}

static void test_digest(void **state)
{
    uint8_t want[SHA256_SIZE];
    uint8_t got[SHA256_SIZE];
    uint8_t bytes[TRANSITION_SIZE];
    struct transition t = {.previous = {0}};
    struct transition back;

    (void) state;
    memset(t.manifest, 0x11, sizeof t.manifest);
    unhex("1aa2a59f578bb6d05a7cd9dcac714ab7ddb077a0482ce43d72b513f67079bee9", want, sizeof want);
    assert_int_equal(transition_digest(&t, got, &err), 0);
    assert_memory_equal(got, want, sizeof want);
    unhex("3161cd49139dae98ae78c09ecb3f15dd3811867ba310cc1a28f36887c9293430", want, sizeof want);
    assert_int_equal(transition_owner_digest(&t, got, &err), 0);
    assert_memory_equal(got, want, sizeof want);
    transition_encode(&t, bytes);
    assert_int_equal(transition_decode(span_of(bytes, sizeof bytes), &back, &err), 0);
    assert_memory_equal(&back, &t, sizeof t);
    for (size_t len = 0; len < sizeof bytes; len += 21) {
        assert_int_equal(transition_decode(span_of(bytes, len), &back, &err), -1);
        assert_int_equal(err.code, ERR_FORMAT);
    }
}

static void test_key(void **state)
{
    struct mesh_secret_seed seed;
    struct ecc_pair key;
    uint8_t want[48];

    (void) state;
    make_seed(&seed);
    unhex("c32e7b52e5cf83e31842415a7044adede35ca2c9b934e3877b2fcca14ac225396127ba7ac839a134206d6d2fceaa6f65",
          want, sizeof want);
    assert_int_equal(transition_key(&seed, &key, &err), 0);
    assert_int_equal(key.pub.curve, ECC_CURVE_P384);
    assert_memory_equal(key.scalar, want, sizeof want);
    seed.salt.len--;
    assert_int_equal(transition_key(&seed, &key, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void test_signature(void **state)
{
    struct mesh_secret_seed seed;
    struct ecc_pair key;
    struct ecc_pair other;
    uint8_t digest[SHA256_SIZE] = {7};
    struct transition_latest latest;
    struct transition_latest back;
    uint8_t bytes[TRANSITION_LATEST_MAX + 1] = {0};
    struct writer w = writer_of(bytes, TRANSITION_LATEST_MAX);

    (void) state;
    make_seed(&seed);
    assert_int_equal(transition_key(&seed, &key, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &other, &err), 0);
    assert_int_equal(transition_sign(&key, digest, &latest, &err), 0);
    assert_int_equal(transition_verify(&key.pub, &latest, &err), 0);
    assert_int_equal(transition_verify(&other.pub, &latest, &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    transition_latest_encode(&latest, &w);
    assert_false(w.bad);
    assert_int_equal(transition_latest_decode(writer_span(&w), &back, &err), 0);
    assert_memory_equal(&back, &latest, sizeof back);
    back.digest[31] ^= 1;
    assert_int_equal(transition_verify(&key.pub, &back, &err), -1);
    back = latest;
    back.signature_len--;
    assert_int_equal(transition_verify(&key.pub, &back, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_int_equal(transition_latest_decode(span_of(bytes, SHA256_SIZE), &back, &err), -1);
    assert_int_equal(transition_latest_decode(span_of(bytes, sizeof bytes), &back, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
}

/* The vector that Contrast's own test of this layout has. */
static void test_report_data(void **state)
{
    uint8_t nonce[TRANSITION_NONCE_SIZE] = {0};
    uint8_t digest[SHA256_SIZE] = {0};
    uint8_t want[TRANSITION_REPORT_DATA_SIZE] = {0};
    uint8_t got[TRANSITION_REPORT_DATA_SIZE];
    struct transition_attest a = {.nonce = span_of(nonce, sizeof nonce),
                                  .digest = digest,
                                  .root_pem = span_str("root-ca"),
                                  .mesh_pem = span_str("mesh-ca")};

    (void) state;
    for (uint8_t i = 0; i < 32; i++) {
        nonce[i] = i;
        digest[i] = (uint8_t) (0xa0 + i);
    }
    unhex("ec25193fbfa21fb46964de80adca8e7d70222ad41e67c77a696e2f188c02a0f2", want, SHA256_SIZE);
    assert_int_equal(transition_report_data(&a, got, &err), 0);
    assert_memory_equal(got, want, sizeof want);
    a.nonce.len--;
    assert_int_equal(transition_report_data(&a, got, &err), -1);
    test_check_err(&err, ERR_FORMAT, "nonce of 31 bytes, expected 32", "nonce");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_signature),
        cmocka_unit_test(test_report_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
