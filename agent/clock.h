/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock: the time that certificate dates are checked and made with. Pure: both clocks of the machine come in.
 *
 * The host chooses CLOCK_REALTIME. It may show a later time, which can only end certificates early; it cannot
 * show an earlier one than the floor: the image's at first, then the latest that the Coordinator has signed,
 * and from each of them on the floor moves with CLOCK_MONOTONIC.
 */
#ifndef NACRE_CLOCK_H
#define NACRE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t floor_s; /* Unix seconds ... */
    uint64_t at_ms;  /* ... that were true when CLOCK_MONOTONIC showed this */
};

/* The floor as it stands now. */
int64_t clock_floor_s(const struct clock *c, uint64_t now_ms) __attribute__((nonnull));
/* The time that the floor was last raised to. It does not move: a Coordinator whose signed time is before it
 * has gone back. The moving floor cannot say so, since no two clocks run at the same pace. */
int64_t clock_told_s(const struct clock *c) __attribute__((nonnull));
/* The trusted time: the host's, but never before the floor. */
int64_t clock_now_s(const struct clock *c, int64_t host_s, uint64_t now_ms) __attribute__((nonnull));
/* It is at least time_s now. An earlier time than the floor's changes nothing. */
void clock_raise(struct clock *c, int64_t time_s, uint64_t now_ms) __attribute__((nonnull));

#endif
