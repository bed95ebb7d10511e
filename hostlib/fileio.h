/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fileio: whole files, read with a limit and written atomically.
 *
 * The operator names these files (seed, manifest, root certificates, published CA certificates).
 */
#ifndef NACRE_FILEIO_H
#define NACRE_FILEIO_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

/* A whole file in memory, owned. Wiped and freed by fileio_free. */
struct fileio_bytes {
    uint8_t *data;
    size_t len;
};

#define AUTO_BYTES __attribute__((cleanup(fileio_free))) struct fileio_bytes

void fileio_free(struct fileio_bytes *b); /* accepts an empty one */
struct span fileio_span(const struct fileio_bytes *b) __attribute__((nonnull));

/* Read the regular file at path, of at most max bytes. Returns 0, or -1 with *err set and *out untouched
 * (ERR_SYS; ERR_LIMIT: longer; ERR_FORMAT: no regular file). */
int fileio_read(const char *path, size_t max, struct fileio_bytes *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Make the folder at path with this mode, unless it is there. Returns 0, or -1 with *err set (ERR_SYS). */
int fileio_make_dir(const char *path, unsigned mode, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Put bytes at dir/name with this mode: after it the name holds either what it held before or all of bytes,
 * also across a crash. replace false: an existing name is an error (ERR_SYS, EEXIST) and stays as it is. */
struct fileio_target {
    const char *dir;
    const char *name;
    unsigned mode;
    bool replace;
};
int fileio_write(const struct fileio_target *to, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
