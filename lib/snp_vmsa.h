/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_vmsa: the page with a virtual CPU's first register state, as each VMM writes it. For snp_launch.
 * AMD64 Architecture Programmer's Manual 2, table B-4; docs/formats/launch-digest.md. */
#ifndef NACRE_SNP_VMSA_H
#define NACRE_SNP_VMSA_H

#include "snp_launch.h"

#define SNP_VMSA_BSP_EIP 0xfffffff0u /* where the first CPU starts */

/* The VMSA of a CPU that starts at eip; is_bsp: of the first one. */
void snp_vmsa_write(const struct snp_launch *launch, uint32_t eip, bool is_bsp, uint8_t page[OVMF_PAGE])
    __attribute__((nonnull));

#endif
