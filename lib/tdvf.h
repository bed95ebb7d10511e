/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdvf: the sections of a firmware for Intel TDX: what the VMM puts where before the first instruction, and
 * what of it is measured. Intel TDX Virtual Firmware Design Guide, 11 (TDVF descriptor);
 * docs/formats/tdx-measurement.md.
 *
 * The firmware's author writes these bytes and MRTD depends on all of them. On a build host they may be
 * anything: every number is checked, and errors name the file offset.
 */
#ifndef NACRE_TDVF_H
#define NACRE_TDVF_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define TDVF_PAGE 4096
#define TDVF_SECTIONS_MAX 64
#define TDVF_ADDED_MAX (UINT64_C(256) << 20) /* bytes of all sections that are added page by page */
#define TDVF_ADDRESS_MAX (UINT64_C(1) << 52) /* guest physical addresses end here */

enum tdvf_type {
    TDVF_BFV,  /* boot firmware volume: the code */
    TDVF_CFV,  /* configuration firmware volume: the variables */
    TDVF_HOB,  /* the list of memory ranges that the VMM writes */
    TDVF_TEMP, /* zeros: stack, heap, mailbox */
    TDVF_PERM,
    TDVF_PAYLOAD,
    TDVF_PAYLOAD_PARAMETERS,
};

struct tdvf_section {
    uint32_t offset;    /* of its data in the file */
    uint32_t data_size; /* bytes of data; the rest of the section is zeros */
    uint64_t gpa;       /* guest physical address, page aligned */
    uint64_t size;      /* bytes in the guest, whole pages */
    enum tdvf_type type;
    bool extend;  /* contents go into MRTD, not only the pages' addresses */
    bool augment; /* pages are added when the guest runs: not part of MRTD */
};

struct tdvf {
    struct tdvf_section sections[TDVF_SECTIONS_MAX];
    size_t count;
};

/* Read the descriptor that begins from_end bytes before the firmware's end (ovmf.h: tdx_from_end).
 * ERR_FORMAT: it does not hold together, or sections overlap; ERR_LIMIT: one of the maxima above. */
int tdvf_parse(struct span firmware, uint32_t from_end, struct tdvf *tdvf, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The only section of that type; NULL when there is none or more than one. */
const struct tdvf_section *tdvf_find(const struct tdvf *tdvf, enum tdvf_type type) __attribute__((nonnull));

#endif
