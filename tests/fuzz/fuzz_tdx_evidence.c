/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_evidence: what is accepted is a quote that parses to its last byte; its encoding is accepted again and
 * gives the same bytes. */
#include "tdx_evidence.h"
#include "tdx_qe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[TDX_EVIDENCE_MAX];
    static struct tdx_evidence e, again;
    struct writer w = writer_of(buf, sizeof buf);
    struct tdx_quote quote;
    struct tdx_qe qe;
    struct err err = {0};

    e.len = 4711;
    if (tdx_evidence_decode(span_of(data, size), &e, &err) < 0) {
        if (err.code == ERR_NONE || e.len != 4711)
            abort();
        return 0;
    }
    if (tdx_quote_parse(span_of(e.quote, e.len), &quote, &err) < 0 || quote.version != 4 ||
        tdx_qe_parse(span_of(e.quote, e.len), quote.signed_len, &qe, &err) < 0 || qe.quote_len != e.len)
        abort();
    if (tdx_evidence_encode(span_of(e.quote, e.len), &w, &err) < 0 ||
        tdx_evidence_decode(writer_span(&w), &again, &err) < 0)
        abort();
    if (again.len != e.len || memcmp(again.quote, e.quote, e.len) != 0)
        abort();
    return 0;
}
