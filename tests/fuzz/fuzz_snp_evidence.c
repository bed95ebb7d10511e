/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_evidence: what is accepted holds a report that parses and certificates inside the message; its encoding
 * is accepted again and says the same. */
#include "snp_evidence.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, size_t max, const uint8_t *data, size_t size)
{
    if (part.len > max || (part.len > 0 && (part.data < data || part.data + part.len > data + size)))
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
    inside(e.chain.vcek, SNP_EVIDENCE_CERT_MAX, data, size);
    inside(e.chain.vlek, SNP_EVIDENCE_CERT_MAX, data, size);
    inside(e.chain.ask, SNP_EVIDENCE_CERT_MAX, data, size);
    inside(e.chain.ark, SNP_EVIDENCE_CERT_MAX, data, size);
    inside(e.chain.crl, SNP_EVIDENCE_CRL_MAX, data, size);
    if (snp_report_parse(span_of(e.report, sizeof e.report), &r, &err) < 0)
        abort();
    if (snp_evidence_encode(span_of(e.report, sizeof e.report), &e.chain, e.product, &w, &err) < 0 ||
        snp_evidence_decode(writer_span(&w), &again, &err) < 0)
        abort();
    if (memcmp(again.report, e.report, sizeof e.report) != 0 || !span_eq(again.chain.vcek, e.chain.vcek) ||
        !span_eq(again.chain.vlek, e.chain.vlek) || !span_eq(again.chain.ask, e.chain.ask) ||
        !span_eq(again.chain.ark, e.chain.ark) || !span_eq(again.chain.crl, e.chain.crl) ||
        again.product != e.product)
        abort();
    return 0;
}
