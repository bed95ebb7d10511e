/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmdline: the options of ours on the kernel command line (docs/formats/cmdline.md).
 *
 * The host chooses these bytes, but they are in the launch digest: a change shows. The kernel's own options
 * share the line, so words that do not start with "nacre." are skipped; among ours, an unknown key, a key
 * given twice, an unknown value or a quote stops the boot.
 */
#ifndef NACRE_CMDLINE_H
#define NACRE_CMDLINE_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stddef.h>

#define CMDLINE_READ_MAX 4096 /* bytes to read from /proc/cmdline: more than the kernel can show */
/* Bytes of the longest line accepted, the newline not counted. x86's COMMAND_LINE_SIZE is 2048 with the NUL,
 * and the kernel cuts a longer line silently: a line of 2047 bytes may have lost its end. */
#define CMDLINE_MAX 2046

/* Keys; which of them a build knows is the caller's table (the dev build's has CMDLINE_DEV). */
enum cmdline_key {
    CMDLINE_LOG, /* nacre.log=quiet|info, default info */
    CMDLINE_DEV, /* nacre.dev: debug console allowed, debug bit in the report allowed */
};

enum cmdline_log {
    CMDLINE_LOG_INFO = 0,
    CMDLINE_LOG_QUIET,
};

struct cmdline {
    enum cmdline_log log;
    bool dev;
};

/* Parse text as read from /proc/cmdline (one newline at the end is allowed). known are the known_count keys
 * of this build. Returns 0, or -1 with *err set (ERR_LIMIT: too long; ERR_FORMAT: anything else) and *out
 * untouched. */
int cmdline_parse(struct span text, const enum cmdline_key *known, size_t known_count, struct cmdline *out,
                  struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
