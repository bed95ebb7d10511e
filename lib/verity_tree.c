/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity_tree.h"

#include <stdbool.h>
#include <string.h>

#define HASH_TYPE 1
#define SUPERBLOCK_VERSION 1
#define ALGORITHM_FIELD 32 /* bytes of the name in the superblock, padded with zeros */

static int check_block_size(const char *field, uint32_t bytes, struct err *err)
{
    if (bytes < VERITY_BLOCK_MIN || bytes > VERITY_BLOCK_MAX || (bytes & (bytes - 1)) != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: %u is no power of two in %d..%d", field, bytes,
                       VERITY_BLOCK_MIN, VERITY_BLOCK_MAX);
    return 0;
}

static size_t slot_size(enum hash_alg alg)
{
    size_t slot = 1;

    while (slot < hash_size(alg))
        slot *= 2;
    return slot;
}

int verity_tree_plan(const struct verity_tree *tree, struct verity_tree_plan *plan, struct err *err)
{
    struct verity_tree_plan p = {.slot_size = slot_size(tree->alg)};

    if (tree->salt_len > VERITY_TREE_SALT_MAX)
        return err_set(err, ERR_LIMIT, 0, "salt: %zu bytes, at most %d", tree->salt_len,
                       VERITY_TREE_SALT_MAX);
    if (check_block_size("data block size", tree->data_block_size, err) < 0 ||
        check_block_size("hash block size", tree->hash_block_size, err) < 0)
        return -1;
    if (tree->data_blocks == 0 || tree->data_blocks > VERITY_DATA_BLOCKS_MAX)
        return err_set(err, ERR_LIMIT, 0, "data blocks: %llu is not in 1..%llu",
                       (unsigned long long) tree->data_blocks, (unsigned long long) VERITY_DATA_BLOCKS_MAX);
    p.per_block = tree->hash_block_size / p.slot_size;
    for (uint64_t below = tree->data_blocks; below > 1; p.levels++) {
        if (p.levels == VERITY_TREE_LEVELS_MAX)
            return err_set(err, ERR_LIMIT, 0, "more than %d levels", VERITY_TREE_LEVELS_MAX);
        below = (below + p.per_block - 1) / p.per_block;
        p.count[p.levels] = below;
    }
    for (unsigned level = p.levels; level-- > 0;) {
        p.first[level] = p.blocks;
        p.blocks += p.count[level];
    }
    *plan = p;
    return 0;
}

size_t verity_tree_piece(const struct verity_tree *tree, const struct verity_tree_plan *plan)
{
    return (size_t) (plan->levels > 0 ? plan->per_block : 1) * tree->data_block_size;
}

static int salted(const struct verity_tree *tree, struct span block, uint8_t *digest, struct err *err)
{
    struct hash h;

    if (hash_begin(tree->alg, &h, err) < 0 || hash_update(&h, span_of(tree->salt, tree->salt_len), err) < 0 ||
        hash_update(&h, block, err) < 0)
        return -1;
    return hash_end(&h, digest, err);
}

int verity_tree_leaf(const struct verity_tree *tree, const struct verity_tree_plan *plan, struct span data,
                     uint8_t *block, uint8_t digest[HASH_MAX], struct err *err)
{
    const size_t step = tree->data_block_size;

    if (data.len == 0 || data.len % step || data.len > verity_tree_piece(tree, plan))
        return err_set(err, ERR_FORMAT, 0, "a piece of %zu bytes", data.len);
    if (plan->levels == 0)
        return salted(tree, data, digest, err);
    memset(block, 0, tree->hash_block_size);
    for (size_t at = 0; at < data.len; at += step) {
        if (salted(tree, span_sub(data, at, step), block + at / step * plan->slot_size, err) < 0)
            return -1;
    }
    return salted(tree, span_of(block, tree->hash_block_size), digest, err);
}

void verity_tree_begin(const struct verity_tree *tree, const struct verity_tree_plan *plan,
                       const struct verity_tree_sink *sink, struct verity_tree_fold *fold)
{
    memset(fold, 0, sizeof *fold);
    fold->tree = tree;
    fold->plan = plan;
    fold->sink = sink;
}

/* The level's open block is full or the last: put it and start a new one. */
static int close_block(struct verity_tree_fold *fold, unsigned level, uint8_t digest[HASH_MAX],
                       struct err *err)
{
    struct span block = span_of(fold->open[level], fold->tree->hash_block_size);

    if (salted(fold->tree, block, digest, err) < 0 ||
        fold->sink->put(fold->sink->arg, fold->plan->first[level] + fold->done[level], block, err) < 0)
        return -1;
    fold->done[level]++;
    fold->filled[level] = 0;
    memset(fold->open[level], 0, sizeof fold->open[level]);
    return 0;
}

int verity_tree_push(struct verity_tree_fold *fold, const uint8_t *digest, struct err *err)
{
    const struct verity_tree_plan *plan = fold->plan;
    const size_t size = hash_size(fold->tree->alg);
    const uint64_t total = plan->levels > 0 ? plan->count[0] : 1;
    uint8_t up[HASH_MAX];
    unsigned level = 1;

    if (fold->pushed >= total)
        return err_set(err, ERR_FORMAT, 0, "more than %llu digests", (unsigned long long) total);
    fold->pushed++;
    memcpy(up, digest, size);
    for (; level < plan->levels; level++) {
        bool last = fold->pushed == total;

        memcpy(fold->open[level] + fold->filled[level]++ * plan->slot_size, up, size);
        if (fold->filled[level] < plan->per_block && !last)
            return 0;
        if (close_block(fold, level, up, err) < 0)
            return -1;
    }
    memcpy(fold->root, up, size);
    return 0;
}

int verity_tree_end(struct verity_tree_fold *fold, uint8_t *root, struct err *err)
{
    const uint64_t total = fold->plan->levels > 0 ? fold->plan->count[0] : 1;

    if (fold->pushed != total)
        return err_set(err, ERR_FORMAT, 0, "%llu of %llu digests", (unsigned long long) fold->pushed,
                       (unsigned long long) total);
    memcpy(root, fold->root, hash_size(fold->tree->alg));
    return 0;
}

void verity_tree_superblock(const struct verity_tree *tree, const uint8_t uuid[VERITY_TREE_UUID_SIZE],
                            uint8_t out[VERITY_TREE_SUPERBLOCK_SIZE])
{
    struct writer w = writer_of(out, VERITY_TREE_SUPERBLOCK_SIZE);
    const char *name = hash_name(tree->alg);

    writer_bytes(&w, span_of("verity\0", 8));
    writer_le32(&w, SUPERBLOCK_VERSION);
    writer_le32(&w, HASH_TYPE);
    writer_bytes(&w, span_of(uuid, VERITY_TREE_UUID_SIZE));
    writer_str(&w, name);
    writer_zeros(&w, ALGORITHM_FIELD - strlen(name));
    writer_le32(&w, tree->data_block_size);
    writer_le32(&w, tree->hash_block_size);
    writer_le64(&w, tree->data_blocks);
    writer_le16(&w, (uint16_t) tree->salt_len);
    writer_zeros(&w, 6);
    writer_bytes(&w, span_of(tree->salt, tree->salt_len));
    writer_zeros(&w, VERITY_TREE_SUPERBLOCK_SIZE - w.len);
}
