/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attempts: try to join until it works, the policy's deadline passes, or the Coordinator says no. Every
 * attempt has a new connection, a new key, new nonces and a new report.
 */
#ifndef NACRE_ATTEMPTS_H
#define NACRE_ATTEMPTS_H

#include "agent.h"

/* Sets agent->join; does nothing if the policy names no Coordinator. Returns 0, or -1 with *err set:
 * ERR_DENIED when the Coordinator refuses or is not the pinned one (at once), ERR_TIMEOUT with the last
 * attempt's reason when the deadline passes, ERR_HELPER when PID 1 is gone. */
int attempts_run(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

/* One attempt, which ends at end_ms of CLOCK_MONOTONIC. Sets agent->join as well. The attestation socket, if
 * it has been started, is served meanwhile. */
int attempts_once(struct agent *agent, uint64_t end_ms, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* One connection that asks for the leases only, under the mesh CA of the last join. Returns it for its result
 * (the caller frees it), or NULL with *err set, as above. */
struct join *attempts_leases(struct agent *agent, uint64_t end_ms, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
