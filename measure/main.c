/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure: what will the hardware report? Answered before the VM runs. */
#include "commands.h"

static const struct command *const commands[] = {
    &command_snp, &command_sev,  &command_sev_es, &command_explain, &command_host_data, &command_tdx,
    &command_pcr, &command_acpi, &command_verity, &command_image,   &command_verify,    &command_footer,
};

int main(int argc, char **argv)
{
    return command_main("nacre-measure", commands, sizeof commands / sizeof commands[0], argc, argv);
}
