/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include "hex.h"
#include "json_scan.h"
#include "utf8.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define JSON_PATH_MAX 96 /* bytes of a path in a message */

static const cJSON *json_node(const struct json *at)
{
    return at->node;
}

static const char *json_type(const struct json *at)
{
    const cJSON *n = json_node(at);

    if (cJSON_IsObject(n))
        return "an object";
    if (cJSON_IsArray(n))
        return "an array";
    if (cJSON_IsString(n))
        return "a string";
    if (cJSON_IsNumber(n))
        return "a number";
    return cJSON_IsBool(n) ? "a boolean" : "null";
}

/* --- paths in messages --- */

static void json_path(const struct json *at, char path[JSON_PATH_MAX])
{
    const struct json *chain[JSON_DEPTH_MAX + 1] = {NULL};
    char shown[UTF8_SHOWN_MAX];
    size_t depth = 0;
    size_t len = 0;

    path[0] = '\0';
    for (const struct json *j = at; j && j->up && depth <= JSON_DEPTH_MAX; j = j->up)
        chain[depth++] = j;
    while (depth-- > 0 && len < JSON_PATH_MAX - 1) {
        const struct json *j = chain[depth];
        int n;

        if (j->key) {
            utf8_show(span_str(j->key), shown);
            n = snprintf(path + len, JSON_PATH_MAX - len, "%s%s", len > 0 ? "." : "", shown);
        } else {
            n = snprintf(path + len, JSON_PATH_MAX - len, "[%zu]", j->index);
        }
        len += n > 0 ? (size_t) n : 0;
    }
}

int json_prefix(const struct json *at, struct err *err)
{
    char path[JSON_PATH_MAX];

    json_path(at, path);
    if (path[0] == '\0')
        return err_prefix(err, "%s", at->name);
    return err_prefix(err, "%s: %s", at->name, path);
}

int json_fail(const struct json *at, struct err *err, enum err_code code, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    (void) err_set(err, code, 0, "%s", text);
    return json_prefix(at, err);
}

static int json_expected(const struct json *at, const char *what, struct err *err)
{
    return json_fail(at, err, ERR_FORMAT, "expected %s, found %s", what, json_type(at));
}

/* --- the document --- */

static struct json json_child(const struct json *up, const cJSON *node, size_t index)
{
    return (struct json){.up = up, .key = node->string, .index = index, .node = node, .name = up->name};
}

static int json_check_tree(const struct json *at, struct err *err);

static int json_check_member(const struct json *at, const cJSON *node, size_t index, struct err *err)
{
    const struct json child = json_child(at, node, index);

    if (index >= JSON_MEMBERS_MAX)
        return json_fail(at, err, ERR_LIMIT, "more than %d members", JSON_MEMBERS_MAX);
    for (const cJSON *other = node->next; node->string && other; other = other->next)
        if (strcmp(node->string, other->string) == 0)
            return json_fail(&child, err, ERR_FORMAT, "this key is given twice");
    return json_check_tree(&child, err);
}

/* The library lets double keys through. The depth, and so this recursion, was bounded by json_scan. */
static int json_check_tree(const struct json *at, struct err *err) /* NOLINT(misc-no-recursion) */
{
    size_t index = 0;

    for (const cJSON *node = json_node(at)->child; node; node = node->next)
        if (json_check_member(at, node, index++, err) < 0)
            return -1;
    return 0;
}

static bool json_only_space(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(" \t\r\n", s.data[i]) || s.data[i] == 0)
            return false;
    return true;
}

int json_doc_parse(struct span text, const char *name, size_t max_bytes, struct json_doc *doc,
                   struct err *err)
{
    AUTO_JSON_DOC got = {.name = name};
    const char *end = NULL;
    struct json root;
    size_t used;

    if (text.len > max_bytes)
        return err_set(err, ERR_LIMIT, 0, "%s: %zu bytes, at most %zu", name, text.len, max_bytes);
    if (json_scan(text, name, err) < 0)
        return -1;
    if (text.len == 0)
        return err_set(err, ERR_FORMAT, 0, "%s: empty", name);
    got.tree = cJSON_ParseWithLengthOpts((const char *) text.data, text.len, &end, false);
    used = end ? (size_t) (end - (const char *) text.data) : 0;
    if (!got.tree)
        return err_set(err, ERR_FORMAT, 0, "%s: not JSON at byte %zu", name, used);
    if (!json_only_space(span_sub(text, used, text.len - used)))
        return err_set(err, ERR_FORMAT, 0, "%s: more text after the value, at byte %zu", name, used);
    root = json_root(&got);
    if (json_check_tree(&root, err) < 0)
        return -1;
    *doc = got;
    got.tree = NULL;
    return 0;
}

void json_doc_free(struct json_doc *doc)
{
    if (!doc)
        return;
    cJSON_Delete(doc->tree);
    doc->tree = NULL;
}

struct json json_root(const struct json_doc *doc)
{
    return (struct json){.node = doc->tree, .name = doc->name};
}

/* --- containers --- */

