/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command: the commands of a host tool (nacre-measure, nacre-verify), one function each, and what they share.
 */
#ifndef NACRE_COMMAND_H
#define NACRE_COMMAND_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status of every command. */
enum command_status {
    COMMAND_DONE = 0,       /* done, or: it matches */
    COMMAND_MISMATCH = 1,   /* well-formed input that does not match */
    COMMAND_USAGE = 2,      /* wrong options */
    COMMAND_BAD_INPUT = 3,  /* a file is missing or wrong */
    COMMAND_UNATTESTED = 4, /* nacre-verify: passed, but --no-tee left out the machine itself */
};

struct command {
    const char *name;
    const char *summary; /* one line for the list */
    const char *help;    /* what `nacre-... NAME --help` prints */
    /* argv[0] is the command's name. On failure *err says why. */
    enum command_status (*run)(int argc, char **argv, struct err *err);
};

/* A number in text: all of it digits of the base (10 or 16, "0x" allowed), at most max. name is the option's.
 */
int command_number(const char *name, const char *text, int base, uint64_t max, uint64_t *value,
                   struct err *err) __attribute__((warn_unused_result, nonnull));

/* A tool's main: run the command that argv[1] names; the process ends with what it returns. */
int command_main(const char *tool, const struct command *const *commands, size_t count, int argc, char **argv)
    __attribute__((nonnull));

/* Flush what was printed; a full disk or a closed pipe is an error. */
int command_flush(struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
