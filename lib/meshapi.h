/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meshapi: the one call of Contrast's mesh API that a guest makes, as bytes.
 * Package meshapi, service MeshAPI, NewMeshCert; docs/formats/meshapi.md
 *
 * The Coordinator chooses the response: it is authenticated by the policy's pin, not measured.
 */
#ifndef NACRE_MESHAPI_H
#define NACRE_MESHAPI_H

#include "err.h"
#include "span.h"

#define MESHAPI_NEW_MESH_CERT "/meshapi.MeshAPI/NewMeshCert" /* gRPC path */
#define MESHAPI_PORT 7777
#define MESHAPI_PEM_MAX (16u * 1024) /* bytes of each of the three PEM fields */
#define MESHAPI_SECRET_SIZE 64       /* bytes of the workload secret, when there is one */
#define MESHAPI_RESPONSE_MAX (3 * (MESHAPI_PEM_MAX + 8) + 128) /* bytes of an encoded response */

/* Borrowed bytes. The three PEM fields are never empty; secret is empty or MESHAPI_SECRET_SIZE bytes. */
struct meshapi_response {
    struct span mesh_ca;    /* 1: PEM, the mesh CA of this manifest */
    struct span cert_chain; /* 2: PEM, leaf and then intermediate CA */
    struct span root_ca;    /* 3: PEM, the root CA of all manifests */
    struct span secret;     /* 4: workload secret */
};

/* The request is the empty message. Returns 0, or -1 with *err set when message has any byte. */
int meshapi_request_decode(struct span message, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Write the response at the end of w. Returns 0, or -1 with *err set (ERR_LIMIT; w is then of no use). */
int meshapi_response_encode(const struct meshapi_response *response, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Take a response apart; *out borrows from message. Looks at lengths only, not into the PEM.
 * Returns 0, or -1 with *err set and *out untouched. */
int meshapi_response_decode(struct span message, struct meshapi_response *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
