/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qtest: a QEMU that runs no guest code, driven through its qtest protocol, and the files that it offers to a
 * guest by fw_cfg. QEMU docs/devel/qtest.rst, docs/specs/fw_cfg.rst.
 *
 * QEMU runs as the caller, with the caller's arguments. Its answers are checked all the same.
 */
#ifndef NACRE_QTEST_H
#define NACRE_QTEST_H

#include "err.h"

#include <stdint.h>
#include <sys/types.h>

#define QTEST_ARGS_MAX 512        /* arguments of QEMU */
#define QTEST_DEADLINE_S 30       /* seconds from the start to the end */
#define QTEST_FILE_MAX (4u << 20) /* bytes of one file */

struct qtest {
    pid_t pid; /* 0: not started */
    int fd;    /* -1: none */
    int log;   /* QEMU's messages; -1: none */
    int64_t deadline_ms;
};

/* Start argv[0] (argc arguments, found by PATH), with what makes it wait for us added.
 * Call qtest_stop after success and failure. */
int qtest_start(struct qtest *q, int argc, char **argv, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void qtest_stop(struct qtest *q) __attribute__((nonnull)); /* ends QEMU */

/* Write to an I/O port: width is 'b', 'w' or 'l' (1, 2, 4 bytes). */
int qtest_out(struct qtest *q, char width, uint16_t port, uint32_t value, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The fw_cfg file of that name. The caller frees *data. ERR_MISSING: QEMU offers none. */
int qtest_file(struct qtest *q, const char *name, uint8_t **data, size_t *size, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
