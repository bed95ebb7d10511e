/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter: the agent's seccomp program, made from a table of rows. seccomp(2), linux/filter.h (classic BPF),
 * x86-64.
 *
 * In force before the first byte of the network is read. What no row allows kills the process.
 */
#ifndef NACRE_FILTER_H
#define NACRE_FILTER_H

#include "err.h"

#include <linux/filter.h>
#include <stddef.h>

#define FILTER_MAX 192 /* instructions */

/* Write the program to out, which has FILTER_MAX instructions; *count says how many there are.
 * Returns 0, or -1 with *err set (ERR_LIMIT). */
int filter_build(struct sock_filter *out, unsigned short *count, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
