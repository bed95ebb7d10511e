/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verity.h"

#include "hex.h"

#include <stdio.h>
#include <string.h>

static int verity_check_block_size(const char *field, uint32_t bytes, struct err *err)
{
    if (bytes < VERITY_BLOCK_MIN || bytes > VERITY_BLOCK_MAX || (bytes & (bytes - 1)) != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: %u is no power of two in %d..%d", field, bytes,
                       VERITY_BLOCK_MIN, VERITY_BLOCK_MAX);
    return 0;
}

int verity_check(const struct verity_geometry *g, struct err *err)
{
    if (g->salt_len > VERITY_SALT_MAX)
        return err_set(err, ERR_LIMIT, 0, "salt: %zu bytes, at most %d", g->salt_len, VERITY_SALT_MAX);
    if (verity_check_block_size("data_block_size", g->data_block_size, err) < 0 ||
        verity_check_block_size("hash_block_size", g->hash_block_size, err) < 0)
        return -1;
    if (g->data_blocks == 0 || g->data_blocks > VERITY_DATA_BLOCKS_MAX)
        return err_set(err, ERR_LIMIT, 0, "data_blocks: %llu is not in 1..%llu",
                       (unsigned long long) g->data_blocks, (unsigned long long) VERITY_DATA_BLOCKS_MAX);
    if (g->hash_start_block > 2 * VERITY_DATA_BLOCKS_MAX * (VERITY_BLOCK_MAX / VERITY_BLOCK_MIN))
        return err_set(err, ERR_LIMIT, 0, "hash_start_block: %llu is too far",
                       (unsigned long long) g->hash_start_block);
    if (g->hash_start_block * g->hash_block_size < g->data_blocks * g->data_block_size)
        return err_set(err, ERR_FORMAT, 0, "hash_start_block: %llu lies inside the data",
                       (unsigned long long) g->hash_start_block);
    return 0;
}

uint64_t verity_tree_blocks(const struct verity_geometry *g)
{
    /* a digest takes the next power of two; for sha256 that is its own size */
    const uint64_t per_block = g->hash_block_size / VERITY_HASH_SIZE;
    uint64_t level = g->data_blocks;
    uint64_t total = 0;

    /* one block at the top is covered by the root hash itself: a single data block needs no tree */
    while (level > 1) {
        level = (level + per_block - 1) / per_block;
        total += level;
    }
    return total;
}

uint64_t verity_device_bytes(const struct verity_geometry *g)
{
    return (g->hash_start_block + verity_tree_blocks(g)) * g->hash_block_size;
}

static bool verity_is_device(const char *device)
{
    const char *colon = strchr(device, ':');
    const size_t major = strspn(device, "0123456789");

    if (!colon || major == 0 || device + major != colon || strlen(device) > 20)
        return false;
    return colon[1] != '\0' && strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

int verity_table(const struct verity_geometry *g, const char *device, char table[VERITY_TABLE_MAX],
                 uint64_t *sectors, struct err *err)
{
    char root[2 * VERITY_HASH_SIZE + 1];
    char salt[2 * VERITY_SALT_MAX + 1];
    int n;

    if (verity_check(g, err) < 0)
        return -1;
    if (!verity_is_device(device))
        return err_set(err, ERR_FORMAT, 0, "verity device: expected major:minor");
    if (hex_encode(span_of(g->root_hash, VERITY_HASH_SIZE), root, sizeof(root), err) < 0 ||
        hex_encode(span_of(g->salt, g->salt_len), salt, sizeof(salt), err) < 0)
        return -1;
    /* VERITY_TABLE_MAX holds the longest: 2 devices, 4 numbers of 20 digits, 2 hex texts, the options */
    n = snprintf(table, VERITY_TABLE_MAX,
                 "1 %s %s %u %u %llu %llu sha256 %s %s 2 panic_on_corruption panic_on_error", device, device,
                 g->data_block_size, g->hash_block_size, (unsigned long long) g->data_blocks,
                 (unsigned long long) g->hash_start_block, root, g->salt_len > 0 ? salt : "-");
    if (n < 0 || n >= VERITY_TABLE_MAX)
        return err_set(err, ERR_LIMIT, 0, "verity table does not fit %d bytes", VERITY_TABLE_MAX);
    *sectors = g->data_blocks * (g->data_block_size / VERITY_SECTOR);
    return 0;
}
