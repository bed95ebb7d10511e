/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise: PID 1's work while the workload runs: reap, pass signals on, wait for its end. */
#ifndef NACRE_SUPERVISE_H
#define NACRE_SUPERVISE_H

#include "boot.h"

/* Returns when the workload has ended, with *end telling how; or when waiting itself has failed. */
void supervise(struct boot *boot, struct boot_end *end) __attribute__((nonnull));

#endif
