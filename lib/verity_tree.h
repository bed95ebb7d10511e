/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verity_tree: the dm-verity hash tree over an image, made on a build host (docs/formats/verity.md).
 *
 * Hash type 1 of the kernel's admin-guide/device-mapper/verity: H(salt, block), digests in slots of a power
 * of two bytes, the top level first. The image's author chooses the data; the root hash goes into the policy
 * and so into the host data.
 *
 * The tree is made in one pass over the data. The caller cuts the data into pieces of verity_tree_piece()
 * bytes, each of which becomes one block of the lowest level (verity_tree_leaf, in any order, by any
 * thread), and hands the digests of those blocks in their order to verity_tree_push, which makes all higher
 * levels. Memory: one block a level.
 */
#ifndef NACRE_VERITY_TREE_H
#define NACRE_VERITY_TREE_H

#include "err.h"
#include "hash.h"
#include "span.h"
#include "verity.h"

#include <stddef.h>
#include <stdint.h>

#define VERITY_TREE_SALT_MAX 256  /* bytes, as in the superblock */
#define VERITY_TREE_LEVELS_MAX 16 /* 2^32 data blocks, 8 digests a block (sha512, 1024-byte blocks): 11 */
#define VERITY_TREE_SUPERBLOCK_SIZE 512 /* bytes */
#define VERITY_TREE_UUID_SIZE 16

struct verity_tree {
    enum hash_alg alg;
    uint8_t salt[VERITY_TREE_SALT_MAX];
    size_t salt_len;          /* bytes */
    uint32_t data_block_size; /* bytes, a power of two, VERITY_BLOCK_MIN..MAX */
    uint32_t hash_block_size; /* bytes, the same */
    uint64_t data_blocks;     /* 1..VERITY_DATA_BLOCKS_MAX */
};

/* Where the levels lie; level 0 is the lowest. A single data block has no level: its hash is the root. */
struct verity_tree_plan {
    size_t slot_size;   /* bytes of a digest's place */
    uint64_t per_block; /* digests in a hash block */
    unsigned levels;
    uint64_t first[VERITY_TREE_LEVELS_MAX]; /* level's first hash block, from the tree's start */
    uint64_t count[VERITY_TREE_LEVELS_MAX]; /* its hash blocks */
    uint64_t blocks;                        /* of the whole tree */
};

/* Returns 0, or -1 with *err set (ERR_FORMAT or ERR_LIMIT; the message names the field) and *plan untouched.
 */
int verity_tree_plan(const struct verity_tree *tree, struct verity_tree_plan *plan, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Bytes of data under one block of level 0. */
size_t verity_tree_piece(const struct verity_tree *tree, const struct verity_tree_plan *plan)
    __attribute__((nonnull));

/* One block of level 0 from its data: whole data blocks, at most verity_tree_piece() bytes. block gets
 * hash_block_size bytes, digest that block's hash. Without levels (a single data block) digest is the data's
 * own hash and block is left alone. May run in many threads at once. */
int verity_tree_leaf(const struct verity_tree *tree, const struct verity_tree_plan *plan, struct span data,
                     uint8_t *block, uint8_t digest[HASH_MAX], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Where finished blocks of level 1 and up go: hash block number `at` from the tree's start. */
struct verity_tree_sink {
    int (*put)(void *arg, uint64_t at, struct span block, struct err *err);
    void *arg;
};

/* The higher levels in the making. */
struct verity_tree_fold {
    const struct verity_tree *tree;
    const struct verity_tree_plan *plan;
    const struct verity_tree_sink *sink;
    uint64_t pushed;                         /* digests of level 0 so far */
    uint64_t filled[VERITY_TREE_LEVELS_MAX]; /* digests in the level's open block */
    uint64_t done[VERITY_TREE_LEVELS_MAX];   /* blocks of the level that have been put */
    uint8_t open[VERITY_TREE_LEVELS_MAX][VERITY_BLOCK_MAX];
    uint8_t root[HASH_MAX];
};

/* Borrows all three; they must outlive *fold. */
void verity_tree_begin(const struct verity_tree *tree, const struct verity_tree_plan *plan,
                       const struct verity_tree_sink *sink, struct verity_tree_fold *fold)
    __attribute__((nonnull));
/* The digest of the next block of level 0. */
int verity_tree_push(struct verity_tree_fold *fold, const uint8_t *digest, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* After the last: root has hash_size(tree->alg) bytes. ERR_FORMAT when digests are missing. */
int verity_tree_end(struct verity_tree_fold *fold, uint8_t *root, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The superblock that veritysetup writes in front of a tree; nothing of ours reads one. */
void verity_tree_superblock(const struct verity_tree *tree, const uint8_t uuid[VERITY_TREE_UUID_SIZE],
                            uint8_t out[VERITY_TREE_SUPERBLOCK_SIZE]) __attribute__((nonnull));

#endif
