/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join: one attempt to join the Coordinator, bytes in and bytes out, in the dialect that the policy names.
 * docs/formats/ratls.md, docs/formats/atls.md, docs/formats/meshapi.md, docs/formats/epochs.md
 *
 * The Coordinator, or who stands in its place, chooses the bytes that come in. Nothing of them is used before
 * it is known to be the one that the policy pins.
 */
#ifndef NACRE_JOIN_H
#define NACRE_JOIN_H

#include "atls.h"
#include "epoch.h"
#include "err.h"
#include "policy.h"
#include "ratls.h"
#include "ratls_time.h"
#include "tls.h"

#include <stdint.h>

/* One call for each of these volumes, in this order, on the connection of the attempt. nacre/1 only. */
struct join_leases {
    enum epoch_op op;
    uint32_t ttl_s;                    /* ACQUIRE, RENEW: seconds */
    uint8_t holder[EPOCH_HOLDER_SIZE]; /* of this boot */
    size_t count;                      /* 0: nothing is asked */
    struct {
        const char *name;  /* borrowed by the result too */
        uint64_t expected; /* ADVANCE */
    } volumes[POLICY_VOLUMES_MAX];
};

struct join_config {
    const struct policy_coordinator *coordinator; /* the pins, and the address for :authority; borrowed */
    int64_t now_s;                                /* seconds since 1970, for the dates of certificates */
    int64_t floor_s; /* a Coordinator that says it is earlier is refused; 0: none */
    struct join_leases leases;
    /* nacre/1: PEM, of an earlier join, borrowed: a new connection for leases only, or, without them, for the
     * time. No certificate is asked for. Empty: a join. */
    struct span mesh_ca;
    enum tls_versions versions; /* nacre/1 is TLS 1.3 whatever this says */
    const uint8_t *event_head;  /* RATLS_HEAD_SIZE bytes, borrowed; nacre/1 binds it */
    struct span test_root;      /* tests and the dev image: DER of the root of the Coordinator's own evidence;
                                   empty: AMD's */
    /* Append evidence whose report holds report_data to w: SNP evidence (lib/snp_evidence), or a quote. An
     * error ends the attempt with exactly this error. */
    int (*evidence)(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                    struct err *err);
    enum ratls_kind evidence_kind;     /* what it appends */
    const enum ratls_kind *shown_kind; /* the same, set by the call itself; NULL: evidence_kind says it */
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
 * help then. An attempt that has failed stays so. */
int join_step(struct join *j, struct err *err) __attribute__((warn_unused_result, nonnull));

struct join_volume {
    const char *name;
    struct epoch_answer answer;
};

/* What PID 1 gets. Borrowed from the join. With config.mesh_ca there are no certificates and no secret. */
struct join_result {
    struct span mesh_ca;    /* PEM */
    struct span cert_chain; /* PEM: leaf, intermediate */
    struct span key;        /* PEM, PKCS #8; secret */
    struct span root_ca;    /* PEM */
    struct span secret;     /* 64 bytes, or empty; secret */
    /* nacre/1: the latest signed time of the connection, checked. time.time_s is 0 in Contrast's dialect. */
    struct ratls_time time;
    /* As config.leases, each with its answer; none in Contrast's dialect: their epochs are unknown. */
    struct join_volume volumes[POLICY_VOLUMES_MAX];
    size_t volume_count;
};
/* Once join_step has returned 1. */
const struct join_result *join_result(const struct join *j) __attribute__((nonnull));

#endif
