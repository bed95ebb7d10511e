/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collateral: what the vendors say about platforms, from files in a folder of the operator's:
 * docs/formats/collateral.md has their names.
 *
 * The operator brings these bytes; the vendors' signatures make them mean something. A file is checked when
 * it is loaded, and the whole again with every evidence. The folder is read again when a file in it changes;
 * files that are no good then leave those in use that were there before.
 */
#ifndef NACRE_COLLATERAL_H
#define NACRE_COLLATERAL_H

#include "fileio.h"
#include "manifest.h"
#include "tdx_collateral.h"

#include <stdint.h>

#define COLLATERAL_FILES_MAX 256
#define COLLATERAL_REFRESH_S 2 /* the folder is not looked at more often */

struct collateral;

/* The roots that files may chain to, beside the vendors' own: DER of test roots. Borrowed. */
struct collateral_roots {
    const struct fileio_bytes *roots;
    size_t count;
};

/* Load the folder. A file of unknown name, or that is not what its name says or not signed by whom it should
 * be, is an error; one that is missing or out of date is told in the log. Returns NULL with *err set. dir is
 * borrowed. */
struct collateral *collateral_open(const char *dir, const struct collateral_roots *roots, int64_t now_s,
                                   struct err *err) __attribute__((warn_unused_result, nonnull));
void collateral_free(struct collateral *c); /* accepts NULL */

/* Load it again if it has changed. Spans from before are then gone. */
void collateral_refresh(struct collateral *c, int64_t now_s) __attribute__((nonnull));

/* Tell in the log which files the machines of this manifest will need that are not there. */
void collateral_note_missing(const struct collateral *c, const struct manifest *m, int64_t now_s)
    __attribute__((nonnull));

/* What belongs to the platform that made quote, by its PCK certificate. ERR_MISSING names the file that is
 * not there. */
int collateral_tdx(const struct collateral *c, struct span quote, struct tdx_collateral *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* AMD's revocation list for a product; ERR_MISSING names the file that is not there. */
int collateral_snp_crl(const struct collateral *c, enum snp_product product, struct span *out,
                       struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
