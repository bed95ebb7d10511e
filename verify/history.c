/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"

#include "ca_cert.h"
#include "hash.h"
#include "secret.h"
#include "transition.h"

#include <stdlib.h>
#include <string.h>

static void put_hex(struct table_row *row, bool expected, const uint8_t digest[SHA256_SIZE])
{
    char hex[2 * SHA256_SIZE + 1];

    ca_cert_hex(digest, hex);
    if (expected)
        table_expected(row, "%s", hex);
    else
        table_found(row, "%s", hex);
}

/* The current manifest is the owner's, byte for byte. */
static int check_current(const struct history_expect *expect, const struct history *h, struct table *t,
                         struct err *err)
{
    const struct span current = h->manifests[h->response.manifests.count - 1];
    const bool same = span_eq(current, fileio_span(&expect->in->manifest_text));
    struct table_row *row = table_add(t, same ? TABLE_PASSED : TABLE_REFUSED, "manifest: current");
    uint8_t digest[SHA256_SIZE];

    if (hash_bytes(HASH_SHA256, current, digest, err) < 0)
        return -1;
    put_hex(row, true, expect->in->manifest.sha256);
    put_hex(row, false, digest);
    return 0;
}

int history_digest(const struct history *h, uint8_t digest[SHA256_SIZE], struct err *err)
{
    uint8_t last[SHA256_SIZE] = {0};

    if (h->response.manifests.count == 0)
        return err_set(err, ERR_MISSING, 0, "the Coordinator has no manifest yet");
    for (size_t i = 0; i < h->response.manifests.count; i++) {
        struct transition step;

        memcpy(step.previous, last, sizeof step.previous);
        if (hash_bytes(HASH_SHA256, h->manifests[i], step.manifest, err) < 0 ||
            transition_digest(&step, last, err) < 0)
            return -1;
    }
    memcpy(digest, last, sizeof last);
    return 0;
}

/* The chain of transitions over the manifests ends in the digest that the Coordinator signed. */
static int check_chain(const struct history *h, struct table *t, struct err *err)
{
    uint8_t digest[SHA256_SIZE];

    if (history_digest(h, digest, err) < 0)
        return -1;
    const struct span latest = h->response.digest;
    const bool same = span_eq(latest, span_of(digest, sizeof digest));
    struct table_row *row = table_add(t, same ? TABLE_PASSED : TABLE_REFUSED, "history: chain");
    put_hex(row, true, digest);
    if (latest.len == SHA256_SIZE)
        put_hex(row, false, latest.data);
    else
        table_found(row, "no transition");
    return 0;
}

/* A manifest of the history, if it can be read. */
static int parse(struct span text, struct manifest *out)
{
    struct err ignored; /* the row says that it is none */

    return manifest_parse(text, "a manifest of the history", false, out, &ignored);
}

static void mark_named(const struct manifest *m, struct history *h)
{
    for (size_t i = 0; i < h->response.policies.count; i++)
        h->named[i] = h->named[i] || manifest_find(m, h->digests[i]) != NULL;
}

/* After a manifest without owner keys nobody may set another. Marks the policies that are named on the way,
 * so that each manifest is parsed once. */
static void check_updates(struct history *h, struct table *t)
{
    const size_t count = h->response.manifests.count;
    size_t unreadable = 0, unowned = 0;

    for (size_t i = 0; i < count; i++) {
        AUTO_MANIFEST m = {0};

        if (parse(h->manifests[i], &m) < 0) {
            unreadable++;
            continue;
        }
        unowned += i + 1 < count && m.owner_digests.count + m.owner_keys.count == 0;
        mark_named(&m, h);
    }
    struct table_row *row =
        table_add(t, unreadable == 0 && unowned == 0 ? TABLE_PASSED : TABLE_REFUSED, "history: updates");
    table_expected(row, "each manifest readable, and followed only if it names owners");
    if (unreadable > 0)
        table_found(row, "%zu of %zu are no manifests", unreadable, count);
    else if (unowned > 0)
        table_found(row, "%zu of %zu were replaced although they name no owner", unowned, count);
    else
        table_found(row, "%zu manifest%s", count, count == 1 ? "" : "s");
}

