/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_explain: which nearby settings give the launch digest that a report has. Single changes first, then
 * two. docs/formats/launch-digest.md
 *
 * The report comes from the hardware, everything else from the person who asks: nothing is trusted for it.
 */
#ifndef NACRE_SNP_EXPLAIN_H
#define NACRE_SNP_EXPLAIN_H

#include "snp_launch.h"

#define SNP_EXPLAIN_CHOICES_MAX 64
#define SNP_EXPLAIN_VCPUS_MAX 220 /* QEMU's usual maximum under SNP: higher counts are not tried */
#define SNP_EXPLAIN_TEXT_MAX 160  /* bytes with the NUL */

/* In the order in which they are tried; the number of vCPUs goes along with each. */
enum snp_explain_setting {
    SNP_EXPLAIN_FEATURES,
    SNP_EXPLAIN_FPU,
    SNP_EXPLAIN_CPU,
    SNP_EXPLAIN_VMM,
    SNP_EXPLAIN_CMDLINE,
    SNP_EXPLAIN_INITRD,
    SNP_EXPLAIN_KERNEL,
    SNP_EXPLAIN_FIRMWARE,
    SNP_EXPLAIN_SETTINGS,
};

/* One value of a setting; which members count depends on the setting. */
struct snp_explain_choice {
    char text[SNP_EXPLAIN_TEXT_MAX];    /* how a person calls it */
    uint64_t number;                    /* features; 1: no FPU; CPU signature; enum snp_launch_vmm */
    bool none;                          /* kernel: no hashes of kernel, initrd, command line at all */
    uint8_t hash[SNP_LAUNCH_HASH_SIZE]; /* of command line, initrd, kernel */
    const struct ovmf *ovmf;            /* firmware */
    uint8_t firmware_digest[SNP_LAUNCH_DIGEST_SIZE]; /* firmware */
};

struct snp_explain_list {
    struct snp_explain_choice choice[SNP_EXPLAIN_CHOICES_MAX]; /* [0]: as given */
    size_t count;                                              /* at least 1 */
};

struct snp_explain {
    struct snp_explain_list lists[SNP_EXPLAIN_SETTINGS];
    unsigned vcpus; /* as given; 0: any number will do */
};

struct snp_explain_found {
    bool found;
    size_t choice[SNP_EXPLAIN_SETTINGS]; /* 0: as given */
    unsigned vcpus;
    bool other_vcpus; /* than given: one more change */
    size_t tried;     /* digests compared */
};

/* Add a choice; the list takes SNP_EXPLAIN_CHOICES_MAX. NULL when it is full. */
struct snp_explain_choice *snp_explain_add(struct snp_explain *e, enum snp_explain_setting setting)
    __attribute__((nonnull));
/* "guest features", "kernel", ... */
const char *snp_explain_name(enum snp_explain_setting setting);

/* found->found is false when nothing fits. Settings that no VM can have, as a kernel under a firmware that
 * does not check it, are passed over. A match with fewer changes is found before one with more. */
int snp_explain_search(const struct snp_explain *e, const uint8_t measurement[SNP_LAUNCH_DIGEST_SIZE],
                       struct snp_explain_found *found, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The digest of the given settings; vcpus 0 counts as 1. */
int snp_explain_given(const struct snp_explain *e, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
