/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include "sys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 500 /* for a console that takes no bytes: more than a slow serial line needs for one line */

static const char prefix[] = "nacre: ";

void log_start(struct log *log, int fd)
{
    log->fd = fd;
    log->level = LOG_HOLD;
    log->held_len = 0;
}

/* The console does not block (whoever shares the terminal can stop it): give it a moment, then give up. */
static void put(const struct log *log, const char *text, size_t len)
{
    while (log->fd >= 0 && len > 0) {
        ssize_t n = sys_write(log->fd, text, len);

        if (n < 0 && !(n == -EAGAIN && sys_wait_writable(log->fd, WAIT_MS) == 1))
            return; /* there is no other place to complain to */
        if (n > 0) {
            text += n;
            len -= (size_t) n;
        }
    }
}

void log_set_level(struct log *log, enum log_level level)
{
    if (level == LOG_INFO && log->held_len > 0)
        put(log, log->held, log->held_len);
    log->held_len = 0;
    log->level = level;
}

/* Build the line in `line`; its length. */
static size_t format(char line[LOG_LINE_MAX], const char *fmt, va_list ap)
{
    size_t len = sizeof prefix - 1;
    int n;

    memcpy(line, prefix, len);
    n = vsnprintf(line + len, LOG_LINE_MAX - len, fmt, ap);
    if (n > 0)
        len += (size_t) n < LOG_LINE_MAX - len ? (size_t) n : LOG_LINE_MAX - len - 1;
    for (size_t i = 0; i < len; i++)
        if (line[i] < ' ' || line[i] > '~')
            line[i] = '?';
    line[len] = '\n';
    return len + 1;
}

static void hold(struct log *log, const char *line, size_t len)
{
    if (len > sizeof log->held - log->held_len)
        return;
    memcpy(log->held + log->held_len, line, len);
    log->held_len += len;
}

void log_info(struct log *log, const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    size_t len;
    va_list ap;

    va_start(ap, fmt);
    len = format(line, fmt, ap);
    va_end(ap);
    if (log->level == LOG_HOLD)
        hold(log, line, len);
    else if (log->level == LOG_INFO)
        put(log, line, len);
}

void log_error(struct log *log, const char *fmt, ...)
{
    char line[LOG_LINE_MAX];
    size_t len;
    va_list ap;

    va_start(ap, fmt);
    len = format(line, fmt, ap);
    va_end(ap);
    put(log, line, len);
}

void log_stage(struct log *log, const char *name, uint64_t ns)
{
    uint64_t us = ns / 1000;

    log_info(log, "stage %s %llu.%03u ms", name, (unsigned long long) (us / 1000), (unsigned) (us % 1000));
}
