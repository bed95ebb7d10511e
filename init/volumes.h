/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes: the block devices of a boot (docs/formats/volume.md): the workload's image on dm-verity, encrypted
 * volumes on dm-crypt over dm-integrity.
 *
 * Every disk is the host's: its size, its serial, all its bytes. What decides is the policy (bound by the
 * host data) and the workload secret (from the Coordinator). Nothing here is undone after an error: PID 1
 * then ends the VM.
 */
#ifndef NACRE_VOLUMES_H
#define NACRE_VOLUMES_H

#include "err.h"
#include "policy.h"
#include "secret.h"
#include "volplan.h"

#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#define VOLUMES_CALL __attribute__((warn_unused_result, nonnull))

#define VOLUMES_IMAGE_DIR "/run/nacre/image"
#define VOLUMES_DIR "/run/nacre/volumes"
#define VOLUMES_MAPPER_DIR "/dev/mapper"
#define VOLUMES_PATH_CAP 128 /* bytes of a path with its NUL */
/* Bytes of dm-integrity's journal at most. The kernel keeps all of it in memory, and reads it at every open;
 * left alone it takes 1/128 of the disk, up to 64 MiB. */
#define VOLUMES_JOURNAL_MAX (UINT64_C(1) << 20)
#define VOLUMES_PARAMS_CAP 1024 /* bytes of a live table's parameters with their NUL */

static inline void volumes_close(const int *fd)
{
    if (*fd >= 0)
        (void) close(*fd); /* what was written has been synced before */
}
#define AUTO_CLOSE __attribute__((cleanup(volumes_close))) int

/* The two jobs. */
int volumes_image(const struct policy *policy, struct err *err) VOLUMES_CALL;
int volumes_encrypted(const struct policy *policy, const struct secret *secret, struct err *err) VOLUMES_CALL;

/* volumes_disk.c: a virtio disk, found by its serial. */
struct volumes_disk {
    char path[VOLUMES_PATH_CAP];
    char device[24]; /* "major:minor" */
    uint64_t size_bytes;
};
/* ERR_MISSING: no disk has it, ERR_DENIED: more than one has. */
int volumes_disk_find(const char *serial, struct volumes_disk *disk, struct err *err) VOLUMES_CALL;
int volumes_disk_read(const struct volumes_disk *disk, uint64_t offset_bytes, uint8_t *buf, size_t len,
                      struct err *err) VOLUMES_CALL;
/* Returns when the bytes are on the disk. */
int volumes_disk_write(const char *path, uint64_t offset_bytes, struct span bytes,
                       struct err *err) VOLUMES_CALL;

/* volumes_dm.c: libdevmapper. */
struct volumes_table {
    char target[16];
    char device[24]; /* of the mapped device itself: "major:minor" */
    uint64_t sectors;
    bool read_only;
    char params[VOLUMES_PARAMS_CAP]; /* dm-crypt's hold the key: wipe */
};
/* Make the mapped device name with one read-only target. */
int volumes_dm_create(const char *name, const char *target, uint64_t sectors, const char *params,
                      struct err *err) VOLUMES_CALL;
/* The live table of name, which must have one target that starts at sector 0. */
int volumes_dm_table(const char *name, struct volumes_table *table, struct err *err) VOLUMES_CALL;

/* volumes_luks.c: libcryptsetup. header is the path of a private file with the checked header (open), or of
 * one to be filled (format). Both leave plan's crypt device active. */
int volumes_luks_open(const char *header, const char *disk, const struct volplan *plan,
                      struct err *err) VOLUMES_CALL;
int volumes_luks_format(const char *header, const struct volumes_disk *disk, const struct volplan *plan,
                        struct err *err) VOLUMES_CALL;

/* volumes_format.c: make the blank disk into a volume; its device is active then, with an empty file system
 * whose root belongs to uid:gid. */
int volumes_format(const struct volumes_disk *disk, const struct volplan *plan,
                   const struct policy_workload *owner, struct err *err) VOLUMES_CALL;
/* A file in memory of LUKS2_HEADER_AREA_SIZE bytes that begins with bytes; *path is how to open it while
 * the descriptor returned is open. -1 with *err set. */
int volumes_header_file(struct span bytes, char path[VOLUMES_PATH_CAP], struct err *err) VOLUMES_CALL;

/* volumes_mount.c: libmount. Makes the folder target, and mounts; options as in mount(8). */
int volumes_mount(const char *source, const char *target, const char *type, const char *options,
                  struct err *err) VOLUMES_CALL;

#endif
