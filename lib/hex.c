/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int hex_encode(struct span bytes, char *out, size_t cap, struct err *err)
{
    static const char digits[] = "0123456789abcdef";

    if (cap == 0 || bytes.len > (cap - 1) / 2)
        return err_set(err, ERR_LIMIT, 0, "hex text of %zu bytes needs more room than %zu", bytes.len, cap);
    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[bytes.data[i] >> 4];
        out[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    out[2 * bytes.len] = '\0';
    return 0;
}

int hex_decode(struct span text, uint8_t *out, size_t len, struct err *err)
{
    if (text.len != 2 * len)
        return err_set(err, ERR_FORMAT, 0, "expected %zu hex digits, found %zu", 2 * len, text.len);
    for (size_t i = 0; i < text.len; i++)
        if (digit_value(text.data[i]) < 0)
            return err_set(err, ERR_FORMAT, 0, "byte %zu is no lower-case hex digit", i);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t) (16 * digit_value(text.data[2 * i]) + digit_value(text.data[2 * i + 1]));
    return 0;
}
