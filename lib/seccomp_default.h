/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_default: the filter of a workload whose policy says {"profile": "default"}
 * (docs/formats/seccomp.md).
 *
 * Pure data, measured like all code. Two filters are installed one over the other, and the kernel takes the
 * stricter answer: `guard` lets everything pass but the argument values that an allowlist cannot exclude
 * (libseccomp takes one comparison an argument a rule, and rules only add up), `allow` is the allowlist.
 * Foreign architectures and x32 kill the process; that is libseccomp's part. x86-64.
 */
#ifndef NACRE_SECCOMP_DEFAULT_H
#define NACRE_SECCOMP_DEFAULT_H

#include "seccomp_profile.h"

#include <stddef.h>
#include <stdint.h>

/* One system call, with at most one condition. Rules for the same call are alternatives. */
struct seccomp_default_rule {
    const char *name;
    enum seccomp_action action;
    uint32_t errno_ret; /* with SECCOMP_ACTION_ERRNO, else 0 */
    size_t arg_count;
    struct seccomp_arg arg;
};

struct seccomp_default_filter {
    enum seccomp_action action; /* of what no rule matches */
    uint32_t errno_ret;
    const char *const *allowed; /* names that are allowed whatever their arguments */
    size_t allowed_count;
    const struct seccomp_default_rule *rules;
    size_t rule_count;
};

extern const struct seccomp_default_filter seccomp_default_guard;
extern const struct seccomp_default_filter seccomp_default_allow;

#endif
