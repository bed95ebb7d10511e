/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pem: RFC 7468 text encoding, strict: 64-character lines, LF, canonical base64, nothing outside the blocks
 * but empty lines (on reading, CR before LF and a missing last LF are accepted, since AMD's and Intel's files
 * have them). */
#ifndef NACRE_PEM_H
#define NACRE_PEM_H

#include "err.h"
#include "span.h"

#define PEM_LABEL_CERTIFICATE "CERTIFICATE"
#define PEM_LABEL_PRIVATE_KEY "PRIVATE KEY"
/* Bytes of text for der_len bytes under a label of label_len characters. */
#define PEM_SIZE(der_len, label_len) (((der_len) + 47) / 48 * 65 + 2 * (label_len) + 36)

/* Append one block. */
void pem_put(struct writer *w, const char *label, struct span der) __attribute__((nonnull));

/* Read the next block from *text, which must have this label; *text then begins after it.
 * The DER bytes are appended to w; *der borrows them there. ERR_MISSING when no block is left. */
int pem_next(struct span *text, const char *label, struct writer *w, struct span *der, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
