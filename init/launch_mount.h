/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launch_mount: mounts that are made detached, get their flags, and only then appear in the tree.
 *
 * The kernel's descriptor-based mount calls, one row of the root a call. Targets are resolved without
 * following any symbolic link. Attributes are MOUNT_ATTR_* of linux/mount.h.
 */
#ifndef NACRE_LAUNCH_MOUNT_H
#define NACRE_LAUNCH_MOUNT_H

#include "err.h"

#include <stdint.h>
#include <unistd.h>

#define LAUNCH_MOUNT_CALL __attribute__((warn_unused_result, nonnull))

static inline void launch_mount_close(const int *fd)
{
    if (*fd >= 0)
        (void) close(*fd); /* nothing was written to it */
}
#define AUTO_MOUNT __attribute__((cleanup(launch_mount_close))) int

/* A detached copy of what is mounted at path, submounts too, with attributes added; -1 with *err set. */
int launch_mount_copy(const char *path, uint64_t attributes, struct err *err) LAUNCH_MOUNT_CALL;

/* A new detached file system of the type; options are "key", "value", ..., NULL; -1 with *err set. */
int launch_mount_new(const char *type, const char *const *options, uint64_t attributes,
                     struct err *err) LAUNCH_MOUNT_CALL;

/* Add attributes to the detached tree. */
int launch_mount_protect(int tree, uint64_t attributes, const char *path, struct err *err) LAUNCH_MOUNT_CALL;

/* What is at path, an O_PATH descriptor; ERR_MISSING: nothing is, ERR_DENIED: a symbolic link is on the way.
 */
int launch_mount_target(const char *path, struct err *err) LAUNCH_MOUNT_CALL;

/* Put the detached tree at path, which must exist and be a folder when the tree's root is one. */
int launch_mount_attach(int tree, const char *path, struct err *err) LAUNCH_MOUNT_CALL;

/* Take away whatever is mounted at path, submounts too. Nothing mounted there is no error. */
int launch_mount_detach(const char *path, struct err *err) LAUNCH_MOUNT_CALL;

/* Make every mount private: nothing spreads to or from another namespace. */
int launch_mount_private(struct err *err) LAUNCH_MOUNT_CALL;

#endif
