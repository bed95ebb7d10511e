/* SPDX-License-Identifier: GPL-2.0-or-later */
/* der: reader and writer for ITU-T X.690 DER, as far as certificates and keys need it.
 *
 * The reader is strict: low tag numbers, definite minimal lengths, minimal integers, booleans 00 or ff. The
 * bytes come from a peer or from the host and are not measured.
 */
#ifndef NACRE_DER_H
#define NACRE_DER_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define DER_MAX 65535 /* bytes of the longest element: two length bytes */

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};
#define DER_CONTEXT(n) (0x80 | (n))             /* [n] IMPLICIT, primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n)) /* [n] EXPLICIT or constructed */

struct der {
    uint8_t tag;
    struct span body;  /* contents */
    struct span whole; /* tag, length and contents */
};

/* The next element, whatever its tag. what names it in the error text. */
int der_any(struct reader *r, const char *what, struct der *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The next element, which must have this tag. */
int der_get(struct reader *r, uint8_t tag, const char *what, struct der *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* True when the next element has this tag (it is not consumed). */
bool der_peek(const struct reader *r, uint8_t tag) __attribute__((nonnull));
/* No bytes may be left. */
int der_end(const struct reader *r, const char *what, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A non-negative INTEGER that fits into 64 bits. */
int der_get_u64(struct reader *r, const char *what, uint64_t *value, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int der_get_bool(struct reader *r, const char *what, bool *value, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A positive INTEGER of any size as its bytes without the leading zero. */
int der_get_uint(struct reader *r, const char *what, struct span *bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* UTCTime or GeneralizedTime ("Z", whole seconds) as seconds since 1970. */
int der_get_time(struct reader *r, const char *what, int64_t *unix_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A BIT STRING with no unused bits: its bytes. */
int der_get_bits(struct reader *r, const char *what, struct span *bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Writer. A constructed element is opened, filled, closed; close inserts the length, so cap must have room
 * for the length bytes too. Faults are sticky in w->bad. */
size_t der_open(struct writer *w, uint8_t tag) __attribute__((nonnull));
void der_close(struct writer *w, size_t mark) __attribute__((nonnull));
void der_put(struct writer *w, uint8_t tag, struct span body) __attribute__((nonnull));
void der_put_u64(struct writer *w, uint64_t value) __attribute__((nonnull));
/* A non-negative INTEGER from big-endian bytes: leading zeros dropped, one put back where the top bit is set.
 */
void der_put_uint(struct writer *w, struct span bytes) __attribute__((nonnull));
void der_put_bool(struct writer *w, bool value) __attribute__((nonnull));
/* UTCTime before 2050, GeneralizedTime from then on (RFC 5280 4.1.2.5). Years 1950 to 9999. */
void der_put_time(struct writer *w, int64_t unix_s) __attribute__((nonnull));
void der_put_bits(struct writer *w, struct span bytes) __attribute__((nonnull)); /* no unused bits */

#endif
