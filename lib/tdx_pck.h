/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_pck: Intel's certificate chains, and the SGX extension of a PCK certificate. Intel, "Intel SGX PCK
 * Certificate and Certificate Revocation List Profile Specification"; docs/formats/tdx-quote.md.
 *
 * The quote (PCK chain) and the collateral (TCB signing chain) bring these bytes; the root is built in.
 */
#ifndef NACRE_TDX_PCK_H
#define NACRE_TDX_PCK_H

#include "x509.h"

#define TDX_PCK_CHAIN_MAX 3      /* certificates */
#define TDX_PCK_CHAIN_BYTES 8192 /* of DER, all together */
#define TDX_PCK_SVN_COUNT 16
#define TDX_PCK_ID_SIZE 16 /* bytes of PPID, PIID and CPUSVN */
#define TDX_PCK_FMSPC_SIZE 6
#define TDX_PCK_PCEID_SIZE 2

/* Leaf first, root last. Certificates borrow from der, so a chain must not be moved. */
struct tdx_pck_chain {
    uint8_t der[TDX_PCK_CHAIN_BYTES];
    struct x509 certs[TDX_PCK_CHAIN_MAX];
    size_t count;
};

/* Whose names a chain carries: Intel's, or those of a test root. */
struct tdx_pck_names {
    const char *root;
    const char *ca_platform;
    const char *ca_processor;
    const char *pck;
    const char *tcb_signer;
};
extern const struct tdx_pck_names tdx_pck_intel;
extern const struct tdx_pck_names tdx_pck_test; /* "nacre test SGX Root CA", ... */

/* The PEM blocks in text, exactly count of them and nothing else, each parsed. *chain is changed on failure
 * too, but for its count, which then is 0. */
int tdx_pck_chain_read(struct span text, size_t count, struct tdx_pck_chain *chain, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The chain's last certificate is root (DER), byte for byte, and has the right name; each other one is issued
 * by the next, with ECDSA and SHA-256. No date, no list is looked at. */
int tdx_pck_chain_check(const struct tdx_pck_chain *chain, struct span root,
                        const struct tdx_pck_names *names, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* cert's commonName is want. */
int tdx_pck_check_name(const struct x509 *cert, const char *want, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Every certificate of the chain is valid at now_s. */
int tdx_pck_chain_check_time(const struct tdx_pck_chain *chain, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* "SGX type": how memory is protected. */
enum tdx_pck_memory {
    TDX_PCK_STANDARD = 0,
    TDX_PCK_SCALABLE = 1,
    TDX_PCK_SCALABLE_WITH_INTEGRITY = 2,
};

/* One of the configuration's booleans. */
enum tdx_pck_flag {
    TDX_PCK_UNTOLD = 0, /* the certificate does not say */
    TDX_PCK_NO,
    TDX_PCK_YES,
};

/* What the SGX extension says. */
struct tdx_pck {
    uint8_t ppid[TDX_PCK_ID_SIZE];
    uint8_t comps[TDX_PCK_SVN_COUNT]; /* SVNs of the platform's TCB components */
    uint16_t pce_svn;
    uint8_t cpu_svn[TDX_PCK_ID_SIZE];
    uint8_t pce_id[TDX_PCK_PCEID_SIZE];
    uint8_t fmspc[TDX_PCK_FMSPC_SIZE];
    enum tdx_pck_memory memory;
    /* PCKs of the platform CA only */
    bool has_piid;
    uint8_t piid[TDX_PCK_ID_SIZE];
    enum tdx_pck_flag dynamic_platform; /* packages may be added later */
    enum tdx_pck_flag cached_keys;      /* Intel keeps the platform's root keys */
    enum tdx_pck_flag smt_enabled;
};

/* Read the SGX extension of a parsed PCK certificate; ERR_MISSING when it or a part of it is not there. */
int tdx_pck_read(const struct x509 *cert, struct tdx_pck *pck, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
