/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "userapi.h"

#include "protobuf.h"

#include <stddef.h>
#include <stdlib.h>

enum kind { ONE, MANY, FLAG };

/* One field of a message: where it goes in the struct, and its limits. */
struct field {
    const char *name;
    enum kind kind;
    size_t offset;
    size_t min; /* bytes, when it is there */
    size_t max;
    bool required;
};

/* A message's fields, in the order of their numbers from 1. */
struct message {
    const char *name;
    const struct field *fields;
    size_t count;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define IN(type, member) offsetof(struct userapi_##type, member)

static const struct field set_request_fields[] = {
    {"Manifest",               ONE,  IN(set_request, manifest),  1,           USERAPI_MANIFEST_MAX, true },
    {"Policies",               MANY, IN(set_request, policies),  1,           USERAPI_POLICY_MAX,   false},
    {"PreviousTransitionHash", ONE,  IN(set_request, previous),  SHA256_SIZE, SHA256_SIZE,          false},
    {"Signature",              ONE,  IN(set_request, signature), 8,           160,                  false},
};
static const struct field share_fields[] = {
    {"PublicKey",     ONE, IN(share, public_key), 1, USERAPI_KEY_HEX_MAX, true},
    {"EncryptedSeed", ONE, IN(share, encrypted),  1, USERAPI_SHARE_MAX,   true},
};
static const struct field get_response_fields[] = {
    {"Manifests", MANY, IN(get_response, manifests), 1, USERAPI_MANIFEST_MAX, false},
    {"Policies",  MANY, IN(get_response, policies),  1, USERAPI_POLICY_MAX,   false},
    {"RootCA",    ONE,  IN(get_response, root_ca),   1, USERAPI_PEM_MAX,      true },
    {"MeshCA",    ONE,  IN(get_response, mesh_ca),   1, USERAPI_PEM_MAX,      true },
};
static const struct field latest_fields[] = {
    {"TransitionHash", ONE, IN(get_response, digest),    SHA256_SIZE, SHA256_SIZE, true},
    {"Signature",      ONE, IN(get_response, signature), 8,           ECC_SIG_MAX, true},
};
static const struct field recover_fields[] = {
    {"Seed",  ONE,  IN(recover_request, seed),  MESH_SECRET_SEED_SIZE, MESH_SECRET_SEED_SIZE, true },
    {"Salt",  ONE,  IN(recover_request, salt),  MESH_SECRET_SALT_SIZE, MESH_SECRET_SALT_SIZE, true },
    {"Force", FLAG, IN(recover_request, force), 0,                     1,                     false},
};

static const struct message set_request = {"SetManifest request", set_request_fields,
                                           COUNT(set_request_fields)};
static const struct message share = {"SeedShare", share_fields, COUNT(share_fields)};
static const struct message get_response = {"GetManifests response", get_response_fields,
                                            COUNT(get_response_fields)};
static const struct message latest = {"LatestTransition", latest_fields, COUNT(latest_fields)};
static const struct message recover_request = {"Recover request", recover_fields, COUNT(recover_fields)};

static void *at(const void *base, const struct field *f)
{
    return (char *) (uintptr_t) base + f->offset;
}

static int check_length(const struct message *m, const struct field *f, size_t len, struct err *err)
{
    if (len < f->min || len > f->max)
        return err_set(err, len > f->max ? ERR_LIMIT : ERR_FORMAT, 0,
                       "%s: %s has %zu bytes, expected %zu to %zu", m->name, f->name, len, f->min, f->max);
    return 0;
}

static int put_one(const struct message *m, size_t i, struct span value, struct writer *w, struct err *err)
{
    const struct field *f = &m->fields[i];

    if (value.len == 0 && !f->required)
        return 0;
    if (check_length(m, f, value.len, err) < 0)
        return -1;
    protobuf_put_bytes(w, (uint32_t) i + 1, value);
    return 0;
}

static int put_list(const struct message *m, size_t i, const struct userapi_list *list, struct writer *w,
                    struct err *err)
{
    for (size_t k = 0; k < list->count; k++) {
        if (check_length(m, &m->fields[i], list->items[k].len, err) < 0)
            return -1;
        protobuf_put_bytes(w, (uint32_t) i + 1, list->items[k]);
    }
    return 0;
}

static int put(const struct message *m, const void *from, struct writer *w, struct err *err)
{
    for (size_t i = 0; i < m->count; i++) {
        void *value = at(from, &m->fields[i]);
        int rc = 0;

        switch (m->fields[i].kind) {
        case ONE:
            rc = put_one(m, i, *(struct span *) value, w, err);
            break;
        case MANY:
            rc = put_list(m, i, value, w, err);
            break;
        case FLAG:
            protobuf_put_number(w, (uint32_t) i + 1, *(bool *) value);
            break;
        }
        if (rc < 0)
            return -1;
    }
    return w->bad ? err_set(err, ERR_LIMIT, 0, "%s: does not fit into %zu bytes", m->name, w->cap) : 0;
}

static int take_item(const struct message *m, const struct field *f, struct span bytes,
                     struct userapi_list *list, struct err *err)
{
    if (list->count >= list->max)
        return err_set(err, ERR_LIMIT, 0, "%s: more than %zu %s", m->name, list->max, f->name);
    if (check_length(m, f, bytes.len, err) < 0)
        return -1;
    list->items[list->count++] = bytes;
    return 0;
}

/* One field into its place. */
static int take_field(const struct message *m, const struct protobuf_field *field, uint64_t *seen, void *out,
                      struct err *err)
{
    const struct field *f = &m->fields[field->number - 1];
    uint64_t again = 0;

    if (protobuf_once(f->kind == MANY ? &again : seen, field,
                      f->kind == FLAG ? PROTOBUF_VARINT : PROTOBUF_BYTES, err) < 0)
        return err_prefix(err, "%s", m->name);
    if (f->kind == MANY)
        return take_item(m, f, field->bytes, at(out, f), err);
    if (f->kind == FLAG) {
        if (field->value != 1)
            return err_set(err, ERR_FORMAT, 0, "%s: %s is %llu, expected 1 or nothing", m->name, f->name,
                           (unsigned long long) field->value);
        *(bool *) at(out, f) = true;
        return 0;
    }
    if (check_length(m, f, field->bytes.len, err) < 0)
        return -1;
    *(struct span *) at(out, f) = field->bytes;
    return 0;
}

/* Take the message apart into out; a field beyond the table goes to extra, when that is not NULL. */
static int take(const struct message *m, struct span bytes, void *out, struct protobuf_field *extra,
                struct err *err)
{
    struct reader r = reader_of(bytes);
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (extra != NULL && field.number == m->count + 1) {
            if (protobuf_once(&seen, &field, PROTOBUF_BYTES, err) < 0)
                return err_prefix(err, "%s", m->name);
            *extra = field;
            continue;
        }
        if (field.number > m->count)
            return err_set(err, ERR_FORMAT, 0, "%s: unknown field %u", m->name, field.number);
        if (take_field(m, &field, &seen, out, err) < 0)
            return -1;
    }
    if (rc < 0)
        return err_prefix(err, "%s", m->name);
    for (size_t i = 0; i < m->count; i++) {
        if (m->fields[i].required && (seen & (uint64_t) 2 << i) == 0)
            return err_set(err, ERR_MISSING, 0, "%s: %s is missing", m->name, m->fields[i].name);
    }
    return 0;
}

int userapi_set_request_encode(const struct userapi_set_request *m, struct writer *w, struct err *err)
{
    return put(&set_request, m, w, err);
}

int userapi_set_request_decode(struct span bytes, struct userapi_set_request *out, struct err *err)
{
    struct userapi_set_request got = {
        .policies = {.items = out->policies.items, .max = out->policies.max}
    };

    if (take(&set_request, bytes, &got, NULL, err) < 0)
        return -1;
    *out = got;
    return 0;
}

int userapi_recover_request_encode(const struct userapi_recover_request *m, struct writer *w, struct err *err)
{
    return put(&recover_request, m, w, err);
}

int userapi_recover_request_decode(struct span bytes, struct userapi_recover_request *out, struct err *err)
{
    struct userapi_recover_request got = {0};

    if (take(&recover_request, bytes, &got, NULL, err) < 0)
        return -1;
    *out = got;
    return 0;
}

/* --- SetManifestResponse --------------------------------------------------------------------------- */

static const struct field set_response_fields[] = {
    {"RootCA", ONE, IN(set_response, root_ca), 1, USERAPI_PEM_MAX, true},
    {"MeshCA", ONE, IN(set_response, mesh_ca), 1, USERAPI_PEM_MAX, true},
};
static const struct message set_response = {"SetManifest response", set_response_fields,
                                            COUNT(set_response_fields)};

#define SHARE_BYTES_MAX (USERAPI_KEY_HEX_MAX + USERAPI_SHARE_MAX + 16)
#define SHARES_BYTES_MAX (USERAPI_SHARES_MAX * (SHARE_BYTES_MAX + 8) + MESH_SECRET_SALT_SIZE + 8)

static int put_shares(const struct userapi_set_response *m, struct writer *doc, struct err *err)
{
    uint8_t bytes[SHARE_BYTES_MAX];

    if (m->share_count > USERAPI_SHARES_MAX || m->salt.len != MESH_SECRET_SALT_SIZE)
        return err_set(err, ERR_LIMIT, 0, "SeedSharesDoc: %zu shares and a salt of %zu bytes", m->share_count,
                       m->salt.len);
    for (size_t i = 0; i < m->share_count; i++) {
        struct writer w = writer_of(bytes, sizeof bytes);

        if (put(&share, &m->shares[i], &w, err) < 0)
            return -1;
        protobuf_put_message(doc, 1, writer_span(&w));
    }
    protobuf_put_bytes(doc, 2, m->salt);
    return 0;
}

int userapi_set_response_encode(const struct userapi_set_response *m, struct writer *w, struct err *err)
{
    if (put(&set_response, m, w, err) < 0)
        return -1;
    if (!m->has_shares)
        return 0;
    uint8_t *bytes = malloc(SHARES_BYTES_MAX);
    if (bytes == NULL)
        return err_set(err, ERR_LIMIT, 0, "SeedSharesDoc: no memory");
    struct writer doc = writer_of(bytes, SHARES_BYTES_MAX);
    int rc = put_shares(m, &doc, err);
    if (rc == 0)
        protobuf_put_message(w, 3, writer_span(&doc));
    free(bytes);
    if (rc == 0 && (doc.bad || w->bad))
        return err_set(err, ERR_LIMIT, 0, "SetManifest response: does not fit into %zu bytes", w->cap);
    return rc;
}

static int take_share(struct span bytes, struct userapi_set_response *out, struct err *err)
{
    if (out->share_count >= USERAPI_SHARES_MAX)
        return err_set(err, ERR_LIMIT, 0, "SeedSharesDoc: more than %d shares", USERAPI_SHARES_MAX);
    if (take(&share, bytes, &out->shares[out->share_count], NULL, err) < 0)
        return -1;
    out->share_count++;
    return 0;
}

static int take_shares(struct span bytes, struct userapi_set_response *out, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        uint64_t again = 0;

        if (field.number > 2)
            return err_set(err, ERR_FORMAT, 0, "SeedSharesDoc: unknown field %u", field.number);
        if (protobuf_once(field.number == 1 ? &again : &seen, &field, PROTOBUF_BYTES, err) < 0)
            return err_prefix(err, "SeedSharesDoc");
        if (field.number == 2)
            out->salt = field.bytes;
        else if (take_share(field.bytes, out, err) < 0)
            return -1;
    }
    if (rc < 0)
        return err_prefix(err, "SeedSharesDoc");
    if (out->salt.len != MESH_SECRET_SALT_SIZE)
        return err_set(err, ERR_FORMAT, 0, "SeedSharesDoc: salt has %zu bytes, expected %d", out->salt.len,
                       MESH_SECRET_SALT_SIZE);
    return 0;
}

