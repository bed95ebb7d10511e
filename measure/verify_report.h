/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_report: are the values of an SNP report or a TDX quote among the published ones? */
#ifndef NACRE_VERIFY_REPORT_H
#define NACRE_VERIFY_REPORT_H

#include "checks.h"
#include "measurements.h"

struct verify_report {
    const struct measurements *m;
    bool allow_debug;         /* the debug bits may be set, if m is a dev image's */
    const uint8_t *host_data; /* SHA256_SIZE bytes: the one that is expected; NULL: one of m's */
};

/* Add a row for each value. The signature of the report itself is not looked at. ERR_FORMAT: bytes is neither
 * a report nor a quote. */
int verify_report(const struct verify_report *v, struct span bytes, struct checks *checks, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
