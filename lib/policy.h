/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy: policy.json, which says what this VM may run and whom it may trust (docs/man/policy.5).
 *
 * Its author (the data owner or who they trust) chooses these bytes; the host data binds them. Every key is
 * required unless the page says otherwise, unknown keys and double keys refuse the boot, nothing is
 * defaulted. PID 1 and every helper parse the same bytes with this one function.
 */
#ifndef NACRE_POLICY_H
#define NACRE_POLICY_H

#include "arena.h"
#include "err.h"
#include "hash.h"
#include "netaddr.h"
#include "seccomp_profile.h"
#include "span.h"
#include "verity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_NAME "policy.json" /* its name in initdata */
#define POLICY_BYTES_MAX 65536    /* bytes of the document */
#define POLICY_VERSION 1
#define POLICY_ARGV_MAX 64     /* strings */
#define POLICY_ENV_MAX 128     /* strings */
#define POLICY_STRING_MAX 4096 /* bytes of one argument or environment string */
#define POLICY_PATH_MAX 255    /* bytes of a path */
#define POLICY_HOSTNAME_MAX 63 /* bytes */
#define POLICY_GROUPS_MAX 32
#define POLICY_ID_MAX 0xfffffffeu /* of a user or group: 2^32 - 1 means "no id" to the kernel */
#define POLICY_CAPABILITY_LAST 40 /* CAP_CHECKPOINT_RESTORE */
#define POLICY_RLIMITS_MAX 16
#define POLICY_TMPFS_MAX 16
#define POLICY_TMPFS_BYTES_MIN 4096 /* bytes */
#define POLICY_PATHS_MAX 64         /* masked, or read-only */
#define POLICY_VOLUMES_MAX 8
#define POLICY_VOLUME_NAME_MAX 32 /* bytes, [a-z0-9-] */
#define POLICY_SERIAL_MAX 20      /* bytes of a virtio-blk serial, [A-Za-z0-9._-] */
#define POLICY_LINKS_MAX 8
#define POLICY_LINK_NAME_MAX 15 /* bytes: IFNAMSIZ without the NUL */
#define POLICY_REFERENCES_MAX 16
#define POLICY_CHIPS_MAX 16
#define POLICY_DEADLINE_MS_MAX 3600000 /* milliseconds: one hour */
#define POLICY_MEASUREMENT_SIZE 48     /* bytes of an SNP launch digest */
#define POLICY_HOST_DATA_SIZE 32       /* bytes */
#define POLICY_CHIP_ID_SIZE 64         /* bytes */

enum policy_platform {
    POLICY_SNP = 1 << 0,
    POLICY_TDX = 1 << 1,
};

enum policy_console {
    POLICY_CONSOLE_NONE, /* the workload's output goes nowhere */
    POLICY_CONSOLE_HOST, /* it goes to the host's console */
};

/* What the workload may ask for on its attestation socket (docs/formats/attestation-socket.md). */
enum policy_attestation {
    POLICY_ATTESTATION_NONE = 0, /* there is no socket; what a policy without the key means */
    POLICY_ATTESTATION_NONCE,
    POLICY_ATTESTATION_REPORT_DATA, /* nonces, and report data of its own: it can speak for the VM */
};

struct policy_image {
    const char *device;            /* virtio-blk serial */
    struct verity_geometry verity; /* has passed verity_check */
    /* file system "erofs" and hash "sha256" are the only ones, so they are not kept */
};

struct policy_rlimit {
    int resource;     /* RLIMIT_... */
    const char *name; /* "nofile" */
    uint64_t soft;
    uint64_t hard; /* >= soft */
};

struct policy_tmpfs {
    const char *path;
    uint64_t size_bytes;
};

