/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epochs: the counters and leases of the volumes, in memory and as a record of the store.
 * docs/formats/epochs.md
 *
 * One thread. Whatever an answer promises beyond the time of a lease is on disk before the answer is given:
 * the record is replaced as a whole. Leases of an earlier process run their full time from the
 * opening of the table. Who may call for which volume is the session's to know: the workload secret id comes
 * from the manifest entry of an attested peer.
 */
#ifndef NACRE_EPOCHS_H
#define NACRE_EPOCHS_H

#include "epoch.h"
#include "epoch_table.h"
#include "mesh_secret.h"
#include "store.h"

#include <stdint.h>

#define EPOCHS_RECORD_NAME "epochs"

struct epochs;

/* For log and metrics: since the table was opened, but for the last three. */
struct epochs_stats {
    uint64_t calls[EPOCH_RELEASE + 1]; /* by operation */
    uint64_t answers[EPOCH_FULL + 1];  /* by status */
    uint64_t write_errors;
    uint64_t sequence; /* of the table on disk: how often it was ever written. It must never fall */
    size_t counters;   /* at most EPOCH_COUNTERS_MAX */
    size_t leases;     /* that run now */
};

/* Read the record, or begin without one. now_ms: of the clock that epochs_call gets. store outlives the
 * table. Returns NULL with *err set: ERR_DENIED or ERR_FORMAT when the record is not what a Coordinator with
 * this seed wrote. */
struct epochs *epochs_open(struct store *store, const struct mesh_secret_seed *seed, uint64_t now_ms,
                           struct err *err) __attribute__((warn_unused_result, nonnull));
void epochs_free(struct epochs *e); /* accepts NULL; wipes */

/* Answer a call of a workload with this secret id (empty: it has none). now_ms: monotonic milliseconds.
 * Returns 0, or -1 with *err set (ERR_SYS): the change could not be written, and has not happened. */
int epochs_call(struct epochs *e, struct span secret_id, const struct epoch_call *call, uint64_t now_ms,
                struct epoch_answer *answer, struct err *err) __attribute__((warn_unused_result, nonnull));

struct epochs_stats epochs_stats(const struct epochs *e, uint64_t now_ms) __attribute__((nonnull));

#endif
