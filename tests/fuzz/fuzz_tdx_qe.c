/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_qe and tdx_pck: what a quote's signature data is taken for lies inside the quote and fills it; a
 * chain's certificates and the SGX extension can be read. */
#include "tdx_pck.h"
#include "tdx_qe.h"
#include "tdx_quote.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > 0 && (part.data < data || part.data + part.len > data + size))
        abort();
}

static void look_at_chain(struct span text)
{
    static struct tdx_pck_chain chain;
    struct tdx_pck pck, before;
    struct err err = {0};

    if (tdx_pck_chain_read(text, 3, &chain, &err) < 0) {
        if (err.code == ERR_NONE || chain.count != 0)
            abort();
        return;
    }
    if (chain.count != 3)
        abort();
    for (size_t i = 0; i < chain.count; i++)
        inside(chain.certs[i].tbs, chain.der, sizeof chain.der);
    memset(&pck, 0x5a, sizeof pck);
    memcpy(&before, &pck, sizeof pck);
    if (tdx_pck_read(&chain.certs[0], &pck, &err) < 0 && memcmp(&pck, &before, sizeof pck) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tdx_quote q;
    struct tdx_qe qe, before;
    struct err err = {0};

    if (tdx_quote_parse(span_of(data, size), &q, &err) < 0)
        return 0;
    if (q.signed_len > size)
        abort();
    memset(&qe, 0x5a, sizeof qe);
    memcpy(&before, &qe, sizeof qe);
    if (tdx_qe_parse(span_of(data, size), q.signed_len, &qe, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&qe, &before, sizeof qe) != 0)
            abort();
        return 0;
    }
    inside(qe.certs, data, size);
    if (qe.signature.data != data + q.signed_len + 4 || qe.key.data != qe.signature.data + 64 ||
        qe.report.len != TDX_QE_REPORT_SIZE ||
        qe.report_signature.data != qe.report.data + TDX_QE_REPORT_SIZE || qe.certs.len > TDX_QE_CERTS_MAX ||
        qe.auth.len > TDX_QE_AUTH_MAX)
        abort();
    if (qe.certs.len > 0 && qe.certs.data != qe.auth.data + qe.auth.len + 6)
        abort();
    if (tdx_qe_check_key(&qe, &err) == 0 && !span_is_zero(span_sub(qe.report_data, 32, 32)))
        abort();
    look_at_chain(qe.certs);
    return 0;
}
