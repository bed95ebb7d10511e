/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seed_file: the one file a Coordinator must keep, <state>/seed.
 *
 * docs/formats/seed-file.md. Made once by `init`; whoever reads it can derive every workload secret.
 */
#ifndef NACRE_SEED_FILE_H
#define NACRE_SEED_FILE_H

#include "err.h"
#include "mesh_secret.h"
#include "span.h"

#include <stdint.h>

#define SEED_FILE_NAME "seed"
#define SEED_FILE_SIZE 136 /* bytes: magic 8, seed 64, salt 32, SHA-256 of what precedes 32 */

/* Returns 0, or -1 with *err set and *out untouched. */
int seed_file_encode(const struct mesh_secret_seed *seed, uint8_t out[SEED_FILE_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Returns 0, or -1 with *err set and *out untouched (ERR_FORMAT: length, magic or checksum). */
int seed_file_decode(struct span file, struct mesh_secret_seed *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Make a random seed and write it to dir/seed, mode 0600 (a missing dir is made, mode 0700); an existing one
 * is an error and stays. */
int seed_file_create(const char *dir, struct mesh_secret_seed *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Read dir/seed. Returns 1; 0 when there is none; or -1 with *err set and *out untouched. Others must not be
 * able to read it: a mode with group or other bits is ERR_DENIED. */
int seed_file_load(const char *dir, struct mesh_secret_seed *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
