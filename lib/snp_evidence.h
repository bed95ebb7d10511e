/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_evidence: a report with its certificates as the protobuf message sevsnp.Attestation that Contrast puts
 * into the aTLS certificate. docs/formats/snp-evidence.md.
 *
 * The message carries the report's fields one by one, not its bytes; decoding rebuilds the 1184 bytes
 * exactly, so that the signature can be checked. A peer chooses these bytes: everything is bounded, unknown
 * and double fields are refused.
 */
#ifndef NACRE_SNP_EVIDENCE_H
#define NACRE_SNP_EVIDENCE_H

#include "snp_certs.h"

#define SNP_EVIDENCE_MAX 17000     /* bytes: what a TLS certificate may carry */
#define SNP_EVIDENCE_CERT_MAX 4096 /* bytes of one certificate in it */
#define SNP_EVIDENCE_CRL_MAX 8192  /* bytes of the revocation list in it */
#define SNP_EVIDENCE_EXTRAS_MAX 8  /* entries of the map "extras"; all but the list are skipped */

struct snp_evidence {
    uint8_t report[SNP_REPORT_SIZE];
    struct snp_chain chain;   /* borrowed from the message */
    enum snp_product product; /* as the message claims; unknown when left out */
};

/* Encode report and the certificates that are not empty. ERR_FORMAT when the report does not parse, or when
 * its stepping has no place in the message; ERR_LIMIT when w is too small or the message passes
 * SNP_EVIDENCE_MAX. */
int snp_evidence_encode(struct span report, const struct snp_chain *chain, enum snp_product product,
                        struct writer *w, struct err *err) __attribute__((warn_unused_result, nonnull));

int snp_evidence_decode(struct span message, struct snp_evidence *evidence, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
