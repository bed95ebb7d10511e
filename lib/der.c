/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "der.h"

#include "der_time.h"

#include <string.h>

/* Definite, minimal, at most two length bytes. Returns false when it is anything else. */
static bool read_length(struct reader *r, size_t *len)
{
    uint8_t first = reader_u8(r);
    size_t n = first;

    if (first == 0x81) {
        n = reader_u8(r);
        if (n < 0x80)
            return false;
    } else if (first == 0x82) {
        n = reader_be16(r);
        if (n < 0x100)
            return false;
    } else if (first >= 0x80) {
        return false;
    }
    *len = n;
    return !r->bad;
}

int der_any(struct reader *r, const char *what, struct der *out, struct err *err)
{
    size_t start = r->pos;
    struct der got = {.tag = reader_u8(r)};
    size_t len = 0;

    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a DER element, found the end", what);
    if ((got.tag & 0x1f) == 0x1f || got.tag == 0)
        return err_set(err, ERR_FORMAT, 0, "%s: DER tag 0x%02x is not used here", what, got.tag);
    if (!read_length(r, &len))
        return err_set(err, ERR_FORMAT, 0, "%s: DER length is not definite, minimal and <= %d", what,
                       DER_MAX);
    got.body = reader_bytes(r, len);
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "%s: DER element of %zu bytes is cut short", what, len);
    got.whole = span_sub(r->src, start, r->pos - start);
    *out = got;
    return 0;
}

bool der_peek(const struct reader *r, uint8_t tag)
{
    return reader_left(r) > 0 && r->src.data[r->pos] == tag;
}

int der_get(struct reader *r, uint8_t tag, const char *what, struct der *out, struct err *err)
{
    struct der got;

    if (der_any(r, what, &got, err) < 0)
        return -1;
    if (got.tag != tag)
        return err_set(err, ERR_FORMAT, 0, "%s: expected DER tag 0x%02x, found 0x%02x", what, tag, got.tag);
    *out = got;
    return 0;
}

int der_end(const struct reader *r, const char *what, struct err *err)
{
    if (!reader_done(r))
        return err_set(err, ERR_FORMAT, 0, "%s: %zu bytes too many", what, reader_left(r));
    return 0;
}

int der_get_uint(struct reader *r, const char *what, struct span *bytes, struct err *err)
{
    struct der got;
    struct span b;

    if (der_get(r, DER_INTEGER, what, &got, err) < 0)
        return -1;
    b = got.body;
    if (b.len == 0 || b.data[0] >= 0x80)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a non-negative INTEGER", what);
    if (b.len > 1 && b.data[0] == 0) {
        if (b.data[1] < 0x80)
            return err_set(err, ERR_FORMAT, 0, "%s: INTEGER is not minimal", what);
        b = span_sub(b, 1, b.len - 1);
    }
    *bytes = b;
    return 0;
}

int der_get_u64(struct reader *r, const char *what, uint64_t *value, struct err *err)
{
    struct span b;
    uint64_t v = 0;

    if (der_get_uint(r, what, &b, err) < 0)
        return -1;
    if (b.len > sizeof v)
        return err_set(err, ERR_LIMIT, 0, "%s: INTEGER of %zu bytes, at most 8", what, b.len);
    for (size_t i = 0; i < b.len; i++)
        v = v << 8 | b.data[i];
    *value = v;
    return 0;
}

int der_get_bool(struct reader *r, const char *what, bool *value, struct err *err)
{
    struct der got;

    if (der_get(r, DER_BOOLEAN, what, &got, err) < 0)
        return -1;
    if (got.body.len != 1 || (got.body.data[0] != 0 && got.body.data[0] != 0xff))
        return err_set(err, ERR_FORMAT, 0, "%s: BOOLEAN is neither 00 nor ff", what);
    *value = got.body.data[0] == 0xff;
    return 0;
}

int der_get_time(struct reader *r, const char *what, int64_t *unix_s, struct err *err)
{
    struct der got;

    if (der_any(r, what, &got, err) < 0)
        return -1;
    if (got.tag != DER_UTC_TIME && got.tag != DER_GENERALIZED_TIME)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a time, found DER tag 0x%02x", what, got.tag);
    if (der_time_parse(got.body, got.tag == DER_GENERALIZED_TIME, unix_s, err) < 0)
        return err_prefix(err, "%s", what);
    return 0;
}

int der_get_bits(struct reader *r, const char *what, struct span *bytes, struct err *err)
{
    struct der got;

    if (der_get(r, DER_BIT_STRING, what, &got, err) < 0)
        return -1;
    if (got.body.len == 0 || got.body.data[0] != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a BIT STRING of whole bytes", what);
    *bytes = span_sub(got.body, 1, got.body.len - 1);
    return 0;
}

size_t der_open(struct writer *w, uint8_t tag)
{
    writer_u8(w, tag);
    writer_u8(w, 0); /* a short length; der_close makes room for more */
    return w->len;
}

void der_close(struct writer *w, size_t mark)
{
    size_t len = w->len - mark;
    size_t extra = len < 0x80 ? 0 : len < 0x100 ? 1 : 2;

    if (w->bad)
        return;
    if (len > DER_MAX) {
        w->bad = true;
        return;
    }
    writer_zeros(w, extra);
    if (w->bad)
        return;
    memmove(w->buf + mark + extra, w->buf + mark, len);
    w->buf[mark - 1] = extra == 0 ? (uint8_t) len : (uint8_t) (0x80 | extra);
    for (size_t i = 0; i < extra; i++)
        w->buf[mark + i] = (uint8_t) (len >> 8 * (extra - 1 - i));
}

void der_put(struct writer *w, uint8_t tag, struct span body)
{
    size_t mark = der_open(w, tag);

    writer_bytes(w, body);
    der_close(w, mark);
}

void der_put_uint(struct writer *w, struct span bytes)
{
    size_t mark = der_open(w, DER_INTEGER);

    while (bytes.len > 0 && bytes.data[0] == 0)
        bytes = span_of(bytes.data + 1, bytes.len - 1);
    if (bytes.len == 0 || bytes.data[0] >= 0x80)
        writer_u8(w, 0);
    writer_bytes(w, bytes);
    der_close(w, mark);
}

void der_put_u64(struct writer *w, uint64_t value)
{
    uint8_t bytes[8];
    struct writer b = writer_of(bytes, sizeof bytes);

    writer_be64(&b, value);
    der_put_uint(w, writer_span(&b));
}

void der_put_bool(struct writer *w, bool value)
{
    uint8_t byte = value ? 0xff : 0;

    der_put(w, DER_BOOLEAN, span_of(&byte, 1));
}

void der_put_time(struct writer *w, int64_t unix_s)
{
    size_t mark = der_open(w, der_time_is_generalized(unix_s) ? DER_GENERALIZED_TIME : DER_UTC_TIME);

    der_time_put(w, unix_s);
    der_close(w, mark);
}

void der_put_bits(struct writer *w, struct span bytes)
{
    size_t mark = der_open(w, DER_BIT_STRING);

    writer_u8(w, 0);
    writer_bytes(w, bytes);
    der_close(w, mark);
}
