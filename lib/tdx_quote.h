/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_quote: header and body of an Intel TDX quote, versions 4 and 5. Intel, "Intel TDX DCAP Quoting Library
 * API", A.3.
 *
 * The quoting enclave on the host signs these bytes. Parsing reads the fields only: the signature data is not
 * looked at.
 */
#ifndef NACRE_TDX_QUOTE_H
#define NACRE_TDX_QUOTE_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define TDX_QUOTE_MAX 32768 /* bytes, the limit of configfs-tsm */
#define TDX_REG_SIZE 48
#define TDX_REPORT_DATA_SIZE 64

#define TDX_ATTR_DEBUG (UINT64_C(1) << 0)
#define TDX_ATTR_SEPT_VE_DISABLE (UINT64_C(1) << 28)

struct tdx_quote {
    uint16_t version;    /* 4 or 5 */
    uint64_t attributes; /* TDX_ATTR_* */
    uint64_t xfam;
    uint8_t mr_seam[TDX_REG_SIZE];
    uint8_t mr_td[TDX_REG_SIZE];
    uint8_t mr_config_id[TDX_REG_SIZE];
    uint8_t mr_owner[TDX_REG_SIZE];
    uint8_t mr_owner_config[TDX_REG_SIZE];
    uint8_t rtmr[4][TDX_REG_SIZE];
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
};

int tdx_quote_parse(struct span bytes, struct tdx_quote *quote, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
