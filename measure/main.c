/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure: what will the hardware report? Answered before the VM runs. */
#include "command.h"

#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_snp, &command_sev,  &command_sev_es, &command_explain, &command_host_data, &command_tdx,
    &command_pcr, &command_acpi, &command_verity, &command_image,   &command_verify,    &command_footer,
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static void usage(FILE *to)
{
    (void) fprintf(
        to, "usage: nacre-measure COMMAND [option]...   (nacre-measure COMMAND --help tells more)\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        (void) fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return COMMAND_DONE;
    }
    for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
        struct err err = {0};
        enum command_status status;

        if (strcmp(argv[1], commands[i]->name) != 0)
            continue;
        status = commands[i]->run(argc - 1, argv + 1, &err);
        if (err.code != ERR_NONE)
            (void) fprintf(stderr, "nacre-measure %s: %s%s\n", argv[1], err.text,
                           status == COMMAND_USAGE ? " (see --help)" : "");
        return (int) status;
    }
    if (argc > 1)
        (void) fprintf(stderr, "nacre-measure: '%s' is no command\n", argv[1]);
    usage(stderr);
    return COMMAND_USAGE;
}
