/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoch: the counter of one volume, and the lease on it, as one step of a state machine; and the call's
 * bytes. docs/formats/epochs.md
 *
 * The Coordinator keeps one counter for each (workload secret id, volume). It only grows. A lease says which
 * boot of the workload may use the volume now: the holder. The guest chooses the call's bytes, the
 * Coordinator the answer's; both go over nacre/1 only, after attestation.
 */
#ifndef NACRE_EPOCH_H
#define NACRE_EPOCH_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define EPOCH_NAME_MAX 32    /* bytes of a volume's name: [a-z0-9-], as in the policy */
#define EPOCH_HOLDER_SIZE 16 /* random bytes, new for each boot; never all zero */
#define EPOCH_TTL_MIN_S 10
#define EPOCH_TTL_MAX_S 86400
#define EPOCH_MAX UINT64_MAX /* a counter that is there stays there */
#define EPOCH_CALL_MAX (2 + EPOCH_NAME_MAX + EPOCH_HOLDER_SIZE + 8 + 4) /* bytes */
#define EPOCH_ANSWER_SIZE 13                                            /* bytes */

enum epoch_op {
    EPOCH_ACQUIRE = 1, /* take the lease, or take it again, and learn the epoch */
    EPOCH_RENEW,       /* our lease, which still runs, runs ttl_s from now on */
    EPOCH_ADVANCE,     /* compare and set: expected becomes expected + 1 */
    EPOCH_RELEASE,     /* our lease ends */
};

struct epoch_call {
    enum epoch_op op;
    struct span volume; /* borrowed; 1..EPOCH_NAME_MAX bytes */
    uint8_t holder[EPOCH_HOLDER_SIZE];
    uint64_t expected; /* ADVANCE; else 0 */
    uint32_t ttl_s;    /* ACQUIRE, RENEW: EPOCH_TTL_MIN_S..EPOCH_TTL_MAX_S; else 0 */
};

enum epoch_status {
    EPOCH_OK = 0,
    EPOCH_HELD,       /* acquire: another holder's lease runs, for left_s more */
    EPOCH_NOT_HOLDER, /* renew, advance, release: no lease of ours runs */
    EPOCH_SKEW,       /* advance: the epoch is not what was expected */
    EPOCH_EXHAUSTED,  /* advance: the epoch is EPOCH_MAX */
    EPOCH_NO_VOLUMES, /* the peer's manifest entry has no workload secret id */
    EPOCH_FULL,       /* there are as many counters as there may be */
};

struct epoch_answer {
    enum epoch_status status;
    uint64_t epoch; /* current, after the call; 0 with NO_VOLUMES and FULL */
    uint32_t
        left_s; /* seconds that the running lease has left: ours with OK, the other's with HELD; else 0 */
};

/* --- the state machine ------------------------------------------------------------------------------ */

/* All zero: a new counter. Times are milliseconds of one clock that never runs backwards. */
struct epoch_state {
    uint64_t epoch;
    uint8_t holder[EPOCH_HOLDER_SIZE]; /* of the last lease; zeros: none, or released */
    uint32_t ttl_s;                    /* of that lease; 0: none */
    uint64_t until_ms;                 /* it runs before this moment */
};

/* What the call makes of *from at now_ms. *to is the state after it, the same when the status is not
 * EPOCH_OK. */
void epoch_apply(const struct epoch_state *from, const struct epoch_call *call, uint64_t now_ms,
                 struct epoch_state *to, struct epoch_answer *answer) __attribute__((nonnull));

/* After a restart the old clock is gone: the lease, if there is one, runs its full time from now_ms. */
void epoch_restart(struct epoch_state *state, uint64_t now_ms) __attribute__((nonnull));

/* The change from a to b has to be on disk before it is answered: anything but a lease that only runs longer.
 */
bool epoch_durable(const struct epoch_state *a, const struct epoch_state *b) __attribute__((nonnull));

/* --- bytes ------------------------------------------------------------------------------------------ */

bool epoch_name_ok(struct span name);
const char *epoch_op_name(enum epoch_op op);             /* "acquire"...; "unknown" */
const char *epoch_status_name(enum epoch_status status); /* "ok", "held"...; "unknown" */

/* Append the bytes to w. Returns 0, or -1 with *err set (ERR_FORMAT; ERR_LIMIT: no room) and w of no use. */
int epoch_call_encode(const struct epoch_call *call, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int epoch_answer_encode(const struct epoch_answer *answer, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Strict and canonical. Return 0, or -1 with *err set (ERR_FORMAT) and *out untouched. */
int epoch_call_decode(struct span bytes, struct epoch_call *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int epoch_answer_decode(struct span bytes, struct epoch_answer *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
