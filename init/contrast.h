/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contrast: the folder that the workload sees as /contrast: certificates, key and secret under the names and
 * modes of Contrast's Initializer (docs/boot.md, Secrets), in a tmpfs that only the workload's user can
 * enter.
 *
 * The Coordinator chose the contents; the agent has checked them.
 */
#ifndef NACRE_CONTRAST_H
#define NACRE_CONTRAST_H

#include "err.h"
#include "policy.h"
#include "wire.h"

/* Mount the tmpfs and write everything; it is read-only afterwards. */
int contrast_lay_out(const struct wire_certificates *c, const struct policy_workload *owner, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A renewal: a second tls-config is written and then changes places with the first in one step, so that a
 * reader of the folder sees one generation. The old one stays, hidden, until the next renewal, for readers
 * that have it open. The secret stays as it is. After a failure the folder is not to be relied on. */
int contrast_renew(const struct wire_certificates *c, const struct policy_workload *owner, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
