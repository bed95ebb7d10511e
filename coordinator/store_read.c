/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the history at the start. */
#include "store_parts.h"

#include "hex.h"
#include "manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct store_blob *store_blobs_find(const struct store_blobs *blobs, const char *name)
{
    for (size_t i = 0; i < blobs->count; i++) {
        if (strcmp(blobs->items[i].name, name) == 0)
            return &blobs->items[i];
    }
    return NULL;
}

int store_blobs_add(struct store_blobs *blobs, const char *name, struct fileio_bytes *bytes, struct err *err)
{
    if (blobs->count == blobs->cap) {
        size_t cap = blobs->cap == 0 ? 16 : 2 * blobs->cap;
        struct store_blob *items = realloc(blobs->items, cap * sizeof *items);

        if (items == NULL)
            return err_set(err, ERR_SYS, ENOMEM, "the history");
        blobs->items = items;
        blobs->cap = cap;
    }
    struct store_blob *b = &blobs->items[blobs->count++];
    memcpy(b->name, name, sizeof b->name);
    b->bytes = *bytes;
    *bytes = (struct fileio_bytes){0};
    return 0;
}

void store_blobs_free(struct store_blobs *blobs)
{
    for (size_t i = 0; i < blobs->count; i++)
        fileio_free(&blobs->items[i].bytes);
    free(blobs->items);
    *blobs = (struct store_blobs){0};
}

static int name_of(const uint8_t digest[SHA256_SIZE], char name[STORE_HEX_SIZE], struct err *err)
{
    return hex_encode(span_of(digest, SHA256_SIZE), name, STORE_HEX_SIZE, err);
}

/* A file whose name is its digest: 1 with its bytes, 0 when there is none, -1 with *err set. */
static int get_blob(const struct store_files *f, const char *name, size_t max, struct fileio_bytes *out,
                    struct err *err)
{
    AUTO_BYTES bytes = {0};
    uint8_t digest[SHA256_SIZE];
    char found[STORE_HEX_SIZE];
    int rc = store_files_get(f, name, max, &bytes, err);

    if (rc <= 0)
        return rc;
    if (hash_bytes(HASH_SHA256, fileio_span(&bytes), digest, err) < 0 || name_of(digest, found, err) < 0)
        return -1;
    if (strcmp(found, name) != 0)
        return err_set(err, ERR_FORMAT, 0, "%s/%s is damaged: its SHA-256 is %.16s...", f->name, name, found);
    *out = bytes;
    bytes = (struct fileio_bytes){0};
    return 1;
}

/* The policies that this manifest names, as far as they are there. */
static int read_policies(struct store *s, const struct manifest *m, struct err *err)
{
    for (size_t i = 0; i < m->policy_count; i++) {
        AUTO_BYTES bytes = {0};
        char name[STORE_HEX_SIZE];

        if (name_of(m->policies[i].host_data, name, err) < 0)
            return -1;
        if (store_blobs_find(&s->policy_blobs, name) != NULL)
            continue;
        int rc = get_blob(&s->policies, name, USERAPI_POLICY_MAX, &bytes, err);
        if (rc < 0)
            return -1;
        s->bytes += bytes.len;
        if (rc > 0 && store_blobs_add(&s->policy_blobs, name, &bytes, err) < 0)
            return -1;
    }
    return 0;
}

static int read_new_manifest(struct store *s, const char *name, struct err *err)
{
    AUTO_BYTES bytes = {0};
    AUTO_MANIFEST m = {0};
    int rc = get_blob(&s->manifests, name, USERAPI_MANIFEST_MAX, &bytes, err);

    if (rc == 0)
        return err_set(err, ERR_MISSING, 0, "manifests/%s is missing", name);
    if (rc < 0 || manifest_parse(fileio_span(&bytes), "a manifest of the history", false, &m, err) < 0 ||
        read_policies(s, &m, err) < 0)
        return -1;
    return store_blobs_add(&s->manifest_blobs, name, &bytes, err);
}

