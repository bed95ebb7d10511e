/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "b64.h"

#include <string.h>

static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t b64_encoded_len(size_t len)
{
    return (len / 3 + (len % 3 != 0)) * 4;
}

int b64_encode(struct span bytes, char *out, size_t cap, struct err *err)
{
    const size_t need = b64_encoded_len(bytes.len);
    struct reader r = reader_of(bytes);
    size_t at = 0;

    if (bytes.len > SIZE_MAX / 2 || need >= cap)
        return err_set(err, ERR_LIMIT, 0, "base64 of %zu bytes does not fit %zu", bytes.len, cap);
    while (reader_left(&r) > 0) {
        const size_t n = reader_left(&r) < 3 ? reader_left(&r) : 3;
        uint8_t in[3] = {0};

        reader_copy(&r, in, n);
        out[at++] = alphabet[in[0] >> 2];
        out[at++] = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
        out[at++] = '=';
        out[at++] = '=';
        if (n > 1)
            out[at - 2] = alphabet[(in[1] & 15) << 2 | in[2] >> 6];
        if (n > 2)
            out[at - 1] = alphabet[in[2] & 63];
    }
    out[at] = '\0';
    return 0;
}

/* The six bits of a character, or -1. */
static int b64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Four characters, of which the last pad are '='. Returns 24 bits, or -1 if they are not canonical. */
static int32_t b64_group(const uint8_t in[4], size_t pad)
{
    int32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        const int v = i < 4 - pad ? b64_value(in[i]) : 0;

        if (v < 0)
            return -1;
        bits = bits << 6 | v;
    }
    /* bits that belong to no byte must be zero: else one value would have several texts */
    if ((pad == 1 && (bits & 0xff) != 0) || (pad == 2 && (bits & 0xffff) != 0))
        return -1;
    return bits;
}

static size_t b64_padding(struct span text)
{
    size_t pad = 0;

    while (pad < 2 && pad < text.len && text.data[text.len - 1 - pad] == '=')
        pad++;
    return pad;
}

/* One pass; with out NULL it only checks, so that a later fault leaves the output alone. */
static int b64_walk(struct span text, size_t pad, uint8_t *out, struct err *err)
{
    struct reader r = reader_of(text);
    size_t at = 0;

    while (reader_left(&r) > 0) {
        const size_t drop = reader_left(&r) == 4 ? pad : 0;
        uint8_t in[4];
        int32_t bits;

        reader_copy(&r, in, 4);
        bits = b64_group(in, drop);
        if (bits < 0)
            return err_set(err, ERR_FORMAT, 0, "not canonical base64 at byte %zu", r.pos - 4);
        for (size_t i = 0; out && i < 3 - drop; i++)
            out[at++] = (uint8_t) (bits >> (16 - 8 * i));
    }
    return 0;
}

int b64_decode(struct span text, uint8_t *out, size_t cap, size_t *len, struct err *err)
{
    const size_t pad = b64_padding(text);
    const size_t need = text.len / 4 * 3 - (text.len % 4 == 0 ? pad : 0);

    if (text.len % 4 != 0)
        return err_set(err, ERR_FORMAT, 0, "base64 of %zu characters, not a multiple of 4", text.len);
    if (b64_walk(text, pad, NULL, err) < 0)
        return -1;
    if (need > cap)
        return err_set(err, ERR_LIMIT, 0, "base64 gives %zu bytes, more than %zu", need, cap);
    if (b64_walk(text, pad, out, err) < 0)
        return -1;
    *len = need;
    return 0;
}
