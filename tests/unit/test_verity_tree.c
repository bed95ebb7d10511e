/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roots and trees for every level boundary against a second, plainer way to build them; tests/cli compares
 * with veritysetup. */
#include "parser_test.h"

#include "hex.h"
#include "verity_tree.h"

/* What the sink got. */
struct disk {
    uint8_t *bytes;
    size_t blocks;
    size_t block_size;
    uint8_t written[512];
};

static int put(void *arg, uint64_t at, struct span block, struct err *err)
{
    struct disk *d = arg;

    (void) err;
    assert_true(at < d->blocks);
    assert_int_equal(block.len, d->block_size);
    assert_int_equal(d->written[at], 0); /* no block twice */
    d->written[at] = 1;
    memcpy(d->bytes + at * d->block_size, block.data, block.len);
    return 0;
}

static int put_fails(void *arg, uint64_t at, struct span block, struct err *err)
{
    (void) arg;
    (void) at;
    (void) block;
    return err_set(err, ERR_SYS, 5, "the disk is full");
}

static void hash_block(const struct verity_tree *t, const uint8_t *data, size_t len, uint8_t *digest)
{
    struct err err = {0};
    struct hash h;

    assert_int_equal(hash_begin(t->alg, &h, &err), 0);
    assert_int_equal(hash_update(&h, span_of(t->salt, t->salt_len), &err), 0);
    assert_int_equal(hash_update(&h, span_of(data, len), &err), 0);
    assert_int_equal(hash_end(&h, digest, &err), 0);
}

/* Level by level, each in memory: the levels' blocks into tree, as they lie on the disk. */
static void plain(const struct verity_tree *t, const struct verity_tree_plan *p, const uint8_t *data,
                  uint8_t *tree, uint8_t *root)
{
    const uint8_t *below = data;
    size_t below_size = t->data_block_size;
    uint64_t below_count = t->data_blocks;

    memset(tree, 0, p->blocks * t->hash_block_size);
    for (unsigned level = 0; level < p->levels; level++) {
        uint8_t *out = tree + p->first[level] * t->hash_block_size;

        for (uint64_t i = 0; i < below_count; i++)
            hash_block(t, below + i * below_size, below_size,
                       out + i / p->per_block * t->hash_block_size + i % p->per_block * p->slot_size);
        below = out;
        below_size = t->hash_block_size;
        below_count = p->count[level];
    }
    hash_block(t, below, below_size, root);
}

static void compare(struct verity_tree t)
{
    struct verity_tree_plan p;
    struct err err = {0};
    const size_t size = t.data_blocks * t.data_block_size;
    uint8_t *data = malloc(size), *want = malloc(1 << 20);
    struct disk d = {.bytes = calloc(1, 1 << 20), .block_size = t.hash_block_size};
    const struct verity_tree_sink sink = {put, &d};
    struct verity_tree_fold *fold = malloc(sizeof *fold);
    uint8_t root[HASH_MAX], wanted[HASH_MAX], digest[HASH_MAX];

    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t) (i * 7 + i / 1024);
    assert_int_equal(verity_tree_plan(&t, &p, &err), 0);
    d.blocks = p.blocks;
    assert_true(p.blocks * t.hash_block_size <= 1 << 20);
    plain(&t, &p, data, want, wanted);
    verity_tree_begin(&t, &p, &sink, fold);
    for (size_t at = 0, i = 0; at < size; i++) {
        const size_t piece = verity_tree_piece(&t, &p);
        const size_t len = size - at < piece ? size - at : piece;
        uint8_t block[VERITY_BLOCK_MAX];

        assert_int_equal(verity_tree_leaf(&t, &p, span_of(data + at, len), block, digest, &err), 0);
        if (p.levels > 0)
            assert_int_equal(put(&d, p.first[0] + i, span_of(block, t.hash_block_size), &err), 0);
        assert_int_equal(verity_tree_push(fold, digest, &err), 0);
        at += len;
        assert_int_equal(verity_tree_end(fold, root, &err), at == size ? 0 : -1);
    }
    assert_memory_equal(root, wanted, hash_size(t.alg));
    assert_memory_equal(d.bytes, want, p.blocks * t.hash_block_size);
    assert_int_equal(verity_tree_push(fold, digest, &err), -1);
    free(data);
    free(want);
    free(d.bytes);
    free(fold);
}

static void test_trees(void **state)
{
    static const uint64_t counts[] = {1,   2,   31,  32,  33,  63,   64,   65,  127,
                                      128, 129, 255, 256, 257, 1023, 1024, 1025};
    static const enum hash_alg algs[] = {HASH_SHA256, HASH_SHA384, HASH_SHA512};

    (void) state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        for (size_t k = 0; k < COUNT(algs); k++) {
            compare((struct verity_tree){
                algs[k], {1, 2, 3},
                 3, 1024, 1024, counts[i]
            });
            compare((struct verity_tree){algs[k], {0}, 0, 1024, 4096, counts[i]});
        }
    }
}

