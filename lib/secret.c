/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "secret.h"

#include <stdlib.h>
#include <string.h>

void secret_wipe_bytes(void *p, size_t len)
{
    if (len > 0)
        explicit_bzero(p, len);
}

void secret_wipe(struct secret *s)
{
    if (s)
        explicit_bzero(s, sizeof *s);
}

struct span secret_span(const struct secret *s)
{
    return span_of(s->bytes, s->len);
}

bool secret_eq(struct span a, struct span b)
{
    uint8_t diff = 0;

    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        diff |= (uint8_t) (a.data[i] ^ b.data[i]);
    return diff == 0;
}

void auto_free_impl(void *pp)
{
    void *p;

    memcpy(&p, pp, sizeof p);
    free(p);
}
