/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sandbox: give up everything that joining a Coordinator does not need. Before the first byte of anybody is
 * read. */
#ifndef NACRE_SANDBOX_H
#define NACRE_SANDBOX_H

#include "agent.h"

#define SANDBOX_UID 65533 /* of the agent, and its group; no file belongs to it */

/* Returns 0, or -1 with *err set (ERR_SYS, the text names what could not be done). There is no way back. */
int sandbox_enter(struct agent *agent, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
