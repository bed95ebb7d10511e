/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_file: files of the build host: read, hash, write. Errors name the file. */
#ifndef NACRE_PSP_FILE_H
#define NACRE_PSP_FILE_H

#include "err.h"
#include "span.h"

/* The whole file, at most max bytes; *data is malloc'ed, free it. */
int psp_file_read(const char *path, size_t max, uint8_t **data, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* SHA-256 of the file's bytes, without reading it at once. */
int psp_file_sha256(const char *path, uint8_t digest[32], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Make dir/name with these bytes and mode, at once: it is there whole or not at all. */
int psp_file_write(int dir_fd, const char *name, struct span bytes, unsigned mode, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A file below an open directory. */
int psp_file_read_at(int dir_fd, const char *name, size_t max, uint8_t **data, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

void psp_file_close(int *fd); /* for AUTO_FD; accepts -1 */
#define PSP_AUTO_FD __attribute__((cleanup(psp_file_close))) int

#endif
