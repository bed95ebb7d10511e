/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own_evidence: the Coordinator's own evidence, when it is the workload of a nacre VM: fresh for each report
 * data, from the VM's attestation socket (docs/formats/attestation-socket.md), whose other end is the guest's
 * agent. The policy must say "attestation": "report-data".
 */
#ifndef NACRE_OWN_EVIDENCE_H
#define NACRE_OWN_EVIDENCE_H

#include "attest_socket.h"
#include "err.h"
#include "ratls.h"
#include "span.h"

#include <stdint.h>

#define OWN_EVIDENCE_DEADLINE_MS 5000 /* for one report, being told "busy" and asking again included */
#define OWN_EVIDENCE_PAUSE_MS 20      /* after "busy" */

struct own_evidence {
    const char *path;     /* of the socket, borrowed */
    enum ratls_kind kind; /* what the VM gives; set by own_evidence_open */
};

/* Ask once, so that a socket that is not there, or does not answer, or may not, shows at the start.
 * Returns 0, or -1 with *err set and *out untouched. */
int own_evidence_open(const char *path, struct own_evidence *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Append evidence whose report holds report_data to w: the callback of struct service, ctx is a struct
 * own_evidence. Blocks for OWN_EVIDENCE_DEADLINE_MS at most. Returns 0, or -1 with *err set: ERR_SYS,
 * ERR_TIMEOUT, ERR_DENIED (refused), ERR_FORMAT. */
int own_evidence_get(void *ctx, const uint8_t report_data[ATTEST_SOCKET_REPORT_DATA_SIZE], struct writer *w,
                     struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
