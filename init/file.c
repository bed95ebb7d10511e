/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include "sys.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Read until cap bytes are there or the file ends. Returns how many, or -errno. */
static ssize_t read_up_to(int fd, uint8_t *buf, size_t cap)
{
    size_t len = 0;

    while (len < cap) {
        ssize_t n = sys_read(fd, buf + len, cap - len);

        if (n < 0)
            return n;
        if (n == 0)
            break;
        len += (size_t) n;
    }
    return (ssize_t) len;
}

int file_read(const char *path, void *buf, size_t cap, size_t *len, struct err *err)
{
    AUTO_FD fd = sys_open(path, O_RDONLY, 0);
    uint8_t more;
    ssize_t n, m;

    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "open %s", path);
    n = read_up_to(fd, buf, cap);
    m = n < 0 ? n : sys_read(fd, &more, 1);
    if (m < 0)
        return err_set(err, ERR_SYS, (int) -m, "read %s", path);
    if (m > 0)
        return err_set(err, ERR_LIMIT, 0, "%s: more than %zu bytes", path, cap);
    *len = (size_t) n;
    return 0;
}

int file_read_line(const char *path, char *text, size_t cap, struct err *err)
{
    size_t len = 0;

    if (file_read(path, text, cap - 1, &len, err) < 0)
        return -1;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    text[len] = '\0';
    if (strlen(text) != len)
        return err_set(err, ERR_FORMAT, 0, "%s: a NUL inside the text", path);
    return 0;
}

int file_read_head(const char *path, void *buf, size_t len, struct err *err)
{
    AUTO_FD fd = sys_open(path, O_RDONLY, 0);
    ssize_t n;

    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "open %s", path);
    n = read_up_to(fd, buf, len);
    if (n < 0)
        return err_set(err, ERR_SYS, (int) -n, "read %s", path);
    if ((size_t) n != len)
        return err_set(err, ERR_FORMAT, 0, "%s: %zd bytes, expected %zu", path, n, len);
    return 0;
}

int file_write(const char *path, struct span bytes, struct err *err)
{
    AUTO_FD fd = sys_open(path, O_WRONLY, 0);
    ssize_t n;

    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "open %s", path);
    n = sys_write(fd, bytes.data, bytes.len); /* one call: a part of a setting is none */
    if (n < 0)
        return err_set(err, ERR_SYS, (int) -n, "write %s", path);
    if ((size_t) n != bytes.len)
        return err_set(err, ERR_FORMAT, 0, "%s: took %zd bytes of %zu", path, n, bytes.len);
    return 0;
}

int file_path(char path[FILE_PATH_MAX], struct err *err, const char *fmt, ...)
{
    char built[FILE_PATH_MAX];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(built, sizeof built, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t) n >= sizeof built)
        return err_set(err, ERR_LIMIT, 0, "a path longer than %d bytes", FILE_PATH_MAX - 1);
    memcpy(path, built, (size_t) n + 1);
    return 0;
}
