/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_parts: what the files that make up the store share. Nobody but store*.c includes this. */
#ifndef NACRE_STORE_PARTS_H
#define NACRE_STORE_PARTS_H

#include "store.h"
#include "store_files.h"

#define STORE_LATEST "latest"
#define STORE_HEX_SIZE (2 * SHA256_SIZE + 1)

/* A file that is named by its digest. */
struct store_blob {
    char name[STORE_HEX_SIZE];
    struct fileio_bytes bytes;
};

/* Such files in memory, each once. */
struct store_blobs {
    struct store_blob *items;
    size_t count;
    size_t cap;
};

struct store {
    int dir; /* holds the lock */
    struct store_files manifests;
    struct store_files policies;
    struct store_files transitions;
    struct store_files records;
    struct store_blobs manifest_blobs;
    struct store_blobs policy_blobs;
    struct store_blobs transition_blobs; /* oldest first */
    struct span *order;                  /* manifests, oldest first, one for each transition */
    struct span *policy_list;            /* of policy_blobs */
    struct transition_latest latest;     /* when there is a transition */
    size_t bytes;                        /* of STORE_HISTORY_MAX */
    bool broken;                         /* what is on disk is not known for sure: no more changes */
};

/* The blob with this name; NULL: there is none. */
const struct store_blob *store_blobs_find(const struct store_blobs *blobs, const char *name)
    __attribute__((nonnull));
/* Add a blob, which then owns bytes; no blob has this name. Returns 0, or -1 with *err set and bytes left
 * alone. */
int store_blobs_add(struct store_blobs *blobs, const char *name, struct fileio_bytes *bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void store_blobs_free(struct store_blobs *blobs) __attribute__((nonnull));

/* Read the history below s, which is empty so far. Returns 0, or -1 with *err set. */
int store_read(struct store *s, struct err *err) __attribute__((warn_unused_result, nonnull));
/* The lists of spans that store_history lends, after a change of the blobs. */
int store_relist(struct store *s, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
