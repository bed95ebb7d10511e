/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usercalls.h"

#include "hex.h"
#include "rng.h"
#include "rsa_oaep.h"
#include "store.h"
#include "userapi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET_RESPONSE_MAX 131072 /* bytes: two certificates and 32 seed shares */

void usercalls_free(struct usercalls_answer *a)
{
    if (a->bytes != NULL)
        secret_wipe_bytes(a->bytes, a->len);
    free(a->bytes);
    a->bytes = NULL;
    a->len = 0;
}

static void refuse(struct usercalls_answer *a, enum grpc_status status, const char *reason)
{
    usercalls_free(a);
    a->status = status;
    (void) snprintf(a->reason, sizeof a->reason, "%s", reason);
}

/* What an error of ours means to the client. */
static enum grpc_status status_of(const struct err *err, enum grpc_status denied)
{
    switch (err->code) {
    case ERR_FORMAT:
    case ERR_MISSING:
        return GRPC_INVALID_ARGUMENT;
    case ERR_LIMIT:
        return GRPC_RESOURCE_EXHAUSTED;
    case ERR_DENIED:
        return denied;
    case ERR_NONE:
    case ERR_SYS:
    case ERR_TIMEOUT:
    case ERR_HELPER:
        break;
    }
    return GRPC_INTERNAL;
}

/* Room for a response of up to max bytes. */
static bool make_room(struct usercalls_answer *a, size_t max, struct writer *w)
{
    a->bytes = calloc(1, max);
    a->len = max;
    *w = writer_of(a->bytes, a->bytes == NULL ? 0 : max);
    if (a->bytes == NULL)
        refuse(a, GRPC_RESOURCE_EXHAUSTED, "no memory");
    return a->bytes != NULL;
}

/* --- SetManifest ------------------------------------------------------------------------------------ */

struct set {
    struct service *service;
    const struct usercalls_request *request;
    struct userapi_set_request message;
    struct span policies[USERAPI_POLICIES_MAX];
    struct mesh_secret_seed seed;  /* the one to use: the service's, or a new one */
    struct generation *generation; /* with the new manifest */
};

static void set_free(struct set *set)
{
    mesh_secret_seed_wipe(&set->seed);
    generation_unref(set->generation);
    free(set);
}

/* The Signature is of this key (hex of a SubjectPublicKeyInfo) over digest. */
static bool signed_by(struct span hex, struct span signature, const uint8_t digest[SHA256_SIZE])
{
    uint8_t spki[ECC_SPKI_MAX];
    struct ecc_public key;
    struct ecc_sig sig;
    struct err err; /* then it is not */

    return hex.len <= 2 * sizeof spki && hex_decode(hex, spki, hex.len / 2, &err) == 0 &&
           ecc_public_from_spki(span_of(spki, hex.len / 2), &key, &err) == 0 &&
           ecc_sig_from_der(key.curve, signature, &sig, &err) == 0 &&
           ecc_verify(&key, span_of(digest, SHA256_SIZE), &sig, &err) == 0;
}

/* A workload owner of the manifest in force has signed, offline, that this one follows it. */
static bool is_signed(const struct set *set)
{
    const struct generation *now = set->service->current;
    struct transition t = {0};
    uint8_t digest[SHA256_SIZE];
    struct err err; /* then it is not */

    memcpy(t.previous, now->latest.digest, sizeof t.previous);
    if (hash_bytes(HASH_SHA256, set->message.manifest, t.manifest, &err) < 0 ||
        transition_owner_digest(&t, digest, &err) < 0)
        return false;
    for (size_t i = 0; i < now->manifest.owner_keys.count; i++) {
        if (signed_by(now->manifest.owner_keys.hex[i], set->message.signature, digest))
            return true;
    }
    return false;
}

