/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_tables: names in policy.json that stand for numbers of the kernel's. */
#ifndef NACRE_POLICY_TABLES_H
#define NACRE_POLICY_TABLES_H

#include "span.h"

#include <stdbool.h>

/* The number of "CAP_CHOWN"... (linux/capability.h); false for a name that is none. */
bool policy_capability_number(struct span name, unsigned *number) __attribute__((nonnull));

/* The resource of "nofile"... (RLIMIT_... in lower case, getrlimit(2)); false for a name that is none. */
bool policy_rlimit_resource(struct span name, int *resource) __attribute__((nonnull));

#endif
