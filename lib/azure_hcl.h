/* SPDX-License-Identifier: GPL-2.0-or-later */
/* azure_hcl: the report that the paravisor of an Azure confidential VM (Hyper-V's HCL) leaves in its vTPM: an
 * SNP or TDX report and the claims that it is bound to. docs/formats/azure-hcl.md; microsoft/openvmm,
 * openhcl_attestation_protocol (IgvmAttestRequestBase).
 *
 * The host and the VM's owner can change these bytes. Header and request data prove nothing; the hardware
 * report is checked by snp_verify (or by the TDX quote made from it), and vouches for the claims by their
 * digest. For tools that look at machines of others: nacre itself has no paravisor, and no program of ours
 * uses this.
 */
#ifndef NACRE_AZURE_HCL_H
#define NACRE_AZURE_HCL_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define AZURE_HCL_MAX 2600 /* bytes: the size of the NV index 0x01400001 */
#define AZURE_HCL_CLAIMS_OFFSET 1236
#define AZURE_HCL_CLAIMS_MAX (AZURE_HCL_MAX - AZURE_HCL_CLAIMS_OFFSET)
#define AZURE_HCL_SNP_SIZE 1184 /* bytes of the SNP report */
#define AZURE_HCL_TDX_SIZE 1024 /* bytes of the TD's report */
#define AZURE_HCL_REPORT_DATA_SIZE 64
#define AZURE_HCL_KEYS_MAX 4   /* keys in the claims */
#define AZURE_HCL_RSA_SIZE 256 /* bytes of the modulus of the vTPM's keys */
#define AZURE_HCL_USER_DATA_SIZE 64

enum azure_hcl_tee {
    AZURE_HCL_SNP = 2,
    AZURE_HCL_TDX = 4,
};

/* All spans are borrowed from the report. */
struct azure_hcl {
    uint32_t version; /* 1 or 2 */
    enum azure_hcl_tee tee;
    struct span report; /* for snp_report_parse; for TDX the TD's report, which only its own CPU can check */
    struct span report_data; /* AZURE_HCL_REPORT_DATA_SIZE bytes inside of it */
    struct span claims;      /* JSON */
};

/* What the claims say, as far as somebody needs it. */
struct azure_hcl_claims {
    uint8_t ak_modulus[AZURE_HCL_RSA_SIZE]; /* of the vTPM's attestation key; its exponent is 65537 */
    bool has_user_data;
    uint8_t user_data[AZURE_HCL_USER_DATA_SIZE]; /* what the VM wrote into NV index 0x01400002 */
};

/* Take a report apart; zeros may follow it, up to AZURE_HCL_MAX bytes in all. Neither the hardware report nor
 * the claims are looked into. ERR_FORMAT tells field and offset. */
int azure_hcl_parse(struct span bytes, struct azure_hcl *hcl, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The report data is SHA-256 of the claims, then 32 zeros: ERR_DENIED when not. Then read the claims
 * (ERR_FORMAT, ERR_MISSING, ERR_LIMIT). They are worth what the hardware report is worth. */
int azure_hcl_read_claims(const struct azure_hcl *hcl, struct azure_hcl_claims *claims, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