/* Why this client may not replace the manifest in force; NULL: it may. */
static const char *why_not(const struct set *set, const struct manifest *now)
{
    if (now->owner_digests.count + now->owner_keys.count == 0)
        return "the manifest names no owner: it cannot be replaced";
    if (set->message.signature.len > 0)
        return is_signed(set) ? NULL
                              : "Signature: not over this manifest after the latest transition by one of "
                                "WorkloadOwnerPubKeys";
    if (set->request->spki.len == 0)
        return "a workload owner's key is needed: the client has shown none";
    return manifest_is_owner(now, set->request->spki)
               ? NULL
               : "the client's key is not a workload owner's of the manifest";
}

static bool may_set(const struct set *set, struct usercalls_answer *a)
{
    const struct generation *now = set->service->current;
    const char *reason = now == NULL ? NULL : why_not(set, &now->manifest);

    if (now == NULL && set->message.signature.len > 0)
        refuse(a, GRPC_INVALID_ARGUMENT, "Signature: there is no manifest yet whose owner could have signed");
    else if (reason != NULL)
        refuse(a, GRPC_PERMISSION_DENIED, reason);
    else
        return true;
    return false;
}

/* The transition that the client wants to follow is the one that is in force. */
static bool follows(const struct set *set, struct usercalls_answer *a)
{
    static const uint8_t none[SHA256_SIZE];
    const struct generation *now = set->service->current;

    if (set->message.previous.len == 0 ||
        span_eq(set->message.previous, span_of(now == NULL ? none : now->latest.digest, SHA256_SIZE)))
        return true;
    refuse(a, GRPC_FAILED_PRECONDITION, "PreviousTransitionHash is not that of the latest transition");
    return false;
}

/* Every policy is one that the manifest names, once, and none is missing. */
static bool policies_fit(const struct set *set, struct usercalls_answer *a)
{
    const struct manifest *m = &set->generation->manifest;
    bool seen[MANIFEST_POLICIES_MAX] = {false};
    struct err err;

    for (size_t i = 0; i < set->message.policies.count; i++) {
        uint8_t digest[SHA256_SIZE];
        const struct manifest_policy *p = NULL;

        if (hash_bytes(HASH_SHA256, set->policies[i], digest, &err) == 0)
            p = manifest_find(m, digest);
        if (p == NULL || seen[p - m->policies]) {
            (void) err_set(&err, ERR_FORMAT, 0, "Policies[%zu]: %s", i,
                           p == NULL ? "its SHA-256 is no key of the manifest's Policies" : "is given twice");
            refuse(a, GRPC_INVALID_ARGUMENT, err.text);
            return false;
        }
        seen[p - m->policies] = true;
    }
    if (set->message.policies.count == m->policy_count)
        return true;
    (void) err_set(&err, ERR_MISSING, 0, "%zu policies are given, the manifest names %zu",
                   set->message.policies.count, m->policy_count);
    refuse(a, GRPC_INVALID_ARGUMENT, err.text);
    return false;
}

static bool same_keys(const struct manifest_keys *a, const struct manifest_keys *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++) {
        if (!span_eq(a->hex[i], b->hex[i]))
            return false;
    }
    return a->count == b->count;
}

static int make_seed(struct set *set, struct err *err)
{
    struct mesh_secret_seed *seed = &set->seed;

    if (set->service->seed.seed.len > 0) {
        *seed = set->service->seed;
        return 0;
    }
    seed->seed.len = MESH_SECRET_SEED_SIZE;
    seed->salt.len = MESH_SECRET_SALT_SIZE;
    if (rng_bytes(seed->seed.bytes, seed->seed.len, err) < 0)
        return -1;
    return rng_bytes(seed->salt.bytes, seed->salt.len, err);
}

/* The new generation, checked against the request and against the manifest in force. */
static bool prepare(struct set *set, struct usercalls_answer *a)
{
    const struct generation *now = set->service->current;
    struct err err;

    if (make_seed(set, &err) < 0) {
        refuse(a, GRPC_INTERNAL, err.text);
        return false;
    }
    set->generation = service_generation(set->service, &set->seed, set->message.manifest, "manifest",
                                         set->request->now_s, &err);
    if (set->generation == NULL) {
        refuse(a, err.code == ERR_SYS ? GRPC_INTERNAL : GRPC_INVALID_ARGUMENT, err.text);
        return false;
    }
    if (now != NULL &&
        !same_keys(&now->manifest.seedshare_owners, &set->generation->manifest.seedshare_owners)) {
        refuse(a, GRPC_PERMISSION_DENIED, "SeedshareOwnerPubKeys must stay as they are");
        return false;
    }
    return policies_fit(set, a);
}

