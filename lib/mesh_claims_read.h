/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_claims_read: what a mesh certificate says about the machine of its workload: mesh_claims.h the other
 * way round, and the certificate's names. docs/formats/mesh-ca.md
 *
 * The Coordinator wrote these bytes, if the certificate verifies; whoever shows it chose which certificate.
 */
#ifndef NACRE_MESH_CLAIMS_READ_H
#define NACRE_MESH_CLAIMS_READ_H

#include "san.h"
#include "x509.h"

#include <stdbool.h>
#include <stdint.h>

#define MESH_CLAIMS_READ_SANS_MAX 32

enum mesh_claims_read_kind {
    MESH_CLAIMS_READ_NONE, /* a workload without a TEE */
    MESH_CLAIMS_READ_SNP = 1,
    MESH_CLAIMS_READ_TDX = 2,
};

/* N of the claims that a verifier compares. */
enum mesh_claims_read_snp {
    MESH_CLAIMS_READ_POLICY_DEBUG = 5,
    MESH_CLAIMS_READ_POLICY_MIGRATE_MA = 6,
    MESH_CLAIMS_READ_VMPL = 11,
    MESH_CLAIMS_READ_MEASUREMENT = 22,
    MESH_CLAIMS_READ_HOST_DATA = 23,
    MESH_CLAIMS_READ_REPORTED_TCB = 28, /* boot loader, SNP, TEE, microcode */
    MESH_CLAIMS_READ_CHIP_ID = 32,
    MESH_CLAIMS_READ_LAUNCH_TCB = 43,
};
enum mesh_claims_read_tdx {
    MESH_CLAIMS_READ_MR_SEAM = 9,
    MESH_CLAIMS_READ_TD_ATTRIBUTES = 12,
    MESH_CLAIMS_READ_XFAM = 13,
    MESH_CLAIMS_READ_MR_TD = 14,
    MESH_CLAIMS_READ_MR_CONFIG_ID = 15,
    MESH_CLAIMS_READ_RTMR0 = 18,
};

#define MESH_CLAIMS_READ_CALL __attribute__((warn_unused_result, nonnull))

/* By which claims are there. ERR_FORMAT: those of both kinds. */
int mesh_claims_read_kind(const struct x509 *cert, enum mesh_claims_read_kind *kind,
                          struct err *err) MESH_CLAIMS_READ_CALL;

/* The claim with this number; ERR_MISSING when there is none, ERR_FORMAT when it is of another type or, for
 * bytes, of another length than len. Bytes are borrowed from the certificate. */
int mesh_claims_read_number(const struct x509 *cert, unsigned number, uint64_t *value,
                            struct err *err) MESH_CLAIMS_READ_CALL;
int mesh_claims_read_flag(const struct x509 *cert, unsigned number, bool *value,
                          struct err *err) MESH_CLAIMS_READ_CALL;
struct mesh_claims_read_bytes {
    enum mesh_claims_read_kind kind;
    unsigned number;
    size_t len;
};
int mesh_claims_read_bytes(const struct x509 *cert, const struct mesh_claims_read_bytes *which,
                           struct span *bytes, struct err *err) MESH_CLAIMS_READ_CALL;

/* The workload secret id; empty when there is none. */
int mesh_claims_read_secret_id(const struct x509 *cert, struct span *id,
                               struct err *err) MESH_CLAIMS_READ_CALL;

/* The names in subjectAltName, borrowed; out has MESH_CLAIMS_READ_SANS_MAX. The text of an address is empty.
 */
int mesh_claims_read_sans(const struct x509 *cert, struct san *out, size_t *count,
                          struct err *err) MESH_CLAIMS_READ_CALL;

#endif
