/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

#define DETACH 2            /* MNT_DETACH: sys/mount.h and linux/mount.h cannot be had together */
#define PRIVATE (1UL << 18) /* MS_PRIVATE */

static int mount_fail(struct err *err, const char *call, const char *path)
{
    return err_set(err, ERR_SYS, errno, "%s: %s", path, call);
}

int launch_mount_protect(int tree, uint64_t attributes, const char *path, struct err *err)
{
    struct mount_attr attr = {.attr_set = attributes};
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) < 0)
        return mount_fail(err, "mount_setattr", path);
    return 0;
}

int launch_mount_copy(const char *path, uint64_t attributes, struct err *err)
{
    int tree = (int) syscall(SYS_open_tree, AT_FDCWD, path,
                             OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
    if (tree < 0 && errno == ENOENT)
        return err_set(err, ERR_MISSING, 0, "%s: not there", path);
    if (tree < 0)
        return mount_fail(err, "open_tree", path);
    if (launch_mount_protect(tree, attributes, path, err) == 0)
        return tree;
    launch_mount_close(&tree);
    return -1;
}

int launch_mount_new(const char *type, const char *const *options, uint64_t attributes, struct err *err)
{
    AUTO_MOUNT fs = (int) syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
    if (fs < 0)
        return mount_fail(err, "fsopen", type);
    for (size_t i = 0; options[i] != NULL; i += 2)
        if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, options[i], options[i + 1], 0) < 0)
            return mount_fail(err, options[i], type);
    if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return mount_fail(err, "create", type);
    int tree = (int) syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, (unsigned int) attributes);
    return tree < 0 ? mount_fail(err, "fsmount", type) : tree;
}

int launch_mount_target(const char *path, struct err *err)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int) syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
    if (fd >= 0)
        return fd;
    if (errno == ENOENT || errno == ENOTDIR)
        return err_set(err, ERR_MISSING, 0, "%s: not in the image", path);
    if (errno == ELOOP)
        return err_set(err, ERR_DENIED, 0, "%s: a symbolic link is on the way", path);
    return mount_fail(err, "openat2", path);
}

int launch_mount_attach(int tree, const char *path, struct err *err)
{
    AUTO_MOUNT target = launch_mount_target(path, err);
    if (target < 0)
        return -1;
    if (syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return mount_fail(err, "move_mount", path);
    return 0;
}

int launch_mount_detach(const char *path, struct err *err)
{
    if (syscall(SYS_umount2, path, DETACH) < 0 && errno != EINVAL && errno != ENOENT)
        return mount_fail(err, "umount", path);
    return 0;
}

int launch_mount_private(struct err *err)
{
    struct mount_attr attr = {.propagation = PRIVATE};
    if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof attr) < 0)
        return mount_fail(err, "private", "/");
    return 0;
}
