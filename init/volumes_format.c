/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "volumes.h"

#include "luks2_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MKE2FS "/sbin/mke2fs"
#define EDGE_BYTES ((size_t) 1 << 20) /* written at both ends before mke2fs, which reads there */

int volumes_header_file(struct span bytes, char path[VOLUMES_PATH_CAP], struct err *err)
{
    int fd = memfd_create("header", MFD_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "header: memfd");
    if (ftruncate(fd, LUKS2_HEADER_AREA_SIZE) < 0 ||
        pwrite(fd, bytes.data, bytes.len, 0) != (ssize_t) bytes.len) {
        (void) err_set(err, ERR_SYS, errno, "header: write");
        (void) close(fd);
        return -1;
    }
    (void) snprintf(path, VOLUMES_PATH_CAP, "/proc/self/fd/%d", fd);
    return fd;
}

static int zeros_write(const char *path, uint64_t offset_bytes, struct err *err)
{
    uint8_t *zeros = calloc(1, EDGE_BYTES);
    if (zeros == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "%s: no memory", path);
    int rc = volumes_disk_write(path, offset_bytes, span_of(zeros, EDGE_BYTES), err);
    free(zeros);
    return rc;
}

/* With authentication, a sector that was never written cannot be read. */
static int edges_write(const char *path, struct err *err)
{
    AUTO_CLOSE fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (end < 0)
        return err_set(err, ERR_SYS, errno, "%s: size", path);
    uint64_t size_bytes = (uint64_t) end;
    if (size_bytes < 4 * EDGE_BYTES)
        return err_set(err, ERR_LIMIT, 0, "%s: %llu bytes are too few for a file system", path,
                       (unsigned long long) size_bytes);
    if (zeros_write(path, 0, err) < 0)
        return -1;
    return zeros_write(path, size_bytes - EDGE_BYTES, err);
}

static int child_wait(pid_t pid, struct err *err)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(err, ERR_SYS, errno, "mke2fs: wait");
    if (WIFSIGNALED(status))
        return err_set(err, ERR_HELPER, 0, "mke2fs: killed by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return err_set(err, ERR_HELPER, 0, "mke2fs: exit status %d", WEXITSTATUS(status));
    return 0;
}

/* Everything that ext4 will read is written now: no lazy tables, no discard. No backup superblocks either:
 * mke2fs writes a part of a block there, and the rest of it cannot be read. */
static int filesystem_make(const char *path, const struct policy_workload *owner, struct err *err)
{
    char extended[96];
    char *const no_environment[] = {NULL};
    (void) snprintf(extended, sizeof extended,
                    "lazy_itable_init=0,lazy_journal_init=0,nodiscard,num_backup_sb=0,root_owner=%u:%u",
                    owner->uid, owner->gid);
    pid_t pid = fork();
    if (pid < 0)
        return err_set(err, ERR_SYS, errno, "mke2fs: fork");
    if (pid == 0) {
        (void) execle(MKE2FS, "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-O",
                      "sparse_super2,^resize_inode", "-m", "0", "-e", "remount-ro", "-J", "size=4", "-E",
                      extended, path, (char *) NULL, no_environment);
        _exit(127);
    }
    return child_wait(pid, err);
}

static int header_take(int file, uint8_t *area, size_t len, struct err *err)
{
    if (pread(file, area, len, 0) != (ssize_t) len)
        return err_set(err, ERR_SYS, errno, "header: read");
    return 0;
}

/* The header goes to the disk last, its primary copy last of all: a volume whose making was cut short has no
 * primary copy. Until the keyslot is written the disk still counts as blank; after that it is refused, and
 * holds nothing yet. */
static int header_write(int file, const struct volumes_disk *disk, const struct volplan *plan,
                        struct err *err)
{
    size_t len = LUKS2_HEADER_AREA_SIZE;
    uint8_t canonical[LUKS2_HEADER_SIZE];
    struct luks2_header header;
    AUTO_FREE uint8_t *area = malloc(len);
    if (area == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "header: no memory");
    if (header_take(file, area, len, err) < 0 ||
        luks2_header_parse(span_of(area, LUKS2_HEADER_SIZE), &header, err) < 0 ||
        luks2_header_set_digest(&header, secret_span(&plan->key), err) < 0 ||
        luks2_header_build(&header, canonical, err) < 0)
        return -1;
    struct span keyslot = span_of(area + LUKS2_HEADER_KEYSLOT_OFFSET, LUKS2_HEADER_KEYSLOT_SIZE);
    if (volumes_disk_write(disk->path, LUKS2_HEADER_KEYSLOT_OFFSET, keyslot, err) < 0 ||
        volumes_disk_write(disk->path, LUKS2_HEADER_COPY,
                           span_of(canonical + LUKS2_HEADER_COPY, LUKS2_HEADER_COPY), err) < 0)
        return -1;
    return volumes_disk_write(disk->path, 0, span_of(canonical, LUKS2_HEADER_COPY), err);
}

int volumes_format(const struct volumes_disk *disk, const struct volplan *plan,
                   const struct policy_workload *owner, struct err *err)
{
    char header[VOLUMES_PATH_CAP];
    char mapped[VOLUMES_PATH_CAP];
    if (disk->size_bytes < VOLPLAN_DISK_MIN)
        return err_set(err, ERR_LIMIT, 0, "size: expected at least %llu bytes, found %llu",
                       (unsigned long long) VOLPLAN_DISK_MIN, (unsigned long long) disk->size_bytes);
    AUTO_CLOSE file = volumes_header_file(span_of("", 0), header, err);
    if (file < 0)
        return -1;
    (void) snprintf(mapped, sizeof mapped, VOLUMES_MAPPER_DIR "/%s", plan->crypt_name);
    if (volumes_luks_format(header, disk, plan, err) < 0 || edges_write(mapped, err) < 0 ||
        filesystem_make(mapped, owner, err) < 0)
        return -1;
    return header_write(file, disk, plan, err);
}
