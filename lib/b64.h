/* SPDX-License-Identifier: GPL-2.0-or-later */
/* b64: base 64, RFC 4648 section 4, strict: padding needed, no line breaks, unused bits zero. One value has
 * one text. */
#ifndef NACRE_B64_H
#define NACRE_B64_H

#include "err.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

/* Characters (without a NUL) that len bytes become. */
size_t b64_encoded_len(size_t len);

/* Write b64_encoded_len(bytes.len) characters and a NUL to out, which has cap bytes.
 * Returns 0, or -1 with *err set (ERR_LIMIT: cap too small) and out untouched. */
int b64_encode(struct span bytes, char *out, size_t cap, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Read text into out, which has cap bytes; *len is how many bytes it became.
 * Returns 0, or -1 with *err set (ERR_FORMAT: not canonical; ERR_LIMIT: cap too small), out and *len
 * untouched. */
int b64_decode(struct span text, uint8_t *out, size_t cap, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
