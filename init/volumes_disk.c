/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "volumes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define BLOCK_DIR "/sys/block"
#define NAME_MAX_LEN 32 /* bytes of a block device's name that we look at */

/* Is the serial of /sys/block/name this one? -1 with *err set when it cannot be read. */
static int serial_is(const char *name, const char *serial, struct err *err)
{
    char path[VOLUMES_PATH_CAP];
    char text[POLICY_SERIAL_MAX + 2];
    (void) snprintf(path, sizeof path, BLOCK_DIR "/%.*s/serial", NAME_MAX_LEN, name);
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (n < 0)
        return err_set(err, ERR_SYS, errno, "%s: read", path);
    size_t len = (size_t) n;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    return span_eq_str(span_of(text, len), serial) ? 1 : 0;
}

static int name_find(DIR *dir, const char *serial, char found[NAME_MAX_LEN + 1], struct err *err)
{
    size_t matches = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, "vd", 2) != 0 || strlen(entry->d_name) > NAME_MAX_LEN)
            continue;
        int same = serial_is(entry->d_name, serial, err);
        if (same < 0)
            return -1;
        if (same == 1 && matches++ == 0)
            memcpy(found, entry->d_name, strlen(entry->d_name) + 1);
    }
    if (matches == 0)
        return err_set(err, ERR_MISSING, 0, "disk '%s': no disk has this serial", serial);
    if (matches > 1)
        return err_set(err, ERR_DENIED, 0, "disk '%s': %zu disks have this serial, expected one", serial,
                       matches);
    return 0;
}

static int disk_look(const char *name, struct volumes_disk *disk, struct err *err)
{
    struct volumes_disk d;
    struct stat st;
    (void) snprintf(d.path, sizeof d.path, "/dev/%s", name);
    AUTO_CLOSE fd = open(d.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, ERR_SYS, errno, "%s: open", d.path);
    if (!S_ISBLK(st.st_mode))
        return err_set(err, ERR_DENIED, 0, "%s: expected a block device", d.path);
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < 0)
        return err_set(err, ERR_SYS, errno, "%s: size", d.path);
    d.size_bytes = (uint64_t) end;
    (void) snprintf(d.device, sizeof d.device, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
    *disk = d;
    return 0;
}

int volumes_disk_find(const char *serial, struct volumes_disk *disk, struct err *err)
{
    char name[NAME_MAX_LEN + 1] = "";
    DIR *dir = opendir(BLOCK_DIR);
    if (dir == NULL)
        return err_set(err, ERR_SYS, errno, BLOCK_DIR ": open");
    int rc = name_find(dir, serial, name, err);
    closedir(dir);
    return rc < 0 ? -1 : disk_look(name, disk, err);
}

int volumes_disk_read(const struct volumes_disk *disk, uint64_t offset_bytes, uint8_t *buf, size_t len,
                      struct err *err)
{
    AUTO_CLOSE fd = open(disk->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "%s: open", disk->path);
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, buf + done, len - done, (off_t) (offset_bytes + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "%s: read %zu bytes at %llu", disk->path, len,
                           (unsigned long long) offset_bytes);
        if (n == 0)
            return err_set(err, ERR_FORMAT, 0, "%s: expected %zu bytes at %llu, found the end", disk->path,
                           len, (unsigned long long) offset_bytes);
        done += (size_t) n;
    }
    return 0;
}

int volumes_disk_write(const char *path, uint64_t offset_bytes, struct span bytes, struct err *err)
{
    AUTO_CLOSE fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "%s: open", path);
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = pwrite(fd, bytes.data + done, bytes.len - done, (off_t) (offset_bytes + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, ERR_SYS, n < 0 ? errno : ENOSPC, "%s: write %zu bytes at %llu", path,
                           bytes.len, (unsigned long long) offset_bytes);
        done += (size_t) n;
    }
    if (fsync(fd) < 0)
        return err_set(err, ERR_SYS, errno, "%s: sync", path);
    return 0;
}