/* The seed, encrypted for one owner; appended to w. */
static int put_share(const struct set *set, struct span hex, struct writer *w, struct userapi_share *out,
                     struct err *err)
{
    uint8_t key[MANIFEST_RSA_KEY_MAX];
    size_t start = w->len;

    if (hex_decode(hex, key, hex.len / 2, err) < 0 ||
        rsa_oaep_encrypt(span_of(key, hex.len / 2), span_str(RSA_OAEP_SEED_LABEL),
                         secret_span(&set->seed.seed), w, err) < 0)
        return -1;
    *out = (struct userapi_share){.public_key = hex,
                                  .encrypted = span_sub(writer_span(w), start, w->len - start)};
    return 0;
}

static int put_set_response(const struct set *set, struct writer *w, struct err *err)
{
    const struct generation *g = set->generation;
    const struct manifest_keys *owners = &g->manifest.seedshare_owners;
    uint8_t sealed[MANIFEST_KEYS_MAX * RSA_OAEP_SIZE_MAX];
    struct writer shares = writer_of(sealed, sizeof sealed);
    struct userapi_set_response r = {.root_ca = generation_pem_span(&g->root_pem),
                                     .mesh_ca = generation_pem_span(&g->mesh_pem),
                                     .has_shares = set->service->current == NULL,
                                     .salt = secret_span(&set->seed.salt)};

    for (size_t i = 0; r.has_shares && i < owners->count; i++) {
        if (put_share(set, owners->hex[i], &shares, &r.shares[r.share_count++], err) < 0)
            return err_prefix(err, "SeedshareOwnerPubKeys[%zu]", i);
    }
    return userapi_set_response_encode(&r, w, err);
}

/* Write the answer, then make the change: what has an effect is never left without an answer by us. */
static void commit(struct set *set, struct usercalls_answer *a)
{
    const struct service_change change = {.seed = &set->seed,
                                          .g = set->generation,
                                          .policies = set->policies,
                                          .policy_count = set->message.policies.count};
    struct writer w;
    struct err err;

    if (!make_room(a, SET_RESPONSE_MAX, &w))
        return;
    if (put_set_response(set, &w, &err) < 0) {
        refuse(a, GRPC_INTERNAL, err.text);
        return;
    }
    if (service_advance(set->service, &change, &err) < 0) {
        refuse(a, status_of(&err, GRPC_FAILED_PRECONDITION), err.text);
        return;
    }
    set->generation = NULL; /* the service's now */
    a->len = w.len;
    a->status = GRPC_OK;
}

static void set_manifest(struct service *s, const struct usercalls_request *request,
                         struct usercalls_answer *a)
{
    struct set *set = calloc(1, sizeof *set);
    struct err err;

    if (set == NULL) {
        refuse(a, GRPC_RESOURCE_EXHAUSTED, "no memory");
        return;
    }
    set->service = s;
    set->request = request;
    set->message.policies = (struct userapi_list){.items = set->policies, .max = USERAPI_POLICIES_MAX};
    if (service_needs_recovery(s))
        refuse(a, GRPC_FAILED_PRECONDITION, service_unready(s));
    else if (userapi_set_request_decode(request->message, &set->message, &err) < 0)
        refuse(a, GRPC_INVALID_ARGUMENT, err.text);
    else if (may_set(set, a) && follows(set, a) && prepare(set, a))
        commit(set, a);
    set_free(set);
}

/* --- GetManifests ----------------------------------------------------------------------------------- */

static void get_manifests(struct service *s, const struct usercalls_request *request,
                          struct usercalls_answer *a)
{
    struct userapi_get_response r = {.root_ca = {0}};
    struct writer w;
    struct err err;

