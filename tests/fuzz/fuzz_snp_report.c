/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_report: what parses is written back byte for byte; what does not leaves the output alone. */
#include "snp_report.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snp_report r, before;
    uint8_t out[SNP_REPORT_SIZE];
    struct snp_tcb_parts parts;
    struct err err = {0};

    memset(&r, 0x5a, sizeof r);
    memcpy(&before, &r, sizeof r);
    if (snp_report_parse(span_of(data, size), &r, &err) < 0) {
        if (err.code != ERR_FORMAT || memcmp(&r, &before, sizeof r) != 0)
            abort();
        return 0;
    }
    if (size != SNP_REPORT_SIZE)
        abort();
    snp_report_write(&r, out);
    if (memcmp(out, data, sizeof out) != 0)
        abort();
    for (int p = SNP_PRODUCT_MILAN; p <= SNP_PRODUCT_TURIN; p++) {
        if (snp_tcb_split(r.current_tcb, (enum snp_product) p, &parts, &err) < 0)
            continue;
        struct snp_tcb again = snp_tcb_join(&parts, (enum snp_product) p);
        if (memcmp(again.bytes, r.current_tcb.bytes, SNP_TCB_SIZE) != 0)
            abort();
    }
    return 0;
}
