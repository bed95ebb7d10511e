/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_certs: AMD's certificates: ARK (root), ASK or ASVK (intermediate), VCEK or VLEK (leaf) with AMD's
 * extensions. AMD publication 57230 (VCEK Certificate and KDS Interface Specification) and 58369 (VLEK).
 *
 * Leaf and intermediate come from the host (certificate table) or from the peer; the roots are built in.
 */
#ifndef NACRE_SNP_CERTS_H
#define NACRE_SNP_CERTS_H

#include "snp_report.h"
#include "x509.h"

#define SNP_CSP_ID_MAX 256 /* bytes */

/* AMD's arc 1.3.6.1.4.1.3704.1, contents bytes; an extension's OID is the arc and one or two more bytes. */
#define SNP_CERTS_ARC                                                                                        \
    {                                                                                                        \
        0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01                                                       \
    }
#define SNP_CERTS_ARC_SIZE 8
#define SNP_EXT_STRUCT_VERSION 1
#define SNP_EXT_PRODUCT_NAME 2
#define SNP_EXT_SPL 3 /* and one byte SNP_SPL_* */
#define SNP_EXT_HWID 4
#define SNP_EXT_CSP_ID 5
#define SNP_SPL_BOOT_LOADER 1
#define SNP_SPL_TEE 2
#define SNP_SPL_SNP 3
#define SNP_SPL_4 4
#define SNP_SPL_7 7
#define SNP_SPL_MICROCODE 8
#define SNP_SPL_FMC 9

/* Certificates as they arrive: DER, borrowed. Absent ones are empty spans. */
struct snp_chain {
    struct span vcek;
    struct span vlek;
    struct span ask; /* ASK, or ASVK with a VLEK */
    struct span ark; /* compared with the pinned root only, never trusted */
    struct span crl; /* the ARK's revocation list, when one came along; who verifies decides about its use */
};

/* What a leaf's extensions say. */
struct snp_leaf {
    enum snp_signer signer;   /* VCEK with a HWID, VLEK with a CSP_ID */
    enum snp_product product; /* from productName */
    struct snp_tcb_parts tcb;
    struct span hwid;   /* VCEK: 64 bytes, or 8 on Turin; VLEK: empty */
    struct span csp_id; /* VLEK only */
};

/* Read the extensions of a parsed VCEK or VLEK. Missing, double or malformed ones are refused, and any that
 * is not AMD's. */
int snp_certs_leaf(const struct x509 *cert, struct snp_leaf *leaf, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* AMD's root key certificate for a product, built in; an empty span for SNP_PRODUCT_UNKNOWN. */
struct span snp_certs_ark(enum snp_product product);

#endif