    if (userapi_empty_decode(request->message, "GetManifests request", &err) < 0) {
        refuse(a, GRPC_INVALID_ARGUMENT, err.text);
        return;
    }
    if (s->current == NULL || s->store == NULL) {
        refuse(a, GRPC_FAILED_PRECONDITION, s->current == NULL ? service_unready(s) : "there is no history");
        return;
    }
    store_history(s->store, &r);
    r.root_ca = generation_pem_span(&s->current->root_pem);
    r.mesh_ca = generation_pem_span(&s->current->mesh_pem);
    if (!make_room(a, USERAPI_RESPONSE_MAX, &w))
        return;
    if (userapi_get_response_encode(&r, &w, &err) < 0) {
        refuse(a, GRPC_INTERNAL, err.text);
        return;
    }
    a->len = w.len;
    a->status = GRPC_OK;
}

/* --- Recover ---------------------------------------------------------------------------------------- */

/* The one who brings the seed must hold the key of a seed share owner of the manifest that will be in force:
 * else whoever can write to our disk could have us take over a history of their own making, whose seed they
 * know. Returns whether that is so. */
static bool may_recover(struct service *s, const struct usercalls_request *request,
                        struct usercalls_answer *a)
{
    AUTO_MANIFEST m = {0};
    struct err err;

    if (manifest_parse(store_manifest(s->store), "the latest manifest", s->require_coordinator, &m, &err) <
        0) {
        refuse(a, GRPC_INTERNAL, err.text);
        return false;
    }
    struct span key = rsa_oaep_from_spki(request->spki);
    if (key.len > 0 && manifest_is_seedshare_owner(&m, key))
        return true;
    refuse(a, GRPC_PERMISSION_DENIED,
           request->spki.len == 0 ? "a seed share owner's key is needed: the client has shown none"
                                  : "the client's key is not a seed share owner's of the latest manifest");
    return false;
}

static void copy_secret(struct secret *to, struct span from)
{
    struct reader r = reader_of(from);

    to->len = from.len;
    reader_copy(&r, to->bytes, from.len);
}

static void recover(struct service *s, const struct usercalls_request *request, struct usercalls_answer *a)
{
    __attribute__((cleanup(mesh_secret_seed_wipe))) struct mesh_secret_seed seed = {0};
    struct userapi_recover_request r;
    struct err err;

    if (s->current != NULL) {
        refuse(a, GRPC_FAILED_PRECONDITION, "this Coordinator is recovered already");
        return;
    }
    if (!service_needs_recovery(s)) {
        refuse(a, GRPC_FAILED_PRECONDITION, "there is no history to recover");
        return;
    }
    if (userapi_recover_request_decode(request->message, &r, &err) < 0) {
        refuse(a, GRPC_INVALID_ARGUMENT, err.text);
        return;
    }
    if (!may_recover(s, request, a))
        return;
    copy_secret(&seed.seed, r.seed);
    copy_secret(&seed.salt, r.salt);
    if (service_recover(s, &seed, request->now_s, &err) < 0)
        refuse(a, status_of(&err, GRPC_INVALID_ARGUMENT), err.text);
    else
        a->status = GRPC_OK;
}

void usercalls_do(struct service *s, const struct usercalls_request *request, struct usercalls_answer *out)
{
    static const struct {
        const char *path;
        void (*call)(struct service *s, const struct usercalls_request *request, struct usercalls_answer *a);
    } calls[] = {
        {USERAPI_SET_MANIFEST,  set_manifest },
        {USERAPI_GET_MANIFESTS, get_manifests},
        {USERAPI_RECOVER,       recover      },
    };

    *out = (struct usercalls_answer){.status = GRPC_UNKNOWN};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (strcmp(request->path, calls[i].path) == 0) {
            calls[i].call(s, request, out);
            return;
        }
    }
    refuse(out, GRPC_UNIMPLEMENTED, "this port serves SetManifest, GetManifests and Recover");
}
