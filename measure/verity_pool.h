/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verity_pool: lib/verity_tree over a file, on all CPUs, in one pass and in bounded memory. */
#ifndef NACRE_VERITY_POOL_H
#define NACRE_VERITY_POOL_H

#include "err.h"
#include "verity_tree.h"

#include <stdbool.h>

#define VERITY_POOL_THREADS_MAX 16

struct verity_pool_job {
    const struct verity_tree *tree;
    const char *in_path; /* for messages */
    int in;              /* the data, from its start */
    const char *out_path;
    int out;             /* where the tree goes; -1: nowhere, only the root hash is wanted */
    uint64_t out_offset; /* bytes: the tree's start in out */
    bool progress;       /* a line on stderr that counts up */
};

/* root has hash_size(tree->alg) bytes. */
int verity_pool_run(const struct verity_pool_job *job, uint8_t *root, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
