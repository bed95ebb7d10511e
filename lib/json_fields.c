/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json_fields.h"

int json_fields(const struct json *obj, const struct json_field *fields, size_t count, struct arena *strings,
                void *out, struct err *err)
{
    const char *keys[JSON_FIELDS_MAX] = {NULL};
    struct json member;

    if (count > JSON_FIELDS_MAX)
        return json_fail(obj, err, ERR_LIMIT, "a table of %zu keys, at most %d", count, JSON_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        keys[i] = fields[i].key;
    if (json_object_keys(obj, keys, count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!fields[i].required && !json_find(obj, fields[i].key, &member))
            continue;
        if (json_get(obj, fields[i].key, &member, err) < 0 || fields[i].parse(&member, strings, out, err) < 0)
            return -1;
    }
    return 0;
}

int json_list(const struct json *at, const struct json_list *list, struct arena *strings, void *items,
              size_t *count, struct err *err)
{
    char *place = items;
    struct json item;
    size_t n;

    if (json_array(at, list->max, &n, err) < 0)
        return -1;
    for (bool more = json_first(at, &item); more; more = json_next(&item)) {
        if (list->parse(&item, strings, place, err) < 0)
            return -1;
        place += list->item_size;
    }
    *count = n;
    return 0;
}

int json_keep(const struct json *at, size_t max, struct arena *strings, const char **text, struct err *err)
{
    struct span got;
    const char *copy;

    if (json_string(at, max, &got, err) < 0)
        return -1;
    if (got.len == 0)
        return json_fail(at, err, ERR_FORMAT, "an empty string");
    copy = arena_string(strings, got, err);
    if (!copy)
        return json_prefix(at, err);
    *text = copy;
    return 0;
}

int json_u32(const struct json *at, uint32_t min, uint32_t max, uint32_t *value, struct err *err)
{
    uint64_t got;

    if (json_u64(at, min, max, &got, err) < 0)
        return -1;
    *value = (uint32_t) got;
    return 0;
}
