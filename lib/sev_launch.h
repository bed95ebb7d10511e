/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sev_launch: the launch measurement of SEV and SEV-ES, SNP's predecessors. docs/formats/launch-digest.md;
 * AMD publication 55766 (SEV API), LAUNCH_MEASURE.
 *
 * Here it is the SHA-256 over what is loaded; the secure processor puts it under an HMAC with a nonce.
 */
#ifndef NACRE_SEV_LAUNCH_H
#define NACRE_SEV_LAUNCH_H

#include "hash.h"
#include "snp_launch.h"

#define SEV_LAUNCH_DIGEST_SIZE 32

/* firmware: SHA-256 over the firmware file, not ended; it stays so. Of launch: ovmf, kernel, and for SEV-ES
 * vmm, vcpu_sig, no_fpu (features are 0 there). A kernel under a firmware that would not check it is
 * ERR_DENIED. */
int sev_launch_digest(const struct hash *firmware, const struct snp_launch *launch,
                      uint8_t digest[SEV_LAUNCH_DIGEST_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* SEV-ES, for first to last vCPUs (1 <= first <= last <= SNP_LAUNCH_VCPUS_MAX): digests back to back. */
int sev_launch_digests_es(const struct hash *firmware, const struct snp_launch *launch, unsigned first,
                          unsigned last, uint8_t *digests, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
