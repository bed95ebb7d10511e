/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only file that includes libdevmapper. */
#include "volumes.h"

#include <errno.h>
#include <libdevmapper.h>
#include <stdio.h>
#include <string.h>

/* libdevmapper would print; what went wrong is in the task's errno. */
static void be_silent(int level, const char *file, int line, int dm_errno_or_class, const char *fmt, ...)
{
    (void) level;
    (void) file;
    (void) line;
    (void) dm_errno_or_class;
    (void) fmt;
}

static struct dm_task *task_new(int type, const char *name, struct err *err)
{
    dm_log_with_errno_init(be_silent);
    struct dm_task *task = dm_task_create(type);
    if (task != NULL && dm_task_set_name(task, name) == 1)
        return task;
    if (task != NULL)
        dm_task_destroy(task);
    (void) err_set(err, ERR_LIMIT, 0, "device-mapper: %s: cannot make a request", name);
    return NULL;
}

static int task_fail(struct dm_task *task, const char *what, const char *name, struct err *err)
{
    int error = dm_task_get_errno(task);
    return err_set(err, ERR_SYS, error == 0 ? EIO : error, "device-mapper: %s: %s", name, what);
}

int volumes_dm_create(const char *name, const char *target, uint64_t sectors, const char *params,
                      struct err *err)
{
    struct dm_task *task = task_new(DM_DEVICE_CREATE, name, err);
    if (task == NULL)
        return -1;
    int rc = 0;
    if (dm_task_add_target(task, 0, sectors, target, params) != 1 || dm_task_set_ro(task) != 1)
        rc = err_set(err, ERR_LIMIT, 0, "device-mapper: %s: cannot make a request", name);
    else if (dm_task_run(task) != 1)
        rc = task_fail(task, "create", name, err);
    dm_task_destroy(task);
    dm_task_update_nodes();
    return rc;
}

static int table_copy(struct dm_task *task, const char *name, struct volumes_table *out, struct err *err)
{
    struct dm_info info;
    uint64_t start = 0;
    uint64_t length = 0;
    char *target = NULL;
    char *params = NULL;
    if (dm_task_get_info(task, &info) != 1 || !info.exists || !info.live_table || info.target_count != 1)
        return err_set(err, ERR_DENIED, 0, "device-mapper: %s: expected a live table of one target", name);
    void *more = dm_get_next_target(task, NULL, &start, &length, &target, &params);
    if (more != NULL || start != 0 || target == NULL || params == NULL)
        return err_set(err, ERR_DENIED, 0, "device-mapper: %s: expected one target from sector 0", name);
    if (strlen(target) >= sizeof out->target || strlen(params) >= sizeof out->params)
        return err_set(err, ERR_LIMIT, 0, "device-mapper: %s: the live table is too long", name);
    memcpy(out->target, target, strlen(target) + 1);
    memcpy(out->params, params, strlen(params) + 1);
    (void) snprintf(out->device, sizeof out->device, "%u:%u", info.major, info.minor);
    out->sectors = length;
    out->read_only = info.read_only != 0;
    return 0;
}

int volumes_dm_table(const char *name, struct volumes_table *table, struct err *err)
{
    struct dm_task *task = task_new(DM_DEVICE_TABLE, name, err);
    if (task == NULL)
        return -1;
    int rc = 0;
    if (dm_task_secure_data(task) != 1)
        rc = err_set(err, ERR_LIMIT, 0, "device-mapper: %s: cannot make a request", name);
    else if (dm_task_run(task) != 1)
        rc = task_fail(task, "read the live table", name, err);
    else
        rc = table_copy(task, name, table, err);
    dm_task_destroy(task);
    return rc;
}
