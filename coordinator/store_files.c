/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const struct store_files *f, int rc, const char *what, const char *name, struct err *err)
{
    return err_set(err, ERR_SYS, -rc, "%s %s/%s", what, f->name, name);
}

int store_files_open(struct store_files *f, int state, const char *name, const struct store_sys *sys,
                     struct err *err)
{
    struct store_files made = {.sys = sys, .name = name, .fd = -1};
    int rc = sys->make_dir(sys->ctx, state, name);

    if (rc == 0)
        rc = sys->sync(sys->ctx, state);
    if (rc < 0)
        return fail(&made, rc, "make folder", "", err);
    made.fd = openat(state, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (made.fd < 0)
        return fail(&made, -errno, "open folder", "", err);
    rc = sys->unlink(sys->ctx, made.fd, STORE_FILES_NEW);
    if (rc < 0 && rc != -ENOENT) {
        store_files_close(&made);
        return fail(&made, rc, "remove", STORE_FILES_NEW, err);
    }
    *f = made;
    return 0;
}

void store_files_close(struct store_files *f)
{
    if (f->fd >= 0)
        (void) close(f->fd); /* nothing is pending on it */
    f->fd = -1;
}

/* Fill into. 0 or -errno. */
static int read_all(int fd, struct fileio_bytes *into)
{
    for (size_t done = 0; done < into->len;) {
        ssize_t n = read(fd, into->data + done, into->len - done);

        if (n == 0 || (n < 0 && errno != EINTR))
            return n == 0 ? -EIO : -errno;
        done += n > 0 ? (size_t) n : 0;
    }
    return 0;
}

/* The regular file under fd, whole. */
static int read_file(const struct store_files *f, int fd, const char *name, size_t max,
                     struct fileio_bytes *out, struct err *err)
{
    AUTO_BYTES bytes = {0};
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(f, -errno, "read", name, err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s/%s is no regular file", f->name, name);
    if ((unsigned long long) st.st_size > max)
        return err_set(err, ERR_LIMIT, 0, "%s/%s has %lld bytes, at most %zu", f->name, name,
                       (long long) st.st_size, max);
    bytes.len = (size_t) st.st_size;
    bytes.data = calloc(1, bytes.len + 1);
    if (bytes.data == NULL)
        return fail(f, -ENOMEM, "read", name, err);
    int rc = read_all(fd, &bytes);
    if (rc < 0)
        return fail(f, rc, "read", name, err);
    *out = bytes;
    bytes = (struct fileio_bytes){0};
    return 0;
}

int store_files_get(const struct store_files *f, const char *name, size_t max, struct fileio_bytes *out,
                    struct err *err)
{
    int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return fail(f, -errno, "open", name, err);
    int rc = read_file(f, fd, name, max, out, err);
    (void) close(fd); /* it was only read */
    return rc < 0 ? -1 : 1;
}

/* All of bytes under STORE_FILES_NEW, on disk. 0 or -errno. */
static int write_new(const struct store_files *f, struct span bytes)
{
    const struct store_sys *sys = f->sys;
    int fd = sys->create(sys->ctx, f->fd, STORE_FILES_NEW);

    if (fd == -EEXIST && sys->unlink(sys->ctx, f->fd, STORE_FILES_NEW) == 0) /* a put that failed left it */
        fd = sys->create(sys->ctx, f->fd, STORE_FILES_NEW);
    if (fd < 0)
        return fd;
    int rc = sys->write(sys->ctx, fd, bytes);
    if (rc == 0)
        rc = sys->sync(sys->ctx, fd);
    (void) close(fd); /* synced, or given up */
    return rc;
}

int store_files_put(const struct store_files *f, const char *name, struct span bytes, bool *visible,
                    struct err *err)
{
    const struct store_sys *sys = f->sys;
    int rc = write_new(f, bytes);

    *visible = false;
    if (rc == 0) {
        *visible = true; /* whatever a rename that fails has done */
        rc = sys->rename(sys->ctx, f->fd, STORE_FILES_NEW, name);
    }
    if (rc == 0)
        rc = sys->sync(sys->ctx, f->fd);
    if (rc == 0)
        return 0;
    (void) sys->unlink(sys->ctx, f->fd, STORE_FILES_NEW); /* else the next start does */
    return fail(f, rc, "write", name, err);
}

static int clean_open(const struct store_files *f, DIR *dir, bool (*keep)(const void *ctx, const char *name),
                      const void *ctx, struct err *err)
{
    struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || keep(ctx, name))
            continue;
        int rc = f->sys->unlink(f->sys->ctx, f->fd, name);
        if (rc < 0 && rc != -ENOENT)
            return fail(f, rc, "remove", name, err);
    }
    return 0;
}

int store_files_clean(const struct store_files *f, bool (*keep)(const void *ctx, const char *name),
                      const void *ctx, struct err *err)
{
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (dir == NULL) {
        int saved = errno;
        if (fd >= 0)
            (void) close(fd);
        return fail(f, -saved, "list", "", err);
    }
    int rc = clean_open(f, dir, keep, ctx, err);
    (void) closedir(dir);
    return rc;
}
