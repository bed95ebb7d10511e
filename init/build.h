/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build: what the production and the dev build of init do differently. The Makefile links one of each pair of
 * twins: build_production.c and console_none.c, or build_dev.c and console_dev.c. The two programs have
 * different bytes, so a different launch digest.
 */
#ifndef NACRE_BUILD_H
#define NACRE_BUILD_H

#include "boot.h"
#include "cmdline.h"

/* The keys of ours that this build knows on the command line. */
extern const enum cmdline_key build_known_keys[];
extern const size_t build_known_count;

/* A shell on the console, beside the boot, if the measured command line has asked for it. The production
 * build's does nothing: it holds no path of a shell. */
int console_shell(const struct cmdline *cmdline, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
