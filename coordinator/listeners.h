/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listeners: the sockets of `run`, one a door, from the operator's options. */
#ifndef NACRE_LISTENERS_H
#define NACRE_LISTENERS_H

#include "err.h"
#include "conn_limits.h"
#include "server.h"

/* What the operator wrote behind each door's option; NULL: the option is not there, and
 * Contrast's port on all addresses is meant. */
struct listeners_texts {
    const char *door[LIMITS_DOORS];
};

struct listeners {
    struct server_listener list[LIMITS_DOORS];
    size_t count;
};

/* The option of a door: "--listen", "--user-listen" and so on. */
const char *listeners_option(enum limits_door door);

/* Open them; "none" turns a door off. Returns 0, or -1 with *err set and none open. */
int listeners_open(const struct listeners_texts *texts, struct listeners *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void listeners_close(struct listeners *l) __attribute__((nonnull));
#define AUTO_LISTENERS __attribute__((cleanup(listeners_close))) struct listeners
/* A line in the log for each, the guests' first. */
void listeners_announce(const struct listeners *l, int64_t now_s) __attribute__((nonnull));

#endif
