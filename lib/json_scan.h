/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_scan: the lexical rules of json.h, checked before the JSON library sees a byte.
 *
 * The library reads numbers as doubles and forgets their text, takes raw control bytes in strings, any byte
 * up to 0x20 as white space, a byte order mark, and deep nesting. After this pass none of that can happen.
 */
#ifndef NACRE_JSON_SCAN_H
#define NACRE_JSON_SCAN_H

#include "err.h"
#include "span.h"

/* Returns 0, or -1 with *err set ("name: line N: ..."; ERR_FORMAT, or ERR_LIMIT: too deep). That brackets
 * match and commas stand where they should is left to the library. */
int json_scan(struct span text, const char *name, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
