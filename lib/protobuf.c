/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "protobuf.h"

#include <string.h>

#define VARINT_BYTES_MAX 10

/* 0 with *value set; -1: cut short, over 64 bits, or longer than needed. */
static int get_varint(struct reader *r, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        uint8_t byte = reader_u8(r);
        if (r->bad || (i == VARINT_BYTES_MAX - 1 && byte > 1))
            return -1;
        v |= (uint64_t) (byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (byte == 0 && i > 0)
            return -1;
        *value = v;
        return 0;
    }
    return -1;
}

static int get_bytes(struct reader *r, struct protobuf_field *field, struct err *err)
{
    uint64_t len = 0;
    if (get_varint(r, &len) < 0)
        return err_set(err, ERR_FORMAT, 0, "protobuf: field %u: bad length", field->number);
    if (len > reader_left(r))
        return err_set(err, ERR_FORMAT, 0, "protobuf: field %u: %llu bytes announced, %zu are left",
                       field->number, (unsigned long long) len, reader_left(r));
    field->bytes = reader_bytes(r, (size_t) len);
    return 0;
}

static int get_value(struct reader *r, uint64_t wire, struct protobuf_field *field, struct err *err)
{
    switch (wire) {
    case PROTOBUF_VARINT:
        if (get_varint(r, &field->value) < 0)
            return err_set(err, ERR_FORMAT, 0, "protobuf: field %u: bad varint", field->number);
        break;
    case PROTOBUF_FIXED64:
        field->value = reader_le64(r);
        break;
    case PROTOBUF_BYTES:
        return get_bytes(r, field, err);
    case PROTOBUF_FIXED32:
        field->value = reader_le32(r);
        break;
    default:
        return err_set(err, ERR_FORMAT, 0, "protobuf: field %u: wire type %u is not read", field->number,
                       (unsigned) wire);
    }
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "protobuf: field %u: cut short", field->number);
    return 0;
}

static int next_field(struct reader *r, uint32_t number_max, struct protobuf_field *field, struct err *err)
{
    if (reader_left(r) == 0 && !r->bad)
        return 0;
    uint64_t key = 0;
    if (get_varint(r, &key) < 0)
        return err_set(err, ERR_FORMAT, 0, "protobuf: bad field key");
    uint64_t number = key >> 3;
    if (number == 0 || number > number_max)
        return err_set(err, ERR_FORMAT, 0, "protobuf: field number %llu, expected 1 to %u",
                       (unsigned long long) number, number_max);
    struct protobuf_field got = {.number = (uint32_t) number, .wire = (enum protobuf_wire)(key & 7)};
    if (get_value(r, key & 7, &got, err) < 0)
        return -1;
    *field = got;
    return 1;
}

int protobuf_next(struct reader *r, struct protobuf_field *field, struct err *err)
{
    return next_field(r, PROTOBUF_FIELD_MAX, field, err);
}

int protobuf_next_wide(struct reader *r, struct protobuf_field *field, struct err *err)
{
    return next_field(r, PROTOBUF_NUMBER_MAX, field, err);
}

int protobuf_once(uint64_t *seen, const struct protobuf_field *field, enum protobuf_wire wire,
                  struct err *err)
{
    if (field->wire != wire)
        return err_set(err, ERR_FORMAT, 0, "protobuf: field %u: wire type %u, expected %u", field->number,
                       (unsigned) field->wire, (unsigned) wire);
    uint64_t bit = (uint64_t) 1 << field->number;
    if (*seen & bit)
        return err_set(err, ERR_FORMAT, 0, "protobuf: field %u is given twice", field->number);
    *seen |= bit;
    return 0;
}

static void put_varint(struct writer *w, uint64_t value)
{
    for (; value > 0x7f; value >>= 7)
        writer_u8(w, (uint8_t) (value | 0x80));
    writer_u8(w, (uint8_t) value);
}

static void put_key(struct writer *w, uint32_t number, enum protobuf_wire wire)
{
    put_varint(w, (uint64_t) number << 3 | (uint64_t) wire);
}

void protobuf_put_number(struct writer *w, uint32_t number, uint64_t value)
{
    if (value == 0)
        return;
    put_key(w, number, PROTOBUF_VARINT);
    put_varint(w, value);
}

void protobuf_put_bytes(struct writer *w, uint32_t number, struct span bytes)
{
    if (bytes.len > 0)
        protobuf_put_message(w, number, bytes);
}

void protobuf_put_fixed64(struct writer *w, uint32_t number, uint64_t value)
{
    if (value == 0)
        return;
    put_key(w, number, PROTOBUF_FIXED64);
    writer_le64(w, value);
}

void protobuf_put_fixed32(struct writer *w, uint32_t number, uint32_t value)
{
    if (value == 0)
        return;
    put_key(w, number, PROTOBUF_FIXED32);
    writer_le32(w, value);
}

void protobuf_put_message(struct writer *w, uint32_t number, struct span message)
{
    put_key(w, number, PROTOBUF_BYTES);
    put_varint(w, message.len);
    writer_bytes(w, message);
}

void protobuf_close(struct writer *w, uint32_t number, size_t mark)
{
    uint8_t head_bytes[2 * VARINT_BYTES_MAX];
    struct writer head = writer_of(head_bytes, sizeof head_bytes);
    size_t len = w->len - mark;

    put_key(&head, number, PROTOBUF_BYTES);
    put_varint(&head, len);
    writer_bytes(w, writer_span(&head)); /* makes room, or says that there is none */
    if (w->bad)
        return;
    memmove(w->buf + mark + head.len, w->buf + mark, len);
    memcpy(w->buf + mark, head_bytes, head.len);
}
