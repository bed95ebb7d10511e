/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_collateral.h"

#include "hex.h"
#include "json_scan.h"

#include <string.h>

#define SIGNATURE_KEY "signature"

/* A cursor over text that json_scan has passed: strings end, brackets never close more than is open. */
struct walk {
    struct reader r;
    const char *name;
};

static uint8_t peek(const struct walk *w)
{
    return reader_left(&w->r) > 0 ? w->r.src.data[w->r.pos] : 0; /* 0 has no place in scanned text */
}

static void skip_space(struct walk *w)
{
    while (peek(w) != 0 && strchr(" \t\r\n", peek(w)))
        reader_skip(&w->r, 1);
}

static int take(struct walk *w, char want, struct err *err)
{
    skip_space(w);
    if (peek(w) != (uint8_t) want)
        return err_set(err, ERR_FORMAT, 0, "%s: byte %zu: expected \"%c\"", w->name, w->r.pos, want);
    reader_skip(&w->r, 1);
    return 0;
}

/* From the opening quote to behind the closing one; *inner is what lies between, with its escapes. */
static int take_string(struct walk *w, struct span *inner, struct err *err)
{
    size_t start;

    if (take(w, '"', err) < 0)
        return -1;
    start = w->r.pos;
    while (peek(w) != '"' && peek(w) != 0)
        reader_skip(&w->r, peek(w) == '\\' ? 2 : 1);
    *inner = span_sub(w->r.src, start, w->r.pos - start);
    return take(w, '"', err);
}

/* From { to behind the } that closes it. */
static int take_object(struct walk *w, struct span *object, struct err *err)
{
    struct span ignored;
    size_t depth = 0, start;

    skip_space(w);
    start = w->r.pos;
    if (peek(w) != '{')
        return err_set(err, ERR_FORMAT, 0, "%s: byte %zu: expected an object", w->name, start);
    do {
        uint8_t c = peek(w);

        if (c == 0)
            return err_set(err, ERR_FORMAT, 0, "%s: an object without an end", w->name);
        if (c == '"') {
            if (take_string(w, &ignored, err) < 0)
                return -1;
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        reader_skip(&w->r, 1);
    } while (depth > 0);
    *object = span_sub(w->r.src, start, w->r.pos - start);
    return 0;
}

int tdx_collateral_hex(struct span digits, uint8_t *out, size_t len, struct err *err)
{
    uint8_t lower[2 * TDX_COLLATERAL_HEX_MAX];

    if (digits.len != 2 * len || digits.len > sizeof lower)
        return err_set(err, ERR_FORMAT, 0, "expected %zu hex digits, found %zu bytes", 2 * len, digits.len);
    for (size_t i = 0; i < digits.len; i++) {
        uint8_t c = digits.data[i];

        lower[i] = c >= 'A' && c <= 'F' ? c | 0x20 : c;
    }
    return hex_decode(span_of(lower, digits.len), out, len, err);
}

static int take_member(struct walk *w, const char *key, struct tdx_signed *part, bool seen[2],
                       struct err *err)
{
    struct span found, text;

    if (take_string(w, &found, err) < 0 || take(w, ':', err) < 0)
        return -1;
    if (span_eq_str(found, key) && !seen[0]) {
        seen[0] = true;
        return take_object(w, &part->value, err);
    }
    if (span_eq_str(found, SIGNATURE_KEY) && !seen[1]) {
        seen[1] = true;
        if (take_string(w, &text, err) < 0)
            return -1;
        if (tdx_collateral_hex(text, part->signature, ECDSA_RAW_SIZE, err) < 0)
            return err_prefix(err, "%s: " SIGNATURE_KEY, w->name);
        return 0;
    }
    return err_set(err, ERR_FORMAT, 0, "%s: expected the members \"%s\" and \"" SIGNATURE_KEY "\", each once",
                   w->name, key);
}

int tdx_collateral_split(struct span body, const char *name, const char *key, struct tdx_signed *part,
                         struct err *err)
{
    struct walk w = {.r = reader_of(body), .name = name};
    struct tdx_signed got = {0};
    bool seen[2] = {false, false};

    if (body.len == 0)
        return err_set(err, ERR_MISSING, 0, "%s: not given", name);
    if (body.len > TDX_COLLATERAL_JSON_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: %zu bytes, at most %d", name, body.len,
                       TDX_COLLATERAL_JSON_MAX);
    if (json_scan(body, name, err) < 0 || take(&w, '{', err) < 0 ||
        take_member(&w, key, &got, seen, err) < 0 || take(&w, ',', err) < 0 ||
        take_member(&w, key, &got, seen, err) < 0 || take(&w, '}', err) < 0)
        return -1;
    skip_space(&w);
    if (!reader_done(&w.r))
        return err_set(err, ERR_FORMAT, 0, "%s: %zu bytes too many", name, reader_left(&w.r));
    *part = got;
    return 0;
}

int tdx_collateral_check(const struct tdx_signed *part, struct span spki, struct err *err)
{
    struct ecc_public key;

    if (ecdsa_raw_key_from_spki(spki, &key, err) < 0)
        return -1;
    return ecdsa_raw_verify(&key, span_of(part->signature, sizeof part->signature), part->value, err);
}
