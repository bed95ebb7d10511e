/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands: what nacre-verify can do, one cmd_*.c each. docs/man/nacre-verify.1 */
#ifndef NACRE_COMMANDS_H
#define NACRE_COMMANDS_H

#include "command.h"
#include "table.h"

extern const struct command command_evidence;
extern const struct command command_coordinator;
extern const struct command command_attestation;
extern const struct command command_guest;

/* The help of a command; more is put behind it. */
enum command_status commands_help(const char *help, const char *more, struct err *err)
    __attribute__((nonnull));
/* Print the table; COMMAND_MISMATCH when a row was refused. */
enum command_status commands_finish(const struct table *t, bool json, struct err *err)
    __attribute__((nonnull));
/* Of a failed judge_evidence: an expectation that is missing or an option that is wrong is one of usage. */
enum command_status commands_judge_status(const struct err *err) __attribute__((nonnull));

#endif
