/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trust_files: what evidence is judged by beside the manifest, from the files that the command line names. */
#ifndef NACRE_TRUST_FILES_H
#define NACRE_TRUST_FILES_H

#include "examine.h"

#define TRUST_FILES_NONE "none" /* in place of a collateral folder */

struct trust_files {
    const char *const *roots; /* PEM files of test roots, at most EXAMINE_ROOTS_MAX */
    size_t root_count;
    const char *collateral; /* a folder, or TRUST_FILES_NONE; borrowed for as long as trust lives */
};

/* Fill trust, which is zeroed and must not be moved afterwards. Returns 0, or -1 with *err set; the caller
 * frees trust in both cases. */
int trust_files_load(const struct trust_files *files, int64_t now_s, struct examine_trust *trust,
                     struct err *err) __attribute__((warn_unused_result, nonnull));

/* Tell in the log what goes without collateral, or what is missing in the folder. */
void trust_files_announce(const struct examine_trust *trust, const struct manifest *m, int64_t now_s)
    __attribute__((nonnull));

#endif
