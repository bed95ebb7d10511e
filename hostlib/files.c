/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 32768

static int open_file(const char *path, struct stat *st, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, st) < 0) {
        (void) err_set(err, ERR_SYS, errno, "%s: %m", path);
        if (fd >= 0)
            (void) close(fd);
        return -1;
    }
    return fd;
}

int files_map_open(const char *path, size_t max, struct files_map *map, struct err *err)
{
    struct stat st;
    int fd = open_file(path, &st, err);
    void *at = NULL;
    int rc = 0;

    if (fd < 0)
        return -1;
    if (!S_ISREG(st.st_mode))
        rc = err_set(err, ERR_FORMAT, 0, "%s: not a regular file", path);
    else if ((uint64_t) st.st_size > max)
        rc = err_set(err, ERR_LIMIT, 0, "%s: %lld bytes, at most %zu", path, (long long) st.st_size, max);
    if (rc == 0 && st.st_size > 0) {
        at = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
            rc = err_set(err, ERR_SYS, errno, "%s: cannot be mapped: %m", path);
    }
    (void) close(fd); /* only read */
    if (rc == 0)
        *map = (struct files_map){.bytes = span_of(at, (size_t) st.st_size), .mapping = at};
    return rc;
}

void files_map_release(const struct files_map *map, size_t end)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE);

    if (map->mapping && end <= map->bytes.len)
        (void) madvise(map->mapping, end / page * page, MADV_DONTNEED); /* saves memory, nothing else */
}

void files_map_close(struct files_map *map)
{
    if (map->mapping)
        (void) munmap(map->mapping, map->bytes.len);
    *map = (struct files_map){0};
}

static int hash_fd(int fd, const char *path, struct hash *h, uint64_t *size, struct err *err)
{
    uint8_t piece[PIECE];
    ssize_t n;

    *size = 0;
    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(err, ERR_SYS, errno, "%s: %m", path);
        if (hash_update(h, span_of(piece, (size_t) n), err) < 0)
            return -1;
        *size += (uint64_t) n;
    }
    return 0;
}

int files_hash(const char *path, enum hash_alg alg, uint8_t *digest, uint64_t *size, struct err *err)
{
    struct stat st;
    int fd = open_file(path, &st, err);
    struct hash h;
    int rc;

    if (fd < 0)
        return -1;
    rc = hash_begin(alg, &h, err);
    if (rc == 0)
        rc = hash_fd(fd, path, &h, size, err);
    (void) close(fd); /* only read */
    return rc < 0 ? -1 : hash_end(&h, digest, err);
}

int files_sha256(const char *path, uint8_t digest[32], struct err *err)
{
    uint64_t size;

    return files_hash(path, HASH_SHA256, digest, &size, err);
}
