/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "build.h"
#include "file.h"

int stage_cmdline(struct boot *boot, struct err *err)
{
    char text[CMDLINE_READ_MAX];
    struct cmdline cmdline;
    size_t len;

    if (file_read("/proc/cmdline", text, sizeof text, &len, err) < 0)
        return -1;
    if (cmdline_parse(span_of(text, len), build_known_keys, build_known_count, &cmdline, err) < 0)
        return -1;
    boot->cmdline = cmdline;
    log_set_level(&boot->log, cmdline.log == CMDLINE_LOG_QUIET ? LOG_QUIET : LOG_INFO);
    return console_shell(&cmdline, err);
}
