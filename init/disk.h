/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk: the virtio disks that the host has attached. Names, order, serials and sizes are the host's choice:
 * a serial only says where to look, what is found there is checked by digest, verity or the volume's key.
 */
#ifndef NACRE_DISK_H
#define NACRE_DISK_H

#include "err.h"
#include "file.h"
#include "sys.h"

#include <stddef.h>
#include <stdint.h>

#define DISK_MAX 32 /* disks */

struct disk {
    char name[SYS_NAME_MAX];  /* "vda" */
    char path[FILE_PATH_MAX]; /* "/dev/vda" */
    uint64_t size_bytes;
};

struct disk_list {
    size_t count;
    struct disk disk[DISK_MAX];
};

/* All disks named vd... ERR_SYS, ERR_FORMAT, ERR_LIMIT; *list may then hold a part, count is 0. */
int disk_list(struct disk_list *list, struct err *err) __attribute__((warn_unused_result, nonnull));
/* Exactly one disk has this serial. Asks each disk. ERR_MISSING: none; ERR_DENIED: several; ERR_SYS. */
int disk_check_serial(const struct disk_list *list, const char *serial, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
