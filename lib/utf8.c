/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "utf8.h"

#include <string.h>

/* One row of RFC 3629 section 4: first byte range, range of the second, bytes after the first. */
struct utf8_row {
    uint8_t first_low, first_high, second_low, second_high;
    size_t more;
};

static const struct utf8_row rows[] = {
    {0x00, 0x7f, 0x00, 0x00, 0},
    {0xc2, 0xdf, 0x80, 0xbf, 1},
    {0xe0, 0xe0, 0xa0, 0xbf, 2},
    {0xe1, 0xec, 0x80, 0xbf, 2},
    {0xed, 0xed, 0x80, 0x9f, 2},
    {0xee, 0xef, 0x80, 0xbf, 2},
    {0xf0, 0xf0, 0x90, 0xbf, 3},
    {0xf1, 0xf3, 0x80, 0xbf, 3},
    {0xf4, 0xf4, 0x80, 0x8f, 3},
};

static const struct utf8_row *utf8_find(uint8_t first)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (first >= rows[i].first_low && first <= rows[i].first_high)
            return &rows[i];
    return NULL;
}

bool utf8_valid(struct span text)
{
    struct reader r = reader_of(text);

    while (reader_left(&r) > 0) {
        const struct utf8_row *row = utf8_find(reader_u8(&r));

        if (!row || reader_left(&r) < row->more)
            return false;
        for (size_t i = 0; i < row->more; i++) {
            const uint8_t c = reader_u8(&r);

            if (c < (i == 0 ? row->second_low : 0x80) || c > (i == 0 ? row->second_high : 0xbf))
                return false;
        }
    }
    return true;
}

void utf8_show(struct span text, char out[UTF8_SHOWN_MAX])
{
    const size_t room = UTF8_SHOWN_MAX - 1;
    const bool cut = text.len > room;
    const size_t n = cut ? room - 3 : text.len;

    for (size_t i = 0; i < n; i++) {
        if (text.data[i] >= 0x20 && text.data[i] < 0x7f)
            out[i] = (char) text.data[i];
        else
            out[i] = '?';
    }
    memcpy(out + n, cut ? "..." : "", cut ? 4 : 1);
}
