/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only file that includes libmount. */
#include "volumes.h"

#include <errno.h>
#include <libmount/libmount.h>
#include <sys/stat.h>

static int folder_make(const char *path, struct err *err)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return err_set(err, ERR_SYS, errno, "%s: mkdir", path);
    return 0;
}

static int context_mount(struct libmnt_context *context, struct err *err)
{
    char text[96];
    int rc = mnt_context_mount(context);
    if (rc == 0 && mnt_context_get_status(context) == 1)
        return 0;
    int error = mnt_context_get_syscall_errno(context);
    (void) mnt_context_get_excode(context, rc, text, sizeof text);
    return err_set(err, ERR_SYS, error > 0 ? error : EINVAL, "mount: %s", text);
}

int volumes_mount(const char *source, const char *target, const char *type, const char *options,
                  struct err *err)
{
    if (folder_make("/run/nacre", err) < 0 || folder_make(VOLUMES_DIR, err) < 0 ||
        folder_make(target, err) < 0)
        return -1;
    struct libmnt_context *context = mnt_new_context();
    if (context == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "mount: no memory");
    int rc = mnt_context_set_source(context, source);
    if (rc == 0)
        rc = mnt_context_set_target(context, target);
    if (rc == 0)
        rc = mnt_context_set_fstype(context, type);
    if (rc == 0)
        rc = mnt_context_set_options(context, options);
    if (rc == 0)
        rc = mnt_context_disable_mtab(context, 1);
    if (rc == 0)
        rc = mnt_context_disable_helpers(context, 1);
    rc = rc == 0 ? context_mount(context, err) : err_set(err, ERR_SYS, -rc, "mount: prepare");
    mnt_free_context(context);
    return rc;
}
