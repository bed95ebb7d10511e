/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userapi: the messages of Contrast's user API, both directions. Package edgelesssys.contrast.userapi,
 * service UserAPI; docs/formats/userapi.md
 *
 * A request comes from anybody who can reach the port; a response from a Coordinator that the client has to
 * verify. Nothing here is measured. Decoded messages borrow from the bytes given; they are checked for their
 * form and their lengths only.
 */
#ifndef NACRE_USERAPI_H
#define NACRE_USERAPI_H

#include "ecc.h"
#include "err.h"
#include "hash.h"
#include "mesh_secret.h"
#include "span.h"

#include <stdbool.h>

#define USERAPI_SET_MANIFEST "/edgelesssys.contrast.userapi.UserAPI/SetManifest" /* gRPC paths */
#define USERAPI_GET_MANIFESTS "/edgelesssys.contrast.userapi.UserAPI/GetManifests"
#define USERAPI_RECOVER "/edgelesssys.contrast.userapi.UserAPI/Recover"
#define USERAPI_PORT 1313

#define USERAPI_MANIFEST_MAX 1048576u      /* bytes of a manifest */
#define USERAPI_POLICY_MAX 262144u         /* bytes of one policy: an initdata document */
#define USERAPI_POLICIES_MAX 512           /* policies of one SetManifest */
#define USERAPI_REQUEST_MAX (2048u * 1024) /* bytes of any request */
#define USERAPI_MANIFESTS_MAX 4096         /* manifests, and policies, in an answer */
/* Bytes of any response: what Go's gRPC clients accept at most. */
#define USERAPI_RESPONSE_MAX (4096u * 1024)
#define USERAPI_PEM_MAX (16u * 1024)
#define USERAPI_SHARES_MAX 32    /* seed shares */
#define USERAPI_KEY_HEX_MAX 2200 /* characters of a seed share owner's key */
#define USERAPI_SHARE_MAX 1024   /* bytes of an encrypted seed: RSA with up to 8192 bits */

/* A repeated field of bytes. Encoding reads items; decoding fills them: the caller gives room for max. */
struct userapi_list {
    struct span *items;
    size_t count;
    size_t max;
};

struct userapi_set_request {
    struct span manifest;         /* 1: never empty */
    struct userapi_list policies; /* 2 */
    struct span previous;  /* 3: digest of the transition that this one must follow; empty: whichever */
    struct span signature; /* 4: a detached signature of a workload owner; empty: none */
};

struct userapi_share {
    struct span public_key; /* 1: hex of the owner's key, as it stands in the manifest */
    struct span encrypted;  /* 2 */
};

struct userapi_set_response {
    struct span root_ca;                             /* 1: PEM */
    struct span mesh_ca;                             /* 2: PEM */
    bool has_shares;                                 /* 3: only the first SetManifest's answer has them */
    struct userapi_share shares[USERAPI_SHARES_MAX]; /* 3.1 */
    size_t share_count;
    struct span salt; /* 3.2 */
};

struct userapi_get_response {
    struct userapi_list manifests; /* 1: oldest first */
    struct userapi_list policies;  /* 2: each that any of the manifests names */
    struct span root_ca;           /* 3: PEM */
    struct span mesh_ca;           /* 4: PEM */
    struct span digest;            /* 5.1: of the latest transition; empty: the answer has none */
    struct span signature;         /* 5.2 */
};

/* Secret: the caller wipes the bytes that it borrows from. */
struct userapi_recover_request {
    struct span seed; /* 1: MESH_SECRET_SEED_SIZE bytes */
    struct span salt; /* 2: MESH_SECRET_SALT_SIZE bytes */
    bool force;       /* 3 */
};

/* Encoders append to w. All return 0, or -1 with *err set: ERR_LIMIT for a length or a count (w is then of no
 * use), else ERR_FORMAT and ERR_MISSING. Decoders leave *out untouched on failure, but not the items of its
 * lists. */
int userapi_set_request_encode(const struct userapi_set_request *m, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_set_request_decode(struct span bytes, struct userapi_set_request *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_set_response_encode(const struct userapi_set_response *m, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_set_response_decode(struct span bytes, struct userapi_set_response *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_get_response_encode(const struct userapi_get_response *m, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_get_response_decode(struct span bytes, struct userapi_get_response *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_recover_request_encode(const struct userapi_recover_request *m, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int userapi_recover_request_decode(struct span bytes, struct userapi_recover_request *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* GetManifestsRequest and RecoverResponse have no fields. */
int userapi_empty_decode(struct span bytes, const char *what, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
