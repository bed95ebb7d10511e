/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store: what a Coordinator keeps below --state: the history of its manifests, and small records.
 *
 * docs/formats/store.md. One Coordinator at a time holds a store. Whoever can write to the disk can make it
 * unreadable or put an older history in its place, but not change one: names are digests, and the latest
 * transition is signed by a key that follows from the seed. Nothing here is secret, and nothing is measured.
 *
 * Whatever happens to the process or the machine, the next start finds the history before or after a change,
 * never less, and always one that was answered.
 */
#ifndef NACRE_STORE_H
#define NACRE_STORE_H

#include "ecc.h"
#include "err.h"
#include "fileio.h"
#include "span.h"
#include "store_sys.h"
#include "transition.h"
#include "userapi.h"

#include <stdbool.h>

#define STORE_TRANSITIONS_MAX USERAPI_MANIFESTS_MAX
/* Bytes of all manifests and policies, those that were set twice counted twice: GetManifests can answer. */
#define STORE_HISTORY_MAX (USERAPI_RESPONSE_MAX - 65536u)
#define STORE_RECORD_MAX 262144  /* bytes of a record */
#define STORE_RECORD_NAME_MAX 48 /* bytes of its name: [a-z0-9-] */

struct store;

/* Open the store below dir, which must be there, for this process alone; it is made if it is missing. The
 * history is read whole: each digest fits its name, and the chain goes from the latest transition to the
 * first. Who signed it is not known yet. A policy that is missing is left out (a manifest of `run` comes
 * without). Returns NULL with *err set: ERR_SYS (EWOULDBLOCK: another process holds it), ERR_FORMAT,
 * ERR_MISSING and ERR_LIMIT for a history that is damaged. sys outlives the store. */
struct store *store_open(const char *dir, const struct store_sys *sys, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void store_close(struct store *s); /* accepts NULL */
void store_auto_close(struct store **s);
#define AUTO_STORE __attribute__((cleanup(store_auto_close))) struct store

/* The latest transition was signed by key. Removes what belongs to no transition. Returns 0, or -1 with *err
 * set (ERR_DENIED: another key; ERR_SYS). */
int store_verify(struct store *s, const struct ecc_public *key, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* NULL: there is no history yet. Borrowed until the next store_advance or store_close. */
const struct transition_latest *store_latest(const struct store *s) __attribute__((nonnull));
struct span store_manifest(const struct store *s) __attribute__((nonnull)); /* the latest one; empty: none */
size_t store_count(const struct store *s) __attribute__((nonnull));         /* transitions */
/* The history as GetManifests and /attest tell it: manifests, policies, digest and signature are set, all
 * borrowed as above; the rest is left alone. */
void store_history(const struct store *s, struct userapi_get_response *out) __attribute__((nonnull));

struct store_change {
    const uint8_t *previous; /* digest of the transition that must be the latest; NULL: there must be none */
    struct span manifest;
    const struct span *policies; /* those that the manifest names */
    size_t policy_count;
    const struct ecc_pair *key; /* the transaction key */
};

/* Add a transition to the history, if its latest one is what the change says (compare and swap). Returns 0
 * once it is on disk; or -1 with *err set: ERR_DENIED (another one is the latest), ERR_LIMIT (the history is
 * full), ERR_SYS. After an ERR_SYS the next start may find either history, if the failure came late; this
 * process then changes the store no more, and says so. */
int store_advance(struct store *s, const struct store_change *change, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A small record of somebody else's, by its name: replaced as a whole, on disk when store_put_small returns
 * 0. After -1 (ERR_SYS) the name holds the old bytes or the new ones. get returns 1 with the bytes, 0 when
 * there is none, or -1 with *err set. */
int store_put_small(struct store *s, const char *name, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int store_get_small(const struct store *s, const char *name, struct fileio_bytes *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