static int hash_policies(struct history *h, struct err *err)
{
    for (size_t i = 0; i < h->response.policies.count; i++) {
        h->named[i] = false;
        if (hash_bytes(HASH_SHA256, h->policies[i], h->digests[i], err) < 0)
            return -1;
    }
    return 0;
}

/* Every document belongs to a manifest. Which ones of the current manifest came along is told. */
static void check_policies(const struct history_expect *expect, const struct history *h, struct table *t)
{
    const size_t count = h->response.policies.count;
    size_t foreign = 0, ours = 0;

    for (size_t i = 0; i < count; i++) {
        ours += manifest_find(&expect->in->manifest, h->digests[i]) != NULL;
        foreign += !h->named[i];
    }
    struct table_row *row = table_add(t, foreign == 0 ? TABLE_PASSED : TABLE_REFUSED, "history: policies");
    table_expected(row, "each document is one that a manifest names");
    if (foreign > 0)
        table_found(row, "%zu of %zu are not", foreign, count);
    else
        table_found(row, "%zu document%s", count, count == 1 ? "" : "s");
    if (ours < expect->in->manifest.policy_count)
        table_line(&t->not_covered,
                   "the documents behind %zu of the manifest's %zu policies: it has none of them",
                   expect->in->manifest.policy_count - ours, expect->in->manifest.policy_count);
}

static void check_root(const struct history_expect *expect, struct span pem, struct table *t)
{
    uint8_t digest[SHA256_SIZE];

    if (!ca_cert_check(pem, CA_CERT_ROOT, expect->in->now_s, t, digest))
        return;
    const bool same = expect->root_ca_key == NULL ||
                      secret_eq(span_of(expect->root_ca_key, sizeof digest), span_of(digest, sizeof digest));
    struct table_row *row = table_add(t, same ? TABLE_PASSED : TABLE_REFUSED, "root ca: key");
    if (expect->root_ca_key != NULL)
        put_hex(row, true, expect->root_ca_key);
    else
        table_expected(row, "any (no --root-ca-key)");
    put_hex(row, false, digest);
}

static int decode(struct span message, struct history *h, struct err *err)
{
    h->response = (struct userapi_get_response){
        .manifests = {.items = h->manifests, .max = HISTORY_ITEMS_MAX},
        .policies = {.items = h->policies,  .max = HISTORY_ITEMS_MAX},
    };
    if (userapi_get_response_decode(message, &h->response, err) < 0)
        return err_prefix(err, "GetManifests");
    if (h->response.manifests.count == 0)
        return err_set(err, ERR_MISSING, 0, "GetManifests: the Coordinator has no manifest yet");
    return 0;
}

static int check_rest(const struct history_expect *expect, struct history *h, struct table *t,
                      struct err *err)
{
    uint8_t ignored[SHA256_SIZE];

    if (hash_policies(h, err) < 0)
        return -1;
    check_updates(h, t);
    check_policies(expect, h, t);
    check_root(expect, h->response.root_ca, t);
    (void) ca_cert_check(h->response.mesh_ca, CA_CERT_MESH, expect->in->now_s, t, ignored);
    table_line(&t->not_covered, "that mesh CA and root CA belong together: it is the Coordinator's word");
    table_line(&t->not_covered, "what the Coordinator does from now on: ask again, or pin its root CA key");
    return 0;
}

int history_check(const struct history_expect *expect, struct span message, struct history *h,
                  struct table *t, struct err *err)
{
    if (decode(message, h, err) < 0 || check_current(expect, h, t, err) < 0 || check_chain(h, t, err) < 0)
        return -1;
    table_line(&t->not_covered, "the signature over the latest transition: its key is the seed owner's");
    return check_rest(expect, h, t, err);
}

int history_check_attested(const struct history_expect *expect, struct history *h, struct table *t,
                           struct err *err)
{
    return check_current(expect, h, t, err) < 0 ? -1 : check_rest(expect, h, t, err);
}
