/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot: what flows from stage to stage.
 *
 * Each field says which stage sets it and which later ones read it; scripts/check-flow holds the code to
 * that. A stage reads, calls one pure function, and applies the result.
 */
#ifndef NACRE_BOOT_H
#define NACRE_BOOT_H

#include "cmdline.h"
#include "err.h"
#include "evlog.h"
#include "initdata.h"
#include "log.h"
#include "policy.h"
#include "secret.h"

#include <stdint.h>
#include <sys/types.h>

/* No clock of this machine may be before this: 2026-01-01. The host's clock is not asked. */
#define BOOT_TIME_FLOOR_S 1767225600

#define BOOT_HOST_DATA_MAX 48 /* bytes: TDX MRCONFIGID; SNP HOST_DATA has 32 */
#define BOOT_CONTRAST_DIR "/run/nacre/contrast"
#define BOOT_VOLUMES_DIR "/run/nacre/volumes"
#define BOOT_ATTEST_DIR "/run/nacre/attest" /* holds the workload's attestation socket */
#define BOOT_ATTEST_NAME "attest.sock"

/* What our own report says about this machine. */
struct boot_platform {
    enum policy_platform tee;
    bool debug; /* the host can read this VM; only ever true in the dev build */
    size_t host_data_len;
    uint8_t host_data[BOOT_HOST_DATA_MAX];
};

/* How often each volume's state has been moved on, as the Coordinator counts it. */
struct boot_epochs {
    size_t count; /* the policy's volumes; 0: the Coordinator does not count */
    uint64_t of_volume[POLICY_VOLUMES_MAX];
};

struct agent_link;

struct boot {
    /* set by: console; read by: all */
    struct log log;
    /* set by: console; read by: supervise */
    uint64_t start_ns; /* CLOCK_MONOTONIC when PID 1 began */
    /* set by: cmdline; read by: platform, measure */
    struct cmdline cmdline;
    /* set by: platform; read by: initdata, policy */
    struct boot_platform platform;
    /* set by: initdata; read by: policy, measure, attest, volumes, image, workload */
    struct initdata initdata;
    /* set by: initdata; read by: measure */
    uint8_t initdata_digest[SHA256_SIZE];
    /* set by: policy; read by: measure, network, attest, volumes, workload, supervise, halt */
    struct policy *policy;
    /* set by: measure; read by: attest */
    struct evlog events;
    /* set by: attest; read by: volumes, which wipes it */
    struct secret secret;
    /* set by: attest; read by: nobody */
    struct boot_epochs epochs;
    /* set by: attest; read by: supervise, halt */
    struct agent_link *agent; /* owned; NULL: the policy needs none */
    /* set by: workload; read by: supervise */
    pid_t workload;
};

/* How the boot ended: what the reason record and the last console line say. */
struct boot_end {
    const char *stage;
    bool exited; /* the workload ended by itself; else err says what failed */
    int status;  /* if exited: its exit status, or 128 + the signal that killed it */
    struct err err;
};

/* An empty boot: nothing is open, nothing is known. */
void boot_init(struct boot *boot) __attribute__((nonnull));
/* Wipe the secrets. Called by halt before anything else. */
void boot_wipe(struct boot *boot) __attribute__((nonnull));
/* Wipe and free. */
void boot_free(struct boot *boot) __attribute__((nonnull));

#endif
