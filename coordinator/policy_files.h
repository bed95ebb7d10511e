/* SPDX-License-Identifier: GPL-2.0-or-later */
/* policy_files: initdata documents that a manifest names, from files, or folders of nothing else. */
#ifndef NACRE_POLICY_FILES_H
#define NACRE_POLICY_FILES_H

#include "err.h"
#include "fileio.h"
#include "userapi.h"

struct policy_files {
    struct fileio_bytes files[USERAPI_POLICIES_MAX];
    struct span spans[USERAPI_POLICIES_MAX];
    size_t count;
};

/* Read them all; names that begin with a dot are left out in folders. Returns 0, or -1 with *err set. The
 * caller frees in both cases. */
int policy_files_read(const char *const *paths, size_t count, struct policy_files *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void policy_files_free(struct policy_files *p); /* accepts an empty one */
#define AUTO_POLICY_FILES __attribute__((cleanup(policy_files_free))) struct policy_files

#endif
