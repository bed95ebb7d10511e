/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backoff.h"

struct backoff backoff_of(uint64_t start_ms, uint32_t deadline_ms, uint32_t retry_ms, uint32_t retry_max_ms)
{
    return (struct backoff){
        .deadline_ms = start_ms + deadline_ms,
        .pause_ms = retry_ms,
        .pause_max_ms = retry_max_ms,
    };
}

uint64_t backoff_attempt(struct backoff *b, uint64_t now_ms)
{
    uint64_t end = now_ms + BACKOFF_ATTEMPT_MAX_MS;
    b->tries++;
    return end < b->deadline_ms ? end : b->deadline_ms;
}

bool backoff_pause(struct backoff *b, uint64_t now_ms, uint64_t *pause_ms)
{
    if (now_ms >= b->deadline_ms || b->deadline_ms - now_ms <= b->pause_ms)
        return false;
    *pause_ms = b->pause_ms;
    b->pause_ms = b->pause_ms < b->pause_max_ms / 2 ? 2 * b->pause_ms : b->pause_max_ms;
    return true;
}
