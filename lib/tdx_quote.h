/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_quote: header and body of an Intel TDX quote, versions 4 and 5. Intel, "Intel TDX DCAP Quoting Library
 * API", A.3.
 *
 * The quoting enclave on the host signs these bytes. Parsing reads the fields only: the signature data is not
 * looked at (tdx_qe.h does), nor is the vendor or a reserved field, so that PID 1 stays small.
 */
#ifndef NACRE_TDX_QUOTE_H
#define NACRE_TDX_QUOTE_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define TDX_QUOTE_MAX 32768 /* bytes, the limit of configfs-tsm */
#define TDX_REG_SIZE 48
#define TDX_REPORT_DATA_SIZE 64
#define TDX_SVN_SIZE 16 /* security version numbers of a TEE TCB, one byte a component */
#define TDX_VENDOR_SIZE 16

#define TDX_ATTR_DEBUG (UINT64_C(1) << 0)
#define TDX_ATTR_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define TDX_ATTR_PKS (UINT64_C(1) << 30)
#define TDX_ATTR_KL (UINT64_C(1) << 31)
#define TDX_ATTR_PERFMON (UINT64_C(1) << 63)

struct tdx_quote {
    uint16_t version; /* 4 or 5 */
    bool is_1_5;      /* the body of TDX 1.5: the two fields at the end are there */
    uint8_t qe_vendor[TDX_VENDOR_SIZE];
    uint8_t tee_tcb_svn[TDX_SVN_SIZE]; /* at launch: module's SVN, module's major version, microcode, ... */
    uint8_t mr_signer_seam[TDX_REG_SIZE];
    uint64_t seam_attributes;
    uint64_t attributes; /* TDX_ATTR_* */
    uint64_t xfam;
    uint8_t mr_seam[TDX_REG_SIZE];
    uint8_t mr_td[TDX_REG_SIZE];
    uint8_t mr_config_id[TDX_REG_SIZE];
    uint8_t mr_owner[TDX_REG_SIZE];
    uint8_t mr_owner_config[TDX_REG_SIZE];
    uint8_t rtmr[4][TDX_REG_SIZE];
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
    uint8_t tee_tcb_svn_2[TDX_SVN_SIZE]; /* now, after updates of the running module */
    uint8_t mr_service_td[TDX_REG_SIZE]; /* zero: no service TD (migration) is bound */
    size_t signed_len;                   /* bytes of header and body, which the signature covers */
};

int tdx_quote_parse(struct span bytes, struct tdx_quote *quote, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
