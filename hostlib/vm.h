/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm: the options that describe one VM, shared by snp, sev, sev-es and explain, and what they and the
 * files they name come to. */
#ifndef NACRE_VM_H
#define NACRE_VM_H

#include "hash.h"
#include "json_write.h"
#include "opts.h"
#include "snp_launch.h"

/* As given on the command line; NULL: not given. */
struct vm_args {
    const char *firmware;
    const char *kernel;
    const char *kernel_sha256;
    const char *initrd;
    const char *initrd_sha256;
    const char *cmdline;
    const char *vcpus;
    const char *vcpu_type;
    struct opt_number vcpu_sig;
    struct opt_number vcpu_family;
    struct opt_number vcpu_model;
    struct opt_number vcpu_stepping;
    const char *vmm;
    struct opt_number features;
    struct opt_number fpu;
    const char *ovmf_hash; /* "": print it */
    const char *svsm;
    struct opt_number svsm_vars_size;
};

/* Rows for the table of a command. */
#define VM_OPTS_FILES(a)                                                                                     \
    {"firmware", OPT_TEXT, &(a)->firmware, 0}, {"kernel", OPT_TEXT, &(a)->kernel, 0},                        \
        {"kernel-sha256", OPT_TEXT, &(a)->kernel_sha256, 0}, {"initrd", OPT_TEXT, &(a)->initrd, 0},          \
        {"initrd-sha256", OPT_TEXT, &(a)->initrd_sha256, 0},                                                 \
    {                                                                                                        \
        "cmdline", OPT_TEXT, &(a)->cmdline, 0                                                                \
    }
#define VM_OPTS_VCPUS(a)                                                                                     \
    {"vcpus", OPT_TEXT, &(a)->vcpus, 0}, {"vcpu-type", OPT_TEXT, &(a)->vcpu_type, 0},                        \
        {"vcpu-sig", OPT_HEX, &(a)->vcpu_sig, UINT32_MAX},                                                   \
        {"vcpu-family", OPT_DECIMAL, &(a)->vcpu_family, SNP_LAUNCH_FAMILY_MAX},                              \
        {"vcpu-model", OPT_DECIMAL, &(a)->vcpu_model, 255},                                                  \
        {"vcpu-stepping", OPT_DECIMAL, &(a)->vcpu_stepping, 15}, {"vmm", OPT_TEXT, &(a)->vmm, 0},            \
    {                                                                                                        \
        "vmsa-fpu", OPT_DECIMAL, &(a)->fpu, 1                                                                \
    }
#define VM_OPTS_SNP(a)                                                                                       \
    {"guest-features", OPT_HEX, &(a)->features, UINT64_MAX},                                                 \
        {"ovmf-hash", OPT_OPTIONAL, &(a)->ovmf_hash, 0}, {"svsm", OPT_TEXT, &(a)->svsm, 0},                  \
    {                                                                                                        \
        "svsm-vars-size", OPT_DECIMAL, &(a)->svsm_vars_size, OVMF_SIZE_MAX                                   \
    }

/* What it comes to. Do not copy: snp points into it. */
struct vm {
    unsigned first; /* vCPUs */
    unsigned last;
    struct ovmf ovmf; /* of the firmware, or of the SVSM */
    struct snp_launch_kernel kernel;
    struct snp_launch snp;
    bool has_firmware_hash; /* snp.firmware_digest was given */
};

/* Read the values. An error is one of usage. */
int vm_read_args(const struct vm_args *args, struct vm *launch, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Read the files: everything in launch->snp. The kernel's and the initrd's hashes are worked out beside the
 * firmware's, in a second thread. */
int vm_load(const struct vm_args *args, struct vm *launch, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The same for SEV and SEV-ES: *firmware is the SHA-256 over the firmware file, not yet ended. A firmware
 * without any table will do when nothing of it is needed: plain SEV without a kernel (es false). */
int vm_load_sev(const struct vm_args *args, bool es, struct vm *launch, struct hash *firmware,
                struct err *err) __attribute__((warn_unused_result, nonnull));

/* Just the firmware part of the SNP digest. */
int vm_firmware_hash(const char *path, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The member "digests": an object with one digest of size bytes for each number of vCPUs. */
void vm_write_digests(struct json_write *j, const struct vm *launch, const uint8_t *digests, size_t size)
    __attribute__((nonnull));

#endif
