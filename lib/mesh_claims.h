/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_claims: what an SEV-SNP report or a TDX quote said, as certificate extensions in a mesh certificate.
 *
 * Contrast's arcs 1.3.9901.2.1.N (SNP) and 1.3.9901.2.2.N (TDX), docs/formats/mesh-ca.md: numbers as INTEGER,
 * flags as BOOLEAN, bytes as OCTET STRING. The evidence has been verified before; a peer that trusts the mesh
 * CA can read here what it was.
 */
#ifndef NACRE_MESH_CLAIMS_H
#define NACRE_MESH_CLAIMS_H

#include "snp_report.h"
#include "x509_write.h"

#define MESH_CLAIMS_MAX 46           /* extensions */
#define MESH_CLAIMS_SCRATCH_MAX 2048 /* bytes that their OIDs and values need */

/* Extensions under construction. OIDs and values are kept in scratch, so the list must outlive the
 * certificate's making, and must not be copied. */
struct mesh_claims_list {
    struct x509_ext *exts; /* the caller's array of max entries */
    size_t max;
    size_t count;
    struct writer *scratch;
};

/* Append the claims of report. TCB parts are taken apart in product's layout.
 * Returns 0, or -1 with *err set (ERR_LIMIT: no room; ERR_FORMAT: a TCB that product does not have). */
int mesh_claims_add(const struct snp_report *report, enum snp_product product, struct mesh_claims_list *list,
                    struct err *err) __attribute__((warn_unused_result, nonnull));
/* Append the claims of a TDX quote, of which header and body are given. ERR_FORMAT: they do not parse. */
int mesh_claims_add_tdx(struct span quote, struct mesh_claims_list *list, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
