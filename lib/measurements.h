/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measurements: measurements.json version 1, what an image's builder publishes about it
 * (docs/formats/measurements.md).
 *
 * The builder writes and signs these bytes; who checks a machine against them decides by the signature
 * whether to believe them. Reading is strict: unknown, double and missing members, values out of range and
 * every text that is not exactly what measurements_write makes of the same values are refused.
 */
#ifndef NACRE_MEASUREMENTS_H
#define NACRE_MEASUREMENTS_H

#include "cmdline.h"
#include "err.h"
#include "hash.h"
#include "span.h"
#include "verity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEASUREMENTS_VERSION 1
#define MEASUREMENTS_TEXT_MAX (1u << 20) /* bytes of the document */
#define MEASUREMENTS_NAME_MAX 64         /* bytes of a file's name: one path component */
#define MEASUREMENTS_MODEL_MAX 32        /* bytes of a CPU model's name */
#define MEASUREMENTS_VCPUS 220           /* launch digests for 1 to this many vCPUs */
#define MEASUREMENTS_CPUS_MAX 6
#define MEASUREMENTS_WORKLOADS_MAX 32
#define MEASUREMENTS_HOST_DATA_MAX 64
#define MEASUREMENTS_MRCONFIGID_SIZE 48

struct measurements_file {
    char name[MEASUREMENTS_NAME_MAX + 1];
    uint64_t size; /* bytes */
    uint8_t sha256[SHA256_SIZE];
    uint8_t sha384[SHA384_SIZE];
};

enum measurements_role {
    MEASUREMENTS_FIRMWARE,
    MEASUREMENTS_INITRD,
    MEASUREMENTS_KERNEL,
    MEASUREMENTS_TDX_FIRMWARE, /* optional: TDX guests start with another firmware */
    MEASUREMENTS_ROLES,
};

/* Launch digests under one virtual CPU model. */
struct measurements_cpu {
    char model[MEASUREMENTS_MODEL_MAX + 1]; /* QEMU's name */
    uint32_t sig;                           /* CPUID leaf 1 EAX */
    uint8_t digests[MEASUREMENTS_VCPUS][SHA384_SIZE];
};

struct measurements_snp {
    bool present;
    uint8_t firmware_digest[SHA384_SIZE];                /* after the firmware's pages alone */
    uint64_t features;                                   /* SEV_FEATURES; below 2^53 */
    size_t cpu_count;                                    /* 1.. */
    struct measurements_cpu cpus[MEASUREMENTS_CPUS_MAX]; /* rising by model */
};

struct measurements_tdx {
    bool present;
    uint8_t mrtd_single_pass[SHA384_SIZE];
    uint8_t mrtd_two_pass[SHA384_SIZE];
    uint8_t rtmr1[SHA384_SIZE];
    uint8_t rtmr2[SHA384_SIZE];
};

/* A workload's disk: data and hash tree. */
struct measurements_workload {
    struct measurements_file file;
    struct verity_geometry verity;
};

struct measurements_host_data {
    char name[MEASUREMENTS_NAME_MAX + 1]; /* of the initdata document's file */
    uint8_t sha256[SHA256_SIZE];
};

struct measurements {
    bool debug; /* a dev image: a console for everybody on the host */
    char cmdline[CMDLINE_MAX + 1];
    struct measurements_file files[MEASUREMENTS_ROLES]; /* one without a name is not there */
    struct measurements_snp snp;
    struct measurements_tdx tdx;
    size_t workload_count;
    struct measurements_workload workloads[MEASUREMENTS_WORKLOADS_MAX]; /* rising by name */
    size_t host_data_count;
    struct measurements_host_data host_data[MEASUREMENTS_HOST_DATA_MAX]; /* rising by name */
};

/* "firmware", "initrd", "kernel", "tdx_firmware" */
const char *measurements_role_name(enum measurements_role role);

/* Whether the image has this file; all but MEASUREMENTS_TDX_FIRMWARE it must have. */
bool measurements_has(const struct measurements *m, enum measurements_role role) __attribute__((nonnull));

/* A name that may stand in the document: 1 to MEASUREMENTS_NAME_MAX of A-Z a-z 0-9 . _ + -, no dot in front.
 * It can thus be opened inside a folder without leaving it. */
bool measurements_name_ok(const char *name) __attribute__((nonnull));

/* Append the document. Returns 0, or -1 with *err set: ERR_FORMAT, a value that the format does not allow
 * (lists not rising, a name); ERR_LIMIT: the writer is full (MEASUREMENTS_TEXT_MAX is always enough). */
int measurements_write(const struct measurements *m, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Read a document; name is how messages call it. Returns 0, or -1 with *err set and *out untouched. The
 * struct is large (MEASUREMENTS_CPUS_MAX times 10 KB): keep it off the stack. */
int measurements_parse(struct span text, const char *name, struct measurements *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* TDX's MRCONFIGID for the host data: 16 zero bytes behind it. */
void measurements_mrconfigid(const uint8_t sha256[SHA256_SIZE], uint8_t out[MEASUREMENTS_MRCONFIGID_SIZE])
    __attribute__((nonnull));

#endif
