/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fileio.h"

#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void) close(*fd); /* nothing was promised about it */
}
#define AUTO_FD __attribute__((cleanup(close_fd))) int

void fileio_free(struct fileio_bytes *b)
{
    if (b == NULL || b->data == NULL)
        return;
    secret_wipe_bytes(b->data, b->len);
    free(b->data);
    *b = (struct fileio_bytes){0};
}

struct span fileio_span(const struct fileio_bytes *b)
{
    return span_of(b->data, b->len);
}

static int read_all(int fd, const char *path, struct fileio_bytes *into, struct err *err)
{
    size_t done = 0;

    while (done < into->len) {
        ssize_t n = read(fd, into->data + done, into->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "read %s", path);
        if (n == 0)
            return err_set(err, ERR_FORMAT, 0, "%s became shorter while it was read", path);
        done += (size_t) n;
    }
    return 0;
}

int fileio_read(const char *path, size_t max, struct fileio_bytes *out, struct err *err)
{
    AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    AUTO_BYTES bytes = {0};

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, ERR_SYS, errno, "open %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s is no regular file", path);
    if (st.st_size < 0 || (unsigned long long) st.st_size > max)
        return err_set(err, ERR_LIMIT, 0, "%s has %lld bytes, at most %zu", path, (long long) st.st_size,
                       max);
    bytes.len = (size_t) st.st_size;
    bytes.data = calloc(1, bytes.len + 1);
    if (bytes.data == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "read %s", path);
    if (read_all(fd, path, &bytes, err) < 0)
        return -1;
    *out = bytes;
    bytes = (struct fileio_bytes){0};
    return 0;
}

int fileio_make_dir(const char *path, unsigned mode, struct err *err)
{
    if (mkdir(path, (mode_t) mode) < 0 && errno != EEXIST)
        return err_set(err, ERR_SYS, errno, "make folder %s", path);
    return 0;
}

static int write_all(int fd, struct span bytes)
{
    size_t done = 0;

    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);

        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            done += (size_t) n;
    }
    return fsync(fd);
}

/* Fill the temporary name and give it the final one. errno says why on -1. */
static int write_and_name(int dir, const char *tmp, const struct fileio_target *to, struct span bytes)
{
    (void) unlinkat(dir, tmp, 0); /* left by a process that was killed, and had our number */
    AUTO_FD fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, to->mode);

    if (fd < 0 || write_all(fd, bytes) < 0 || fchmod(fd, (mode_t) to->mode) < 0)
        return -1;
    int rc = to->replace ? renameat(dir, tmp, dir, to->name) : linkat(dir, tmp, dir, to->name, 0);
    return rc < 0 ? -1 : fsync(dir);
}

int fileio_write(const struct fileio_target *to, struct span bytes, struct err *err)
{
    char tmp[NAME_MAX_BYTES + 32];
    AUTO_FD dir = open(to->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return err_set(err, ERR_SYS, errno, "open folder %s", to->dir);
    (void) snprintf(tmp, sizeof tmp, ".%.*s.%ld", NAME_MAX_BYTES, to->name, (long) getpid());
    int rc = write_and_name(dir, tmp, to, bytes);
    int saved = errno;
    (void) unlinkat(dir, tmp, 0); /* gone already after a rename */
    if (rc < 0)
        return err_set(err, ERR_SYS, saved, "write %s/%s", to->dir, to->name);
    return 0;
}
