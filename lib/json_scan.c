/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json_scan.h"

#include "json.h"
#include "utf8.h"

#include <string.h>

struct scan {
    struct span text;
    const char *name;
    size_t pos;
    size_t depth;
};

static int scan_fail(const struct scan *s, enum err_code code, const char *what, struct err *err)
{
    size_t line = 1;

    for (size_t i = 0; i < s->pos && i < s->text.len; i++)
        line += s->text.data[i] == '\n';
    return err_set(err, code, 0, "%s: line %zu: %s", s->name, line, what);
}

/* The byte n places on, or 0 behind the end: 0 is never right anywhere. */
static uint8_t scan_peek(const struct scan *s, size_t n)
{
    return s->pos < s->text.len && n < s->text.len - s->pos ? s->text.data[s->pos + n] : 0;
}

static bool scan_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* -? (0 | [1-9][0-9]*), and then no byte that could belong to a number. */
static int scan_number(struct scan *s, struct err *err)
{
    uint64_t value = 0;

    if (scan_peek(s, 0) == '-' && scan_peek(s, 1) != '0')
        s->pos++;
    if (!scan_is_digit(scan_peek(s, 0)) || (scan_peek(s, 0) == '0' && scan_is_digit(scan_peek(s, 1))))
        return scan_fail(s, ERR_FORMAT, "a number that is no plain integer", err);
    for (; scan_is_digit(scan_peek(s, 0)); s->pos++) {
        value = value * 10 + (uint64_t) (scan_peek(s, 0) - '0');
        if (value > JSON_INT_MAX)
            return scan_fail(s, ERR_FORMAT, "a number of 2^53 or more", err);
    }
    if (scan_peek(s, 0) != 0 && strchr(".eE+-", scan_peek(s, 0)))
        return scan_fail(s, ERR_FORMAT, "a number that is no plain integer", err);
    return 0;
}

static bool scan_is_zero_escape(const struct scan *s)
{
    return scan_peek(s, 0) == '\\' && scan_peek(s, 1) == 'u' && scan_peek(s, 2) == '0' &&
           scan_peek(s, 3) == '0' && scan_peek(s, 4) == '0' && scan_peek(s, 5) == '0';
}

static int scan_string(struct scan *s, struct err *err)
{
    for (s->pos++; scan_peek(s, 0) != '"'; s->pos++) {
        if (s->pos >= s->text.len)
            return scan_fail(s, ERR_FORMAT, "a string without an end", err);
        if (scan_peek(s, 0) < 0x20)
            return scan_fail(s, ERR_FORMAT, "a control byte in a string", err);
        if (scan_is_zero_escape(s))
            return scan_fail(s, ERR_FORMAT, "\\u0000 in a string", err);
        if (scan_peek(s, 0) == '\\')
            s->pos++;
    }
    s->pos++;
    return 0;
}

static int scan_mark(struct scan *s, struct err *err)
{
    const uint8_t c = scan_peek(s, 0);

    if (c == 0 || (!(c >= 'a' && c <= 'z') && !strchr("{}[],: \t\r\n", c)))
        return scan_fail(s, ERR_FORMAT, "a byte that has no place in JSON", err);
    if ((c == '{' || c == '[') && ++s->depth > JSON_DEPTH_MAX)
        return scan_fail(s, ERR_LIMIT, "nested too deep", err);
    if (c == '}' || c == ']') {
        if (s->depth == 0)
            return scan_fail(s, ERR_FORMAT, "a bracket that closes nothing", err);
        s->depth--;
    }
    s->pos++;
    return 0;
}

int json_scan(struct span text, const char *name, struct err *err)
{
    struct scan s = {.text = text, .name = name};

    if (!utf8_valid(text))
        return err_set(err, ERR_FORMAT, 0, "%s: not UTF-8", name);
    while (s.pos < text.len) {
        const uint8_t c = scan_peek(&s, 0);
        int rc;

        if (c == '"')
            rc = scan_string(&s, err);
        else if (c == '-' || scan_is_digit(c))
            rc = scan_number(&s, err);
        else
            rc = scan_mark(&s, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}
