/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_dir(void *ctx, int dir, const char *name)
{
    (void) ctx;
    return mkdirat(dir, name, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int create(void *ctx, int dir, const char *name)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    (void) ctx;
    return fd < 0 ? -errno : fd;
}

static int write_all(void *ctx, int fd, struct span bytes)
{
    (void) ctx;
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);

        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t) n : 0;
    }
    return 0;
}

static int sync_fd(void *ctx, int fd)
{
    (void) ctx;
    return fsync(fd) < 0 ? -errno : 0;
}

static int rename_in(void *ctx, int dir, const char *from, const char *to)
{
    (void) ctx;
    return renameat(dir, from, dir, to) < 0 ? -errno : 0;
}

static int unlink_in(void *ctx, int dir, const char *name)
{
    (void) ctx;
    return unlinkat(dir, name, 0) < 0 ? -errno : 0;
}

const struct store_sys store_sys_linux = {
    .make_dir = make_dir,
    .create = create,
    .write = write_all,
    .sync = sync_fd,
    .rename = rename_in,
    .unlink = unlink_in,
};
