/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pem.h"

#include "b64.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 48
#define LINE_CHARS 64

void pem_put(struct writer *w, const char *label, struct span der)
{
    writer_str(w, "-----BEGIN ");
    writer_str(w, label);
    writer_str(w, "-----\n");
    for (size_t at = 0; at < der.len; at += LINE_BYTES) {
        char line[LINE_CHARS + 1];
        size_t len = der.len - at < LINE_BYTES ? der.len - at : LINE_BYTES;
        struct err ignored;

        if (b64_encode(span_of(der.data + at, len), line, sizeof line, &ignored) < 0)
            w->bad = true; /* cannot happen: the line fits */
        else
            writer_str(w, line);
        writer_u8(w, '\n');
    }
    writer_str(w, "-----END ");
    writer_str(w, label);
    writer_str(w, "-----\n");
}

/* Cut the next line off *text, without LF or CR LF. */
static struct span next_line(struct span *text)
{
    const uint8_t *lf = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;
    size_t len = lf ? (size_t) (lf - text->data) : text->len;
    size_t used = lf ? len + 1 : len;
    struct span line = span_of(text->data, len);

    *text = span_of(text->data + used, text->len - used);
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_border(struct span line, const char *kind, const char *label)
{
    char want[80];
    int len = snprintf(want, sizeof want, "-----%s %s-----", kind, label);

    return len > 0 && (size_t) len < sizeof want && span_eq_str(line, want);
}

int pem_next(struct span *text, const char *label, struct writer *w, struct span *der, struct err *err)
{
    struct span rest = *text;
    struct span line = {0};
    size_t start = w->len;
    bool full = true; /* the line before had all its characters: another may follow */

    while (rest.len > 0 && line.len == 0)
        line = next_line(&rest);
    if (line.len == 0)
        return err_set(err, ERR_MISSING, 0, "PEM: no \"%s\" block is left", label);
    if (!is_border(line, "BEGIN", label))
        return err_set(err, ERR_FORMAT, 0, "PEM: expected a line \"-----BEGIN %s-----\"", label);
    while (line = next_line(&rest), !is_border(line, "END", label)) {
        uint8_t bytes[LINE_BYTES];
        size_t len = 0;

        if (!full || line.len == 0 || line.len > LINE_CHARS)
            return err_set(err, ERR_FORMAT, 0, "PEM: a line of \"%s\" does not have %d characters", label,
                           LINE_CHARS);
        if (b64_decode(line, bytes, sizeof bytes, &len, err) < 0)
            return err_prefix(err, "PEM \"%s\"", label);
        writer_bytes(w, span_of(bytes, len));
        full = len == LINE_BYTES;
    }
    if (w->bad)
        return err_set(err, ERR_LIMIT, 0, "PEM: \"%s\" block has more than %zu bytes", label, w->cap - start);
    if (w->len == start)
        return err_set(err, ERR_FORMAT, 0, "PEM: \"%s\" block is empty", label);
    *der = span_of(w->buf + start, w->len - start);
    *text = rest;
    return 0;
}
