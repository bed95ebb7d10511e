/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leases: keep the leases on the policy's volumes up while the agent lives (docs/formats/epochs.md). Each
 * time is a connection of its own, with new key, nonces and report, but without a certificate.
 *
 * A lease that cannot be had or is lost ends nothing and is said nowhere yet: what a guest does then is its
 * policy's to say, once there is such a policy.
 */
#ifndef NACRE_LEASES_H
#define NACRE_LEASES_H

#include "agent.h"

#define LEASES_ATTEMPT_MS 25000     /* of one connection */
#define LEASES_PAUSE_MS 30000       /* after one that failed, at most */
#define LEASES_PAUSE_MIN_MS 1000    /* whatever the answers say */
#define LEASES_PAUSE_MAX_MS 3600000 /* the same */

/* Keep what a join or a connection for leases brought. */
void leases_take(struct agent *agent, const struct join_result *result) __attribute__((nonnull));

/* Milliseconds until leases_renew is due; 0: now; UINT64_MAX: there is nothing to renew. */
uint64_t leases_wait_ms(const struct agent *agent, uint64_t now_ms) __attribute__((nonnull));

/* Ask for all of them again. A Coordinator that refuses, or has another mesh CA than at the join, makes the
 * certificate's renewal due. Returns 0, also when it failed; -1 with *err set when PID 1 is gone. */
int leases_renew(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

/* When to ask again after these answers: at a third of our shortest lease, or when another's ends.
 * UINT64_MAX: never. Pure. */
uint64_t leases_pause_ms(const struct join_volume *volumes, size_t count) __attribute__((nonnull));

#endif
