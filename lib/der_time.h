/* SPDX-License-Identifier: GPL-2.0-or-later */
/* der_time: the time types of certificates, UTCTime and GeneralizedTime as RFC 5280 4.1.2.5 restricts them:
 * "YYMMDDHHMMSSZ" and "YYYYMMDDHHMMSSZ", years 1950 to 9999, no leap second. */
#ifndef NACRE_DER_TIME_H
#define NACRE_DER_TIME_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define DER_TIME_MIN INT64_C(-631152000)   /* 1950-01-01T00:00:00Z */
#define DER_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define DER_TIME_TEXT_SIZE 21              /* "9999-12-31T23:59:59Z" and a NUL */

/* Seconds since 1970 of the contents of a UTCTime (generalized false) or GeneralizedTime. */
int der_time_parse(struct span text, bool generalized, int64_t *unix_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* UTCTime is needed for unix_s before 2050 and GeneralizedTime from then on. */
bool der_time_is_generalized(int64_t unix_s);
/* Append the contents of the type that is needed. Outside DER_TIME_MIN..MAX the writer turns bad. */
void der_time_put(struct writer *w, int64_t unix_s) __attribute__((nonnull));
/* "2026-11-24T23:10:00Z" for messages; times outside the range are shown as the nearest in it. */
void der_time_text(int64_t unix_s, char out[DER_TIME_TEXT_SIZE]) __attribute__((nonnull));

#endif
