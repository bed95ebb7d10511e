/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attest_json_read.h"

#include "b64.h"
#include "json.h"

#define VERSION_MAX 64 /* bytes of a release's name, which is not looked at */
#define TYPE_MAX 16    /* numbers of an OID */

static const char *const keys[] = {
    "version", "raw_attestation_doc", "attestation_type", "manifests", "policies", "root_ca", "mesh_ca"};

/* The base 64 at `at`, 1 to max bytes, at the end of room. */
static int take(const struct json *at, size_t max, struct writer *room, struct span *out, struct err *err)
{
    struct span text;
    size_t len = 0;

    if (json_string(at, b64_encoded_len(max), &text, err) < 0)
        return -1;
    if (b64_decode(text, room->buf + room->len, room->cap - room->len, &len, err) < 0)
        return json_prefix(at, err);
    if (len == 0 || len > max)
        return json_fail(at, err, ERR_LIMIT, "%zu bytes, expected 1 to %zu", len, max);
    *out = span_of(room->buf + room->len, len);
    room->len += len;
    return 0;
}

static int take_member(const struct json *root, const char *key, size_t max, struct writer *room,
                       struct span *out, struct err *err)
{
    struct json at;

    return json_get(root, key, &at, err) < 0 ? -1 : take(&at, max, room, out, err);
}

static int take_list(const struct json *root, const char *key, size_t max, struct writer *room,
                     struct userapi_list *list, struct err *err)
{
    struct json at, item;
    size_t count;

    if (json_get(root, key, &at, err) < 0 || json_array(&at, list->max, &count, err) < 0)
        return -1;
    list->count = 0;
    for (bool more = json_first(&at, &item); more; more = json_next(&item)) {
        if (take(&item, max, room, &list->items[list->count], err) < 0)
            return -1;
        list->count++;
    }
    return 0;
}

/* What the evidence is of, is told by the evidence; the two members are held to their types only. */
static int check_labels(const struct json *root, struct err *err)
{
    struct json at, item;
    struct span text;
    uint64_t arc;
    size_t count;

    if (json_get(root, "version", &at, err) < 0 || json_string(&at, VERSION_MAX, &text, err) < 0)
        return -1;
    if (!json_find(root, "attestation_type", &at))
        return 0;
    if (json_array(&at, TYPE_MAX, &count, err) < 0)
        return -1;
    for (bool more = json_first(&at, &item); more; more = json_next(&item)) {
        if (json_u64(&item, 0, UINT32_MAX, &arc, err) < 0)
            return -1;
    }
    return 0;
}

int attest_json_read(struct span body, struct writer *room, struct attest_json_read *out, struct err *err)
{
    AUTO_JSON_DOC doc = {0};
    struct attest_json_read got = *out;

    if (json_doc_parse(body, "answer", ATTEST_JSON_READ_MAX, &doc, err) < 0)
        return -1;
    const struct json root = json_root(&doc);
    if (json_object_keys(&root, keys, sizeof keys / sizeof keys[0], err) < 0 ||
        check_labels(&root, err) < 0 ||
        take_member(&root, "raw_attestation_doc", ATTEST_JSON_READ_EVIDENCE_MAX, room, &got.evidence, err) <
            0 ||
        take_list(&root, "manifests", USERAPI_MANIFEST_MAX, room, &got.manifests, err) < 0 ||
        take_list(&root, "policies", USERAPI_POLICY_MAX, room, &got.policies, err) < 0 ||
        take_member(&root, "root_ca", USERAPI_PEM_MAX, room, &got.root_ca, err) < 0 ||
        take_member(&root, "mesh_ca", USERAPI_PEM_MAX, room, &got.mesh_ca, err) < 0)
        return -1;
    *out = got;
    return 0;
}
