/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ovmf: what a UEFI firmware file says about launching a confidential VM: the table of GUIDed entries at its
 * end, and the SEV metadata it points to. docs/formats/launch-digest.md; edk2
 * OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm.
 *
 * The firmware's author writes these bytes; they are part of the launch digest. On a build host they may be
 * anything: every offset is checked, and errors name it.
 */
#ifndef NACRE_OVMF_H
#define NACRE_OVMF_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define OVMF_PAGE 4096
#define OVMF_SIZE_MAX (16u << 20)          /* bytes of a firmware file; QEMU takes no larger one */
#define OVMF_SECTIONS_MAX 32               /* sections of the SEV metadata */
#define OVMF_SECTION_BYTES_MAX (64u << 20) /* bytes of one section in guest memory */

enum ovmf_section_type {
    OVMF_SEC_MEM = 1,
    OVMF_SECRETS = 2,
    OVMF_CPUID = 3,
    OVMF_SVSM_CAA = 4,
    OVMF_KERNEL_HASHES = 0x10,
};

struct ovmf_section {
    uint32_t gpa;  /* guest physical address, page aligned */
    uint32_t size; /* bytes, whole pages */
    enum ovmf_section_type type;
};

struct ovmf {
    bool has_reset_eip;
    uint32_t reset_eip; /* where the application processors start */
    bool has_svsm_info;
    uint32_t svsm_launch_offset; /* COCONUT-SVSM: where it starts, from its own first byte */
    bool has_tdx_metadata;
    uint32_t
        tdx_from_end; /* where the TDX metadata begins, in bytes before the end of the file (lib/tdvf.h) */
    uint32_t hash_table_gpa; /* where the firmware looks for the hashes of kernel, initrd, command line; 0:
                                nowhere */
    bool
        has_kernel_hashes; /* a section of that type exists: a kernel given to QEMU is measured and checked */
    struct ovmf_section sections[OVMF_SECTIONS_MAX];
    size_t section_count; /* 0: no SEV metadata */
};

/* Read the table and the SEV metadata. A file without the table is ERR_MISSING; a table or metadata that does
 * not hold together, sections that overlap, an unknown section type, or an entry given twice is ERR_FORMAT.
 * Unknown GUIDs are skipped. */
int ovmf_parse(struct span firmware, struct ovmf *ovmf, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
