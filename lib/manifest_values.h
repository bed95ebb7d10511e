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

/* Its list "tdx" (manifest_tdx.c). */
int manifest_values_tdx(const struct json *list, struct manifest *m, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* An array of at most max items, or null, which Contrast's tools write for an empty one. */
int manifest_values_list(const struct json *at, size_t max, size_t *count, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* "Platform", a label, and "CPUs", how many vCPUs the entry is for: told, not compared. Both optional. */
int manifest_values_labels(const struct json *at, struct span *platform, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
