/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "span.h"

#include <string.h>

struct span span_of(const void *data, size_t len)
{
    return (struct span){.data = data, .len = len};
}

struct span span_str(const char *text)
{
    return span_of(text, strlen(text));
}

bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool span_eq_str(struct span a, const char *text)
{
    return span_eq(a, span_str(text));
}

bool span_is_zero(struct span s)
{
    uint8_t all = 0;

    for (size_t i = 0; i < s.len; i++)
        all |= s.data[i];
    return all == 0;
}

struct span span_sub(struct span s, size_t offset, size_t len)
{
    if (offset > s.len || len > s.len - offset || len == 0)
        return span_of(NULL, 0);
    return span_of(s.data + offset, len);
}

struct reader reader_of(struct span src)
{
    return (struct reader){.src = src};
}

size_t reader_left(const struct reader *r)
{
    return r->bad ? 0 : r->src.len - r->pos;
}

bool reader_done(const struct reader *r)
{
    return !r->bad && r->pos == r->src.len;
}

struct span reader_bytes(struct reader *r, size_t len)
{
    struct span got;

    if (r->bad || len > r->src.len - r->pos) {
        r->bad = true;
        return span_of(NULL, 0);
    }
    if (len == 0)
        return span_of(NULL, 0);
    got = span_of(r->src.data + r->pos, len);
    r->pos += len;
    return got;
}

void reader_copy(struct reader *r, void *out, size_t len)
{
    struct span got = reader_bytes(r, len);

    memset(out, 0, len);
    if (got.len > 0)
        memcpy(out, got.data, got.len);
}

void reader_skip(struct reader *r, size_t len)
{
    (void) reader_bytes(r, len);
}

static uint64_t take_le(struct reader *r, size_t len)
{
    struct span got = reader_bytes(r, len);
    uint64_t v = 0;

    for (size_t i = got.len; i > 0; i--)
        v = v << 8 | got.data[i - 1];
    return v;
}

static uint64_t take_be(struct reader *r, size_t len)
{
    struct span got = reader_bytes(r, len);
    uint64_t v = 0;

    for (size_t i = 0; i < got.len; i++)
        v = v << 8 | got.data[i];
    return v;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t) take_le(r, 1);
}

uint16_t reader_le16(struct reader *r)
{
    return (uint16_t) take_le(r, 2);
}

uint32_t reader_le32(struct reader *r)
{
    return (uint32_t) take_le(r, 4);
}

uint64_t reader_le64(struct reader *r)
{
    return take_le(r, 8);
}

uint16_t reader_be16(struct reader *r)
{
    return (uint16_t) take_be(r, 2);
}

uint32_t reader_be32(struct reader *r)
{
    return (uint32_t) take_be(r, 4);
}

uint64_t reader_be64(struct reader *r)
{
    return take_be(r, 8);
}

struct writer writer_of(void *buf, size_t cap)
{
    return (struct writer){.buf = buf, .cap = cap};
}

struct span writer_span(const struct writer *w)
{
    return span_of(w->buf, w->len);
}

/* Room for len bytes, counted as written; NULL when there is none (and for none asked). */
static uint8_t *room(struct writer *w, size_t len)
{
    uint8_t *at;

    if (w->bad || len > w->cap - w->len) {
        w->bad = true;
        return NULL;
    }
    if (len == 0)
        return NULL;
    at = w->buf + w->len;
    w->len += len;
    return at;
}

static void put_le(struct writer *w, uint64_t v, size_t len)
{
    uint8_t *at = room(w, len);

    for (size_t i = 0; at && i < len; i++)
        at[i] = (uint8_t) (v >> 8 * i);
}

static void put_be(struct writer *w, uint64_t v, size_t len)
{
    uint8_t *at = room(w, len);

    for (size_t i = 0; at && i < len; i++)
        at[i] = (uint8_t) (v >> 8 * (len - 1 - i));
}

void writer_u8(struct writer *w, uint8_t v)
{
    put_le(w, v, 1);
}

void writer_le16(struct writer *w, uint16_t v)
{
    put_le(w, v, 2);
}

void writer_le32(struct writer *w, uint32_t v)
{
    put_le(w, v, 4);
}

void writer_le64(struct writer *w, uint64_t v)
{
    put_le(w, v, 8);
}

void writer_be16(struct writer *w, uint16_t v)
{
    put_be(w, v, 2);
}

void writer_be32(struct writer *w, uint32_t v)
{
    put_be(w, v, 4);
}

void writer_be64(struct writer *w, uint64_t v)
{
    put_be(w, v, 8);
}

void writer_bytes(struct writer *w, struct span s)
{
    uint8_t *at = room(w, s.len);

    if (at)
        memcpy(at, s.data, s.len);
}

void writer_str(struct writer *w, const char *text)
{
    writer_bytes(w, span_str(text));
}

void writer_zeros(struct writer *w, size_t len)
{
    uint8_t *at = room(w, len);

    if (at)
        memset(at, 0, len);
}
