/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp_profile: the workload's system call filter as the policy writes it (docs/man/policy.5).
 *
 * Either {"profile": "default"}, the filter built into init-launch, or {"oci": {...}}, the object
 * linux.seccomp of the OCI runtime specification (config-linux.md, "Seccomp"), narrowed:
 *   - keys defaultAction, defaultErrnoRet, architectures, syscalls; in a row names, action, errnoRet, args
 *   - actions that need somebody who listens (TRACE, NOTIFY) are refused
 *   - values of arguments are below 2^53
 * Names of system calls stay text: init-launch resolves them, and an unknown name is its error.
 */
#ifndef NACRE_SECCOMP_PROFILE_H
#define NACRE_SECCOMP_PROFILE_H

#include "arena.h"
#include "err.h"
#include "json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_ROWS_MAX 128    /* objects in syscalls */
#define SECCOMP_NAMES_MAX 1024  /* names in all rows together */
#define SECCOMP_NAME_MAX 40     /* bytes of one name */
#define SECCOMP_ARGS_MAX 6      /* conditions in one row: all must hold */
#define SECCOMP_ARG_INDEX_MAX 5 /* a system call has six arguments */
#define SECCOMP_ERRNO_MAX 4095
#define SECCOMP_ERRNO_DEFAULT 1 /* EPERM, where an ERRNO action names none */

enum seccomp_action {
    SECCOMP_ACTION_ALLOW,        /* SCMP_ACT_ALLOW */
    SECCOMP_ACTION_ERRNO,        /* SCMP_ACT_ERRNO, with errno_ret */
    SECCOMP_ACTION_KILL_THREAD,  /* SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD */
    SECCOMP_ACTION_KILL_PROCESS, /* SCMP_ACT_KILL_PROCESS */
    SECCOMP_ACTION_TRAP,         /* SCMP_ACT_TRAP */
    SECCOMP_ACTION_LOG,          /* SCMP_ACT_LOG */
};

enum seccomp_op {
    SECCOMP_OP_NE,        /* SCMP_CMP_NE: argument != value */
    SECCOMP_OP_LT,        /* SCMP_CMP_LT */
    SECCOMP_OP_LE,        /* SCMP_CMP_LE */
    SECCOMP_OP_EQ,        /* SCMP_CMP_EQ */
    SECCOMP_OP_GE,        /* SCMP_CMP_GE */
    SECCOMP_OP_GT,        /* SCMP_CMP_GT */
    SECCOMP_OP_MASKED_EQ, /* SCMP_CMP_MASKED_EQ: (argument & value) == value_two */
};

struct seccomp_arg {
    uint32_t index; /* 0..SECCOMP_ARG_INDEX_MAX */
    enum seccomp_op op;
    uint64_t value;
    uint64_t value_two; /* 0 but for SECCOMP_OP_MASKED_EQ */
};

struct seccomp_row {
    size_t first_name; /* the row's names are names[first_name .. first_name + name_count - 1] */
    size_t name_count; /* at least 1 */
    enum seccomp_action action;
    uint32_t errno_ret; /* positive errno, with SECCOMP_ACTION_ERRNO only, else 0 */
    struct seccomp_arg args[SECCOMP_ARGS_MAX];
    size_t arg_count;
};

struct seccomp_profile {
    bool builtin; /* {"profile": "default"}: nothing below is set */
    enum seccomp_action default_action;
    uint32_t default_errno; /* as errno_ret */
    bool arch_x86_64;       /* always true: a profile must name SCMP_ARCH_X86_64, or no architecture at all */
    bool arch_x86;          /* named too; init-launch kills foreign architectures whatever this says */
    bool arch_x32;
    struct seccomp_row rows[SECCOMP_ROWS_MAX];
    size_t row_count;
    const char *names[SECCOMP_NAMES_MAX]; /* in the arena given to the parser */
    size_t name_count;
};

/* Parse the value of "seccomp" at `at`; names are copied into strings. Returns 0, or -1 with *err set and
 * *profile in an undefined state (it is 20 KB and always part of a larger object that is thrown away then).
 */
int seccomp_profile_parse(const struct json *at, struct arena *strings, struct seccomp_profile *profile,
                          struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
