/* SPDX-License-Identifier: GPL-2.0-or-later */
/* collateral_check: is this file of the collateral folder what its name says, and signed by whom it should
 * be? For collateral.c alone. */
#ifndef NACRE_COLLATERAL_CHECK_H
#define NACRE_COLLATERAL_CHECK_H

#include "collateral.h"

#define COLLATERAL_NAME_MAX 64
#define COLLATERAL_TCB_INFO "tdx-tcb-info-" /* <FMSPC: 12 hex digits>.json, .pem */
#define COLLATERAL_QE_IDENTITY "tdx-qe-identity.json"
#define COLLATERAL_QE_IDENTITY_CHAIN "tdx-qe-identity.pem"
#define COLLATERAL_ROOT_CRL "tdx-root.crl"
#define COLLATERAL_PCK_CRL_PLATFORM "tdx-pck-platform.crl"
#define COLLATERAL_PCK_CRL_PROCESSOR "tdx-pck-processor.crl"

struct collateral_file {
    char name[COLLATERAL_NAME_MAX];
    struct fileio_bytes bytes; /* owned by who made it */
};

/* "snp-milan.crl", ...; NULL for an unknown product. */
const char *collateral_check_crl_name(enum snp_product product);

/* chain: the contents of the file of the same name with .pem, empty when there is none; for the two bodies.
 * Returns 0, also when the file is fine but for its dates, which then are told in late (ERR_TEXT_MAX bytes,
 * else made empty); -1 with *err set. */
int collateral_check_file(const struct collateral_file *file, struct span chain,
                          const struct collateral_roots *roots, int64_t now_s, char *late, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
