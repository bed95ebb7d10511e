/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protobuf: the wire format of Protocol Buffers, as little of it as evidence and the mesh API need.
 * https://protobuf.dev/programming-guides/encoding/ ; docs/formats/meshapi.md
 *
 * The peer (Coordinator or guest) chooses these bytes; nothing of them is measured. Strict: a varint has its
 * shortest form, groups are refused, a length fits what is left. Which fields may stand in a message, and how
 * often, is checked by the caller; protobuf_once does it for those that may stand once.
 */
#ifndef NACRE_PROTOBUF_H
#define NACRE_PROTOBUF_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define PROTOBUF_NUMBER_MAX 536870911u /* of the format */
#define PROTOBUF_FIELD_MAX 63 /* the highest field number we read or write: one bit each in a 64-bit set */

enum protobuf_wire {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* bytes, text, or a message */
    PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
    uint32_t number; /* 1 .. PROTOBUF_FIELD_MAX; PROTOBUF_NUMBER_MAX from protobuf_next_wide */
    enum protobuf_wire wire;
    uint64_t value;    /* varint and fixed fields */
    struct span bytes; /* PROTOBUF_BYTES: borrowed from the source */
};

/* The next field of the message under r (reader_of(message) to begin with).
 * Returns 1 with *field set, 0 at the end of the message, or -1 with *err set (ERR_FORMAT). */
int protobuf_next(struct reader *r, struct protobuf_field *field, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The same with any field number, for a message that others extend. */
int protobuf_next_wide(struct reader *r, struct protobuf_field *field, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Refuse a field seen before (*seen is a set of field numbers, 0 to begin with) or one of another wire type.
 * Returns 0, or -1 with *err set. */
int protobuf_once(uint64_t *seen, const struct protobuf_field *field, enum protobuf_wire wire,
                  struct err *err) __attribute__((warn_unused_result, nonnull));

/* proto3: a number of 0 and an empty byte string are not written at all. */
void protobuf_put_number(struct writer *w, uint32_t number, uint64_t value) __attribute__((nonnull));
void protobuf_put_bytes(struct writer *w, uint32_t number, struct span bytes) __attribute__((nonnull));
void protobuf_put_fixed64(struct writer *w, uint32_t number, uint64_t value) __attribute__((nonnull));
void protobuf_put_fixed32(struct writer *w, uint32_t number, uint32_t value) __attribute__((nonnull));
/* A message in a message: written even when it is empty, since its presence means something. */
void protobuf_put_message(struct writer *w, uint32_t number, struct span message) __attribute__((nonnull));
/* The same for a message written in place: what stands in w behind mark, which is w->len from before, becomes
 * the field's contents. */
void protobuf_close(struct writer *w, uint32_t number, size_t mark) __attribute__((nonnull));

#endif
