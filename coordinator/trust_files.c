/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trust_files.h"

#include "joinlog.h"
#include "test_root.h"

#include <string.h>

int trust_files_load(const struct trust_files *files, int64_t now_s, struct examine_trust *trust,
                     struct err *err)
{
    for (size_t i = 0; i < files->root_count; i++) {
        if (test_root_load(files->roots[i], &trust->roots[i], err) < 0)
            return -1;
        trust->root_count = i + 1;
    }
    trust->no_collateral = strcmp(files->collateral, TRUST_FILES_NONE) == 0;
    if (trust->no_collateral)
        return 0;
    const struct collateral_roots roots = {.roots = trust->roots, .count = trust->root_count};
    trust->collateral = collateral_open(files->collateral, &roots, now_s, err);
    return trust->collateral == NULL ? -1 : 0;
}

void trust_files_announce(const struct examine_trust *trust, const struct manifest *m, int64_t now_s)
{
    if (trust->collateral != NULL)
        collateral_note_missing(trust->collateral, m, now_s);
    else
        joinlog_note(now_s, "WARNING: --collateral none: nobody asks whether a machine's keys were revoked%s",
                     m->tdx_count > 0 ? ", and TDX evidence is refused" : "");
}
