/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_vcpus: launch digests for more vCPUs from the digest for one.
 *
 * Every further vCPU adds one measured VMSA page, the same for all of them (docs/formats/launch-digest.md),
 * so a manifest can name the digest for one vCPU, where the others start and what CPU they are, and stand for
 * every count.
 */
#ifndef NACRE_SNP_VCPUS_H
#define NACRE_SNP_VCPUS_H

#include "snp_launch.h"

struct snp_vcpus {
    uint32_t ap_eip;   /* where the application processors start: the firmware's reset vector */
    uint32_t vcpu_sig; /* CPUID leaf 1 EAX of the virtual CPU */
};

/* digests holds the digest for one vCPU and gets those for 2 to count vCPUs behind it; QEMU's VMSA, no SEV
 * features but SNP itself. Returns 0, or -1 with *err set (count is 1 to SNP_LAUNCH_VCPUS_MAX, else
 * ERR_LIMIT). */
int snp_vcpus_further(const struct snp_vcpus *vcpus, size_t count, uint8_t *digests, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
