/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backoff: when to try the Coordinator again, and when to give up. Pure: the clock is a number that comes in.
 */
#ifndef NACRE_BACKOFF_H
#define NACRE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_ATTEMPT_MAX_MS 30000 /* one attempt, from connect to the answer (Contrast's own limit) */

/* Milliseconds of CLOCK_MONOTONIC. */
struct backoff {
    uint64_t deadline_ms; /* after this: no attempt and no pause */
    uint64_t pause_ms;    /* the next pause */
    uint64_t pause_max_ms;
    unsigned tries; /* attempts begun */
};

/* start_ms: when the agent was started; the others from the policy. */
struct backoff backoff_of(uint64_t start_ms, uint32_t deadline_ms, uint32_t retry_ms, uint32_t retry_max_ms);
/* An attempt begins now: it may last until the returned time. */
uint64_t backoff_attempt(struct backoff *b, uint64_t now_ms) __attribute__((nonnull));
/* An attempt has failed: true with how long to wait before the next, false when there is no time for another.
 */
bool backoff_pause(struct backoff *b, uint64_t now_ms, uint64_t *pause_ms) __attribute__((nonnull));

#endif
