/* SPDX-License-Identifier: GPL-2.0-or-later */
/* measurements_read: the members of measurements.json; a part of lib/measurements, for measurements.c only.
 * docs/formats/measurements.md */
#ifndef NACRE_MEASUREMENTS_READ_H
#define NACRE_MEASUREMENTS_READ_H

#include "json.h"
#include "measurements.h"

/* Fill *out from the document's root. On failure *out is half filled. That the text is canonical is not
 * checked here. */
int measurements_read(const struct json *root, struct measurements *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
