/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_quote: the fields are those at their known offsets. */
#include "tdx_quote.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tdx_quote q, before;
    struct err err = {0};
    size_t body;

    memset(&q, 0x5a, sizeof q);
    memcpy(&before, &q, sizeof q);
    if (tdx_quote_parse(span_of(data, size), &q, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&q, &before, sizeof q) != 0)
            abort();
        return 0;
    }
    body = q.version == 4 ? 48 : 54;
    if (size < body + 584 || memcmp(q.mr_td, data + body + 136, TDX_REG_SIZE) != 0 ||
        memcmp(q.mr_config_id, data + body + 184, TDX_REG_SIZE) != 0 ||
        memcmp(q.rtmr[3], data + body + 472, TDX_REG_SIZE) != 0 ||
        memcmp(q.report_data, data + body + 520, TDX_REPORT_DATA_SIZE) != 0)
        abort();
    return 0;
}
