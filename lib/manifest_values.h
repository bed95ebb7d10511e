/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_values: the member ReferenceValues of a manifest; a part of lib/manifest, for manifest.c only.
 *
 * docs/formats/manifest.md, "Reference values". The operator writes these bytes.
 */
#ifndef NACRE_MANIFEST_VALUES_H
#define NACRE_MANIFEST_VALUES_H

#include "manifest.h"

/* Read the lists "snp" and "tdx" at values into m. On failure *err is set and what m owns may be half built:
 * the caller frees it with manifest_free. */
int manifest_values_parse(const struct json *values, struct manifest *m, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
