/* SPDX-License-Identifier: GPL-2.0-or-later */
/* joinlog: one line on stderr for each join and each refusal: time, peer, verdict, reason.
 *
 *     2026-11-24T23:19:04Z 10.0.2.15:40312 joined host_data=<64 hex> product=Genoa name=web tls=1.3 ms=12
 *     2026-11-24T23:19:04Z 10.0.2.15:40313 refused PermissionDenied: ReferenceValues.snp[0]: measurement: ...
 *     2026-11-24T23:19:04Z 10.0.2.15:40314 failed: the peer closed the connection before its call was
 * complete
 *
 * A peer chooses parts of it: whatever is no printable ASCII is written as '?'. No secret is in it.
 */
#ifndef NACRE_JOINLOG_H
#define NACRE_JOINLOG_H

#include "err.h"
#include "session.h"

#include <stdint.h>

#define JOINLOG_FAILURES_MAX                                                                                 \
    50 /* lines of failures and refusals in a second: a hostile crowd fills no disk */

/* How many such lines there were. Zeroed at first. */
struct joinlog_budget {
    int64_t second;
    unsigned written;   /* in it */
    uint64_t left_out;  /* since a line said so */
    uint64_t total_out; /* left out in all */
};

struct joinlog_event {
    int64_t now_s;
    const char *peer;              /* its address */
    const struct session *session; /* NULL: it has none */
    const struct err *failure;     /* what ended the connection before an answer; NULL: it was answered */
    struct joinlog_budget *budget; /* NULL: write every line */
    int64_t took_ms;               /* since the connection was accepted */
};

void joinlog_write(const struct joinlog_event *event) __attribute__((nonnull));

/* No more connections: say how many lines were left out since a line said so. */
void joinlog_end(struct joinlog_budget *b, int64_t now_s) __attribute__((nonnull));

/* A line about the program itself: "TIME nacre-coordinator: text". */
void joinlog_note(int64_t now_s, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull));

#endif
