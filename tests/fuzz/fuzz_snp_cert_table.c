/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_cert_table: certificates lie inside the table; what is found survives being written again. */
#include "snp_cert_table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > 0 && (part.data < data || part.data + part.len > data + size || part.data[0] != 0x30))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buf[4 * SNP_CERT_TABLE_MAX + 256];
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_chain chain =
                         {
                             .ask = {data, size}
    },
                     again;
    struct err err = {0};

    if (snp_cert_table_parse(span_of(data, size), &chain, &err) < 0) {
        if (err.code == ERR_NONE || chain.ask.data != data || chain.ask.len != size)
            abort();
        return 0;
    }
    inside(chain.vcek, data, size);
    inside(chain.vlek, data, size);
    inside(chain.ask, data, size);
    inside(chain.ark, data, size);
    snp_cert_table_write(&chain, &w);
    if (w.bad)
        abort();
    if (w.len > SNP_CERT_TABLE_MAX) /* entries of the source may overlap */
        return 0;
    if (snp_cert_table_parse(writer_span(&w), &again, &err) < 0 || !span_eq(again.vcek, chain.vcek) ||
        !span_eq(again.vlek, chain.vlek) || !span_eq(again.ask, chain.ask) || !span_eq(again.ark, chain.ark))
        abort();
    return 0;
}
