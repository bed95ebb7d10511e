/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-verify: for the data owner, who trusts neither the image's builder nor the operator. */
#include "commands.h"

static const struct command *const commands[] = {&command_coordinator, &command_attestation, &command_guest,
                                                 &command_evidence};

int main(int argc, char **argv)
{
    return command_main("nacre-verify", commands, sizeof commands / sizeof commands[0], argc, argv);
}
