/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands: what nacre-coordinator can be told to do; main.c holds the table. docs/man/nacre-coordinator.1 */
#ifndef NACRE_COMMANDS_H
#define NACRE_COMMANDS_H

#include "err.h"

#include <stdbool.h>

/* Exit statuses. */
enum {
    COMMANDS_OK = 0,
    COMMANDS_FAILED = 1,    /* anything else: the system said no */
    COMMANDS_USAGE = 2,     /* the command line is wrong */
    COMMANDS_BAD_INPUT = 3, /* a file's content is wrong */
};

struct command {
    const char *name;
    const char *usage; /* the arguments */
    bool roots;        /* takes test roots, in a build that knows them (hostlib/test_root.h) */
    const char *does;
    /* argv[0] is the command's name. Returns an exit status; *err is set when it is not COMMANDS_OK. */
    int (*run)(int argc, char **argv, struct err *err);
};

int commands_init(int argc, char **argv, struct err *err) __attribute__((nonnull));
int commands_root_ca(int argc, char **argv, struct err *err) __attribute__((nonnull));
int commands_manifest(int argc, char **argv, struct err *err) __attribute__((nonnull));
int commands_run(int argc, char **argv, struct err *err) __attribute__((nonnull)); /* commands_run.c */

/* commands_owner.c; argv[0] is "set" */
int commands_manifest_set(int argc, char **argv, struct err *err) __attribute__((nonnull));
int commands_manifest_sign(int argc, char **argv, struct err *err) __attribute__((nonnull));
int commands_recover(int argc, char **argv, struct err *err) __attribute__((nonnull));

/* The exit status for an error. */
int commands_status(const struct err *err) __attribute__((nonnull));
/* Set the error of a wrong command line; the caller returns COMMANDS_USAGE. */
void commands_usage(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

#endif
