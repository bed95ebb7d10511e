/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "verity.h"

static struct verity_geometry sample(void)
{
    struct verity_geometry g = {
        .data_block_size = 4096,
        .hash_block_size = 4096,
        .data_blocks = 256,
        .hash_start_block = 257,
        .salt_len = 3,
        .salt = {0xaa, 0xbb, 0xcc}
    };

    for (size_t i = 0; i < VERITY_HASH_SIZE; i++)
        g.root_hash[i] = (uint8_t) i;
    return g;
}

#define ROOT "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OPTIONS " 2 panic_on_corruption panic_on_error"

static void test_table(void **state)
{
    struct verity_geometry g = sample();
    char table[VERITY_TABLE_MAX];
    struct err err = {0};
    uint64_t sectors = 0;

    (void) state;
    assert_int_equal(verity_table(&g, "254:0", table, &sectors, &err), 0);
    assert_string_equal(table, "1 254:0 254:0 4096 4096 256 257 sha256 " ROOT " aabbcc" OPTIONS);
    assert_int_equal(sectors, 2048);
    g.salt_len = 0;
    g.data_block_size = 1024;
    assert_int_equal(verity_table(&g, "7:12", table, &sectors, &err), 0);
    assert_string_equal(table, "1 7:12 7:12 1024 4096 256 257 sha256 " ROOT " -" OPTIONS);
    assert_int_equal(sectors, 512);
}

/* The longest table still fits. */
static void test_longest(void **state)
{
    struct verity_geometry g = sample();
    char table[VERITY_TABLE_MAX];
    struct err err = {0};
    uint64_t sectors = 0;

    (void) state;
    g.salt_len = VERITY_SALT_MAX;
    g.data_blocks = VERITY_DATA_BLOCKS_MAX;
    g.hash_start_block = 2 * VERITY_DATA_BLOCKS_MAX;
    assert_int_equal(verity_table(&g, "1234567890:123456789", table, &sectors, &err), 0);
    assert_int_equal(sectors, VERITY_DATA_BLOCKS_MAX * 8);
}

static void test_devices(void **state)
{
    static const char *const bad[] = {"",        ":",        "254",     "254:", ":0",
                                      "254:0:1", "/dev/vda", "254:0 x", "-1:0", "1234567890:1234567890"};
    const struct verity_geometry g = sample();

    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        char table[VERITY_TABLE_MAX] = "untouched";
        struct err err = {0};
        uint64_t sectors = 7;

        assert_int_equal(verity_table(&g, bad[i], table, &sectors, &err), -1);
        test_check_err(&err, ERR_FORMAT, "verity device: expected major:minor", bad[i]);
        assert_string_equal(table, "untouched");
        assert_int_equal(sectors, 7);
    }
}

static void test_check(void **state)
{
    static const struct {
        uint32_t data_size, hash_size;
        uint64_t blocks, start;
        enum err_code code;
        const char *part;
    } rows[] = {
        {4096, 4096, 256,                        256,        ERR_NONE,   NULL                                                 },
        {4096, 1024, 1,                          4,          ERR_NONE,   NULL                                                 },
        {1024, 4096, 5,                          2,          ERR_NONE,   NULL                                                 },
        {4096, 4096, 256,                        255,        ERR_FORMAT, "hash_start_block: 255 lies inside the data"         },
        {4096, 1024, 1,                          3,          ERR_FORMAT, "hash_start_block: 3 lies inside the data"           },
        {1024, 4096, 5,                          1,          ERR_FORMAT, "hash_start_block: 1 lies inside the data"           },
        {4096, 4096, 0,                          1,          ERR_LIMIT,  "data_blocks: 0 is not in 1..4294967296"             },
        {4096, 4096, VERITY_DATA_BLOCKS_MAX + 1, UINT32_MAX, ERR_LIMIT,  "data_blocks: 4294967297"                            },
        {4096, 4096, 1,                          UINT64_MAX, ERR_LIMIT,  "hash_start_block: 18446744073709551615 is too far"  },
        {0,    4096, 1,                          1,          ERR_FORMAT, "data_block_size: 0 is no power of two in 1024..4096"},
        {512,  4096, 1,                          1,          ERR_FORMAT, "data_block_size: 512 is no"                         },
        {8192, 4096, 1,                          1,          ERR_FORMAT, "data_block_size: 8192 is no"                        },
        {4096, 3072, 1,                          1,          ERR_FORMAT, "hash_block_size: 3072 is no"                        },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verity_geometry g = sample();
        struct err err = {0};

        g.data_block_size = rows[i].data_size;
        g.hash_block_size = rows[i].hash_size;
        g.data_blocks = rows[i].blocks;
        g.hash_start_block = rows[i].start;
        assert_int_equal(verity_check(&g, &err), rows[i].part ? -1 : 0);
        if (rows[i].part)
            test_check_err(&err, rows[i].code, rows[i].part, rows[i].part);
    }
}

static void test_salt(void **state)
{
    struct verity_geometry g = sample();
    struct err err = {0};

    (void) state;
    g.salt_len = VERITY_SALT_MAX + 1;
    assert_int_equal(verity_check(&g, &err), -1);
    test_check_err(&err, ERR_LIMIT, "salt: 33 bytes, at most 32", "salt");
}

/* The counts are those of veritysetup format --no-superblock. */
static void test_tree(void **state)
{
    static const struct {
        uint32_t hash_size;
        uint64_t blocks, tree;
    } rows[] = {
        {4096, 1,                      0       },
        {4096, 2,                      1       },
        {4096, 128,                    1       },
        {4096, 129,                    3       },
        {4096, 16384,                  129     },
        {4096, 16385,                  132     },
        {4096, VERITY_DATA_BLOCKS_MAX, 33818641},
        {1024, 32,                     1       },
        {1024, 33,                     3       },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verity_geometry g = sample();

        g.hash_block_size = rows[i].hash_size;
        g.data_blocks = rows[i].blocks;
        g.hash_start_block = rows[i].blocks * (4096 / rows[i].hash_size);
        assert_true(verity_tree_blocks(&g) == rows[i].tree);
        assert_true(verity_device_bytes(&g) == rows[i].blocks * 4096 + rows[i].tree * rows[i].hash_size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table), cmocka_unit_test(test_longest), cmocka_unit_test(test_devices),
        cmocka_unit_test(test_check), cmocka_unit_test(test_salt),    cmocka_unit_test(test_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
