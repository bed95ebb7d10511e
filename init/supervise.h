/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise: PID 1's work while the workload runs: reap, pass signals on, wait for its end. */
#ifndef NACRE_SUPERVISE_H
#define NACRE_SUPERVISE_H

#include "boot.h"

/* Says the figures, waits. Returns when the workload has ended, with *end telling how; or when one of the two
 * has failed. */
void supervise(struct boot *boot, struct boot_end *end) __attribute__((nonnull));

#endif
