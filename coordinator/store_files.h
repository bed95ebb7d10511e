/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_files: one folder of the store: whole files, replaced atomically. Nobody but store*.c includes this.
 *
 * A file is written under another name, synced, renamed, and the folder is synced: whatever happens in
 * between, the name holds all of the old bytes or all of the new ones.
 */
#ifndef NACRE_STORE_FILES_H
#define NACRE_STORE_FILES_H

#include "err.h"
#include "fileio.h"
#include "span.h"
#include "store_sys.h"

#include <stdbool.h>

#define STORE_FILES_NEW ".new"  /* a file that is being written */
#define STORE_FILES_NAME_MAX 64 /* bytes of a name */

struct store_files {
    const struct store_sys *sys;
    const char *name; /* of the folder, below the state folder; constant */
    int fd;           /* -1: not open */
};

/* Make the folder if need be, open it, and remove what a writer that was killed has left. Returns 0, or -1
 * with *err set. */
int store_files_open(struct store_files *f, int state, const char *name, const struct store_sys *sys,
                     struct err *err) __attribute__((warn_unused_result, nonnull));
void store_files_close(struct store_files *f) __attribute__((nonnull));

/* Returns 1 with the file's bytes, 0 when there is no such file, or -1 with *err set (ERR_SYS; ERR_LIMIT:
 * more than max bytes; ERR_FORMAT: no regular file). */
int store_files_get(const struct store_files *f, const char *name, size_t max, struct fileio_bytes *out,
                    struct err *err) __attribute__((warn_unused_result, nonnull));

/* Put bytes under name. Returns 0 once they are on disk, or -1 with *err set (ERR_SYS): *visible then says
 * whether the new bytes may be what the name holds; if not, it holds what it held. */
int store_files_put(const struct store_files *f, const char *name, struct span bytes, bool *visible,
                    struct err *err) __attribute__((warn_unused_result, nonnull));

/* Remove every file whose name keep does not want, .new included. Returns 0, or -1 with *err set. */
int store_files_clean(const struct store_files *f, bool (*keep)(const void *ctx, const char *name),
                      const void *ctx, struct err *err) __attribute__((warn_unused_result, nonnull(1, 2, 4)));

#endif
