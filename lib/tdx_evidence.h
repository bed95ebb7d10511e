/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_evidence: a TDX quote as the protobuf message tdx.QuoteV4 that Contrast puts into the aTLS certificate.
 * docs/formats/tdx-evidence.md.
 *
 * The message carries the quote's fields one by one, not its bytes; decoding rebuilds the bytes exactly, so
 * that the signatures can be checked. A peer chooses these bytes: everything is bounded, unknown and double
 * fields are refused. Nothing is verified here.
 */
#ifndef NACRE_TDX_EVIDENCE_H
#define NACRE_TDX_EVIDENCE_H

#include "tdx_quote.h"

#define TDX_EVIDENCE_MAX 17000        /* bytes: what a TLS certificate may carry */
#define TDX_EVIDENCE_QUOTE_MAX 16384  /* bytes of the quote in it, without padding */
#define TDX_EVIDENCE_EXTENSIONS_MAX 8 /* of Contrast's, which are skipped */

struct tdx_evidence {
    uint8_t quote[TDX_EVIDENCE_QUOTE_MAX];
    size_t len;
};

/* Append the message for a quote of version 4; padding behind it is left out. ERR_FORMAT: no such quote (the
 * message has no place for version 5); ERR_LIMIT: w is too small, or the message passes TDX_EVIDENCE_MAX. */
int tdx_evidence_encode(struct span quote, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* *evidence is untouched on failure. */
int tdx_evidence_decode(struct span message, struct tdx_evidence *evidence, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
