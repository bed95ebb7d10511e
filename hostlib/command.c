/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int command_number(const char *name, const char *text, int base, uint64_t max, uint64_t *value,
                   struct err *err)
{
    const char *digits = base == 16 && strncmp(text, "0x", 2) == 0 ? text + 2 : text;
    size_t len = strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789");
    unsigned long long v;

    errno = 0;
    v = strtoull(digits, NULL, base);
    if (len == 0 || digits[len] != '\0' || errno != 0 || v > max)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a %s number up to %llu, found '%s'", name,
                       base == 16 ? "hexadecimal" : "decimal", (unsigned long long) max, text);
    *value = v;
    return 0;
}

int command_flush(struct err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_set(err, ERR_SYS, errno, "standard output: cannot be written");
    return 0;
}

static void usage(FILE *to, const char *tool, const struct command *const *commands, size_t count)
{
    (void) fprintf(to, "usage: %s COMMAND [option]...   (%s COMMAND --help tells more)\n\n", tool, tool);
    for (size_t i = 0; i < count; i++)
        (void) fprintf(to, "  %-11s %s\n", commands[i]->name, commands[i]->summary);
}

int command_main(const char *tool, const struct command *const *commands, size_t count, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout, tool, commands, count);
        return COMMAND_DONE;
    }
    for (size_t i = 0; argc > 1 && i < count; i++) {
        struct err err = {0};
        enum command_status status;

        if (strcmp(argv[1], commands[i]->name) != 0)
            continue;
        status = commands[i]->run(argc - 1, argv + 1, &err);
        if (err.code != ERR_NONE)
            (void) fprintf(stderr, "%s %s: %s%s\n", tool, argv[1], err.text,
                           status == COMMAND_USAGE ? " (see --help)" : "");
        return (int) status;
    }
    if (argc > 1)
        (void) fprintf(stderr, "%s: '%s' is no command\n", tool, argv[1]);
    usage(stderr, tool, commands, count);
    return COMMAND_USAGE;
}