static bool json_is_listed(const char *key, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

int json_object_keys(const struct json *obj, const char *const *keys, size_t count, struct err *err)
{
    char shown[UTF8_SHOWN_MAX];

    if (!cJSON_IsObject(json_node(obj)))
        return json_expected(obj, "an object", err);
    for (const cJSON *n = json_node(obj)->child; n; n = n->next) {
        if (json_is_listed(n->string, keys, count))
            continue;
        utf8_show(span_str(n->string), shown);
        return json_fail(obj, err, ERR_FORMAT, "unknown key \"%s\"", shown);
    }
    return 0;
}

bool json_find(const struct json *obj, const char *key, struct json *member)
{
    size_t index = 0;

    if (!cJSON_IsObject(json_node(obj)))
        return false;
    for (const cJSON *n = json_node(obj)->child; n; n = n->next, index++) {
        if (strcmp(n->string, key) != 0)
            continue;
        *member = json_child(obj, n, index);
        return true;
    }
    return false;
}

int json_get(const struct json *obj, const char *key, struct json *member, struct err *err)
{
    if (!cJSON_IsObject(json_node(obj)))
        return json_expected(obj, "an object", err);
    if (!json_find(obj, key, member))
        return json_fail(obj, err, ERR_MISSING, "key \"%s\" is missing", key);
    return 0;
}

static int json_count(const struct json *parent, size_t max, size_t *count, struct err *err)
{
    size_t n = 0;

    for (const cJSON *child = json_node(parent)->child; child; child = child->next)
        n++;
    if (n > max)
        return json_fail(parent, err, ERR_LIMIT, "%zu entries, at most %zu", n, max);
    *count = n;
    return 0;
}

bool json_is_null(const struct json *at)
{
    return cJSON_IsNull(json_node(at));
}

int json_array(const struct json *parent, size_t max, size_t *count, struct err *err)
{
    if (!cJSON_IsArray(json_node(parent)))
        return json_expected(parent, "an array", err);
    return json_count(parent, max, count, err);
}

int json_object(const struct json *parent, size_t max, size_t *count, struct err *err)
{
    if (!cJSON_IsObject(json_node(parent)))
        return json_expected(parent, "an object", err);
    return json_count(parent, max, count, err);
}

bool json_first(const struct json *parent, struct json *child)
{
    const cJSON *node = json_node(parent)->child;

    if (!node)
        return false;
    *child = json_child(parent, node, 0);
    return true;
}

bool json_next(struct json *child)
{
    const cJSON *node = json_node(child)->next;

    if (!node)
        return false;
    *child = json_child(child->up, node, child->index + 1);
    return true;
}

/* --- values --- */

int json_string(const struct json *at, size_t max, struct span *text, struct err *err)
{
    struct span got;

    if (!cJSON_IsString(json_node(at)))
        return json_expected(at, "a string", err);
    got = span_str(json_node(at)->valuestring);
    if (got.len > max)
        return json_fail(at, err, ERR_LIMIT, "%zu bytes, at most %zu", got.len, max);
    *text = got;
    return 0;
}

int json_u64(const struct json *at, uint64_t min, uint64_t max, uint64_t *value, struct err *err)
{
    double number;
    uint64_t got;

    if (!cJSON_IsNumber(json_node(at)))
        return json_expected(at, "a number", err);
    number = json_node(at)->valuedouble;
    if (number < 0)
        return json_fail(at, err, ERR_FORMAT, "a negative number");
    got = (uint64_t) number; /* exact: json_scan let plain integers below 2^53 through only */
    if (got < min || got > max)
        return json_fail(at, err, ERR_LIMIT, "%llu is not in %llu..%llu", (unsigned long long) got,
                         (unsigned long long) min, (unsigned long long) max);
    *value = got;
    return 0;
}

int json_bool(const struct json *at, bool *value, struct err *err)
{
    if (!cJSON_IsBool(json_node(at)))
        return json_expected(at, "a boolean", err);
    *value = cJSON_IsTrue(json_node(at));
    return 0;
}

int json_hex(const struct json *at, uint8_t *out, size_t len, struct err *err)
{
    struct span text = {0};

    if (json_string(at, SIZE_MAX, &text, err) < 0)
        return -1;
    if (hex_decode(text, out, len, err) < 0)
        return json_prefix(at, err);
    return 0;
}

static int json_no_choice(const struct json *at, struct span text, const char *const *names, size_t count,
                          struct err *err)
{
    char shown[UTF8_SHOWN_MAX];
    char known[80] = "";
    size_t len = 0;

    for (size_t i = 0; i < count && len < sizeof(known) - 1; i++) {
        const int n = snprintf(known + len, sizeof(known) - len, "%s%s", i > 0 ? ", " : "", names[i]);

        len += n > 0 ? (size_t) n : 0;
    }
    utf8_show(text, shown);
    return json_fail(at, err, ERR_FORMAT, "unknown value \"%s\", known: %s", shown, known);
}

int json_choice(const struct json *at, const char *const *names, size_t count, size_t *which, struct err *err)
{
    struct span text = {0};

    if (json_string(at, SIZE_MAX, &text, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (span_eq_str(text, names[i])) {
            *which = i;
            return 0;
        }
    }
    return json_no_choice(at, text, names, count, err);
}