/* One transition's manifest, and its policies. */
static int read_manifest(struct store *s, const char *name, struct err *err)
{
    const struct store_blob *manifest = store_blobs_find(&s->manifest_blobs, name);

    if (manifest == NULL) {
        if (read_new_manifest(s, name, err) < 0)
            return -1;
        manifest = &s->manifest_blobs.items[s->manifest_blobs.count - 1];
    }
    s->bytes += manifest->bytes.len;
    if (s->bytes > STORE_HISTORY_MAX)
        return err_set(err, ERR_LIMIT, 0, "the history has more than %u bytes", STORE_HISTORY_MAX);
    return 0;
}

/* The chain, latest first, into chain; *count says how many. */
static int read_chain(struct store *s, struct store_blobs *chain, struct err *err)
{
    uint8_t zeros[SHA256_SIZE] = {0};
    uint8_t digest[SHA256_SIZE];

    memcpy(digest, s->latest.digest, SHA256_SIZE);
    while (memcmp(digest, zeros, SHA256_SIZE) != 0) {
        AUTO_BYTES bytes = {0};
        struct transition t;
        char name[STORE_HEX_SIZE];

        if (chain->count >= STORE_TRANSITIONS_MAX)
            return err_set(err, ERR_LIMIT, 0, "the history has more than %d transitions",
                           STORE_TRANSITIONS_MAX);
        if (name_of(digest, name, err) < 0)
            return -1;
        int rc = get_blob(&s->transitions, name, TRANSITION_SIZE, &bytes, err);
        if (rc == 0)
            return err_set(err, ERR_MISSING, 0, "transitions/%s is missing", name);
        if (rc < 0 || transition_decode(fileio_span(&bytes), &t, err) < 0 ||
            store_blobs_add(chain, name, &bytes, err) < 0)
            return -1;
        memcpy(digest, t.previous, SHA256_SIZE);
    }
    if (chain->count == 0)
        return err_set(err, ERR_FORMAT, 0, "transitions/latest names no transition");
    return 0;
}

static void reverse(struct store_blobs *blobs)
{
    for (size_t i = 0; i < blobs->count / 2; i++) {
        struct store_blob other = blobs->items[blobs->count - 1 - i];

        blobs->items[blobs->count - 1 - i] = blobs->items[i];
        blobs->items[i] = other;
    }
}

static int read_manifests(struct store *s, struct err *err)
{
    for (size_t i = 0; i < s->transition_blobs.count; i++) {
        struct transition t;
        char name[STORE_HEX_SIZE];

        if (transition_decode(fileio_span(&s->transition_blobs.items[i].bytes), &t, err) < 0 ||
            name_of(t.manifest, name, err) < 0 || read_manifest(s, name, err) < 0)
            return -1;
    }
    return store_relist(s, err);
}

int store_read(struct store *s, struct err *err)
{
    AUTO_BYTES latest = {0};
    int rc = store_files_get(&s->transitions, STORE_LATEST, TRANSITION_LATEST_MAX, &latest, err);

    if (rc <= 0)
        return rc;
    if (transition_latest_decode(fileio_span(&latest), &s->latest, err) < 0 ||
        read_chain(s, &s->transition_blobs, err) < 0)
        return -1;
    reverse(&s->transition_blobs);
    return read_manifests(s, err);
}

int store_relist(struct store *s, struct err *err)
{
    struct span *order = calloc(s->transition_blobs.count + 1, sizeof *order);
    struct span *policies = calloc(s->policy_blobs.count + 1, sizeof *policies);
    int rc = order == NULL || policies == NULL ? err_set(err, ERR_SYS, ENOMEM, "the history") : 0;

    for (size_t i = 0; rc == 0 && i < s->transition_blobs.count; i++) {
        struct transition t;
        char name[STORE_HEX_SIZE];

        rc = transition_decode(fileio_span(&s->transition_blobs.items[i].bytes), &t, err);
        if (rc == 0)
            rc = name_of(t.manifest, name, err);
        const struct store_blob *b = rc == 0 ? store_blobs_find(&s->manifest_blobs, name) : NULL;
        order[i] = b == NULL ? span_of(NULL, 0) : fileio_span(&b->bytes);
    }
    for (size_t i = 0; rc == 0 && i < s->policy_blobs.count; i++)
        policies[i] = fileio_span(&s->policy_blobs.items[i].bytes);
    if (rc < 0) {
        free(order);
        free(policies);
        return -1;
    }
    free(s->order);
    free(s->policy_list);
    s->order = order;
    s->policy_list = policies;
    return 0;
}
