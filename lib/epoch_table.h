/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoch_table: all counters of a Coordinator, as a sorted table, and as the bytes that it keeps.
 * docs/formats/epochs.md, "On disk"
 *
 * The bytes come back from the Coordinator's disk, which its host may change: a MAC under a key from the seed
 * tells. An older table with a good MAC cannot be told apart from the newest one by looking at it.
 */
#ifndef NACRE_EPOCH_TABLE_H
#define NACRE_EPOCH_TABLE_H

#include "epoch.h"
#include "hash.h"
#include "mesh_secret.h"

#define EPOCH_COUNTERS_MAX 768       /* of one Coordinator */
#define EPOCH_COUNTERS_PER_ID_MAX 32 /* of one workload secret id */
#define EPOCH_ID_MAX MESH_SECRET_ID_MAX
#define EPOCH_COUNTER_BYTES_MAX (2 + EPOCH_ID_MAX + 1 + EPOCH_NAME_MAX + 8 + 4 + EPOCH_HOLDER_SIZE)
#define EPOCH_TABLE_OVERHEAD (8 + 8 + 4 + SHA256_SIZE + SHA256_SIZE) /* magic, sequence, count; sum, MAC */
#define EPOCH_TABLE_BYTES_MAX (EPOCH_TABLE_OVERHEAD + EPOCH_COUNTERS_MAX * EPOCH_COUNTER_BYTES_MAX)

struct epoch_counter {
    uint16_t id_len; /* 1..EPOCH_ID_MAX */
    uint8_t name_len;
    uint8_t id[EPOCH_ID_MAX];     /* workload secret id */
    uint8_t name[EPOCH_NAME_MAX]; /* of the volume */
    struct epoch_state state;
};

struct epoch_table {   /* 340 KB: on the heap */
    uint64_t sequence; /* how often the table was written */
    size_t count;
    struct epoch_counter counters[EPOCH_COUNTERS_MAX]; /* by id, then name; each shorter before longer */
};

/* The counter of this volume, or NULL; *at is where it is, or where it would go. id and name are within their
 * bounds. */
struct epoch_counter *epoch_table_find(struct epoch_table *t, struct span id, struct span name, size_t *at)
    __attribute__((nonnull));
/* A new counter, at 0, where epoch_table_find said. NULL when one of the two maxima is reached. */
struct epoch_counter *epoch_table_add(struct epoch_table *t, struct span id, struct span name, size_t at)
    __attribute__((nonnull));
void epoch_table_remove(struct epoch_table *t, size_t at) __attribute__((nonnull)); /* undoes an add */

/* Bytes of the encoded table. */
size_t epoch_table_size(const struct epoch_table *t) __attribute__((nonnull));
/* Write it, key being mesh_secret_epochs'. Returns 0, or -1 with *err set (ERR_LIMIT: no room). */
int epoch_table_encode(const struct epoch_table *t, const struct secret *key, struct writer *w,
                       struct err *err) __attribute__((warn_unused_result, nonnull));
/* Returns 0, or -1 with *err set and *t undefined: ERR_FORMAT: damaged; ERR_DENIED: the MAC is not this
 * seed's. No lease runs yet: epoch_restart comes next. */
int epoch_table_decode(struct span bytes, const struct secret *key, struct epoch_table *t, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
