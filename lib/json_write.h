/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_write: canonical JSON text. One value has one text, so documents that are hashed, signed or compared
 * byte for byte are written here and nowhere else.
 *
 * The form: UTF-8; the members of an object in the byte order of their keys, none twice; whole numbers; in
 * strings only `"`, `\` and control bytes are escaped (\u00xx, lower case); two spaces a level, one member or
 * item a line, ": " behind a key, empty containers as {} and []; a line feed at the end.
 *
 * Faults are sticky in `bad` (and the writer's own): too deep, keys out of order, a full buffer.
 */
#ifndef NACRE_JSON_WRITE_H
#define NACRE_JSON_WRITE_H

#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define JSON_WRITE_DEPTH_MAX 12
#define JSON_WRITE_KEY_MAX 64 /* bytes of a key */

struct json_write {
    struct writer *to;
    size_t depth;
    char close[JSON_WRITE_DEPTH_MAX];
    bool empty[JSON_WRITE_DEPTH_MAX];                        /* nothing in this container yet */
    char last[JSON_WRITE_DEPTH_MAX][JSON_WRITE_KEY_MAX + 1]; /* its last key */
    bool bad;
};

struct json_write json_write_to(struct writer *to) __attribute__((nonnull));

/* key is NULL for an item of an array and for the document itself, and a name in an object. */
void json_write_object(struct json_write *j, const char *key) __attribute__((nonnull(1)));
void json_write_array(struct json_write *j, const char *key) __attribute__((nonnull(1)));
void json_write_close(struct json_write *j) __attribute__((nonnull)); /* the innermost container */
void json_write_str(struct json_write *j, const char *key, const char *text) __attribute__((nonnull(1, 3)));
void json_write_u64(struct json_write *j, const char *key, uint64_t value) __attribute__((nonnull(1)));
void json_write_bool(struct json_write *j, const char *key, bool value) __attribute__((nonnull(1)));
/* A string of lower-case hex digits. */
void json_write_hex(struct json_write *j, const char *key, struct span bytes) __attribute__((nonnull(1)));

/* Everything is closed: the last line feed. False when anything did not fit. */
bool json_write_end(struct json_write *j) __attribute__((nonnull));

#endif
