/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int put_all(int fd, const char *path, struct span bytes, struct err *err)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, ERR_SYS, errno, "%s: cannot be written: %m", path);
        done += (size_t) n;
    }
    return 0;
}

int output_write(const char *path, struct span bytes, struct err *err)
{
    char part[OUTPUT_PATH_MAX + 8];
    int fd, rc;

    (void) snprintf(part, sizeof part, "%s.part", path);
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", part);
    rc = put_all(fd, part, bytes, err);
    if (close(fd) < 0 && rc == 0)
        rc = err_set(err, ERR_SYS, errno, "%s: cannot be written: %m", part);
    if (rc == 0 && rename(part, path) < 0)
        rc = err_set(err, ERR_SYS, errno, "%s: %m", path);
    if (rc < 0)
        (void) unlink(part); /* what was wrong is said already */
    return rc;
}

int output_join(const char *dir, const char *name, char path[OUTPUT_PATH_MAX], struct err *err)
{
    if (snprintf(path, OUTPUT_PATH_MAX, "%s/%s", dir, name) >= OUTPUT_PATH_MAX)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", dir);
    return 0;
}

const char *output_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int output_beside(const char *beside, const char *name, char path[OUTPUT_PATH_MAX], struct err *err)
{
    const int dir = (int) (output_base(beside) - beside);

    if (snprintf(path, OUTPUT_PATH_MAX, "%.*s%s", dir, beside, name) >= OUTPUT_PATH_MAX)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", beside);
    return 0;
}
