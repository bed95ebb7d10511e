/* SPDX-License-Identifier: GPL-2.0-or-later */
/* renew: the agent's life after the join. At two thirds of the time between the certificate's arrival and its
 * end a new one is fetched: a new connection, key, nonces and report. What fails or is refused is tried
 * again, as the policy's pauses say, until the certificate ends; then the VM ends. Meanwhile the attestation
 * socket is served.
 */
#ifndef NACRE_RENEW_H
#define NACRE_RENEW_H

#include "agent.h"

#define RENEW_PAUSE_MIN_MS 1000 /* between attempts, whatever the policy says: PID 1 counts renewals */
#define RENEW_WAIT_MAX_MS 60000 /* then the clock is looked at again */

/* Give what agent->join has brought to PID 1, and keep of it what renew_run needs; the join is freed. Nothing
 * is given when there is no join (no Coordinator), or when the workload secret is not the one of the first
 * join (ERR_DENIED). */
int renew_hand_over(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Never returns 0. -1 with *err set: ERR_TIMEOUT when the certificate has ended, with the last attempt's
 * reason; ERR_HELPER when PID 1 is gone. */
int renew_run(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

/* When a certificate that arrived at now_s and is valid until not_after_s is renewed. Pure. */
int64_t renew_at_s(int64_t now_s, int64_t not_after_s);

#endif
