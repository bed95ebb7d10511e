/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arena: one block that a parser fills with the NUL-terminated strings it keeps.
 *
 * A document of n bytes decodes to at most n bytes of strings (every string has two quotes around it and an
 * escape never grows), so its parser makes an arena of n bytes once and cannot run out of it.
 */
#ifndef NACRE_ARENA_H
#define NACRE_ARENA_H

#include "err.h"
#include "span.h"

#include <stddef.h>

struct arena {
    char *buf; /* owned; NULL before arena_make and after arena_free */
    size_t cap;
    size_t len;
};

/* Allocate cap bytes. Returns 0, or -1 with *err set (ERR_LIMIT: no memory) and *a untouched. */
int arena_make(size_t cap, struct arena *a, struct err *err) __attribute__((warn_unused_result, nonnull));
void arena_free(struct arena *a); /* accepts NULL */

/* Copy text and a NUL; the copy lives as long as the arena. Returns NULL with *err set (ERR_LIMIT) if full.
 */
char *arena_string(struct arena *a, struct span text, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
