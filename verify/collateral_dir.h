/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collateral_dir: what the vendors sign about a platform, from a folder with the files of
 * docs/formats/collateral.md, as the Coordinator takes it too.
 *
 * Whoever verifies fetches it from the vendors; their signatures, checked with the evidence, make it mean
 * something. Which files belong to a quote is told by its PCK certificate, unverified at that time.
 */
#ifndef NACRE_COLLATERAL_DIR_H
#define NACRE_COLLATERAL_DIR_H

#include "fileio.h"
#include "snp_report.h"
#include "tdx_collateral.h"

#define COLLATERAL_DIR_FILES 6

struct collateral_dir {
    struct fileio_bytes files[COLLATERAL_DIR_FILES];
    struct tdx_collateral spans; /* borrow from files */
};

/* What belongs to the platform that made quote. A quote that cannot be taken apart gets nothing: the
 * verification says why. Errors name the file. */
int collateral_dir_tdx(const char *dir, struct span quote, struct collateral_dir *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void collateral_dir_free(struct collateral_dir *c); /* accepts a zeroed one */

/* AMD's revocation list for a product. */
int collateral_dir_snp_crl(const char *dir, enum snp_product product, struct fileio_bytes *out,
                           struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
