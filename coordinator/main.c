/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-coordinator: the program. The table says what it can do. */
#include "commands.h"

#include "test_root.h"

#include <stdio.h>
#include <string.h>

static const char state_usage[] = "--state DIR [--json]";
static const char manifest_usage[] =
    "check FILE [--no-tee] [--json]\n"
    "  nacre-coordinator manifest sign FILE --previous HEX --key PEM --out FILE\n"
    "  nacre-coordinator manifest set FILE --coordinator HOST[:PORT] --policy FILE|DIR... "
    "[--key PEM | --signature FILE] [--previous HEX] [--ca-out DIR] {--collateral DIR|none | --no-tee}";
static const char recover_usage[] = "--coordinator HOST[:PORT] --seed-share FILE --key PEM "
                                    "{--manifest FILE --collateral DIR|none | --no-tee}";
static const char run_usage[] =
    "--state DIR --no-tee|--evidence-socket PATH --collateral DIR|none [--manifest FILE [--policy FILE]...] "
    "[--listen A:P|none] [--user-listen A:P|none] [--http-listen A:P|none] [--metrics-listen A:P|none] "
    "[--ca-out DIR] [--certificate-life S] [--lease-life S] [--accept-sni-nonce]";

static const struct command commands[] = {
    {"init",     state_usage,    false, "make the seed; print the digest that guests pin",             commands_init   },
    {"root-ca",  state_usage,    false, "print that digest again",                                     commands_root_ca},
    {"manifest", manifest_usage, true,  "check a manifest; sign it offline; give it to a Coordinator",
     commands_manifest                                                                                                 },
    {"recover",  recover_usage,  true,  "give a Coordinator its seed after a restart",                 commands_recover},
    {"run",      run_usage,      true,  "serve joins and the owners of the manifest",                  commands_run    },
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void help(FILE *to)
{
    (void) fputs(
        "nacre-coordinator: checks guests against a manifest, issues their certificates and secrets\n\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        (void) fprintf(to, "  nacre-coordinator %s %s%s\n      %s\n", commands[i].name, commands[i].usage,
                       commands[i].roots ? test_root_usage : "", commands[i].does);
    (void) fputs("\nexit status: 0 ok, 1 failed, 2 wrong usage, 3 wrong content of a file\n", to);
}

static void usage(FILE *to, const struct command *command)
{
    (void) fprintf(to, "usage: nacre-coordinator %s %s%s\n", command->name, command->usage,
                   command->roots ? test_root_usage : "");
}

static bool asks_for_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct err err = {0};

    if (argc >= 2 && asks_for_help(argv[argc - 1])) {
        usage(stdout, command);
        return COMMANDS_OK;
    }
    int status = command->run(argc, argv, &err);
    if (status == COMMANDS_OK)
        return status;
    (void) fprintf(stderr, "nacre-coordinator: %s: %s%s%s\n", command->name, err.text,
                   err.sys_errno != 0 ? ": " : "", err.sys_errno != 0 ? strerror(err.sys_errno) : "");
    if (status == COMMANDS_USAGE)
        usage(stderr, command);
    return status;
}

int main(int argc, char **argv)
{
    if (argc >= 2 && asks_for_help(argv[1])) {
        help(stdout);
        return COMMANDS_OK;
    }
    for (size_t i = 0; argc >= 2 && i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return run(&commands[i], argc - 1, argv + 1);
    }
    help(stderr);
    return COMMANDS_USAGE;
}
