/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock.h"

int64_t clock_floor_s(const struct clock *c, uint64_t now_ms)
{
    uint64_t passed_ms = now_ms > c->at_ms ? now_ms - c->at_ms : 0;
    return c->floor_s + (int64_t) (passed_ms / 1000);
}

int64_t clock_told_s(const struct clock *c)
{
    return c->floor_s;
}

int64_t clock_now_s(const struct clock *c, int64_t host_s, uint64_t now_ms)
{
    int64_t floor_s = clock_floor_s(c, now_ms);
    return host_s > floor_s ? host_s : floor_s;
}

void clock_raise(struct clock *c, int64_t time_s, uint64_t now_ms)
{
    if (time_s > clock_floor_s(c, now_ms))
        *c = (struct clock){.floor_s = time_s, .at_ms = now_ms};
}
