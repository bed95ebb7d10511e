/* SPDX-License-Identifier: GPL-2.0-or-later */
/* service: what the Coordinator holds and issues. No socket, no clock: `now` comes in, once per join.
 *
 * contrast's mesh API (docs/formats/meshapi.md). The manifest, the seed and the test roots are the
 * operator's; the evidence is the peer's.
 */
#ifndef NACRE_SERVICE_H
#define NACRE_SERVICE_H

#include "err.h"
#include "examine.h"
#include "generation.h"
#include "mesh_secret.h"
#include "meshapi.h"
#include "ratls.h"

#include <stdbool.h>
#include <stdint.h>

struct epochs;
struct metrics;
struct store;

struct service {
    struct mesh_secret_seed seed;  /* empty: not made yet, or lost in a restart */
    bool seed_on_disk;             /* a restart finds it by itself */
    struct generation *current;    /* one reference; NULL: no manifest yet, or not recovered */
    struct store *store;           /* the history, borrowed; NULL: none is kept */
    struct epochs *epochs;         /* of the volumes, owned; NULL: there are no volumes */
    struct mesh_ca_cert root_cert; /* of the seed's root CA, as long as this process lives */
    bool accept_sni_nonce;         /* aTLS: also of clients that send their nonce as server name */
    bool require_coordinator;      /* a manifest needs a policy with that role: we run in a TEE */
    struct examine_trust trust;
    int64_t certificate_life_s; /* of a leaf; 0: a year */
    int64_t lease_life_s;       /* of a volume's lease, at most; 0: what the guest asks for */
    struct metrics *metrics;    /* borrowed; NULL: nothing is counted */
    /* Append the Coordinator's own evidence, whose report holds report_data, to w. NULL: no TEE. */
    int (*evidence)(void *ctx, const uint8_t report_data[SNP_REPORT_DATA_SIZE], struct writer *w,
                    struct err *err);
    void *evidence_ctx;
    enum ratls_kind evidence_kind; /* what it appends */
    /* Called with the seed before the first manifest is set, or the history is taken up, under it: what else
     * hangs on the seed is opened. Returns 0, or -1 with *err set: neither happens. NULL: nothing does. */
    int (*seeded)(void *ctx, struct service *s, const struct mesh_secret_seed *seed, struct err *err);
    void *seeded_ctx;
    /* Called after s->current has changed. NULL: nobody wants to know. */
    void (*changed)(void *ctx, const struct service *s);
    void *changed_ctx;
};

void service_free(struct service *s); /* wipes the secrets */
#define AUTO_SERVICE __attribute__((cleanup(service_free))) struct service

/* A generation with this manifest (its text is copied; name is how messages call it and outlives it) under
 * the root CA of seed. It is not the current one yet. Returns it, or NULL with *err set. */
struct generation *service_generation(const struct service *s, const struct mesh_secret_seed *seed,
                                      struct span text, const char *name, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Make g, whose reference goes to s, the current one. */
void service_install(struct service *s, struct generation *g) __attribute__((nonnull));
/* Both in one, with s->seed and without a history. Returns 0, or -1 with *err set. */
int service_start(struct service *s, struct span text, const char *name, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A change of the manifest: g becomes the current generation, under seed, once it is in the history. */
struct service_change {
    const struct mesh_secret_seed *seed; /* s->seed, or a new one with the first manifest */
    struct generation *g;                /* its reference goes to s when 0 is returned */
    const struct span *policies;         /* initdata documents that the manifest names */
    size_t policy_count;
};
/* Returns 0; or -1 with *err set as store_advance does, and nothing changed. */
int service_advance(struct service *s, const struct service_change *change, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* After a start: seed is the one that the history was made with: take its latest manifest as the current one,
 * and seed for s->seed. s->store has a history and s->current is NULL. Returns 0, or -1 with *err set
 * (ERR_DENIED: another seed's) and nothing changed. */
int service_recover(struct service *s, const struct mesh_secret_seed *seed, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A history is there, and the seed that it was made with is not. */
bool service_needs_recovery(const struct service *s) __attribute__((nonnull));

/* Why there is no current generation. */
const char *service_unready(const struct service *s) __attribute__((nonnull));

/* Call s->evidence, which is not NULL, and count it. Blocks until the report is there. */
int service_evidence(const struct service *s, const uint8_t report_data[SNP_REPORT_DATA_SIZE],
                     struct writer *w, struct err *err) __attribute__((warn_unused_result, nonnull));

/* The same in the form that Contrast reads: a quote as the message of lib/tdx_evidence. ERR_FORMAT: a quote
 * of version 5, for which it has no form. */
int service_evidence_message(const struct service *s, const uint8_t report_data[SNP_REPORT_DATA_SIZE],
                             struct writer *w, struct err *err) __attribute__((warn_unused_result, nonnull));

/* The answer to NewMeshCert, MESHAPI_RESPONSE_MAX bytes at most, for a peer whose status is GRPC_OK and whose
 * evidence was judged by g. The response holds the workload's secret: wipe it. Returns 0, or -1 with *err
 * set. */
int service_new_mesh_cert(const struct service *s, const struct generation *g,
                          const struct examine_peer *peer, int64_t now_s, struct writer *response,
                          struct err *err) __attribute__((warn_unused_result, nonnull));

/* The answer to the mesh API's Recover, MESH_RECOVER_MAX bytes at most, for a peer whose status is GRPC_OK
 * and whose policy has the role coordinator. All of it is secret: wipe it. Returns 0, or -1 with *err set. */
int service_hand_over(const struct service *s, const struct generation *g, struct writer *response,
                      struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
