/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_predict: what a TDX guest that QEMU starts with OVMF and a kernel will have in MRTD and RTMR0 to RTMR2,
 * with the events that lead there. docs/formats/tdx-measurement.md says where each rule comes from.
 *
 * Nothing is guessed: a register whose inputs are not all given is unknown, and `why` names what is missing.
 * Assumed: no variables enrolled (no Secure Boot), the kernel is started directly (-kernel).
 */
#ifndef NACRE_TDX_PREDICT_H
#define NACRE_TDX_PREDICT_H

#include "bzimage.h"
#include "hash.h"
#include "pe_image.h"
#include "tdvf.h"

#include <stdbool.h>

#define TDX_EVENTS_MAX 32
#define TDX_ACPI_BLOBS 3 /* etc/table-loader, etc/acpi/rsdp, etc/acpi/tables */

/* Releases of edk2 as year and month, 202411 for edk2-stable202411. What they measure changed at: */
#define TDX_EDK2_OLDEST 202302       /* TD HOB and ACPI tables are measured */
#define TDX_EDK2_SEPARATOR 202411    /* the second separator went from RTMR0 to RTMR1 */
#define TDX_EDK2_NAMED_KERNEL 202502 /* the kernel is loaded by name, which no QEMU patches */
#define TDX_EDK2_SMBIOS 202505       /* fw_cfg items and SMBIOS tables are measured */
#define TDX_EDK2_INITRD_FIRST 202508 /* initrd=initrd stands before the command line, not behind it */
#define TDX_EDK2_NEWEST 209912

#define TDX_QEMU_NAMED_KERNEL 1000 /* 10.0 offers the kernel by name, unpatched */
#define TDX_QEMU_NO_PATCH 1002     /* 10.2 patches no kernel of a confidential guest */

struct tdx_config {
    const char *firmware_name; /* for messages */
    struct span firmware;
    const struct tdvf *tdvf;
    uint64_t memory;     /* bytes; 0: not given */
    unsigned edk2_first; /* the firmware's release lies between these two; both 0: not given */
    unsigned edk2_last;
    unsigned qemu; /* 100 * major + minor; 0: not given */
    bool has_acpi;
    uint8_t acpi[TDX_ACPI_BLOBS][SHA384_SIZE];
    const struct pe_image *kernel; /* NULL: not given */
    const struct bzimage *bzimage; /* of the same file */
    struct span cmdline;           /* as -append gets it */
    uint64_t initrd_size;          /* bytes; 0: no initrd */
    uint8_t initrd[SHA384_SIZE];
};

struct tdx_event {
    unsigned rtmr;
    uint32_t type; /* enum ccel_type */
    bool known;
    uint8_t digest[SHA384_SIZE];
    const char *label;
};

struct tdx_register {
    const char *why; /* NULL: value is known; else what is missing */
    uint8_t value[SHA384_SIZE];
};

struct tdx_values {
    uint8_t mrtd_single_pass[SHA384_SIZE];
    uint8_t mrtd_two_pass[SHA384_SIZE];
    struct tdx_register rtmr[3];
    struct tdx_event events[TDX_EVENTS_MAX]; /* by register, in order; those known and unknown */
    size_t event_count;
};

/* ERR_FORMAT, ERR_LIMIT: an input does not hold together with the others. */
int tdx_predict(const struct tdx_config *config, struct tdx_values *values, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
