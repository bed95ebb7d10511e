/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_launch: the SEV-SNP launch digest (MEASUREMENT), predicted from what is loaded.
 * docs/formats/launch-digest.md; AMD publication 56860, "SNP_LAUNCH_UPDATE"; AMD64 Architecture Programmer's
 * Manual 2, appendix B (VMSA).
 *
 * The build host computes with it, softpsp reports with it; the hardware computes the same from what it is
 * given.
 */
#ifndef NACRE_SNP_LAUNCH_H
#define NACRE_SNP_LAUNCH_H

#include "ovmf.h"

#define SNP_LAUNCH_DIGEST_SIZE 48
#define SNP_LAUNCH_HASH_SIZE 32
#define SNP_LAUNCH_VCPUS_MAX 512

#define SNP_LAUNCH_FEATURES_DEFAULT                                                                          \
    0x1u /* SNPActive alone; hosts with Linux 6.6 to 6.8 add DebugSwap: 0x21 */

/* Who starts the VM: the initial processor state differs. */
enum snp_launch_vmm {
    SNP_LAUNCH_QEMU = 0,
    SNP_LAUNCH_EC2,
    SNP_LAUNCH_EC2_RDX0, /* EC2 as older tools compute it: RDX 0 */
    SNP_LAUNCH_GCE,
    SNP_LAUNCH_SVSM, /* COCONUT-SVSM under QEMU, not as IGVM file */
};

/* SHA-256 of what QEMU's kernel-hashes=on puts into the table. */
struct snp_launch_kernel {
    uint8_t kernel[SNP_LAUNCH_HASH_SIZE];  /* of the file as it is on disk */
    uint8_t initrd[SNP_LAUNCH_HASH_SIZE];  /* of the file; of no bytes when there is none */
    uint8_t cmdline[SNP_LAUNCH_HASH_SIZE]; /* of the string and its NUL */
};

struct snp_launch {
    uint8_t firmware_digest[SNP_LAUNCH_DIGEST_SIZE]; /* from snp_launch_firmware */
    const struct ovmf *ovmf;
    const struct snp_launch_kernel *kernel; /* NULL: booted from a disk by the firmware */
    enum snp_launch_vmm vmm;
    uint32_t vcpu_sig; /* CPUID leaf 1 EAX of the virtual CPU */
    uint64_t features; /* SEV_FEATURES */
    bool no_fpu;       /* KVM before Linux 6.9: MXCSR and FCW are 0 */
};

/* The table of kernel hashes as it lies in memory: SNP_LAUNCH_TABLE_SIZE bytes to w. */
#define SNP_LAUNCH_TABLE_SIZE 176 /* bytes: 168, padded to a multiple of 16 */
void snp_launch_table(const struct snp_launch_kernel *kernel, struct writer *w) __attribute__((nonnull));

/* COCONUT-SVSM under QEMU: its pages end vars_size bytes (the firmware's variable store) below the firmware.
 * svsm is its parsed footer, size its bytes. *gpa is where it lies; svsm->reset_eip becomes where its
 * processors start, so that svsm is the ovmf of a struct snp_launch. ERR_FORMAT: no SVSM_INFO, or it does not
 * fit. */
struct snp_launch_svsm {
    size_t firmware_size; /* bytes, whole pages, as the two others */
    size_t vars_size;
    size_t size;
};
int snp_launch_svsm_place(const struct snp_launch_svsm *sizes, struct ovmf *svsm, uint64_t *gpa,
                          struct err *err) __attribute__((warn_unused_result, nonnull));

/* The digest after all firmware pages: the part of the launch digest that depends on the file alone. */
int snp_launch_firmware(struct span firmware, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The same in parts, for a caller that reads the file piece by piece: digest begins as zeros; pages are whole
 * pages that lie at gpa, gpa of the first part is 4 GiB minus the file's size. */
int snp_launch_firmware_part(uint64_t gpa, struct span pages, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE],
                             struct err *err) __attribute__((warn_unused_result, nonnull));
uint64_t snp_launch_firmware_gpa(size_t firmware_size); /* bytes, at most OVMF_SIZE_MAX */

/* Launch digests for first to last vCPUs (1 <= first <= last <= SNP_LAUNCH_VCPUS_MAX): last - first + 1 of
 * them into digests, back to back. A kernel under a firmware that would not check it is ERR_DENIED. */
int snp_launch_digests(const struct snp_launch *launch, unsigned first, unsigned last, uint8_t *digests,
                       struct err *err) __attribute__((warn_unused_result, nonnull));

/* SHA-256 over cmdline and a NUL, as QEMU's table has it. */
int snp_launch_cmdline_hash(struct span cmdline, uint8_t hash[SNP_LAUNCH_HASH_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* CPUID signature of a QEMU CPU model ("EPYC-v4", "EPYC-Genoa"); 0 for one we do not know. */
uint32_t snp_launch_cpu_sig(const char *model) __attribute__((nonnull));
/* The signature of a CPU's family, model and stepping: AMD publication 25481, Fn0000_0001_EAX. At most
 * SNP_LAUNCH_FAMILY_MAX, 255 and 15. */
#define SNP_LAUNCH_FAMILY_MAX 270 /* 15 and eight bits */
uint32_t snp_launch_family_sig(unsigned family, unsigned model, unsigned stepping);
/* The i-th known CPU model, NULL behind the last. */
const char *snp_launch_cpu_model(size_t i);

#endif
