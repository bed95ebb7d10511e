/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history: what a Coordinator tells about its manifests (GetManifests, docs/formats/userapi.md), against the
 * data owner's own manifest. No socket, no file.
 *
 * The Coordinator chooses these bytes; its evidence has been judged before.
 */
#ifndef NACRE_HISTORY_H
#define NACRE_HISTORY_H

#include "inputs.h"
#include "userapi.h"

#define HISTORY_ITEMS_MAX 4096 /* manifests, and policies */

/* Large: keep it off the stack. Spans borrow from the response. */
struct history {
    struct span manifests[HISTORY_ITEMS_MAX];
    struct span policies[HISTORY_ITEMS_MAX];
    struct userapi_get_response response;
    uint8_t digests[HISTORY_ITEMS_MAX][SHA256_SIZE]; /* of policies; set by the checks, as the next */
    bool named[HISTORY_ITEMS_MAX];                   /* a manifest names this policy */
};

struct history_expect {
    const struct inputs *in;    /* has a manifest; now_s */
    const uint8_t *root_ca_key; /* SHA256_SIZE bytes: of the root CA's SubjectPublicKeyInfo; NULL: any */
};

/* Take the response apart and add a row for each check. Returns 0 with rows in t, or -1 with *err set when it
 * is no such message. */
int history_check(const struct history_expect *expect, struct span message, struct history *h,
                  struct table *t, struct err *err) __attribute__((warn_unused_result, nonnull));

/* The same for an answer of the HTTP attestation API, whose lists and CA certificates are in h->response: its
 * evidence vouches for the chain of transitions (history_digest). */
int history_check_attested(const struct history_expect *expect, struct history *h, struct table *t,
                           struct err *err) __attribute__((warn_unused_result, nonnull));

/* The digest of the transition that the manifests of h end in. ERR_MISSING: there are none. */
int history_digest(const struct history *h, uint8_t digest[SHA256_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
