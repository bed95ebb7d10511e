/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_id_block: ID block and ID authentication, with which the secure processor itself refuses a VM of
 * another launch digest or policy. docs/formats/id-block.md; AMD publication 56860, "ID Block Structure".
 *
 * The host hands both to the secure processor at SNP_LAUNCH_FINISH. What they are signed with shows in the
 * report: ID_KEY_DIGEST, AUTHOR_KEY_DIGEST.
 */
#ifndef NACRE_SNP_ID_BLOCK_H
#define NACRE_SNP_ID_BLOCK_H

#include "ecc.h"
#include "snp_launch.h"
#include "snp_report.h"

#define SNP_ID_BLOCK_SIZE 96
#define SNP_ID_AUTH_SIZE 4096
#define SNP_ID_POLICY_DEFAULT (SNP_POLICY_SMT | SNP_POLICY_MUST_BE_ONE)

struct snp_id_block {
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE];
    uint8_t family_id[SNP_ID_SIZE];
    uint8_t image_id[SNP_ID_SIZE];
    uint32_t guest_svn;
    uint64_t policy; /* SNP_POLICY_*; must be that of the launch */
};

struct snp_id {
    uint8_t block[SNP_ID_BLOCK_SIZE];
    uint8_t auth[SNP_ID_AUTH_SIZE];
    uint8_t id_key_digest[SNP_KEY_DIGEST_SIZE];
    bool has_author;
    uint8_t author_key_digest[SNP_KEY_DIGEST_SIZE]; /* zeros without one */
};

/* Sign with id_key; author (NULL: none) signs the ID key. Both on P-384, else ERR_FORMAT. */
int snp_id_sign(const struct snp_id_block *block, const struct ecc_pair *id_key,
                const struct ecc_pair *author, struct snp_id *id, struct err *err)
    __attribute__((warn_unused_result, nonnull(1, 2, 4, 5)));

/* Nobody's key: the signature is r = 2, s = 1 and the key is the one that fits, so that the ID block follows
 * from its contents alone. It proves nothing about an author; that the contents are the published ones, the
 * report's ID_KEY_DIGEST does. */
int snp_id_keyless(const struct snp_id_block *block, struct snp_id *id, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
