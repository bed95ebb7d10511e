/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report: evidence about this VM through configfs-tsm (Linux, Documentation/ABI/testing/configfs-tsm).
 *
 * The kernel hands over what the secure processor (SNP) or the quoting enclave on the host (TDX) has signed.
 * PID 1 cannot check the signature: whoever receives the evidence does. A host that lies to us about the
 * host data gets a VM that no verifier accepts.
 */
#ifndef NACRE_REPORT_H
#define NACRE_REPORT_H

#include "err.h"
#include "policy.h"

#include <stddef.h>
#include <stdint.h>

#define REPORT_DATA_SIZE 64   /* bytes: what both platforms put into their reports */
#define REPORT_BLOB_MAX 32768 /* bytes of outblob and of auxblob: the kernel's own limit */
#define REPORT_DIR "/sys/kernel/config/tsm/report"
#define REPORT_TRIES                                                                                         \
    3 /* another user of the entry, which no other program should know, makes us start again */

struct report {
    enum policy_platform tee;
    uint8_t *bytes; /* owned */
    size_t len;
    uint8_t *aux; /* owned; SNP: the certificate table, if the host gave one */
    size_t aux_len;
};

/* Ask for a report that carries report_data. ERR_MISSING: no TEE; ERR_DENIED: a TEE that we do not know;
 * ERR_SYS: the kernel or the secure processor refused. *out is untouched on failure; the caller frees it. */
int report_get(const uint8_t report_data[REPORT_DATA_SIZE], struct report *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void report_free(struct report *report); /* accepts a zeroed one */

#endif
