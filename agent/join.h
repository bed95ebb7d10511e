/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join: one attempt to join the Coordinator, bytes in and bytes out, in the dialect that the policy names.
 * docs/formats/ratls.md, docs/formats/atls.md, docs/formats/meshapi.md
 *
 * The Coordinator, or who stands in its place, chooses the bytes that come in. Nothing of them is used before
 * it is known to be the one that the policy pins.
 */
#ifndef NACRE_JOIN_H
#define NACRE_JOIN_H

#include "atls.h"
#include "err.h"
#include "policy.h"
#include "ratls.h"
#include "tls.h"

#include <stdint.h>

struct join_config {
    const struct policy_coordinator *coordinator; /* the pins, and the address for :authority; borrowed */
    int64_t now_s;                                /* seconds since 1970, for the dates of certificates */
    enum tls_versions versions;                   /* nacre/1 is TLS 1.3 whatever this says */
    const uint8_t *event_head;                    /* RATLS_HEAD_SIZE bytes, borrowed; nacre/1 binds it */
    struct span test_root; /* tests only: DER of the root of the Coordinator's own evidence; empty: AMD's */
    /* Append evidence whose report holds report_data to w. An error ends the attempt with exactly this error.
     */
    int (*evidence)(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                    struct err *err);
    enum ratls_kind evidence_kind; /* what it appends; nacre/1 says so */
    void *ctx;
};

struct join;

/* A new attempt with a new key and a new nonce. Returns NULL with *err set on failure. */
struct join *join_new(const struct join_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void join_free(struct join *j); /* accepts NULL; wipes */

/* What the connection gave; that it was closed; what it must be given (as in lib/tls.h). */
int join_feed(struct join *j, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void join_feed_end(struct join *j) __attribute__((nonnull));
struct span join_output(const struct join *j) __attribute__((nonnull));
void join_sent(struct join *j, size_t len) __attribute__((nonnull));

/* Go as far as the bytes allow. Returns 1 when joined, 0 when more bytes are needed, -1 with *err set:
 * ERR_DENIED when the Coordinator refuses us or is not the one that the policy pins; trying again does not
 * help then. */
int join_step(struct join *j, struct err *err) __attribute__((warn_unused_result, nonnull));

/* What PID 1 gets. Borrowed from the join. */
struct join_result {
    struct span mesh_ca;    /* PEM */
    struct span cert_chain; /* PEM: leaf, intermediate */
    struct span key;        /* PEM, PKCS #8; secret */
    struct span root_ca;    /* PEM */
    struct span secret;     /* 64 bytes, or empty; secret */
};
/* Once join_step has returned 1. */
const struct join_result *join_result(const struct join *j) __attribute__((nonnull));

#endif
