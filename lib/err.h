/* SPDX-License-Identifier: GPL-2.0-or-later */
/* err: one error value, filled by the function that sees the fault, printed in one place.
 *
 * The text goes to the host (console, reason record) and to logs: it must never hold secret bytes.
 */
#ifndef NACRE_ERR_H
#define NACRE_ERR_H

#include <stddef.h>

#define ERR_TEXT_MAX 200 /* bytes of text, the closing NUL included */

enum err_code {
    ERR_NONE = 0,
    ERR_SYS,     /* a system call failed: sys_errno says how */
    ERR_FORMAT,  /* bytes from outside do not follow their format */
    ERR_LIMIT,   /* a named maximum was passed */
    ERR_DENIED,  /* well-formed, but a measurement, the policy or the peer's evidence says no */
    ERR_MISSING, /* something that must be there is not */
    ERR_TIMEOUT, /* a deadline passed */
    ERR_HELPER,  /* a helper program died or broke the protocol */
};

struct err {
    enum err_code code;
    int sys_errno; /* positive errno with ERR_SYS, else 0 */
    char text[ERR_TEXT_MAX];
};

/* Fill *err; the value of the expression is -1, so that a caller can write: return err_set(...).
 * Macros, so that every reader of the code (compiler, analyzer) sees the -1.
 * sys_errno is positive, or 0. Text longer than ERR_TEXT_MAX - 1 bytes is cut. */
#define err_set(err, code, sys_errno, ...) (err_fill((err), (code), (sys_errno), __VA_ARGS__), -1)

/* Put "prefix: " in front of the text of an error that is already set; -1 too. */
#define err_prefix(err, ...) (err_push((err), __VA_ARGS__), -1)

/* What the two macros call. */
void err_fill(struct err *err, enum err_code code, int sys_errno, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 4)));
void err_push(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* The code's name as it stands in messages and in the reason record: "sys", "format", "limit",
 * "denied", "missing", "timeout", "helper"; "none" for ERR_NONE and for a number that is no code. */
const char *err_code_name(enum err_code code);

#endif
