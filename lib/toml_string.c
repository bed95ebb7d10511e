/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "toml_string.h"

#include <string.h>

uint8_t toml_peek(const struct toml_cursor *c, size_t n)
{
    return c->pos < c->text.len && n < c->text.len - c->pos ? c->text.data[c->pos + n] : 0;
}

size_t toml_line(const struct toml_cursor *c)
{
    size_t line = 1;

    for (size_t i = 0; i < c->pos && i < c->text.len; i++)
        line += c->text.data[i] == '\n';
    return line;
}

int toml_fail(const struct toml_cursor *c, enum err_code code, const char *what, struct err *err)
{
    return err_set(err, code, 0, "line %zu: %s", toml_line(c), what);
}

static int toml_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void toml_put_utf8(struct writer *w, uint32_t code)
{
    if (code < 0x80) {
        writer_u8(w, (uint8_t) code);
        return;
    }
    if (code < 0x800) {
        writer_u8(w, (uint8_t) (0xc0 | code >> 6));
    } else if (code < 0x10000) {
        writer_u8(w, (uint8_t) (0xe0 | code >> 12));
        writer_u8(w, (uint8_t) (0x80 | (code >> 6 & 0x3f)));
    } else {
        writer_u8(w, (uint8_t) (0xf0 | code >> 18));
        writer_u8(w, (uint8_t) (0x80 | (code >> 12 & 0x3f)));
        writer_u8(w, (uint8_t) (0x80 | (code >> 6 & 0x3f)));
    }
    writer_u8(w, (uint8_t) (0x80 | (code & 0x3f)));
}

/* \uXXXX and \UXXXXXXXX; the cursor is at the first digit. */
static int toml_unicode(struct toml_cursor *c, size_t digits, struct writer *w, struct err *err)
{
    uint32_t code = 0;

    for (size_t i = 0; i < digits; i++) {
        const int v = toml_hex_digit(toml_peek(c, i));

        if (v < 0)
            return toml_fail(c, ERR_FORMAT, "an escape that needs more hex digits", err);
        code = code << 4 | (uint32_t) v;
    }
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return toml_fail(c, ERR_FORMAT, "an escape that is no character", err);
    c->pos += digits;
    toml_put_utf8(w, code);
    return 0;
}

/* A backslash at the end of a line: it, the line's end and all white space after it vanish. The cursor is
 * behind the backslash. */
static int toml_line_end(struct toml_cursor *c, struct err *err)
{
    while (toml_peek(c, 0) == ' ' || toml_peek(c, 0) == '\t')
        c->pos++;
    if (toml_peek(c, 0) != '\n')
        return toml_fail(c, ERR_FORMAT, "an unknown escape", err);
    while (toml_peek(c, 0) == ' ' || toml_peek(c, 0) == '\t' || toml_peek(c, 0) == '\n')
        c->pos++;
    return 0;
}

/* The cursor is at the backslash. */
static int toml_escape(struct toml_cursor *c, bool multi_line, struct writer *w, struct err *err)
{
    static const char from[] = "btnfr\"\\";
    static const char to[] = "\b\t\n\f\r\"\\";
    const uint8_t e = toml_peek(c, 1);
    const char *hit = e != 0 ? strchr(from, e) : NULL;

    if (multi_line && (e == ' ' || e == '\t' || e == '\n')) {
        c->pos++;
        return toml_line_end(c, err);
    }
    if (hit || e == 'u' || e == 'U')
        c->pos += 2;
    if (hit) {
        writer_u8(w, (uint8_t) to[hit - from]);
        return 0;
    }
    if (e == 'u' || e == 'U')
        return toml_unicode(c, e == 'u' ? 4 : 8, w, err);
    return toml_fail(c, ERR_FORMAT, "an unknown escape", err);
}

/* How many of quote stand at the cursor, counted up to 6. */
static size_t toml_quotes(const struct toml_cursor *c, uint8_t quote)
{
    size_t n = 0;

    while (n < 6 && toml_peek(c, n) == quote)
        n++;
    return n;
}

/* A string's end, if it is here: up to two quotes of a multi-line string may stand right before its end. */
static bool toml_at_end(struct toml_cursor *c, uint8_t quote, bool multi_line, struct writer *w)
{
    const size_t n = toml_quotes(c, quote);

    if (n < (multi_line ? 3 : 1))
        return false;
    if (!multi_line) {
        c->pos++;
        return true;
    }
    for (size_t i = 3; i < n && i < 5; i++)
        writer_u8(w, quote);
    c->pos += n < 5 ? n : 5;
    return true;
}

static int toml_body(struct toml_cursor *c, uint8_t quote, bool multi_line, struct writer *w, struct err *err)
{
    while (!toml_at_end(c, quote, multi_line, w)) {
        const uint8_t b = toml_peek(c, 0);

        if (c->pos >= c->text.len)
            return toml_fail(c, ERR_FORMAT, "a string without an end", err);
        if ((b < 0x20 && b != '\t' && !(multi_line && b == '\n')) || b == 0x7f)
            return toml_fail(c, ERR_FORMAT, "a control byte or the end of the line in a string", err);
        if (b == '\\' && quote == '"') {
            if (toml_escape(c, multi_line, w, err) < 0)
                return -1;
            continue;
        }
        writer_u8(w, b);
        c->pos++;
    }
    return 0;
}

int toml_string(struct toml_cursor *c, bool multi_line, struct arena *strings, struct span *value,
                struct err *err)
{
    const uint8_t quote = toml_peek(c, 0);
    const bool three = toml_quotes(c, quote) >= 3;
    struct writer w = writer_of(strings->buf + strings->len, strings->cap - strings->len);

    if (three && !multi_line)
        return toml_fail(c, ERR_FORMAT, "a multi-line string cannot stand here", err);
    c->pos += three ? 3 : 1;
    if (three && toml_peek(c, 0) == '\n')
        c->pos++;
    if (toml_body(c, quote, three, &w, err) < 0)
        return -1;
    *value = writer_span(&w);
    writer_u8(&w, 0);
    if (w.bad)
        return toml_fail(c, ERR_LIMIT, "no room for this string", err);
    strings->len += w.len;
    return 0;
}
