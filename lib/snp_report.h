/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_report: the SEV-SNP attestation report, 1184 bytes, versions 2, 3 and 5. docs/formats/snp-report.md;
 * AMD publication 56860 (SEV-SNP Firmware ABI), ATTESTATION_REPORT.
 *
 * The secure processor writes and signs these bytes; the host carries them and may change them. Parsing
 * checks the form only: nothing here is trustworthy before snp_verify has checked the signature, except in
 * the guest that asked its own secure processor. No cryptography in this file.
 */
#ifndef NACRE_SNP_REPORT_H
#define NACRE_SNP_REPORT_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define SNP_REPORT_SIZE 1184       /* bytes of the whole report */
#define SNP_REPORT_SIGNED_SIZE 672 /* bytes that the signature covers: the first 0x2a0 */
#define SNP_REPORT_DATA_SIZE 64
#define SNP_MEASUREMENT_SIZE 48
#define SNP_HOST_DATA_SIZE 32
#define SNP_CHIP_ID_SIZE 64
#define SNP_KEY_DIGEST_SIZE 48
#define SNP_ID_SIZE 16 /* family id, image id */
#define SNP_REPORT_ID_SIZE 32
#define SNP_TCB_SIZE 8
#define SNP_SIG_FIELD 48 /* bytes of r and of s that may be non-zero */

/* guest policy */
#define SNP_POLICY_ABI_MINOR(policy) ((uint8_t) ((policy) &0xff))
#define SNP_POLICY_ABI_MAJOR(policy) ((uint8_t) (((policy) >> 8) & 0xff))
#define SNP_POLICY_SMT (UINT64_C(1) << 16)
#define SNP_POLICY_MUST_BE_ONE (UINT64_C(1) << 17)
#define SNP_POLICY_MIGRATE_MA (UINT64_C(1) << 18)
#define SNP_POLICY_DEBUG (UINT64_C(1) << 19)
#define SNP_POLICY_SINGLE_SOCKET (UINT64_C(1) << 20)
#define SNP_POLICY_CXL_ALLOW (UINT64_C(1) << 21)
#define SNP_POLICY_MEM_AES_256_XTS (UINT64_C(1) << 22)
#define SNP_POLICY_RAPL_DIS (UINT64_C(1) << 23)
#define SNP_POLICY_CIPHERTEXT_HIDING (UINT64_C(1) << 24)
#define SNP_POLICY_PAGE_SWAP_DISABLE (UINT64_C(1) << 25)

/* platform info */
#define SNP_PLATFORM_SMT_EN (UINT64_C(1) << 0)
#define SNP_PLATFORM_TSME_EN (UINT64_C(1) << 1)
#define SNP_PLATFORM_ECC_EN (UINT64_C(1) << 2)
#define SNP_PLATFORM_RAPL_DIS (UINT64_C(1) << 3)
#define SNP_PLATFORM_CIPHERTEXT_HIDING_EN (UINT64_C(1) << 4)
#define SNP_PLATFORM_ALIAS_CHECK_COMPLETE (UINT64_C(1) << 5)
#define SNP_PLATFORM_TIO_EN (UINT64_C(1) << 7)

#define SNP_SIG_ECDSA_P384_SHA384 1

enum snp_signer {
    SNP_SIGNER_VCEK = 0,
    SNP_SIGNER_VLEK = 1,
    SNP_SIGNER_NONE = 7,
};

/* The values are those of go-sev-guest's SevProductName. */
enum snp_product {
    SNP_PRODUCT_UNKNOWN = 0,
    SNP_PRODUCT_MILAN = 1,
    SNP_PRODUCT_GENOA = 2, /* Bergamo and Siena too */
    SNP_PRODUCT_TURIN = 3,
};

/* TCB_VERSION as stored. Compare part by part (snp_tcb_parts), never as one number. */
struct snp_tcb {
    uint8_t bytes[SNP_TCB_SIZE];
};

/* Security patch levels by name. fmc is Turin's; 0 on Milan and Genoa. */
struct snp_tcb_parts {
    uint8_t fmc;
    uint8_t boot_loader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
};

struct snp_version {
    uint8_t build;
    uint8_t minor;
    uint8_t major;
};

struct snp_report {
    uint32_t version; /* 2, 3 or 5 */
    uint32_t guest_svn;
    uint64_t policy; /* SNP_POLICY_* */
    uint8_t family_id[SNP_ID_SIZE];
    uint8_t image_id[SNP_ID_SIZE];
    uint32_t vmpl;
    uint32_t signature_algo;
    struct snp_tcb current_tcb;
    uint64_t platform_info; /* SNP_PLATFORM_* */
    bool author_key_en;
    bool mask_chip_key;
    enum snp_signer signer;
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    uint8_t measurement[SNP_MEASUREMENT_SIZE];
    uint8_t host_data[SNP_HOST_DATA_SIZE];
    uint8_t id_key_digest[SNP_KEY_DIGEST_SIZE];
    uint8_t author_key_digest[SNP_KEY_DIGEST_SIZE];
    uint8_t report_id[SNP_REPORT_ID_SIZE];
    uint8_t report_id_ma[SNP_REPORT_ID_SIZE];
    struct snp_tcb reported_tcb;
    uint8_t cpu_family; /* from version 3 on, else 0 */
    uint8_t cpu_model;
    uint8_t cpu_stepping;
    uint8_t chip_id[SNP_CHIP_ID_SIZE];
    struct snp_tcb committed_tcb;
    struct snp_version current_version;
    struct snp_version committed_version;
    struct snp_tcb launch_tcb;
    uint64_t launch_mit_vector; /* version 5, else 0 */
    uint64_t current_mit_vector;
    uint8_t sig_r[SNP_SIG_FIELD]; /* little endian, as stored */
    uint8_t sig_s[SNP_SIG_FIELD];
};

/* Take a report apart: exactly SNP_REPORT_SIZE bytes, a version we know, every reserved area zero.
 * ERR_FORMAT tells the field and its offset. */
int snp_report_parse(struct span bytes, struct snp_report *report, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The bytes of a report: SNP_REPORT_SIZE of them into out. parse(write(x)) == x for every x that parses. */
void snp_report_write(const struct snp_report *report, uint8_t out[SNP_REPORT_SIZE]) __attribute__((nonnull));

/* Product from CPUID family, model; SNP_PRODUCT_UNKNOWN for version 2 and for CPUs we do not know. */
enum snp_product snp_report_product(const struct snp_report *report) __attribute__((nonnull));
const char *snp_product_name(enum snp_product product);   /* "Milan", "Genoa", "Turin", "unknown" */
enum snp_product snp_product_from_name(struct span name); /* exactly these names, else unknown */

/* The parts of a TCB in this product's layout. Bytes without a meaning there must be zero (ERR_FORMAT). */
int snp_tcb_split(struct snp_tcb tcb, enum snp_product product, struct snp_tcb_parts *parts, struct err *err)
    __attribute__((warn_unused_result, nonnull));
struct snp_tcb snp_tcb_join(const struct snp_tcb_parts *parts, enum snp_product product)
    __attribute__((nonnull));

#endif
