/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sev_launch.h"

#include "snp_vmsa.h"

#include <string.h>

/* Firmware and the table of kernel hashes, which SEV measures without the page around it. */
static int begin(const struct hash *firmware, const struct snp_launch *launch, struct hash *h,
                 struct err *err)
{
    uint8_t table[SNP_LAUNCH_TABLE_SIZE];
    struct writer w = writer_of(table, sizeof table);

    *h = *firmware;
    if (!launch->kernel)
        return 0;
    if (launch->ovmf->hash_table_gpa == 0)
        return err_set(err, ERR_DENIED, 0,
                       "firmware: no table for kernel hashes, so it would not check the kernel; build "
                       "OvmfPkg/AmdSev");
    snp_launch_table(launch->kernel, &w);
    return hash_update(h, writer_span(&w), err);
}

int sev_launch_digest(const struct hash *firmware, const struct snp_launch *launch,
                      uint8_t digest[SEV_LAUNCH_DIGEST_SIZE], struct err *err)
{
    struct hash h;

    if (begin(firmware, launch, &h, err) < 0)
        return -1;
    return hash_end(&h, digest, err);
}

int sev_launch_digests_es(const struct hash *firmware, const struct snp_launch *launch, unsigned first,
                          unsigned last, uint8_t *digests, struct err *err)
{
    struct snp_launch es = *launch;
    uint8_t page[OVMF_PAGE];
    struct hash h;

    es.features = 0;
    if (first < 1 || last < first || last > SNP_LAUNCH_VCPUS_MAX)
        return err_set(err, ERR_LIMIT, 0, "vCPUs: expected 1 to %d, found %u to %u", SNP_LAUNCH_VCPUS_MAX,
                       first, last);
    if (!launch->ovmf->has_reset_eip || (last > 1 && launch->ovmf->reset_eip == 0))
        return err_set(err, ERR_DENIED, 0,
                       "firmware: no SEV-ES reset block: further vCPUs have no place to start");
    if (begin(firmware, launch, &h, err) < 0)
        return -1;
    for (unsigned vcpu = 1; vcpu <= last; vcpu++) {
        uint32_t eip = vcpu == 1 ? SNP_VMSA_BSP_EIP : launch->ovmf->reset_eip;
        struct hash one;

        snp_vmsa_write(&es, eip, vcpu == 1, page);
        if (hash_update(&h, span_of(page, sizeof page), err) < 0)
            return -1;
        one = h;
        if (vcpu >= first &&
            hash_end(&one, digests + (size_t) (vcpu - first) * SEV_LAUNCH_DIGEST_SIZE, err) < 0)
            return -1;
    }
    return 0;
}
