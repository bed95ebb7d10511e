/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attest_json: the documents of Contrast's HTTP attestation API. docs/formats/http-attest.md
 *
 * The request is anybody's; the answer's fields are the Coordinator's, and nothing in it is to be believed
 * before the evidence and its report data (lib/transition) have been checked.
 */
#ifndef NACRE_ATTEST_JSON_H
#define NACRE_ATTEST_JSON_H

#include "err.h"
#include "span.h"
#include "transition.h"

#include <stddef.h>
#include <stdint.h>

#define ATTEST_JSON_TYPE "application/json"
#define ATTEST_JSON_VERSION "nacre"
#define ATTEST_JSON_REQUEST_MAX 1024 /* bytes */
#define ATTEST_JSON_ERROR_MAX 512    /* bytes of an error's text that are kept */

/* {"nonce": base64 of 32 bytes}, and nothing else. Returns 0, or -1 with *err set (ERR_FORMAT, ERR_LIMIT,
 * ERR_MISSING) and nonce untouched. */
int attest_json_request_decode(struct span body, uint8_t nonce[TRANSITION_NONCE_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

enum attest_json_type {
    ATTEST_JSON_SNP,
    ATTEST_JSON_TDX,
};

/* All borrowed. */
struct attest_json_answer {
    struct span evidence;
    enum attest_json_type type;
    const struct span *manifests; /* oldest first */
    size_t manifest_count;
    const struct span *policies;
    size_t policy_count;
    struct span root_pem;
    struct span mesh_pem;
};

/* Append the answer to w. Returns 0, or -1 with *err set (ERR_LIMIT). */
int attest_json_answer_encode(const struct attest_json_answer *a, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Bytes that the answer takes. */
size_t attest_json_answer_size(const struct attest_json_answer *a) __attribute__((nonnull));

/* Append an error document: HTTP status, Contrast's name of the kind, text (any bytes; what is no printable
 * ASCII becomes '?'). Returns 0, or -1 with *err set (ERR_LIMIT). */
int attest_json_error(unsigned status, const char *code, const char *text, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
