/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "volumes.h"

#include "dmtable.h"

#include <string.h>

#define DEVICE VOLUMES_MAPPER_DIR "/" VOLPLAN_IMAGE_NAME

/* A wrong root hash would make the kernel panic at the first read: say it in a line before that. A block of
 * the data or of the lower tree that is wrong still ends in a panic, which ends the VM. */
static int root_check(const struct volumes_disk *disk, const struct verity_geometry *g, struct err *err)
{
    uint8_t block[VERITY_BLOCK_MAX];
    uint64_t offset_bytes;
    uint32_t length;
    uint64_t needed = verity_device_bytes(g);
    if (disk->size_bytes < needed)
        return err_set(err, ERR_DENIED, 0, "size: the policy's geometry needs %llu bytes, the disk has %llu",
                       (unsigned long long) needed, (unsigned long long) disk->size_bytes);
    volplan_root_block(g, &offset_bytes, &length);
    if (volumes_disk_read(disk, offset_bytes, block, length, err) < 0)
        return -1;
    return volplan_root_check(g, span_of(block, length), err);
}

static int live_check(const char *loaded, uint64_t sectors, struct err *err)
{
    struct volumes_table live;
    if (volumes_dm_table(VOLPLAN_IMAGE_NAME, &live, err) < 0)
        return -1;
    if (strcmp(live.target, "verity") != 0 || live.sectors != sectors || !live.read_only)
        return err_set(err, ERR_DENIED, 0, "live table: expected a read-only verity target of %llu sectors",
                       (unsigned long long) sectors);
    return dmtable_check_same(span_str(live.params), span_str(loaded), err);
}

int volumes_image(const struct policy *policy, struct err *err)
{
    const struct verity_geometry *g = &policy->image.verity;
    struct volumes_disk disk;
    char table[VERITY_TABLE_MAX];
    uint64_t sectors;
    if (volumes_disk_find(policy->image.device, &disk, err) < 0)
        return -1;
    if (root_check(&disk, g, err) < 0 || verity_table(g, disk.device, table, &sectors, err) < 0 ||
        volumes_dm_create(VOLPLAN_IMAGE_NAME, "verity", sectors, table, err) < 0 ||
        live_check(table, sectors, err) < 0)
        return err_prefix(err, "%s", disk.path);
    return volumes_mount(DEVICE, VOLUMES_IMAGE_DIR, "erofs", "ro,nosuid,nodev", err);
}
