/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_file.h"

#include "hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

void psp_file_close(int *fd)
{
    if (*fd >= 0)
        (void) close(*fd); /* read-only, or written and synced before */
    *fd = -1;
}

static int sys_err(struct err *err, const char *path, const char *what)
{
    return err_set(err, ERR_SYS, errno, "%s: %s: %m", path, what);
}

/* Fill len bytes, or fewer at the end of the file. */
static ssize_t read_some(int fd, uint8_t *buf, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, buf + got, len - got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        got += (size_t) n;
    }
    return (ssize_t) got;
}

int psp_file_read_at(int dir_fd, const char *name, size_t max, uint8_t **data, size_t *len, struct err *err)
{
    PSP_AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *buf;
    ssize_t got;

    if (fd < 0 || fstat(fd, &st) < 0)
        return sys_err(err, name, "cannot be opened");
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s: not a file", name);
    if (st.st_size <= 0 || (uint64_t) st.st_size > max)
        return err_set(err, ERR_LIMIT, 0, "%s: %lld bytes, expected 1 to %zu", name, (long long) st.st_size,
                       max);
    buf = malloc((size_t) st.st_size);
    if (!buf)
        return sys_err(err, name, "no memory");
    got = read_some(fd, buf, (size_t) st.st_size);
    if (got != st.st_size) {
        free(buf);
        return got < 0 ? sys_err(err, name, "cannot be read")
                       : err_set(err, ERR_FORMAT, 0, "%s: shrank", name);
    }
    *data = buf;
    *len = (size_t) got;
    return 0;
}

int psp_file_read(const char *path, size_t max, uint8_t **data, size_t *len, struct err *err)
{
    return psp_file_read_at(AT_FDCWD, path, max, data, len, err);
}

int psp_file_sha256(const char *path, uint8_t digest[32], struct err *err)
{
    PSP_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t buf[CHUNK / 2];
    struct hash h;
    ssize_t got;

    if (fd < 0)
        return sys_err(err, path, "cannot be opened");
    if (hash_begin(HASH_SHA256, &h, err) < 0)
        return -1;
    while ((got = read_some(fd, buf, sizeof buf)) > 0) {
        if (hash_update(&h, span_of(buf, (size_t) got), err) < 0)
            return -1;
    }
    if (got < 0)
        return sys_err(err, path, "cannot be read");
    return hash_end(&h, digest, err);
}

static int write_all(int fd, struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes = span_of(bytes.data + n, bytes.len - (size_t) n);
    }
    return fsync(fd);
}

int psp_file_write(int dir_fd, const char *name, struct span bytes, unsigned mode, struct err *err)
{
    char temporary[64];
    PSP_AUTO_FD fd = -1;

    (void) snprintf(temporary, sizeof temporary, ".%s.new", name);
    if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
        return sys_err(err, temporary, "cannot be removed");
    fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return sys_err(err, temporary, "cannot be made");
    if (write_all(fd, bytes) < 0)
        return sys_err(err, temporary, "cannot be written");
    if (renameat(dir_fd, temporary, dir_fd, name) < 0)
        return sys_err(err, name, "cannot be put in place");
    return 0;
}
