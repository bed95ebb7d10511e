/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files: big files that host tools read. Errors name the file. */
#ifndef NACRE_FILES_H
#define NACRE_FILES_H

#include "err.h"
#include "hash.h"
#include "span.h"

#include <stddef.h>

/* A file mapped into memory; bytes is empty for an empty file. */
struct files_map {
    struct span bytes;
    void *mapping; /* NULL: none */
};

/* Map the whole regular file at path, at most max bytes. */
int files_map_open(const char *path, size_t max, struct files_map *map, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The bytes up to here have been read and are not needed in memory; end is rounded down to whole pages. */
void files_map_release(const struct files_map *map, size_t end);
void files_map_close(struct files_map *map); /* accepts one that was never opened */
#define AUTO_MAP __attribute__((cleanup(files_map_close))) struct files_map

/* Digest of the file's bytes, read in pieces; digest has hash_size(alg) bytes, *size is how many bytes. */
int files_hash(const char *path, enum hash_alg alg, uint8_t *digest, uint64_t *size, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* SHA-256 of the file's bytes, read in pieces. */
int files_sha256(const char *path, uint8_t digest[32], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
