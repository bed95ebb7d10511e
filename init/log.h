/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log: PID 1's lines on the console. The host reads them: no secret, no byte of the workload's.
 *
 * Until the measured command line has been read, lines are held back: only then is it known whether the
 * owner wants them. log_error always writes. A console that takes no bytes changes nothing: a host that
 * closes it learns less, that is all.
 */
#ifndef NACRE_LOG_H
#define NACRE_LOG_H

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 320 /* bytes of one line, the newline included; longer ones are cut */
#define LOG_HELD_MAX 256 /* bytes held back; what does not fit is lost */

enum log_level {
    LOG_HOLD = 0, /* keep informative lines until log_set_level */
    LOG_INFO,
    LOG_QUIET, /* errors only */
};

struct log {
    int fd; /* -1: nowhere yet */
    enum log_level level;
    size_t held_len;
    char held[LOG_HELD_MAX];
};

void log_start(struct log *log, int fd) __attribute__((nonnull));
void log_set_level(struct log *log, enum log_level level) __attribute__((nonnull));
/* One line, "nacre: " in front, a newline behind. Bytes that are not printable ASCII become '?'. */
void log_info(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull));
void log_error(struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull));
/* "nacre: stage NAME 1.234 ms" */
void log_stage(struct log *log, const char *name, uint64_t ns) __attribute__((nonnull));

#endif
