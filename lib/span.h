/* SPDX-License-Identifier: GPL-2.0-or-later */
/* span: borrowed bytes, and two cursors over them: a reader and a writer.
 *
 * Every byte from outside is taken apart with a reader and every format is made with a writer; there is
 * no pointer arithmetic elsewhere. Both are sticky: after the first access that does not fit, `bad` is
 * set, every later get returns zero and every later put does nothing. Check once, at the end.
 */
#ifndef NACRE_SPAN_H
#define NACRE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes owned by somebody else. data may be NULL only when len is 0. */
struct span {
    const uint8_t *data;
    size_t len;
};

struct reader {
    struct span src;
    size_t pos;
    bool bad;
};

/* Writes into cap bytes at buf, which the caller owns. len is how many have been written. */
struct writer {
    uint8_t *buf;
    size_t cap;
    size_t len;
    bool bad;
};

struct span span_of(const void *data, size_t len);
struct span span_str(const char *text) __attribute__((nonnull)); /* without the NUL */
bool span_eq(struct span a, struct span b);                      /* not constant time: no secrets */
bool span_eq_str(struct span a, const char *text) __attribute__((nonnull));
bool span_is_zero(struct span s); /* every byte is 0; true for no bytes */
/* The part [offset, offset + len), or an empty span with data NULL if it does not lie inside. */
struct span span_sub(struct span s, size_t offset, size_t len);

struct reader reader_of(struct span src);
size_t reader_left(const struct reader *r) __attribute__((nonnull));
bool reader_done(const struct reader *r) __attribute__((nonnull)); /* all read, and never bad */
uint8_t reader_u8(struct reader *r) __attribute__((nonnull));
uint16_t reader_le16(struct reader *r) __attribute__((nonnull));
uint32_t reader_le32(struct reader *r) __attribute__((nonnull));
uint64_t reader_le64(struct reader *r) __attribute__((nonnull));
uint16_t reader_be16(struct reader *r) __attribute__((nonnull));
uint32_t reader_be32(struct reader *r) __attribute__((nonnull));
uint64_t reader_be64(struct reader *r) __attribute__((nonnull));
/* The next len bytes, borrowed from the source; an empty span when they are not there. */
struct span reader_bytes(struct reader *r, size_t len) __attribute__((nonnull));
/* The next len bytes, copied to out; out is filled with zeros when they are not there. */
void reader_copy(struct reader *r, void *out, size_t len) __attribute__((nonnull));
void reader_skip(struct reader *r, size_t len) __attribute__((nonnull));

struct writer writer_of(void *buf, size_t cap);
struct span writer_span(const struct writer *w) __attribute__((nonnull)); /* what has been written */
void writer_u8(struct writer *w, uint8_t v) __attribute__((nonnull));
void writer_le16(struct writer *w, uint16_t v) __attribute__((nonnull));
void writer_le32(struct writer *w, uint32_t v) __attribute__((nonnull));
void writer_le64(struct writer *w, uint64_t v) __attribute__((nonnull));
void writer_be16(struct writer *w, uint16_t v) __attribute__((nonnull));
void writer_be32(struct writer *w, uint32_t v) __attribute__((nonnull));
void writer_be64(struct writer *w, uint64_t v) __attribute__((nonnull));
void writer_bytes(struct writer *w, struct span s) __attribute__((nonnull));
void writer_str(struct writer *w, const char *text) __attribute__((nonnull)); /* without the NUL */
void writer_zeros(struct writer *w, size_t len) __attribute__((nonnull));

#endif
