/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <stdio.h>
#include <string.h>

enum command_status commands_help(const char *help, const char *more, struct err *err)
{
    (void) fputs(help, stdout);
    (void) fputs(more, stdout);
    (void) fputs("\nExit status: 0 everything passed, 1 something was refused, 2 usage, 3 bad input,\n"
                 "4 (coordinator) everything passed, but --no-tee left out the machine.\n",
                 stdout);
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

enum command_status commands_finish(const struct table *t, bool json, struct err *err)
{
    if (table_print(t, json, err) < 0 || command_flush(err) < 0)
        return COMMAND_BAD_INPUT;
    return t->refused == 0 ? COMMAND_DONE : COMMAND_MISMATCH;
}

enum command_status commands_judge_status(const struct err *err)
{
    return err->code == ERR_MISSING || strncmp(err->text, "--", 2) == 0 ? COMMAND_USAGE : COMMAND_BAD_INPUT;
}
