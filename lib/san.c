/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "san.h"

#include <string.h>

#define IP6_GROUPS 8

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(uint8_t c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* One decimal number 0..255 without leading zeros; -1 if there is none at the front. */
static int take_octet(struct reader *r)
{
    int value = -1;

    while (reader_left(r) > 0 && is_digit(r->src.data[r->pos])) {
        if (value == 0 || value > 25)
            return -1;
        value = (value < 0 ? 0 : value * 10) + (reader_u8(r) - '0');
        if (value > 255)
            return -1;
    }
    return value;
}

static bool parse_ip4(struct span text, uint8_t out[4])
{
    struct reader r = reader_of(text);

    for (int i = 0; i < 4; i++) {
        if (i > 0 && reader_u8(&r) != '.')
            return false;
        int octet = take_octet(&r);
        if (octet < 0)
            return false;
        out[i] = (uint8_t) octet;
    }
    return reader_done(&r);
}

/* One group of one to four hex digits; -1 if there is none. */
static int take_group(struct reader *r)
{
    int value = -1;

    for (int n = 0; n < 4 && reader_left(r) > 0 && hex_value(r->src.data[r->pos]) >= 0; n++)
        value = (value < 0 ? 0 : value << 4) | hex_value(reader_u8(r));
    return value;
}

struct ip6_parse {
    uint16_t groups[IP6_GROUPS];
    int count;
    int gap; /* the group before which "::" stood, or -1 */
};

/* "::" at the reader's place, at most once in an address. */
static bool take_gap(struct reader *r, struct ip6_parse *p)
{
    if (p->gap >= 0 || reader_left(r) < 2 || memcmp(r->src.data + r->pos, "::", 2) != 0)
        return false;
    reader_skip(r, 2);
    p->gap = p->count;
    return true;
}

/* A dotted IPv4 address as the last two groups. */
static bool take_tail4(struct reader *r, struct ip6_parse *p)
{
    uint8_t ip4[4];

    if (p->count > IP6_GROUPS - 2 || !parse_ip4(span_sub(r->src, r->pos, reader_left(r)), ip4))
        return false;
    p->groups[p->count++] = (uint16_t) (ip4[0] << 8 | ip4[1]);
    p->groups[p->count++] = (uint16_t) (ip4[2] << 8 | ip4[3]);
    reader_skip(r, reader_left(r));
    return true;
}

static bool take_groups(struct reader *r, struct ip6_parse *p)
{
    (void) take_gap(r, p); /* may stand in front */
    while (reader_left(r) > 0 && p->count < IP6_GROUPS) {
        if (take_tail4(r, p))
            break;
        int group = take_group(r);
        if (group < 0)
            return false;
        p->groups[p->count++] = (uint16_t) group;
        if (reader_left(r) == 0 || take_gap(r, p))
            continue;
        if (reader_u8(r) != ':' || reader_left(r) == 0)
            return false;
    }
    return reader_done(r) && (p->gap >= 0 ? p->count < IP6_GROUPS : p->count == IP6_GROUPS);
}

static bool parse_ip6(struct span text, uint8_t out[16])
{
    struct ip6_parse p = {.gap = -1};
    struct reader r = reader_of(text);

    if (!take_groups(&r, &p))
        return false;
    int zeros = IP6_GROUPS - p.count;
    for (int i = 0; i < IP6_GROUPS; i++) {
        bool in_gap = p.gap >= 0 && i >= p.gap && i < p.gap + zeros;
        int from = p.gap >= 0 && i >= p.gap ? i - zeros : i;
        uint16_t group = in_gap ? 0 : p.groups[from];

        *out++ = (uint8_t) (group >> 8);
        *out++ = (uint8_t) group;
    }
    return true;
}

/* Printable ASCII without the characters that RFC 3986 keeps out; "%" only before two hex digits. */
static bool is_uri_char(struct span text, size_t i)
{
    uint8_t c = text.data[i];

    if (c == '%')
        return i + 2 < text.len && hex_value(text.data[i + 1]) >= 0 && hex_value(text.data[i + 2]) >= 0;
    return c > ' ' && c <= '~' && strchr("\"<>\\^`{|}", c) == NULL;
}

/* A scheme, a colon, and something after it. */
static bool is_uri(struct span text)
{
    size_t colon = 0;

    while (colon < text.len && (is_letter(text.data[colon]) || is_digit(text.data[colon]) ||
                                strchr("+-.", text.data[colon]) != NULL))
        colon++;
    if (colon == 0 || colon + 1 >= text.len || text.data[colon] != ':' || !is_letter(text.data[0]))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_uri_char(text, i))
            return false;
    }
    return true;
}

/* Labels of 1 to 63 letters, digits, '-' and '_', or "*" as a whole label. */
static bool is_dns(struct span text)
{
    size_t label = 0;
    bool star = false;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        if (c == '.') {
            if (label == 0)
                return false;
            label = 0;
            star = false;
            continue;
        }
        if (star || ++label > 63 || (c == '*' && label > 1))
            return false;
        star = c == '*';
        if (!star && !is_letter(c) && !is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return label > 0;
}

int san_parse(struct span text, struct san *out, struct err *err)
{
    struct san san = {.text = text};

    if (text.len == 0 || text.len > SAN_TEXT_MAX)
        return err_set(err, ERR_LIMIT, 0, "a name of %zu bytes, expected 1 to %d", text.len, SAN_TEXT_MAX);
    if (memchr(text.data, 0, text.len) != NULL)
        return err_set(err, ERR_FORMAT, 0, "a name with a zero byte");
    if (parse_ip4(text, san.ip)) {
        san.kind = SAN_IP;
        san.ip_len = 4;
    } else if (parse_ip6(text, san.ip)) {
        san.kind = SAN_IP;
        san.ip_len = 16;
    } else if (is_uri(text)) {
        san.kind = SAN_URI;
    } else if (is_dns(text)) {
        san.kind = SAN_DNS;
    } else {
        return err_set(err, ERR_FORMAT, 0, "neither an IP address, a URI nor a DNS name");
    }
    *out = san;
    return 0;
}
