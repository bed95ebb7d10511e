/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

static int read_one(const char *path, struct policy_files *out, struct err *err)
{
    if (out->count >= USERAPI_POLICIES_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: more than %d policies", path, USERAPI_POLICIES_MAX);
    if (fileio_read(path, USERAPI_POLICY_MAX, &out->files[out->count], err) < 0)
        return -1;
    out->spans[out->count] = fileio_span(&out->files[out->count]);
    out->count++;
    return 0;
}

static int read_folder(const char *path, DIR *dir, struct policy_files *out, struct err *err)
{
    struct dirent *entry;
    char file[PATH_MAX];

    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t) snprintf(file, sizeof file, "%s/%s", path, entry->d_name) >= sizeof file)
            return err_set(err, ERR_LIMIT, 0, "%s: a name is too long", path);
        if (read_one(file, out, err) < 0)
            return -1;
    }
    return 0;
}

int policy_files_read(const char *const *paths, size_t count, struct policy_files *out, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        DIR *dir = opendir(paths[i]);
        int rc;

        if (dir == NULL && errno != ENOTDIR)
            return err_set(err, ERR_SYS, errno, "open %s", paths[i]);
        rc = dir == NULL ? read_one(paths[i], out, err) : read_folder(paths[i], dir, out, err);
        if (dir != NULL)
            (void) closedir(dir);
        if (rc < 0)
            return -1;
    }
    return 0;
}

void policy_files_free(struct policy_files *p)
{
    for (size_t i = 0; i < p->count; i++)
        fileio_free(&p->files[i]);
    p->count = 0;
}
