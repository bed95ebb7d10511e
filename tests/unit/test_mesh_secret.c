/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_secret: tests/vectors/mesh_secret/secrets.txt has lines of seed, salt, id, workload secret (both by
 * Python's cryptography package), root CA scalar (that package's seed through filippo.io/keygen). */
#include "hex.h"
#include "mesh_secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void test_vectors(void **state)
{
    FILE *f = fopen("tests/vectors/mesh_secret/secrets.txt", "r");
    char seed[129];
    char salt[65];
    char id[513];
    char secret[129];
    char root[97];
    int rows = 0;

    (void) state;
    assert_non_null(f);
    while (fscanf(f, "%128s %64s %512s %128s %96s", seed, salt, id, secret, root) == 5) {
        struct mesh_secret_seed from = {.seed.len = MESH_SECRET_SEED_SIZE, .salt.len = MESH_SECRET_SALT_SIZE};
        uint8_t name[MESH_SECRET_ID_MAX];
        uint8_t want[MESH_SECRET_SIZE];
        uint8_t want_root[48];
        struct secret out = {0};
        struct err err;

        assert_int_equal(hex_decode(span_str(seed), from.seed.bytes, from.seed.len, &err), 0);
        assert_int_equal(hex_decode(span_str(salt), from.salt.bytes, from.salt.len, &err), 0);
        assert_int_equal(hex_decode(span_str(id), name, strlen(id) / 2, &err), 0);
        assert_int_equal(hex_decode(span_str(secret), want, sizeof want, &err), 0);
        assert_int_equal(hex_decode(span_str(root), want_root, sizeof want_root, &err), 0);
        assert_int_equal(mesh_secret_workload(&from, span_of(name, strlen(id) / 2), &out, &err), 0);
        assert_int_equal(out.len, MESH_SECRET_SIZE);
        assert_memory_equal(out.bytes, want, sizeof want);
        assert_int_equal(mesh_secret_root_ca_key(&from, &out, &err), 0);
        assert_int_equal(out.len, 48);
        assert_memory_equal(out.bytes, want_root, sizeof want_root);
        rows++;
    }
    (void) fclose(f);
    assert_int_equal(rows, 4);
}

static void test_lengths(void **state)
{
    struct mesh_secret_seed from = {.seed.len = MESH_SECRET_SEED_SIZE, .salt.len = MESH_SECRET_SALT_SIZE};
    uint8_t id[MESH_SECRET_ID_MAX + 1] = {0};
    struct secret out = {.len = 5};
    struct err err;

    (void) state;
    assert_int_equal(mesh_secret_workload(&from, span_of(id, 0), &out, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(mesh_secret_workload(&from, span_of(id, sizeof id), &out, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    from.seed.len--;
    assert_int_equal(mesh_secret_workload(&from, span_of(id, 1), &out, &err), -1);
    assert_int_equal(mesh_secret_root_ca_key(&from, &out, &err), -1);
    from.seed.len++;
    from.salt.len = 0;
    assert_int_equal(mesh_secret_root_ca_key(&from, &out, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(out.len, 5);
}

static void test_wipe(void **state)
{
    struct mesh_secret_seed from = {.seed.len = 64, .salt.len = 32};

    (void) state;
    memset(from.seed.bytes, 1, sizeof from.seed.bytes);
    memset(from.salt.bytes, 1, sizeof from.salt.bytes);
    mesh_secret_seed_wipe(&from);
    assert_true(span_is_zero(span_of(from.seed.bytes, sizeof from.seed.bytes)));
    assert_true(span_is_zero(span_of(from.salt.bytes, sizeof from.salt.bytes)));
    mesh_secret_seed_wipe(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_lengths),
                                       cmocka_unit_test(test_wipe)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
