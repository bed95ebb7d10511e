/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml: the part of TOML 1.0 that an initdata document needs, and nothing else (docs/formats/initdata.md).
 *
 * Accepted: comments, [table] headers of one name, `key = string` with bare or quoted keys; strings: basic,
 * literal, multi-line basic and multi-line literal. Refused: every other kind of value, dotted keys and
 * nested tables, a key or table given twice, carriage returns, control bytes, text that is not UTF-8.
 *
 * Read only after the document's digest has matched the host data.
 */
#ifndef NACRE_TOML_H
#define NACRE_TOML_H

#include "arena.h"
#include "err.h"
#include "span.h"

#include <stddef.h>

#define TOML_ENTRIES_MAX 64 /* key = value lines */
#define TOML_TABLES_MAX 8   /* [table] headers */
#define TOML_KEY_MAX 128    /* bytes of a key or a table's name, decoded */

struct toml_entry {
    const char *table; /* "" before the first header */
    const char *key;
    struct span value; /* decoded; followed by a NUL that is not counted; it holds no NUL itself */
    size_t line;       /* from 1: where the key stands, for messages */
};

struct toml {
    struct arena strings; /* owned: what the entries point to */
    struct toml_entry entries[TOML_ENTRIES_MAX];
    size_t count;
    const char *tables[TOML_TABLES_MAX]; /* the headers' names, those of empty tables too */
    size_t table_count;
};

/* Parse text, at most max_bytes. Returns 0, or -1 with *err set ("line N: ..."; ERR_FORMAT or ERR_LIMIT) and
 * *doc untouched. On success the caller calls toml_free. The text need not outlive *doc. */
int toml_parse(struct span text, size_t max_bytes, struct toml *doc, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void toml_free(struct toml *doc); /* accepts NULL and a zeroed one */

#endif
