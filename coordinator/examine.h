/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examine: is this evidence one that the manifest accepts? No socket, no clock: `now` comes in.
 *
 * The manifest and the roots are the operator's; the evidence is the peer's. A refusal names the reference
 * value that failed, what was expected and what was found.
 */
#ifndef NACRE_EXAMINE_H
#define NACRE_EXAMINE_H

#include "atls.h"
#include "ecc.h"
#include "fileio.h"
#include "grpc.h"
#include "hash.h"
#include "manifest.h"

#include <stdbool.h>
#include <stdint.h>

#define EXAMINE_ROOTS_MAX 8     /* test roots */
#define EXAMINE_REASON_MAX 1024 /* bytes of a refusal, the NUL included; a peer gets its start only */

/* What chains may end in, beside the vendors' own roots, which are built in. */
struct examine_trust {
    struct fileio_bytes roots[EXAMINE_ROOTS_MAX]; /* DER of test roots */
    size_t root_count;
};
void examine_trust_free(struct examine_trust *trust) __attribute__((nonnull));

/* What the handshake told about a peer. */
struct examine_peer {
    struct ecc_public key;
    enum grpc_status
        status; /* GRPC_OK: the evidence is good, and an entry of the manifest names its host data */
    char reason[EXAMINE_REASON_MAX]; /* else: which check failed, expected and found */
    const char *check;               /* else: the name of the first check that failed, a literal */
    struct snp_report report;        /* verified, when status is GRPC_OK */
    enum snp_product product;
    const struct manifest_policy *policy;
    bool has_event_head; /* nacre/1: the peer's evidence is bound to this head of its event log */
    uint8_t event_head[SHA384_SIZE];
};

/* Evidence of the one who holds key: its report must hold report_data. */
struct examine_claim {
    const struct ecc_public *key;
    struct span evidence;
    const uint8_t *report_data; /* SNP_REPORT_DATA_SIZE bytes, from our view of the connection */
};

/* Judge it. The result is in *out, refusals too; it borrows from manifest. */
void examine_claim(const struct manifest *manifest, const struct examine_trust *trust,
                   const struct examine_claim *claim, int64_t now_s, struct examine_peer *out)
    __attribute__((nonnull));

/* aTLS: judge the evidence of a peer whose certificate answers to nonce. */
void examine_atls(const struct manifest *manifest, const struct examine_trust *trust,
                  const struct atls_peer *peer, const uint8_t nonce[ATLS_NONCE_SIZE], int64_t now_s,
                  struct examine_peer *out) __attribute__((nonnull));

#endif
