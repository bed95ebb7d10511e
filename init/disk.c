/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_DIR "/sys/block"
#define SERIAL_MAX (20 + 1 + 1) /* bytes: virtio's 20, room for a newline, the NUL */
#define SECTOR_BYTES 512        /* sysfs counts in these, whatever the disk's own sector is */

static int read_size(const char *name, uint64_t *size_bytes, struct err *err)
{
    char path[FILE_PATH_MAX], text[24], *end;
    unsigned long long sectors;

    if (file_path(path, err, BLOCK_DIR "/%s/size", name) < 0 ||
        file_read_line(path, text, sizeof text, err) < 0)
        return -1;
    sectors = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || sectors > UINT64_MAX / SECTOR_BYTES)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a number, found '%s'", path, text);
    *size_bytes = sectors * SECTOR_BYTES;
    return 0;
}

static int read_disk(const char *name, struct disk *disk, struct err *err)
{
    memcpy(disk->name, name, strlen(name) + 1); /* both have SYS_NAME_MAX bytes */
    if (file_path(disk->path, err, "/dev/%s", name) < 0)
        return -1;
    return read_size(name, &disk->size_bytes, err);
}

int disk_list(struct disk_list *list, struct err *err)
{
    struct sys_names names;
    size_t count = 0;
    int r = sys_list_dir(BLOCK_DIR, &names);

    list->count = 0;
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "list " BLOCK_DIR);
    for (size_t i = 0; i < names.count; i++) {
        if (strncmp(names.name[i], "vd", 2) != 0)
            continue;
        if (count == DISK_MAX)
            return err_set(err, ERR_LIMIT, 0, "more than %d disks", DISK_MAX);
        if (read_disk(names.name[i], &list->disk[count], err) < 0)
            return -1;
        count++;
    }
    list->count = count;
    return 0;
}

/* Does this disk have the serial? 1, 0, or -1. Reading the file asks the device, so nobody does it in vain.
 */
static int has_serial(const struct disk *disk, const char *serial, struct err *err)
{
    char path[FILE_PATH_MAX], text[SERIAL_MAX];

    if (file_path(path, err, BLOCK_DIR "/%s/serial", disk->name) < 0 ||
        file_read_line(path, text, sizeof text, err) < 0)
        return -1;
    return strcmp(text, serial) == 0;
}

int disk_check_serial(const struct disk_list *list, const char *serial, struct err *err)
{
    size_t found = 0;

    for (size_t i = 0; i < list->count; i++) {
        int r = has_serial(&list->disk[i], serial, err);

        if (r < 0)
            return -1;
        found += (size_t) r;
    }
    if (found == 0)
        return err_set(err, ERR_MISSING, 0, "disk '%s': none of %zu disks has this serial", serial,
                       list->count);
    if (found > 1)
        return err_set(err, ERR_DENIED, 0, "disk '%s': %zu disks have this serial, expected one", serial,
                       found);
    return 0;
}
