/* SPDX-License-Identifier: GPL-2.0-or-later */
/* leaf: a workload's mesh certificate as rows of the table: its chain, its names, and what the Coordinator
 * wrote into it about the machine. No socket, no file.
 *
 * The workload shows it; the Coordinator wrote it, if it verifies under the mesh CA.
 */
#ifndef NACRE_LEAF_H
#define NACRE_LEAF_H

#include "inputs.h"
#include "judge.h"
#include "x509.h"

struct leaf {
    const struct inputs *in;
    const struct span *certs; /* as the server showed them: the leaf first */
    size_t count;
    struct span mesh_ca; /* PEM */
    const char *name;    /* which the certificate must be for; NULL: only shown */
};

/* Chain, dates, names. Returns 1 with *cert, 0 when the leaf is not the mesh CA's, so that nothing in it
 * counts, -1 with *err set when the mesh CA is no certificate. */
int leaf_check(const struct leaf *l, struct table *t, struct x509 *cert, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The machine, by the leaf's claims (leaf_claims.c). digest_unknown in *result; ERR_MISSING when an
 * expectation is missing. */
int leaf_claims(const struct leaf *l, const struct x509 *cert, struct table *t, struct judge_result *result,
                struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
