/* SPDX-License-Identifier: GPL-2.0-or-later */
/* id_block: the options of `nacre-measure snp` for an ID block, and what they make. docs/formats/id-block.md
 */
#ifndef NACRE_MEASURE_ID_BLOCK_H
#define NACRE_MEASURE_ID_BLOCK_H

#include "opts.h"
#include "snp_id_block.h"

/* As given on the command line; NULL: not given. */
struct id_block_args {
    const char *block; /* output files */
    const char *auth;
    const char *id_key; /* PEM; NULL: keyless */
    const char *author_key;
    const char *family_id; /* hex */
    const char *image_id;
    struct opt_number guest_svn;
    struct opt_number policy;
};

#define ID_BLOCK_OPTS(a)                                                                                     \
    {"id-block", OPT_TEXT, &(a)->block, 0}, {"id-auth", OPT_TEXT, &(a)->auth, 0},                            \
        {"id-key", OPT_TEXT, &(a)->id_key, 0}, {"author-key", OPT_TEXT, &(a)->author_key, 0},                \
        {"family-id", OPT_TEXT, &(a)->family_id, 0}, {"image-id", OPT_TEXT, &(a)->image_id, 0},              \
        {"guest-svn", OPT_DECIMAL, &(a)->guest_svn, UINT32_MAX},                                             \
    {                                                                                                        \
        "guest-policy", OPT_HEX, &(a)->policy, UINT64_MAX                                                    \
    }

/* Read the values; an error is one of usage. *wanted: an ID block is asked for. */
int id_block_read_args(const struct id_block_args *args, struct snp_id_block *block, bool *wanted,
                       struct err *err) __attribute__((warn_unused_result, nonnull));

/* Make both for block, whose digest is filled in, and write the two files. */
int id_block_make(const struct id_block_args *args, const struct snp_id_block *block, struct snp_id *id,
                  struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
