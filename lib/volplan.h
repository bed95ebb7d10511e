/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volplan: names and keys of a volume, and the first check of an image (docs/formats/volume.md). */
#ifndef NACRE_VOLPLAN_H
#define NACRE_VOLPLAN_H

#include "err.h"
#include "policy.h"
#include "secret.h"
#include "verity.h"

#define VOLPLAN_NAME_CAP 64                   /* bytes of a device-mapper name of ours, with its NUL */
#define VOLPLAN_KEY_SIZE 96                   /* bytes of a volume key */
#define VOLPLAN_PASSPHRASE_SIZE 64            /* characters of keyslot 0's passphrase */
#define VOLPLAN_IMAGE_NAME "nacre-image"      /* device-mapper name of the verity device */
#define VOLPLAN_VOLUME_PREFIX "nacre-volume-" /* ... of an encrypted volume, before the volume's name */
#define VOLPLAN_INTEGRITY_SUFFIX "_dif"       /* libcryptsetup's name for what lies below */
#define VOLPLAN_DISK_MIN (UINT64_C(32) << 20) /* bytes: the smallest disk that is made into a volume */

struct volplan {
    char crypt_name[VOLPLAN_NAME_CAP];
    char integrity_name[VOLPLAN_NAME_CAP];
    struct secret key;        /* HKDF of the workload secret: opens the volume */
    struct secret passphrase; /* lower-case hex: opens keyslot 0, for recovery by the owner */
};

/* Derive everything for the volume called name from the 64-byte workload secret. HKDF-SHA-256 without salt;
 * info is a label, a NUL, and the name. Returns 0, or -1 with *err set (ERR_MISSING: no secret) and *plan
 * untouched. The caller wipes: volplan_wipe. */
int volplan_make(const struct secret *secret, const char *name, struct volplan *plan, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void volplan_wipe(struct volplan *plan); /* accepts NULL */
#define AUTO_VOLPLAN __attribute__((cleanup(volplan_wipe))) struct volplan

/* Where the block lies that the root hash covers directly: its first byte and its length. */
void volplan_root_block(const struct verity_geometry *g, uint64_t *offset_bytes, uint32_t *length)
    __attribute__((nonnull));
/* H(salt || block) is the root hash. ERR_DENIED: it is not. A wrong root hash must be an error here, for the
 * kernel would panic at the first read. */
int volplan_root_check(const struct verity_geometry *g, struct span block, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
