/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hex: lower-case base 16, strict. Upper case and odd lengths are refused: one value has one text. */
#ifndef NACRE_HEX_H
#define NACRE_HEX_H

#include "err.h"
#include "span.h"

#include <stdint.h>

/* Write 2 * bytes.len digits and a NUL to out, which has cap bytes.
 * Returns 0, or -1 with *err set (ERR_LIMIT: cap too small) and out untouched. */
int hex_encode(struct span bytes, char *out, size_t cap, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Read exactly 2 * len digits from text into out, which has len bytes.
 * Returns 0, or -1 with *err set (ERR_FORMAT: other length, or a byte that is no lower-case digit) and
 * out untouched. */
int hex_decode(struct span text, uint8_t *out, size_t len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
