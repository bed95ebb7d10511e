/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest: which workloads a Coordinator lets in, and what their machines must prove.
 *
 * Contrast's JSON format, docs/formats/manifest.md. The operator writes these bytes; their SHA-256 is the
 * manifest's identity. Strict: unknown, double and missing members are errors that name the path, and so is
 * an expectation left out, since it would mean "anything goes".
 */
#ifndef NACRE_MANIFEST_H
#define NACRE_MANIFEST_H

#include "err.h"
#include "hash.h"
#include "json.h"
#include "san.h"
#include "snp_verify.h"
#include "span.h"
#include "tdx_verify.h"

#include <stdbool.h>
#include <stdint.h>

#define MANIFEST_SIZE_MAX 1048576 /* bytes of the document */
#define MANIFEST_POLICIES_MAX 512
#define MANIFEST_SANS_MAX 32 /* names of one policy entry */
#define MANIFEST_SNP_MAX 512 /* entries of ReferenceValues.snp: Contrast 1.19 writes one per vCPU count */
#define MANIFEST_TDX_MAX 64
#define MANIFEST_CHIPS_MAX 1024 /* AllowedChipIDs of one entry */
#define MANIFEST_PIIDS_MAX 1024
#define MANIFEST_KEYS_MAX 32      /* owners' keys of each kind */
#define MANIFEST_ID_MAX 256       /* bytes of WorkloadSecretID */
#define MANIFEST_VCPUS_MAX 220    /* vCPU counts that an entry with APEIP stands for */
#define MANIFEST_TEXT_MAX 64      /* bytes of Platform */
#define MANIFEST_RSA_KEY_MAX 1100 /* bytes of a PKCS #1 RSA public key: 8192 bits */

enum manifest_role {
    MANIFEST_ROLE_NONE = 0,
    MANIFEST_ROLE_COORDINATOR,
};

/* One workload. Text is borrowed from the manifest. */
struct manifest_policy {
    uint8_t host_data[SNP_HOST_DATA_SIZE]; /* the SHA-256 of its initdata */
    enum manifest_role role;
    struct span secret_id; /* empty: this workload gets no secret */
    struct san *sans;      /* owned by the manifest */
    size_t san_count;
};

/* One entry of ReferenceValues.snp. */
struct manifest_snp {
    struct span platform; /* a label; empty when left out */
    enum snp_product product;
    uint8_t *measurements;    /* owned: measurement_count launch digests of SNP_MEASUREMENT_SIZE bytes */
    size_t measurement_count; /* 1; with APEIP one for each vCPU count, MANIFEST_VCPUS_MAX */
    struct snp_tcb_parts tcb; /* fmc is 0: the format has no field for it */
    uint8_t abi_major, abi_minor;
    struct snp_bits guest_policy;
    struct snp_bits platform_info;
    uint64_t mit_vector;
    uint8_t *chips; /* owned by the manifest: chip_count ids of SNP_CHIP_ID_SIZE bytes; none: any chip */
    size_t chip_count;
};

/* One entry of ReferenceValues.tdx. */
struct manifest_tdx {
    struct span platform;
    uint32_t evaluation_min; /* at least 1 */
    uint8_t mr_td[TDX_REG_SIZE];
    uint8_t mr_seam[TDX_REG_SIZE];
    uint8_t rtmrs[TDX_VERIFY_RTMR_COUNT][TDX_REG_SIZE];
    uint64_t xfam;
    uint8_t *piids; /* owned by the manifest: piid_count ids of TDX_PCK_ID_SIZE bytes; none: any platform */
    size_t piid_count;
    bool memory_integrity; /* these three: required, or not looked at */
    bool smt_disabled;
    bool static_platform;
};

/* Owners' keys, as they stand in the document: lower-case hex of DER or of a digest. */
struct manifest_keys {
    struct span hex[MANIFEST_KEYS_MAX];
    size_t count;
};

struct manifest {
    uint8_t sha256[SHA256_SIZE]; /* of the document's bytes */
    struct manifest_policy *policies;
    size_t policy_count;
    struct manifest_snp *snp;
    size_t snp_count;
    struct manifest_tdx *tdx;
    size_t tdx_count;
    struct manifest_keys owner_digests;    /* WorkloadOwnerKeyDigests: SHA-256 of a SubjectPublicKeyInfo */
    struct manifest_keys owner_keys;       /* WorkloadOwnerPubKeys: a SubjectPublicKeyInfo */
    struct manifest_keys seedshare_owners; /* SeedshareOwnerPubKeys: PKCS #1 RSAPublicKey */
    struct json_doc doc;                   /* the texts above live here */
};

/* Parse a document. require_coordinator: exactly one policy entry has the role "coordinator", as Contrast
 * wants it; else none or one. name is how messages call the document; it is borrowed and must outlive *out.
 * Returns 0, or -1 with *err set and *out untouched. On success the caller owns *out and calls manifest_free.
 */
int manifest_parse(struct span text, const char *name, bool require_coordinator, struct manifest *out,
                   struct err *err) __attribute__((warn_unused_result, nonnull));
void manifest_free(struct manifest *m); /* accepts NULL and a zeroed one */
#define AUTO_MANIFEST __attribute__((cleanup(manifest_free))) struct manifest

/* The entry for this host data, or NULL. */
const struct manifest_policy *manifest_find(const struct manifest *m,
                                            const uint8_t host_data[SNP_HOST_DATA_SIZE])
    __attribute__((nonnull));

/* The entry for a TD with this MRCONFIGID: its first 32 bytes are the policy entry's key, the others zero.
 * NULL when there is none. */
const struct manifest_policy *manifest_find_tdx(const struct manifest *m,
                                                const uint8_t mr_config_id[TDX_REG_SIZE])
    __attribute__((nonnull));

/* May the holder of the key in spki (DER) replace this manifest? Nobody may when it names no owner. */
bool manifest_is_owner(const struct manifest *m, struct span spki) __attribute__((nonnull));
/* Is this RSA key (PKCS #1 RSAPublicKey, DER) one of the seed share owners'? */
bool manifest_is_seedshare_owner(const struct manifest *m, struct span key) __attribute__((nonnull));

/* What snp_verify must expect for this entry, all but now_s, test_root, report_data and the decision about
 * the CRL, which the caller fills in. Borrows from entry; HOST_DATA is left open, since manifest_find decides
 * about it. */
void manifest_expect(const struct manifest_snp *entry, struct snp_expect *out) __attribute__((nonnull));
/* The same for tdx_verify: all but now_s, test_root and report_data. MRCONFIGID is left open, since
 * manifest_find_tdx decides about it. */
void manifest_expect_tdx(const struct manifest_tdx *entry, struct tdx_expect *out) __attribute__((nonnull));

#endif