struct policy_workload {
    char *argv[POLICY_ARGV_MAX + 1]; /* NULL-terminated, for execve; argv[0] is an absolute path */
    size_t argc;                     /* at least 1 */
    char *env[POLICY_ENV_MAX + 1];   /* NULL-terminated, KEY=VALUE, no key twice */
    size_t env_count;
    const char *cwd;      /* absolute */
    const char *hostname; /* [a-z0-9-] */
    uint32_t uid;         /* 0 is allowed: what it may do then is what capabilities says */
    uint32_t gid;
    uint32_t groups[POLICY_GROUPS_MAX]; /* supplementary; no group twice */
    size_t group_count;
    uint64_t capabilities; /* bit n is capability number n of linux/capability.h */
    struct policy_rlimit rlimits[POLICY_RLIMITS_MAX];
    size_t rlimit_count;
    struct seccomp_profile seccomp;
    struct policy_tmpfs tmpfs[POLICY_TMPFS_MAX];
    size_t tmpfs_count;
    const char *masked_paths[POLICY_PATHS_MAX];
    size_t masked_count;
    const char *readonly_paths[POLICY_PATHS_MAX];
    size_t readonly_count;
    enum policy_console console;
    enum policy_attestation attestation; /* optional key */
    int reload_signal;                   /* sent after each renewal of the certificate; 0 (no key): none */
};

struct policy_volume {
    const char *name;   /* also part of the key derivation */
    const char *device; /* virtio-blk serial */
    const char *mount;  /* absolute path in the workload's root */
    bool format_if_blank;
    /* file system "ext4" is the only one, so it is not kept */
};

struct policy_link {
    const char *link; /* "eth0" */
    struct netaddr_net4 address;
    bool has_gateway; /* the key is optional */
    struct netaddr_ip4 gateway;
};

/* How we speak to the Coordinator. A refusal never leads to the other one. */
enum policy_protocol {
    POLICY_NACRE_1 = 0, /* docs/formats/ratls.md; what a policy without the key means */
    POLICY_CONTRAST,    /* docs/formats/atls.md */
};

/* Smallest accepted components of the Coordinator's reported TCB. */
struct policy_tcb {
    uint8_t bootloader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
};

/* One set of values that the Coordinator's own SNP evidence may have. */
struct policy_reference {
    uint8_t measurement[POLICY_MEASUREMENT_SIZE];
    bool has_host_data; /* optional key */
    uint8_t host_data[POLICY_HOST_DATA_SIZE];
    struct policy_tcb minimum_tcb;
    uint8_t chip_ids[POLICY_CHIPS_MAX][POLICY_CHIP_ID_SIZE]; /* optional key; none: any chip */
    size_t chip_count;
};

struct policy_coordinator {
    struct netaddr address;
    enum policy_protocol protocol;
    bool has_root_ca_key;                    /* optional, but then references must be given */
    uint8_t root_ca_key_sha256[SHA256_SIZE]; /* of the root CA's SubjectPublicKeyInfo, DER */
    struct policy_reference references[POLICY_REFERENCES_MAX];
    size_t reference_count; /* optional, but then the root CA key must be given */
    uint32_t deadline_ms;   /* for the whole join */
    uint32_t retry_ms;      /* first pause between attempts, 1..retry_max_ms */
    uint32_t retry_max_ms;  /* longest pause, <= deadline_ms */
};

struct policy {
    struct arena strings; /* owned: every char pointer below points into it */
    unsigned platforms;   /* enum policy_platform bits, at least one */
    struct policy_image image;
    struct policy_workload workload;
    struct policy_volume volumes[POLICY_VOLUMES_MAX];
    size_t volume_count;
    struct policy_link links[POLICY_LINKS_MAX]; /* key "network" */
    size_t link_count;
    bool has_coordinator; /* optional key: a VM that is a Coordinator itself joins none */
    struct policy_coordinator coordinator;
};

/* Parse text. On success *policy is the caller's (50 KB on the heap): policy_free. It borrows nothing from
 * text. Returns 0, or -1 with *err set and *policy untouched; the message names the path:
 *     policy.json: workload.argv[2]: expected a string, found a number
 * ERR_FORMAT: wrong type, form or unknown key; ERR_LIMIT: a maximum passed; ERR_MISSING: a required key;
 * ERR_DENIED: well-formed, but contradicts itself (double mount, key or name). */
int policy_parse(struct span text, struct policy **policy, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void policy_free(struct policy *policy); /* accepts NULL */

void policy_auto_free(struct policy **policy);
#define AUTO_POLICY __attribute__((cleanup(policy_auto_free))) struct policy

/* "CAP_CHOWN"... for a number 0..POLICY_CAPABILITY_LAST, else NULL. */
const char *policy_capability_name(unsigned number);

#endif
