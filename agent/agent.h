/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent: joins the Coordinator for PID 1, renews its certificate, and serves the workload's attestation
 * socket. It has no privilege, no file system and no other process to see; it has one socket to PID 1, one at
 * a time to the Coordinator, and those of the workload. What flows through its steps stands here.
 */
#ifndef NACRE_AGENT_H
#define NACRE_AGENT_H

#include "clock.h"
#include "ecc.h"
#include "err.h"
#include "hash.h"
#include "join.h"
#include "policy.h"
#include "ratls.h"

#include <stdbool.h>
#include <stdint.h>

#define AGENT_LEASE_S 900 /* seconds that a lease on a volume is asked for; the Coordinator may give less */
#define AGENT_MESH_CA_MAX 2048 /* bytes of a mesh CA in PEM */

/* Limits of the attestation socket. */
#define SERVE_CONNECTIONS_MAX 4 /* at once; more wait until one closes */
#define SERVE_IDLE_MS 10000     /* a connection without a request is closed after this */
#define SERVE_RATE_MS 500       /* one request in this time ... */
#define SERVE_BURST 8           /* ... and so many at once */
#define SERVE_OWN_RATE_MS 20    /* the same where the policy trusts the workload with report data */
#define SERVE_OWN_BURST 64

/* What is kept of the certificate that PID 1 has laid out. */
struct agent_leaf {
    bool held; /* false: there is none */
    uint8_t spki[ECC_SPKI_MAX];
    size_t spki_len;
    int64_t renew_s;                    /* Unix seconds: when a new one is fetched */
    int64_t expires_s;                  /* and when this one ends */
    uint8_t secret_digest[SHA512_SIZE]; /* of the workload secret that came with it */
};

/* What is kept to renew the leases on volumes. */
struct agent_leases {
    bool held;         /* false: there is nothing to renew */
    uint64_t due_ms;   /* CLOCK_MONOTONIC */
    uint64_t pause_ms; /* that lies between the last answers and due_ms */
    uint8_t mesh_ca[AGENT_MESH_CA_MAX];
    size_t mesh_ca_len; /* PEM, of the last join: what signs the Coordinator's answers */
};

struct serve_bucket {
    uint64_t at_ms;   /* up to here, tokens have been earned */
    uint32_t rate_ms; /* one token in this time */
    uint32_t burst;   /* at most so many */
    uint32_t tokens;
};

struct serve_client {
    int fd; /* -1: none */
    uint64_t until_ms;
};

struct serve {
    bool started;
    bool listens; /* the policy wants an attestation socket */
    struct serve_bucket bucket;
    struct serve_client clients[SERVE_CONNECTIONS_MAX];
};

struct agent {
    uint64_t start_ms;     /* CLOCK_MONOTONIC; set by main */
    struct policy *policy; /* owned; set by channel_start, read by attempts_run */
    struct clock clock;    /* set by channel_start, raised by each join to the Coordinator's signed time */
    uint8_t event_head[RATLS_HEAD_SIZE]; /* of PID 1's event log; set by channel_start */
    uint8_t holder[EPOCH_HOLDER_SIZE];   /* names this boot in leases; set by attempts_run */
    enum ratls_kind shown_kind;          /* of the evidence of this attempt; set by the join's call for it */
    struct join *join; /* owned: the attempt that worked; set by attempts_run, freed by renew_hand_over */
    struct agent_leaf leaf;     /* set by renew_hand_over */
    struct agent_leases leases; /* set by leases_take */
    struct serve serve;         /* set by serve_start */
};

#endif
