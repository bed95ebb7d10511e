/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void err_fill(struct err *err, enum err_code code, int sys_errno, const char *fmt, ...)
{
    va_list ap;

    err->code = code;
    err->sys_errno = sys_errno;
    va_start(ap, fmt);
    (void) vsnprintf(err->text, sizeof err->text, fmt, ap); /* a cut text is still a text */
    va_end(ap);
}

void err_push(struct err *err, const char *fmt, ...)
{
    char old[ERR_TEXT_MAX];
    va_list ap;
    int len;

    memcpy(old, err->text, sizeof old);
    va_start(ap, fmt);
    len = vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    if (len >= 0 && (size_t) len < sizeof err->text - 2) {
        size_t room = sizeof err->text - (size_t) len - 2; /* for what was there, its NUL included */
        memcpy(err->text + len, ": ", 2);
        memcpy(err->text + len + 2, old, room);
        err->text[sizeof err->text - 1] = '\0';
    }
}

const char *err_code_name(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return "none";
    case ERR_SYS:
        return "sys";
    case ERR_FORMAT:
        return "format";
    case ERR_LIMIT:
        return "limit";
    case ERR_DENIED:
        return "denied";
    case ERR_MISSING:
        return "missing";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_HELPER:
        return "helper";
    }
    return "none";
}
