/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examine: is this evidence one that the manifest accepts? No socket, no clock: `now` comes in.
 *
 * The manifest, the roots and the collateral are the operator's; the evidence is the peer's. A refusal names
 * the reference value that failed, what was expected and what was found.
 */
#ifndef NACRE_EXAMINE_H
#define NACRE_EXAMINE_H

#include "atls.h"
#include "collateral.h"
#include "ecc.h"
#include "fileio.h"
#include "grpc.h"
#include "hash.h"
#include "manifest.h"

#include <stdbool.h>
#include <stdint.h>

#define EXAMINE_ROOTS_MAX 8     /* test roots */
#define EXAMINE_REASON_MAX 1024 /* bytes of a refusal, the NUL included; a peer gets its start only */
#define EXAMINE_QUOTE_MAX 704   /* bytes of header and body of a TDX quote */

/* What chains may end in, beside the vendors' own roots, which are built in, and who was revoked. */
struct examine_trust {
    struct fileio_bytes roots[EXAMINE_ROOTS_MAX]; /* DER of test roots */
    size_t root_count;
    struct collateral *collateral; /* owned; NULL: no folder was named */
    /* The operator goes without: an SNP report needs no revocation list. TDX evidence is refused then. */
    bool no_collateral;
};
void examine_trust_free(struct examine_trust *trust) __attribute__((nonnull));

enum examine_kind {
    EXAMINE_SNP = 0,
    EXAMINE_TDX,
};

/* What the handshake told about a peer. */
struct examine_peer {
    struct ecc_public key;
    enum grpc_status
        status; /* GRPC_OK: the evidence is good, and an entry of the manifest names its host data */
    char reason[EXAMINE_REASON_MAX]; /* else: which check failed, expected and found */
    const char *check;               /* else: the name of the first check that failed, a literal */
    /* verified, when status is GRPC_OK */
    enum examine_kind kind;
    uint8_t host_data[SNP_HOST_DATA_SIZE]; /* TDX: the start of MRCONFIGID */
    struct snp_report report;              /* SNP */
    enum snp_product product;
    uint8_t quote[EXAMINE_QUOTE_MAX]; /* TDX: header and body */
    size_t quote_len;
    const struct manifest_policy *policy;
    bool has_event_head; /* nacre/1: the peer's evidence is bound to this head of its event log */
    uint8_t event_head[SHA384_SIZE];
};

/* Evidence of the one who holds key: its report must hold report_data. */
struct examine_claim {
    const struct ecc_public *key;
    enum examine_kind kind;
    struct span evidence;       /* SNP: the message of lib/snp_evidence; TDX: the raw quote */
    const uint8_t *report_data; /* SNP_REPORT_DATA_SIZE bytes, from our view of the connection */
};

/* Judge it. The result is in *out, refusals too; it borrows from manifest. */
void examine_claim(const struct manifest *manifest, const struct examine_trust *trust,
                   const struct examine_claim *claim, int64_t now_s, struct examine_peer *out)
    __attribute__((nonnull));

/* aTLS: judge the evidence that a peer's certificate holds; its report must hold report_data. */
void examine_shown(const struct manifest *manifest, const struct examine_trust *trust,
                   const struct atls_peer *peer, const uint8_t report_data[ATLS_REPORT_DATA_SIZE],
                   int64_t now_s, struct examine_peer *out) __attribute__((nonnull));
/* aTLS: judge the evidence of a peer whose certificate answers to nonce. */
void examine_atls(const struct manifest *manifest, const struct examine_trust *trust,
                  const struct atls_peer *peer, const uint8_t nonce[ATLS_NONCE_SIZE], int64_t now_s,
                  struct examine_peer *out) __attribute__((nonnull));

#endif
