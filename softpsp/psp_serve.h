/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_serve: the conversation with a VM's TSM provider over QEMU's chardev socket.
 * docs/formats/tsm-console.md
 *
 * The guest writes the requests, so softpsp trusts none of their bytes; everything has a fixed size.
 */
#ifndef NACRE_PSP_SERVE_H
#define NACRE_PSP_SERVE_H

#include "psp_report.h"

/* Connect to (or bind) the socket that the options name. Returns the descriptor, or -1 with *err set
 * (ERR_TIMEOUT when nothing came within the options' wait). */
int psp_serve_open(const struct psp_options *options, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Answer requests on fd until the other end closes it. log gets a line for each. */
int psp_serve_run(int fd, struct psp_vm *vm, void (*log)(const char *line), struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
