/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml_string: the four kinds of TOML strings, decoded into an arena; part of lib/toml. */
#ifndef NACRE_TOML_STRING_H
#define NACRE_TOML_STRING_H

#include "arena.h"
#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct toml_cursor {
    struct span text;
    size_t pos;
};

/* The byte n places on, or 0 behind the end: no accepted text holds a 0. */
uint8_t toml_peek(const struct toml_cursor *c, size_t n) __attribute__((nonnull));
size_t toml_line(const struct toml_cursor *c) __attribute__((nonnull)); /* from 1 */
/* Fill *err with "line N: what" and return -1. */
int toml_fail(const struct toml_cursor *c, enum err_code code, const char *what, struct err *err)
    __attribute__((nonnull));

/* Decode the string that starts at the cursor, at a quote, and move behind it. multi_line says whether the
 * forms with three quotes are allowed here. *value lies in the arena, followed by a NUL. On failure *c and
 * *strings may have moved. */
int toml_string(struct toml_cursor *c, bool multi_line, struct arena *strings, struct span *value,
                struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
