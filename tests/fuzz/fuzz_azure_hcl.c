/* SPDX-License-Identifier: GPL-2.0-or-later */
/* azure_hcl: what is accepted lies inside the input; no claims are read that the report data does not hold;
 * claims of any bytes under the right digest are read or refused. */
#include "azure_hcl.h"

#include "hash.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > 0 && (part.data < data || part.data + part.len > data + size))
        abort();
}

/* The claims once as they are bound, once bound to them whatever they are. */
static void read_claims(struct azure_hcl hcl)
{
    uint8_t bound[AZURE_HCL_REPORT_DATA_SIZE] = {0};
    struct azure_hcl_claims claims, before;
    struct err err = {0};

    if (hash_bytes(HASH_SHA256, hcl.claims, bound, &err) < 0)
        abort();
    memset(&claims, 0x5a, sizeof claims);
    memcpy(&before, &claims, sizeof claims);
    if (azure_hcl_read_claims(&hcl, &claims, &err) == 0) {
        if (memcmp(hcl.report_data.data, bound, sizeof bound) != 0)
            abort();
        return;
    }
    if (err.code == ERR_NONE || memcmp(&claims, &before, sizeof claims) != 0)
        abort();
    hcl.report_data = span_of(bound, sizeof bound);
    err.code = ERR_NONE;
    if (azure_hcl_read_claims(&hcl, &claims, &err) == 0) {
        if (claims.ak_modulus[0] < 0x80)
            abort();
        return;
    }
    if (err.code == ERR_NONE || err.code == ERR_DENIED || memcmp(&claims, &before, sizeof claims) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azure_hcl hcl, before;
    struct err err = {0};

    memset(&hcl, 0x5a, sizeof hcl);
    memcpy(&before, &hcl, sizeof hcl);
    if (azure_hcl_parse(span_of(data, size), &hcl, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&hcl, &before, sizeof hcl) != 0)
            abort();
        return 0;
    }
    inside(hcl.report, data, size);
    inside(hcl.report_data, hcl.report.data, hcl.report.len);
    inside(hcl.claims, data, size);
    if (hcl.report_data.len != AZURE_HCL_REPORT_DATA_SIZE || hcl.claims.len == 0 ||
        hcl.report.len != (hcl.tee == AZURE_HCL_SNP ? AZURE_HCL_SNP_SIZE : AZURE_HCL_TDX_SIZE))
        abort();
    read_claims(hcl);
    return 0;
}
