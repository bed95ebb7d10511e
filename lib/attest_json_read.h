/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attest_json_read: an answer of Contrast's HTTP attestation API, taken apart. docs/formats/http-attest.md
 *
 * The Coordinator, or whoever stood between, chose these bytes: nothing in them is to be believed before the
 * evidence and its report data (lib/transition) have been checked.
 */
#ifndef NACRE_ATTEST_JSON_READ_H
#define NACRE_ATTEST_JSON_READ_H

#include "userapi.h"

#define ATTEST_JSON_READ_MAX                                                                                 \
    (6144u * 1024) /* bytes of an answer: USERAPI_RESPONSE_MAX in base 64, and more */
#define ATTEST_JSON_READ_EVIDENCE_MAX (20u * 1024) /* bytes */

/* Spans lie in the writer's buffer. */
struct attest_json_read {
    struct span evidence;
    struct userapi_list manifests; /* oldest first; the caller gives items and max, as for userapi */
    struct userapi_list policies;
    struct span root_ca; /* PEM */
    struct span mesh_ca; /* PEM */
};

/* room needs as many bytes as body has. Unknown, double and missing members are refused, but for
 * attestation_type, which older releases do not send. *out's counts and spans are untouched on failure, its
 * items and room are not. */
int attest_json_read(struct span body, struct writer *room, struct attest_json_read *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
