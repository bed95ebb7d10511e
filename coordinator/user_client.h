/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user_client: one call of the user API, from the owner's side, to a Coordinator that has to prove itself.
 *
 * Its evidence must fit the manifest, and its host data must be the policy with the role "coordinator":
 * before that nothing of the request goes out.
 */
#ifndef NACRE_USER_CLIENT_H
#define NACRE_USER_CLIENT_H

#include "atls_call.h"
#include "err.h"
#include "examine.h"
#include "manifest.h"

#define USER_CLIENT_TIMEOUT_MS 30000

struct user_client {
    const char *address; /* "host" or "host:port" */
    const char *path;    /* gRPC's */
    struct span request;
    const struct manifest *manifest; /* NULL: the Coordinator need not prove anything (--no-tee) */
    struct examine_trust trust;
    const struct ecc_pair *key; /* the owner's; NULL: a new one */
    struct span rsa_key;        /* a seed share owner's, in its place; empty: none */
    int64_t now_s;
};

/* Do the call; appended to answer, which has USERAPI_RESPONSE_MAX bytes. Returns 0, or -1 with *err set: what
 * the Coordinator said included. */
int user_client_call(struct user_client *c, struct writer *answer, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
