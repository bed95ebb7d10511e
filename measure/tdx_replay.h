/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_replay: nacre-measure tdx replay LOG. */
#ifndef NACRE_TDX_REPLAY_H
#define NACRE_TDX_REPLAY_H

#include "command.h"

/* argv[0] is "replay". */
enum command_status tdx_replay(int argc, char **argv, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
