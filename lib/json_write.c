/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json_write.h"

#include <stdio.h>
#include <string.h>

struct json_write json_write_to(struct writer *to)
{
    return (struct json_write){.to = to};
}

static void put_string(struct json_write *j, const char *text)
{
    writer_u8(j->to, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char) *text;
        char escape[8];

        if (c >= 0x20 && c != '"' && c != '\\') {
            writer_u8(j->to, c);
            continue;
        }
        (void) snprintf(escape, sizeof escape, c < 0x20 ? "\\u%04x" : "\\%c", c);
        writer_str(j->to, escape);
    }
    writer_u8(j->to, '"');
}

static void put_line(struct json_write *j)
{
    writer_u8(j->to, '\n');
    for (size_t i = 0; i < j->depth; i++)
        writer_str(j->to, "  ");
}

/* Keys rise, and stand in objects only. */
static bool key_fits(const struct json_write *j, const char *key)
{
    const bool object = j->depth > 0 && j->close[j->depth - 1] == '}';

    if (object != (key != NULL))
        return false;
    if (!key)
        return true;
    if (strlen(key) == 0 || strlen(key) > JSON_WRITE_KEY_MAX)
        return false;
    return j->empty[j->depth - 1] || strcmp(j->last[j->depth - 1], key) < 0;
}

/* What stands in front of a value. */
static void begin(struct json_write *j, const char *key)
{
    if (j->bad || !key_fits(j, key)) {
        j->bad = true;
        return;
    }
    if (j->depth == 0)
        return;
    if (!j->empty[j->depth - 1])
        writer_u8(j->to, ',');
    j->empty[j->depth - 1] = false;
    put_line(j);
    if (!key)
        return;
    memcpy(j->last[j->depth - 1], key, strlen(key) + 1);
    put_string(j, key);
    writer_str(j->to, ": ");
}

static void open_container(struct json_write *j, const char *key, char open, char close)
{
    begin(j, key);
    if (j->bad || j->depth == JSON_WRITE_DEPTH_MAX) {
        j->bad = true;
        return;
    }
    writer_u8(j->to, (uint8_t) open);
    j->close[j->depth] = close;
    j->empty[j->depth] = true;
    j->depth++;
}

void json_write_object(struct json_write *j, const char *key)
{
    open_container(j, key, '{', '}');
}

void json_write_array(struct json_write *j, const char *key)
{
    open_container(j, key, '[', ']');
}

void json_write_close(struct json_write *j)
{
    if (j->bad || j->depth == 0) {
        j->bad = true;
        return;
    }
    j->depth--;
    if (!j->empty[j->depth])
        put_line(j);
    writer_u8(j->to, (uint8_t) j->close[j->depth]);
}

void json_write_str(struct json_write *j, const char *key, const char *text)
{
    begin(j, key);
    if (!j->bad)
        put_string(j, text);
}

void json_write_u64(struct json_write *j, const char *key, uint64_t value)
{
    char digits[24];

    begin(j, key);
    (void) snprintf(digits, sizeof digits, "%llu", (unsigned long long) value);
    if (!j->bad)
        writer_str(j->to, digits);
}

void json_write_bool(struct json_write *j, const char *key, bool value)
{
    begin(j, key);
    if (!j->bad)
        writer_str(j->to, value ? "true" : "false");
}

void json_write_hex(struct json_write *j, const char *key, struct span bytes)
{
    static const char digits[] = "0123456789abcdef";

    begin(j, key);
    if (j->bad)
        return;
    writer_u8(j->to, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        writer_u8(j->to, (uint8_t) digits[bytes.data[i] >> 4]);
        writer_u8(j->to, (uint8_t) digits[bytes.data[i] & 15]);
    }
    writer_u8(j->to, '"');
}

bool json_write_end(struct json_write *j)
{
    if (j->depth != 0)
        j->bad = true;
    writer_u8(j->to, '\n');
    return !j->bad && !j->to->bad;
}
