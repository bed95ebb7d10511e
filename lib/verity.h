/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verity: a dm-verity device from the geometry in the policy (docs/formats/verity.md).
 *
 * Hash type 1 of the kernel's admin-guide/device-mapper/verity, data and tree on one device. The geometry is
 * bound by the host data; no superblock on the disk (the host's bytes) is ever read.
 */
#ifndef NACRE_VERITY_H
#define NACRE_VERITY_H

#include "err.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define VERITY_HASH_SIZE 32   /* bytes: sha256 is the only algorithm */
#define VERITY_SALT_MAX 32    /* bytes */
#define VERITY_BLOCK_MIN 1024 /* bytes; block sizes are powers of two */
#define VERITY_BLOCK_MAX 4096 /* bytes: a page */
#define VERITY_DATA_BLOCKS_MAX (UINT64_C(1) << 32)
#define VERITY_TABLE_MAX 512 /* bytes of the table's text with its NUL */
#define VERITY_SECTOR 512    /* bytes: the unit of device-mapper lengths */

struct verity_geometry {
    uint8_t root_hash[VERITY_HASH_SIZE];
    uint8_t salt[VERITY_SALT_MAX];
    size_t salt_len;           /* bytes, 0..VERITY_SALT_MAX */
    uint32_t data_block_size;  /* bytes */
    uint32_t hash_block_size;  /* bytes */
    uint64_t data_blocks;      /* in data blocks */
    uint64_t hash_start_block; /* where the tree starts, in hash blocks from the device's start */
};

/* Sizes are powers of two in range, counts in range, the tree starts behind the data.
 * Returns 0, or -1 with *err set (ERR_FORMAT or ERR_LIMIT; the message names the field). */
int verity_check(const struct verity_geometry *g, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Hash blocks of the whole tree over g's data. g has passed verity_check. */
uint64_t verity_tree_blocks(const struct verity_geometry *g) __attribute__((nonnull));
/* Bytes the device must have at least: data, gap and tree. g has passed verity_check. */
uint64_t verity_device_bytes(const struct verity_geometry *g) __attribute__((nonnull));

/* The table of the kernel's "verity" target with both panic_on_corruption and panic_on_error, NUL-terminated,
 * in table (VERITY_TABLE_MAX bytes), and the mapped device's length in sectors. device is "major:minor".
 * Returns 0, or -1 with *err set (as verity_check; ERR_FORMAT: device) and outputs untouched. */
int verity_table(const struct verity_geometry *g, const char *device, char table[VERITY_TABLE_MAX],
                 uint64_t *sectors, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
