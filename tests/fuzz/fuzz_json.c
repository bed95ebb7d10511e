/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict JSON: whatever is accepted can be walked, and keeps what json.h promises. */
#include "json.h"
#include "utf8.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const struct json *at)
{
    struct err err = {0};
    struct span text;
    uint64_t number;
    uint8_t bytes[4];
    bool flag;

    if (json_string(at, SIZE_MAX, &text, &err) == 0)
        assert(utf8_valid(text) && text.data[text.len] == 0);
    if (json_u64(at, 0, JSON_INT_MAX, &number, &err) == 0)
        assert(number <= JSON_INT_MAX);
    if (json_bool(at, &flag, &err) < 0 && json_hex(at, bytes, sizeof(bytes), &err) < 0)
        assert(err.code != ERR_NONE && utf8_valid(span_str(err.text)));
}

static void check_tree(const struct json *at, size_t depth)
{
    struct err err = {0};
    struct json child;
    size_t count;
    size_t seen = 0;

    assert(depth <= JSON_DEPTH_MAX);
    check_value(at);
    if (json_array(at, SIZE_MAX, &count, &err) < 0 && json_object(at, SIZE_MAX, &count, &err) < 0)
        return;
    for (bool more = json_first(at, &child); more; more = json_next(&child)) {
        struct json found;

        assert(child.index == seen++);
        if (child.key) /* no key twice: looking it up finds this very member */
            assert(json_find(at, child.key, &found) && found.node == child.node);
        check_tree(&child, depth + 1);
    }
    assert(seen == count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc doc = {0};
    struct err err = {0};
    struct json root;

    if (json_doc_parse(span_of(data, size), "fuzz.json", 4096, &doc, &err) < 0) {
        assert(!doc.tree && err.code != ERR_NONE && utf8_valid(span_str(err.text)));
        return 0;
    }
    root = json_root(&doc);
    check_tree(&root, 0);
    json_doc_free(&doc);
    return 0;
}
