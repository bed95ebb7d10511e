/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest_parse over any bytes: a failure leaves the output alone and says why; what is accepted can be
 * found and used. */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check(const struct manifest *m)
{
    require(m->policy_count > 0 && m->policy_count <= MANIFEST_POLICIES_MAX);
    require(m->snp_count + m->tdx_count > 0);
    for (size_t i = 0; i < m->policy_count; i++) {
        require(manifest_find(m, m->policies[i].host_data) == &m->policies[i]);
        require(m->policies[i].san_count > 0);
    }
    for (size_t i = 0; i < m->snp_count; i++) {
        struct snp_expect e;

        manifest_expect(&m->snp[i], &e);
        require(e.measurements.count > 0 && !e.measurements.any);
        require(e.policy.set && e.platform_info.set && e.tcb.set && e.launch_tcb.set);
        require((e.policy.allowed & (SNP_POLICY_DEBUG | SNP_POLICY_MIGRATE_MA)) == 0);
        require((e.policy.required & ~e.policy.allowed) == 0);
        require((e.platform_info.required & ~e.platform_info.allowed) == 0);
        require(e.product != SNP_PRODUCT_MILAN || !e.chip_ids.any);
    }
    for (size_t i = 0; i < m->tdx_count; i++) {
        struct tdx_expect e;

        manifest_expect_tdx(&m->tdx[i], &e);
        require(e.evaluation_min > 0 && e.minimum.set && e.accepted == 0);
        require(e.mr_td.count == 1 && !e.mr_td.any && e.mr_seam.count == 1 && !e.mr_seam.any);
        require(e.attributes.set && (e.attributes.allowed & TDX_ATTR_DEBUG) == 0 && e.xfam.set);
        for (size_t k = 0; k < TDX_VERIFY_RTMR_COUNT; k++)
            require(e.rtmr[k].count == 1 && !e.rtmr[k].any);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest m = {.policy_count = 12345};
    struct err err = {0};

    if (manifest_parse(span_of(data, size), "m", false, &m, &err) < 0) {
        require(m.policy_count == 12345 && m.policies == NULL);
        require(err.code != ERR_NONE && err.text[0] != '\0');
        return 0;
    }
    check(&m);
    manifest_free(&m);
    return 0;
}
