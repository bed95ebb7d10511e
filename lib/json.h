/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json: strict JSON (RFC 8259, narrowed), and getters whose errors name the file and the path in it.
 *
 * Read here: policy.json (its author's bytes, bound by the host data) and the Coordinator's manifest (the
 * operator's bytes). json.c alone includes the JSON library.
 *
 * Refused, at every level: a key given twice, nesting deeper than JSON_DEPTH_MAX, text that is not UTF-8, a
 * byte order mark, control bytes and \u0000 in a string, a number that is no plain integer (sign and digits)
 * or is not exact below 2^53, anything but white space after the value. Lookup is case-sensitive.
 *
 * A struct json is a place in the document. It borrows from the document and from the struct json it was
 * found under, so both must outlive it; that is how an error can name its path without any allocation:
 *     policy.json: workload.argv[2]: expected a string, found a number
 */
#ifndef NACRE_JSON_H
#define NACRE_JSON_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 16                      /* values inside values */
#define JSON_INT_MAX ((UINT64_C(1) << 53) - 1) /* the largest number accepted */
#define JSON_MEMBERS_MAX 4096                  /* members of one object, items of one array */

struct json_doc {
    void *tree;       /* owned; json_doc_free */
    const char *name; /* borrowed: how messages call the document */
};

struct json {
    const struct json *up; /* what this was found under; NULL at the root */
    const char *key;       /* member's name; NULL for an item of an array and for the root */
    size_t index;          /* place among its brothers, from 0 */
    const void *node;
    const char *name; /* the document's */
};

/* Parse text, at most max_bytes long. name is borrowed and must outlive *doc.
 * Returns 0, or -1 with *err set (ERR_LIMIT: too long or too deep; ERR_FORMAT: anything else) and *doc
 * untouched. On success the caller owns *doc and calls json_doc_free. */
int json_doc_parse(struct span text, const char *name, size_t max_bytes, struct json_doc *doc,
                   struct err *err) __attribute__((warn_unused_result, nonnull));
void json_doc_free(struct json_doc *doc); /* accepts NULL and a zeroed one */
#define AUTO_JSON_DOC __attribute__((cleanup(json_doc_free))) struct json_doc

struct json json_root(const struct json_doc *doc) __attribute__((nonnull));

/* obj is an object and each of its keys is one of the count keys. Which of them are there is not checked.
 * ERR_FORMAT: no object, or an unknown key (the message names it). */
int json_object_keys(const struct json *obj, const char *const *keys, size_t count, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The member key of obj. ERR_MISSING when it is not there, ERR_FORMAT when obj is no object. null is a value
 * like any other (and no getter below accepts it). */
int json_get(const struct json *obj, const char *key, struct json *member, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The same for an optional member: false when it is not there (or obj is no object). */
bool json_find(const struct json *obj, const char *key, struct json *member) __attribute__((nonnull));

/* The value null, which is not the same as a member that is not there. */
bool json_is_null(const struct json *at) __attribute__((nonnull));

/* parent is an array (or object) of at most max items (members); *count is how many.
 * ERR_FORMAT: another type; ERR_LIMIT: more than max. */
int json_array(const struct json *parent, size_t max, size_t *count, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int json_object(const struct json *parent, size_t max, size_t *count, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Walk an array's items or an object's members in the order of the text:
 *     for (bool more = json_first(&list, &item); more; more = json_next(&item)) */
bool json_first(const struct json *parent, struct json *child) __attribute__((nonnull));
bool json_next(struct json *child) __attribute__((nonnull));

/* The string's bytes, at most max of them: UTF-8 without NUL, borrowed from the document, and followed by a
 * NUL that is not counted. ERR_FORMAT: no string; ERR_LIMIT: longer. */
int json_string(const struct json *at, size_t max, struct span *text, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The number; ERR_FORMAT: no number, or negative; ERR_LIMIT: outside min..max. */
int json_u64(const struct json *at, uint64_t min, uint64_t max, uint64_t *value, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int json_bool(const struct json *at, bool *value, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A string of exactly 2 * len lower-case hex digits. */
int json_hex(const struct json *at, uint8_t *out, size_t len, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A string that is one of the count names; *which is its place in the list. The message names what was
 * found and, while they fit, what is known. */
int json_choice(const struct json *at, const char *const *names, size_t count, size_t *which, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Put "name: path: " in front of an error that another parser has set; returns -1. */
int json_prefix(const struct json *at, struct err *err) __attribute__((nonnull));
/* Fill *err with "name: path: text" and return -1: for what the caller found wrong with the value. */
int json_fail(const struct json *at, struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), nonnull(1, 2, 4)));

#endif
