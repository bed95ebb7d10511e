/* SPDX-License-Identifier: GPL-2.0-or-later */
/* figures: one console line about what the boot has cost, for `make bench`. The numbers are our kernel's own.
 */
#ifndef NACRE_FIGURES_H
#define NACRE_FIGURES_H

#include "err.h"
#include "log.h"

#include <stdint.h>

/* "nacre: figures kernel_ms=A init_ms=B init_rss_kib=C guest_used_kib=D": CLOCK_MONOTONIC when PID 1 began
 * (start_ns), the time since then, PID 1's resident memory, MemTotal less MemAvailable. Reads and writes
 * nothing unless log shows information. Returns 0, or -1 with *err set: ERR_SYS when procfs cannot be read,
 * ERR_FORMAT when a number is missing. */
int figures_say(struct log *log, uint64_t start_ns, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