int userapi_set_response_decode(struct span bytes, struct userapi_set_response *out, struct err *err)
{
    struct userapi_set_response got = {0};
    struct protobuf_field shares = {0};

    if (take(&set_response, bytes, &got, &shares, err) < 0)
        return -1;
    got.has_shares = shares.number != 0;
    if (got.has_shares && take_shares(shares.bytes, &got, err) < 0)
        return -1;
    *out = got;
    return 0;
}

/* --- GetManifestsResponse -------------------------------------------------------------------------- */

int userapi_get_response_encode(const struct userapi_get_response *m, struct writer *w, struct err *err)
{
    uint8_t bytes[SHA256_SIZE + ECC_SIG_MAX + 16];
    struct writer inner = writer_of(bytes, sizeof bytes);

    if (m->manifests.count > USERAPI_MANIFESTS_MAX || m->policies.count > USERAPI_MANIFESTS_MAX)
        return err_set(err, ERR_LIMIT, 0, "GetManifests response: %zu manifests and %zu policies, at most %d",
                       m->manifests.count, m->policies.count, USERAPI_MANIFESTS_MAX);
    if (put(&get_response, m, w, err) < 0)
        return -1;
    if (m->digest.len == 0)
        return 0;
    if (put(&latest, m, &inner, err) < 0)
        return -1;
    protobuf_put_message(w, 5, writer_span(&inner));
    return w->bad ? err_set(err, ERR_LIMIT, 0, "GetManifests response: does not fit into %zu bytes", w->cap)
                  : 0;
}

int userapi_get_response_decode(struct span bytes, struct userapi_get_response *out, struct err *err)
{
    struct userapi_get_response got = {
        .manifests = {.items = out->manifests.items, .max = out->manifests.max},
        .policies = {.items = out->policies.items,  .max = out->policies.max }
    };
    struct protobuf_field inner = {0};

    if (take(&get_response, bytes, &got, &inner, err) < 0)
        return -1;
    if (inner.number != 0 && take(&latest, inner.bytes, &got, NULL, err) < 0)
        return -1;
    *out = got;
    return 0;
}

int userapi_empty_decode(struct span bytes, const char *what, struct err *err)
{
    if (bytes.len != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: %zu bytes, expected an empty message", what, bytes.len);
    return 0;
}
