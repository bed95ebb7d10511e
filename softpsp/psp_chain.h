/* SPDX-License-Identifier: GPL-2.0-or-later */
/* psp_chain: the certificates of the test root, with AMD's structure and extensions. lib/snp_certs has the
 * format. */
#ifndef NACRE_PSP_CHAIN_H
#define NACRE_PSP_CHAIN_H

#include "ecc.h"
#include "snp_certs.h"

/* ark_key and ask_key are PKCS#1 RSA keys. Each call appends one certificate to w. */
int psp_chain_ark(struct span ark_key, enum snp_product product, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int psp_chain_ask(struct span ark_key, struct span ask_key, enum snp_product product, struct writer *w,
                  struct err *err) __attribute__((warn_unused_result, nonnull));
/* The leaf, for this chip and a recent TCB. */
int psp_chain_vcek(struct span ask_key, const struct ecc_public *vcek, enum snp_product product,
                   const uint8_t chip_id[SNP_CHIP_ID_SIZE], struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
