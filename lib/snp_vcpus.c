/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_vcpus.h"

#include "hash.h"
#include "snp_vmsa.h"

#define PAGE_INFO_SIZE 0x70
#define PAGE_TYPE_VMSA 2
#define VMSA_GPA UINT64_C(0xfffffffff000) /* where KVM says the VMSA pages are */

/* next = SHA-384(PAGE_INFO) after a VMSA page with this SHA-384. */
static int add_page(const uint8_t *digest, const uint8_t contents[SHA384_SIZE], uint8_t *next,
                    struct err *err)
{
    uint8_t info[PAGE_INFO_SIZE];
    struct writer w = writer_of(info, sizeof info);

    writer_bytes(&w, span_of(digest, SHA384_SIZE));
    writer_bytes(&w, span_of(contents, SHA384_SIZE));
    writer_le16(&w, PAGE_INFO_SIZE);
    writer_u8(&w, PAGE_TYPE_VMSA);
    writer_u8(&w, 0);   /* not an IMI page */
    writer_le32(&w, 0); /* permissions of the other VMPLs: none */
    writer_le64(&w, VMSA_GPA);
    return hash_bytes(HASH_SHA384, writer_span(&w), next, err);
}

int snp_vcpus_further(const struct snp_vcpus *vcpus, size_t count, uint8_t *digests, struct err *err)
{
    const struct snp_launch launch = {
        .vmm = SNP_LAUNCH_QEMU, .vcpu_sig = vcpus->vcpu_sig, .features = SNP_LAUNCH_FEATURES_DEFAULT};
    uint8_t page[OVMF_PAGE];
    uint8_t contents[SHA384_SIZE];

    if (count < 1 || count > SNP_LAUNCH_VCPUS_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu vCPUs, expected 1 to %d", count, SNP_LAUNCH_VCPUS_MAX);
    snp_vmsa_write(&launch, vcpus->ap_eip, false, page);
    if (hash_bytes(HASH_SHA384, span_of(page, sizeof page), contents, err) < 0)
        return -1;
    for (size_t i = 1; i < count; i++) {
        uint8_t *next = digests + i * SNP_LAUNCH_DIGEST_SIZE;

        if (add_page(next - SNP_LAUNCH_DIGEST_SIZE, contents, next, err) < 0)
            return -1;
    }
    return 0;
}
