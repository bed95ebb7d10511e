/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_evidence: what is accepted holds a report that parses and certificates inside the message; its encoding
 * is accepted again and says the same. */
#include "snp_evidence.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > SNP_EVIDENCE_CERT_MAX ||
        (part.len > 0 && (part.data < data || part.data + part.len > data + size)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[SNP_EVIDENCE_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_evidence e, again, before;
    struct snp_report r;
    struct err err = {0};

    memset(&e, 0x5a, sizeof e);
    memcpy(&before, &e, sizeof e);
    if (snp_evidence_decode(span_of(data, size), &e, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&e, &before, sizeof e) != 0)
            abort();
        return 0;
    }
    inside(e.chain.vcek, data, size);
    inside(e.chain.vlek, data, size);
    inside(e.chain.ask, data, size);
    inside(e.chain.ark, data, size);
    if (snp_report_parse(span_of(e.report, sizeof e.report), &r, &err) < 0)
        abort();
    if (snp_evidence_encode(span_of(e.report, sizeof e.report), &e.chain, e.product, &w, &err) < 0 ||
        snp_evidence_decode(writer_span(&w), &again, &err) < 0)
        abort();
    if (memcmp(again.report, e.report, sizeof e.report) != 0 || !span_eq(again.chain.vcek, e.chain.vcek) ||
        !span_eq(again.chain.vlek, e.chain.vlek) || !span_eq(again.chain.ask, e.chain.ask) ||
        !span_eq(again.chain.ark, e.chain.ark) || again.product != e.product)
        abort();
    return 0;
}
