/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file: whole small files of procfs, sysfs, configfs and devices, read and written in one call.
 *
 * Who chooses the bytes depends on the path; callers say so.
 */
#ifndef NACRE_FILE_H
#define NACRE_FILE_H

#include "err.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define FILE_PATH_MAX 288 /* bytes of a path that PID 1 builds, the NUL included */

/* Read all of path. ERR_SYS (sys_errno: ENOENT, ENXIO...); ERR_LIMIT when it has more than cap bytes.
 * *len is untouched on failure; buf may hold a part. */
int file_read(const char *path, void *buf, size_t cap, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The same for one line of text: cap bytes with the NUL, without the newline at the end. ERR_FORMAT when
 * there is a NUL in it. */
int file_read_line(const char *path, char *text, size_t cap, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Exactly len bytes from the front of path. ERR_FORMAT when it is shorter. */
int file_read_head(const char *path, void *buf, size_t len, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Write all of bytes to path, which exists. */
int file_write(const char *path, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Build a path. ERR_LIMIT when it does not fit. */
int file_path(char path[FILE_PATH_MAX], struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result, nonnull));

#endif
