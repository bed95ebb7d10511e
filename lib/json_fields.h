/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_fields: a JSON object as a table of its keys, a JSON array as a list of like items.
 *
 * A format is then one table a struct: which keys there are, which must be there, and what parses each.
 * Strings that are kept go into an arena, since the document is freed after the parse.
 */
#ifndef NACRE_JSON_FIELDS_H
#define NACRE_JSON_FIELDS_H

#include "arena.h"
#include "err.h"
#include "json.h"

#include <stdbool.h>
#include <stddef.h>

#define JSON_FIELDS_MAX 32 /* rows of one table */

/* Parse the value `at` into its place in out, the struct that the table describes. Returns 0, or -1 with *err
 * set. These functions may leave *out half filled: the caller of the whole parse builds in a local. */
typedef int json_parse_fn(const struct json *at, struct arena *strings, void *out, struct err *err);

struct json_field {
    const char *key;
    bool required;
    json_parse_fn *parse;
};

/* obj is an object with no key but the count fields', every required one is there; parse each in the order of
 * the table. ERR_FORMAT: no object, unknown key; ERR_MISSING: a required key; or what a field's parser says.
 */
int json_fields(const struct json *obj, const struct json_field *fields, size_t count, struct arena *strings,
                void *out, struct err *err) __attribute__((warn_unused_result, nonnull));

struct json_list {
    size_t max;       /* items */
    size_t item_size; /* bytes from one item in the output to the next; 0: all items share one place */
    json_parse_fn *parse;
};

/* at is an array of at most list->max items; parse each into items; *count is how many. */
int json_list(const struct json *at, const struct json_list *list, struct arena *strings, void *items,
              size_t *count, struct err *err) __attribute__((warn_unused_result, nonnull));

/* The string at `at`, 1..max bytes, copied into the arena. ERR_FORMAT: no string, or empty. */
int json_keep(const struct json *at, size_t max, struct arena *strings, const char **text, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A number min..max, max < 2^32. */
int json_u32(const struct json *at, uint32_t min, uint32_t max, uint32_t *value, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
