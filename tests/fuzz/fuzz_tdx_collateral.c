/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_collateral, tdx_tcb, tdx_identity: a signed value lies inside its body and is one JSON object; whatever
 * it says, a platform that is better in every number never gets a later level. */
#include "json.h"
#include "tdx_collateral.h"
#include "tdx_identity.h"
#include "tdx_tcb.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(struct span value, const uint8_t *data, size_t size)
{
    if (value.len < 2 || value.data < data || value.data + value.len > data + size || value.data[0] != '{' ||
        value.data[value.len - 1] != '}')
        abort();
}

static void check_level(const struct tdx_level *level)
{
    if (!level->found)
        return;
    if ((unsigned) level->status >= TDX_STATUS_COUNT || level->advisory_count > TDX_LEVEL_ADVISORIES_MAX)
        abort();
    for (size_t i = 0; i < level->advisory_count; i++) {
        if (!memchr(level->advisories[i], 0, sizeof level->advisories[i]))
            abort();
    }
}

static void read_info(struct span json)
{
    static const uint8_t low[16] = {1, 3, 1}, high[16] = {[0 ... 15] = 255};
    static const uint8_t svn_low[16] = {3, 3, 2}, svn_high[16] = {255, 3, [2 ... 15] = 255};
    const struct tdx_platform worst = {low, 1, svn_low}, best = {high, UINT16_MAX, svn_high};
    static struct tdx_tcb_info a, b, before;
    struct err err = {0};

    memset(&a, 0x5a, sizeof a);
    memcpy(&before, &a, sizeof a);
    if (tdx_tcb_info_read(json, &worst, &a, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&a, &before, sizeof a) != 0)
            abort();
        return;
    }
    if (tdx_tcb_info_read(json, &best, &b, &err) < 0)
        abort();
    check_level(&a.platform);
    check_level(&a.module_level);
    check_level(&b.platform);
    if ((a.platform.found && !b.platform.found) || (a.module_level.found && !b.module_level.found) ||
        a.module_known != b.module_known)
        abort();
}

static void read_identity(struct span json)
{
    static struct tdx_qe_identity a, b, before;
    struct err err = {0};

    memset(&a, 0x5a, sizeof a);
    memcpy(&before, &a, sizeof a);
    if (tdx_identity_read(json, 4, &a, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&a, &before, sizeof a) != 0)
            abort();
        return;
    }
    check_level(&a.level);
    if (tdx_identity_read(json, UINT16_MAX, &b, &err) < 0 || !b.level.found)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"tcbInfo", "enclaveIdentity"};

    for (int i = 0; i < 2; i++) {
        struct tdx_signed part, before;
        struct err err = {0};

        memset(&part, 0x5a, sizeof part);
        memcpy(&before, &part, sizeof part);
        if (tdx_collateral_split(span_of(data, size), "fuzz", keys[i], &part, &err) < 0) {
            if (err.code == ERR_NONE || memcmp(&part, &before, sizeof part) != 0)
                abort();
            continue;
        }
        check_value(part.value, data, size);
        if (i == 0)
            read_info(part.value);
        else
            read_identity(part.value);
    }
    return 0;
}