/* All from veritysetup 2.6.1: zeros, hash type 1. */
static void test_known_roots(void **state)
{
    static const struct {
        uint64_t blocks;
        const char *root;
    } rows[] = {
        {1, "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7"},
        {2, "90b10db56173e2e7c847f6ff3ed85a3aebb140bc0064ec9a156ae5b2e71db988"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verity_tree t = {HASH_SHA256, {0}, 0, 4096, 4096, rows[i].blocks};
        struct verity_tree_plan p;
        struct err err = {0};
        uint8_t *data = calloc(rows[i].blocks, 4096);
        uint8_t block[VERITY_BLOCK_MAX], digest[HASH_MAX];
        char text[65];

        assert_int_equal(verity_tree_plan(&t, &p, &err), 0);
        assert_int_equal(verity_tree_leaf(&t, &p, span_of(data, rows[i].blocks * 4096), block, digest, &err),
                         0);
        assert_int_equal(hex_encode(span_of(digest, 32), text, sizeof text, &err), 0);
        assert_string_equal(text, rows[i].root);
        free(data);
    }
}

/* The guest's own count of blocks (lib/verity) is ours. */
static void test_guest_agrees(void **state)
{
    static const uint64_t counts[] = {1, 2, 128, 129, 16384, 16385, 2097152, 2097153, UINT64_C(1) << 32};

    (void) state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        struct verity_tree t = {HASH_SHA256, {0}, 0, 4096, 4096, counts[i]};
        const struct verity_geometry g = {
            .data_block_size = 4096, .hash_block_size = 4096, .data_blocks = counts[i]};
        struct verity_tree_plan p;
        struct err err = {0};

        assert_int_equal(verity_tree_plan(&t, &p, &err), 0);
        assert_int_equal(p.blocks, verity_tree_blocks(&g));
        assert_true(p.levels == 0 || p.count[p.levels - 1] == 1);
        assert_true(p.levels == 0 || p.first[p.levels - 1] == 0);
    }
}

static void test_bad(void **state)
{
    static const struct {
        struct verity_tree tree;
        enum err_code code;
        const char *text;
    } rows[] = {
        {{HASH_SHA256, {0}, 0, 4096, 4096, 0},                          ERR_LIMIT,  "data blocks"    },
        {{HASH_SHA256, {0}, 0, 4096, 4096, VERITY_DATA_BLOCKS_MAX + 1}, ERR_LIMIT,  "data blocks"    },
        {{HASH_SHA256, {0}, 0, 512, 4096, 1},                           ERR_FORMAT, "data block size"},
        {{HASH_SHA256, {0}, 0, 8192, 4096, 1},                          ERR_FORMAT, "data block size"},
        {{HASH_SHA256, {0}, 0, 4096, 3072, 1},                          ERR_FORMAT, "hash block size"},
        {{HASH_SHA256, {0}, VERITY_TREE_SALT_MAX + 1, 4096, 4096, 1},   ERR_LIMIT,  "salt"           },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct verity_tree_plan p = {.blocks = 77};
        struct err err = {0};

        assert_int_equal(verity_tree_plan(&rows[i].tree, &p, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].text, "plan");
        assert_int_equal(p.blocks, 77);
    }
}

static void test_bad_pieces(void **state)
{
    struct verity_tree t = {HASH_SHA256, {0}, 0, 4096, 4096, 200};
    struct verity_tree_plan p;
    struct err err = {0};
    static uint8_t data[129 * 4096];
    uint8_t block[VERITY_BLOCK_MAX], digest[HASH_MAX] = {0};
    const struct verity_tree_sink sink = {put_fails, NULL};
    struct verity_tree_fold *fold = malloc(sizeof *fold);

    (void) state;
    assert_int_equal(verity_tree_plan(&t, &p, &err), 0);
    assert_int_equal(verity_tree_leaf(&t, &p, span_of(data, 0), block, digest, &err), -1);
    assert_int_equal(verity_tree_leaf(&t, &p, span_of(data, 4095), block, digest, &err), -1);
    assert_int_equal(verity_tree_leaf(&t, &p, span_of(data, sizeof data), block, digest, &err), -1);
    verity_tree_begin(&t, &p, &sink, fold);
    assert_int_equal(verity_tree_push(fold, digest, &err), 0);
    assert_int_equal(verity_tree_push(fold, digest, &err), -1);
    test_check_err(&err, ERR_SYS, "the disk is full", "sink");
    free(fold);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees), cmocka_unit_test(test_known_roots), cmocka_unit_test(test_guest_agrees),
        cmocka_unit_test(test_bad),   cmocka_unit_test(test_bad_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
