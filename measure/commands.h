/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commands: what nacre-measure can do, one cmd_*.c each. docs/man/nacre-measure.1 */
#ifndef NACRE_COMMANDS_H
#define NACRE_COMMANDS_H

#include "command.h"

extern const struct command command_snp;
extern const struct command command_sev;
extern const struct command command_sev_es;
extern const struct command command_explain;
extern const struct command command_host_data;
extern const struct command command_tdx;
extern const struct command command_pcr;
extern const struct command command_acpi;
extern const struct command command_verity;
extern const struct command command_image;
extern const struct command command_verify;
extern const struct command command_footer;

#endif
