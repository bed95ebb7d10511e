/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_mrtd: MRTD, the launch digest of a TDX guest: SHA-384 over the TDX module's operations while the VMM
 * builds it. Intel TDX Module Base Specification, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND;
 * docs/formats/tdx-measurement.md.
 *
 * The order of the operations is the VMM's choice and part of the digest, so one firmware has two values.
 */
#ifndef NACRE_TDX_MRTD_H
#define NACRE_TDX_MRTD_H

#include "hash.h"
#include "tdvf.h"

enum tdx_mrtd_order {
    TDX_MRTD_SINGLE_PASS, /* each page is added, then measured: QEMU 9 and later, KVM upstream */
    TDX_MRTD_TWO_PASS,    /* a section's pages are all added, then all measured: QEMU 8 out of tree */
};

/* firmware and tdvf belong together (tdvf_parse). */
int tdx_mrtd(struct span firmware, const struct tdvf *tdvf, enum tdx_mrtd_order order,
             uint8_t mrtd[SHA384_SIZE], struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
