/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk: the virtio disks that the host has attached. Names, order, serials and sizes are the host's choice:
 * a serial only says where to look, what is found there is checked by digest, verity or the volume's key.
 */
#ifndef NACRE_DISK_H
#define NACRE_DISK_H

#include "err.h"
#include "file.h"

#include <stddef.h>
#include <stdint.h>

#define DISK_MAX 32                  /* disks */
#define DISK_SERIAL_MAX (20 + 1 + 1) /* bytes: virtio's 20, a newline's place, the NUL */

struct disk {
    char path[FILE_PATH_MAX]; /* "/dev/vda" */
    uint64_t size_bytes;
    char serial[DISK_SERIAL_MAX]; /* "" when the host has given none */
};

struct disk_list {
    size_t count;
    struct disk disk[DISK_MAX];
};

/* All disks named vd... ERR_SYS, ERR_FORMAT, ERR_LIMIT; *list may then hold a part, count is 0. */
int disk_list(struct disk_list *list, struct err *err) __attribute__((warn_unused_result, nonnull));
/* Exactly one disk has this serial. ERR_MISSING: none; ERR_DENIED: several. */
int disk_check_serial(const struct disk_list *list, const char *serial, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
