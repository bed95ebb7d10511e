/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

int arena_make(size_t cap, struct arena *a, struct err *err)
{
    char *buf = malloc(cap > 0 ? cap : 1);

    if (!buf)
        return err_set(err, ERR_LIMIT, 0, "no memory for %zu bytes of strings", cap);
    *a = (struct arena){.buf = buf, .cap = cap};
    return 0;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    free(a->buf);
    *a = (struct arena){0};
}

char *arena_string(struct arena *a, struct span text, struct err *err)
{
    char *copy;

    if (text.len >= a->cap - a->len) {
        (void) err_set(err, ERR_LIMIT, 0, "no room for a string of %zu bytes", text.len);
        return NULL;
    }
    copy = a->buf + a->len;
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    a->len += text.len + 1;
    return copy;
}
