/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examine_parts: what examine.c shares with the two kinds of evidence. Nobody but examine*.c includes this.
 */
#ifndef NACRE_EXAMINE_PARTS_H
#define NACRE_EXAMINE_PARTS_H

#include "examine.h"

#define EXAMINE_ROWS_MAX 48

/* A verdict of either verifier. Texts are borrowed from it. */
struct examine_row {
    const char *name;
    const char *text;
    bool passed;
    bool refused;
};
struct examine_rows {
    struct examine_row rows[EXAMINE_ROWS_MAX];
    size_t count;
    size_t genuine;  /* the rows before this one tell whether the evidence is genuine, whatever it says */
    bool under_root; /* the chain ends in the root that was tried */
};

/* Evidence that is tried with one entry of the manifest after the other. */
struct examine_case {
    const struct manifest *manifest;
    const struct examine_trust *trust;
    const struct examine_claim *claim;
    int64_t now_s;
    const char *list; /* of ReferenceValues: "snp", "tdx" */
    size_t entries;
    /* Is the entry about this kind of machine at all? */
    bool (*fits)(const struct examine_case *c, size_t index);
    /* Verify with the entry; root: DER of a test root, empty for the vendor's. 0 when all rows passed. */
    int (*verify)(struct examine_case *c, size_t index, struct span root, struct examine_rows *rows);
    void *ctx; /* of the two */
};

/* Try the entries that fit; the first that accepts wins, and *index is which. Else p->status and p->reason
 * are set. The evidence's last verdict is then the one that accepted. */
bool examine_try(struct examine_case *c, struct examine_peer *p, size_t *index) __attribute__((nonnull));

/* Refuse with "what: text". */
void examine_refuse(struct examine_peer *p, enum grpc_status status, const char *what, const char *text)
    __attribute__((nonnull));

/* Judge by the entries; fills kind, host_data and what is the kind's own, and the policy. */
void examine_snp(const struct examine_case *base, struct examine_peer *p) __attribute__((nonnull));
void examine_tdx(const struct examine_case *base, struct examine_peer *p) __attribute__((nonnull));

/* The policy's entry is known, or NULL: there is none for host_data. */
void examine_policy(struct examine_peer *p, const struct manifest_policy *policy, const char *what)
    __attribute__((nonnull(1, 3)));

#endif
