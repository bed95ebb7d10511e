/* SPDX-License-Identifier: GPL-2.0-or-later */
/* service: what the Coordinator decides and issues. No socket, no clock: `now` comes in, once per join.
 *
 * contrast's mesh API (docs/formats/meshapi.md). The manifest, the seed and the test roots are the
 * operator's; the evidence is the peer's.
 */
#ifndef NACRE_SERVICE_H
#define NACRE_SERVICE_H

#include "err.h"
#include "examine.h"
#include "manifest.h"
#include "mesh_ca.h"
#include "mesh_secret.h"
#include "meshapi.h"
#include "pem.h"
#include "ratls.h"

#include <stdbool.h>
#include <stdint.h>

#define SERVICE_PEM_MAX 2048 /* bytes of a CA certificate in PEM */

struct service_pem {
    uint8_t text[SERVICE_PEM_MAX];
    size_t len;
};

struct service {
    struct manifest manifest;
    struct mesh_secret_seed seed;
    struct mesh_ca ca;
    struct examine_trust trust;
    int64_t certificate_life_s; /* of a leaf; 0: a year */
    struct service_pem root_pem;
    struct service_pem intermediate_pem;
    struct service_pem mesh_pem;
    /* Append the Coordinator's own evidence, whose report holds report_data, to w. NULL: no TEE. */
    int (*evidence)(void *ctx, const uint8_t report_data[SNP_REPORT_DATA_SIZE], struct writer *w,
                    struct err *err);
    void *evidence_ctx;
    enum ratls_kind evidence_kind; /* what it appends */
};

/* Make the keys and certificates from s->manifest and s->seed, which are set. Returns 0, or -1 with *err set.
 */
int service_start(struct service *s, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void service_free(struct service *s); /* wipes the secrets */
#define AUTO_SERVICE __attribute__((cleanup(service_free))) struct service

/* The answer to NewMeshCert, MESHAPI_RESPONSE_MAX bytes at most, for a peer whose status is GRPC_OK.
 * The response holds the workload's secret: wipe it. Returns 0, or -1 with *err set. */
int service_new_mesh_cert(const struct service *s, const struct examine_peer *peer, int64_t now_s,
                          struct writer *response, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
