/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attempts: try to join until it works, the policy's deadline passes, or the Coordinator says no. Every
 * attempt has a new connection, a new key, new nonces and a new report.
 */
#ifndef NACRE_ATTEMPTS_H
#define NACRE_ATTEMPTS_H

#include "agent.h"

/* Sets agent->join. Returns 0, or -1 with *err set: ERR_DENIED when the Coordinator refuses or is not the
 * pinned one (at once), ERR_TIMEOUT with the last attempt's reason when the deadline passes, ERR_HELPER when
 * PID 1 is gone. */
int attempts_run(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
