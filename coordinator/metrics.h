/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics: what the Coordinator counts, and its Prometheus text (format 0.0.4). docs/coordinator-metrics.md
 *
 * One struct, no global; whoever counts has a pointer to it, and NULL counts nothing. Names in labels are
 * ours, never a peer's.
 */
#ifndef NACRE_METRICS_H
#define NACRE_METRICS_H

#include "err.h"
#include "grpc.h"
#include "conn_limits.h"
#include "span.h"

#include <stdint.h>

/* Values without labels: metrics_add for counters, metrics_set for gauges. The table in metrics.c has a row
 * for each. */
enum metrics_name {
    METRICS_HISTORY_WRITES,      /* changes of the manifest's history that are on disk */
    METRICS_HISTORY_ERRORS,      /* changes that the disk refused, or somebody else had made */
    METRICS_MANIFEST_GENERATION, /* gauge: manifests in the history; 0: none yet */
    METRICS_RECOVERIES,          /* recoveries by a seed share */
    METRICS_EPOCHS,              /* gauge: volumes with an epoch */
    METRICS_EPOCH_COMMITS,       /* epochs moved on */
    METRICS_EPOCH_TABLE_WRITES,  /* gauge: how often the table was ever written: it must never fall */
    METRICS_EPOCH_ERRORS,        /* changes of the table that could not be written */
    METRICS_LEASES,              /* gauge: leases that are held */
    METRICS_LEASE_CONFLICTS,     /* calls refused since somebody else holds the lease */
    METRICS_EVIDENCE,            /* reports of the Coordinator itself */
    METRICS_EVIDENCE_ERRORS,     /* reports that could not be had */
    METRICS_LAST_JOIN,           /* gauge: Unix seconds */
    METRICS_LOG_LEFT_OUT,        /* lines about connections that were not written */
    METRICS_READY,               /* gauge: 1 with a manifest and a seed */
    METRICS_NAMES,
};

enum metrics_protocol {
    METRICS_NACRE,
    METRICS_CONTRAST,
    METRICS_USERAPI,
    METRICS_PROTOCOLS,
};

#define METRICS_STATUSES (GRPC_UNAUTHENTICATED + 1)
#define METRICS_ERRORS (ERR_HELPER + 1)
#define METRICS_CHECKS_MAX 64 /* names of checks that are told apart; the rest counts as "other" */
#define METRICS_HTTP_MAX 32   /* pairs of path and status code; the rest is not counted */

struct metrics_check {
    const char *name;
    uint64_t count;
};

struct metrics_http {
    const char *path;
    unsigned status;
    uint64_t count;
};

/* By door: what happened to its connections. */
struct metrics_door {
    uint64_t open; /* now */
    uint64_t accepted;
    uint64_t handshakes;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t limits[LIMITS_COUNT];     /* connections that met the limit, by it */
    uint64_t failures[METRICS_ERRORS]; /* connections that ended without an answer, by the kind of error */
};

struct metrics {
    int64_t start_s; /* Unix seconds */
    uint64_t values[METRICS_NAMES];
    uint64_t answers[METRICS_PROTOCOLS][METRICS_STATUSES];
    struct metrics_door doors[LIMITS_DOORS];
    struct metrics_check checks[METRICS_CHECKS_MAX];
    struct metrics_http http[METRICS_HTTP_MAX];
};

/* What the system says about this process. */
struct metrics_process {
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_files;
    uint64_t cpu_ms; /* user and system */
};

void metrics_add(struct metrics *m, enum metrics_name name, uint64_t n);
void metrics_set(struct metrics *m, enum metrics_name name, uint64_t value);
/* A call was answered with this status. */
void metrics_answer(struct metrics *m, enum metrics_protocol protocol, enum grpc_status status);
/* Evidence was refused by this check; name is borrowed for good: a literal. */
void metrics_refused_check(struct metrics *m, const char *name);
/* An HTTP request was answered; path is borrowed for good: a literal. */
void metrics_http(struct metrics *m, const char *path, unsigned status);

#define METRICS_TEXT_MAX 65536 /* bytes of the whole text */
/* Append the text to w. Returns 0, or -1 with *err set (ERR_LIMIT). */
int metrics_text(const struct metrics *m, const struct metrics_process *process, struct writer *w,
                 struct err *err) __attribute__((warn_unused_result, nonnull));

/* Ask the system; what it does not tell stays 0. */
void metrics_process(struct metrics_process *out) __attribute__((nonnull));

#endif
