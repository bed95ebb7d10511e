/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate: one gzip member (RFC 1952) into memory, bounded. The only file that includes zlib.
 *
 * The host chooses these bytes and nothing has been checked yet: of all parsers this one runs first.
 */
#ifndef NACRE_INFLATE_H
#define NACRE_INFLATE_H

#include "err.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

/* Inflate gzip to at most max bytes. On success *out is malloc'ed (never NULL), the caller frees it, and
 * *len is its length. Returns 0, or -1 with *err set (ERR_LIMIT: more than max bytes come out, or no memory;
 * ERR_FORMAT: broken, cut, a wrong checksum, or bytes after the first member) and outputs untouched. */
int inflate_gzip(struct span gzip, size_t max, uint8_t **out, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
