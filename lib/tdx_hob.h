/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_hob: the hand-off block list that QEMU writes for a TDX guest: which memory there is and which part of
 * it is accepted already. The firmware measures it into RTMR0. UEFI Platform Initialization specification,
 * volume 3, 5 (HOB); QEMU hw/i386/tdvf-hob.c; docs/formats/tdx-measurement.md.
 *
 * The host writes these bytes; they follow from the firmware's sections and the size of the memory.
 */
#ifndef NACRE_TDX_HOB_H
#define NACRE_TDX_HOB_H

#include "hash.h"
#include "tdvf.h"

#define TDX_HOB_MAX (56 + 48 * (2 * TDVF_SECTIONS_MAX + 2)) /* bytes */
#define TDX_MEMORY_MAX (UINT64_C(1) << 46)                  /* bytes of guest memory */
#define TDX_LOW_MEMORY UINT64_C(0x80000000) /* below 4 GiB, when the memory has TDX_SPLIT_MEMORY or more */
#define TDX_SPLIT_MEMORY UINT64_C(0xb0000000)

/* The measured part of the list (all but its end marker) for `memory` bytes of guest memory, to *out.
 * ERR_FORMAT: the firmware has no or two TD_HOB sections, sections of other types than OVMF's, or sections
 * outside the memory; ERR_LIMIT: the list does not fit in its section, or memory is not 1 to TDX_MEMORY_MAX.
 */
int tdx_hob_build(const struct tdvf *tdvf, uint64_t memory, struct writer *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Its SHA-384: the digest of the first event of RTMR0. */
int tdx_hob_digest(const struct tdvf *tdvf, uint64_t memory, uint8_t digest[SHA384_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
