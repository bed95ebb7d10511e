/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_roots: AMD's root key certificates (ARK), built in. Trust in every real report starts here. */
#ifndef NACRE_SNP_ROOTS_H
#define NACRE_SNP_ROOTS_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t snp_root_milan[]; /* X.509 certificates, DER */
extern const uint8_t snp_root_genoa[];
extern const uint8_t snp_root_turin[];
extern const size_t snp_root_milan_len; /* bytes */
extern const size_t snp_root_genoa_len;
extern const size_t snp_root_turin_len;

#endif
