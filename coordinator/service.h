/* SPDX-License-Identifier: GPL-2.0-or-later */
/* service: what the Coordinator decides and issues. No socket, no clock: `now` comes in, once per join.
 *
 * contrast's mesh API (docs/formats/meshapi.md). The manifest, the seed and the test roots are the
 * operator's; the evidence is the peer's.
 */
#ifndef NACRE_SERVICE_H
#define NACRE_SERVICE_H

#include "atls.h"
#include "ecc.h"
#include "err.h"
#include "fileio.h"
#include "grpc.h"
#include "manifest.h"
#include "mesh_ca.h"
#include "mesh_secret.h"
#include "meshapi.h"
#include "pem.h"

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_ROOTS_MAX 8     /* test roots */
#define SERVICE_REASON_MAX 1024 /* bytes of a refusal, the NUL included; a peer gets its start only */
#define SERVICE_PEM_MAX 2048    /* bytes of a CA certificate in PEM */

struct service_pem {
    uint8_t text[SERVICE_PEM_MAX];
    size_t len;
};

struct service {
    struct manifest manifest;
    struct mesh_secret_seed seed;
    struct mesh_ca ca;
    struct fileio_bytes roots[SERVICE_ROOTS_MAX]; /* DER of test roots, beside AMD's */
    size_t root_count;
    struct service_pem root_pem;
    struct service_pem intermediate_pem;
    struct service_pem mesh_pem;
    /* Append the Coordinator's own SNP evidence, whose report holds report_data, to w. NULL: no TEE. */
    int (*evidence)(void *ctx, const uint8_t report_data[SNP_REPORT_DATA_SIZE], struct writer *w,
                    struct err *err);
    void *evidence_ctx;
};

/* What the handshake told about a peer. */
struct service_peer {
    struct ecc_public key;
    enum grpc_status
        status; /* GRPC_OK: the evidence is good, and an entry of the manifest names its host data */
    char reason[SERVICE_REASON_MAX]; /* else: which check failed, expected and found */
    struct snp_report report;        /* verified, when status is GRPC_OK */
    enum snp_product product;
    const struct manifest_policy *policy;
    bool has_event_head; /* nacre/1: the peer's evidence is bound to this head of its event log */
    uint8_t event_head[SHA384_SIZE];
};

/* Make the keys and certificates from s->manifest and s->seed, which are set. Returns 0, or -1 with *err set.
 */
int service_start(struct service *s, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void service_free(struct service *s); /* wipes the secrets */
#define AUTO_SERVICE __attribute__((cleanup(service_free))) struct service

/* Judge evidence of the one who holds key: its report must hold report_data. The result is in *out, refusals
 * too. */
struct service_claim {
    const struct ecc_public *key;
    struct span evidence;
    const uint8_t *report_data; /* SNP_REPORT_DATA_SIZE bytes, from our view of the connection */
};
void service_examine_claim(const struct service *s, const struct service_claim *claim, int64_t now_s,
                           struct service_peer *out) __attribute__((nonnull));

/* aTLS: judge the evidence of a peer whose certificate answers to nonce. The result is in *out, refusals too.
 */
void service_examine(const struct service *s, const struct atls_peer *peer,
                     const uint8_t nonce[ATLS_NONCE_SIZE], int64_t now_s, struct service_peer *out)
    __attribute__((nonnull));

/* The answer to NewMeshCert, MESHAPI_RESPONSE_MAX bytes at most, for a peer whose status is GRPC_OK.
 * The response holds the workload's secret: wipe it. Returns 0, or -1 with *err set. */
int service_new_mesh_cert(const struct service *s, const struct service_peer *peer, int64_t now_s,
                          struct writer *response, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
