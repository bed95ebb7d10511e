/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_ca: the Coordinator's certificates: root CA, intermediate CA, mesh CA, and a leaf for each workload.
 *
 * docs/formats/mesh-ca.md. The root's key comes from the seed and lives as long as it; the intermediate's key
 * is new for each manifest. Intermediate and mesh CA have the same key and the same name, so a leaf verifies
 * under the mesh CA (this manifest only) and under the root CA (all manifests).
 */
#ifndef NACRE_MESH_CA_H
#define NACRE_MESH_CA_H

#include "ecc.h"
#include "err.h"
#include "san.h"
#include "snp_report.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define MESH_CA_SERIAL_SIZE 16  /* bytes of a serial number: random */
#define MESH_CA_CERT_MAX 768    /* bytes of a CA certificate in DER */
#define MESH_CA_LEAF_MAX 16384  /* bytes of a leaf in DER, names and claims included */
#define MESH_CA_BACK_S 3600     /* certificates are valid from this long before they are made */
#define MESH_CA_YEAR_S 31557600 /* 365.25 days; CAs live ten of them, leaves one */
#define MESH_CA_CN_MAX 64       /* bytes of a commonName (X.520) */

#define MESH_CA_ROOT_NAME "system:coordinator:root"
#define MESH_CA_MESH_NAME "system:coordinator:intermediate"
/* The names that a Coordinator without a TEE gives itself, so that everybody under it can see. */
#define MESH_CA_ROOT_NAME_NO_TEE MESH_CA_ROOT_NAME ":no-tee"
#define MESH_CA_MESH_NAME_NO_TEE MESH_CA_MESH_NAME ":no-tee"

struct mesh_ca_cert {
    uint8_t der[MESH_CA_CERT_MAX];
    size_t len;
};

struct mesh_ca {
    bool no_tee;         /* the names say so */
    struct ecc_pair key; /* the intermediate's; secret, wiped by mesh_ca_wipe */
    struct mesh_ca_cert root;
    struct mesh_ca_cert intermediate; /* signed by the root */
    struct mesh_ca_cert mesh;         /* the same key and name, self-signed */
};

/* Random serial numbers of the three. */
struct mesh_ca_serials {
    uint8_t root[MESH_CA_SERIAL_SIZE];
    uint8_t intermediate[MESH_CA_SERIAL_SIZE];
    uint8_t mesh[MESH_CA_SERIAL_SIZE];
};

/* SHA-256 of the SubjectPublicKeyInfo of this key: what a guest's policy pins for the root CA. */
int mesh_ca_key_digest(const struct ecc_public *key, uint8_t out[32], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Make the three certificates at now_s (seconds since 1970). root and key are P-384; key is copied into *out.
 * no_tee: the Coordinator does not run in a TEE.
 * Returns 0, or -1 with *err set and *out untouched. */
int mesh_ca_make(const struct ecc_pair *root, const struct ecc_pair *key,
                 const struct mesh_ca_serials *serials, bool no_tee, int64_t now_s, struct mesh_ca *out,
                 struct err *err) __attribute__((warn_unused_result, nonnull));
void mesh_ca_wipe(struct mesh_ca *ca); /* accepts NULL */
#define AUTO_MESH_CA __attribute__((cleanup(mesh_ca_wipe))) struct mesh_ca

struct mesh_ca_leaf {
    const struct ecc_public *key;
    const struct san *sans; /* the first DNS name, of at most MESH_CA_CN_MAX bytes, becomes the commonName */
    size_t san_count;
    struct span secret_id;           /* workload secret id; empty: no such extension */
    const struct snp_report *report; /* verified; its fields become extensions. NULL: none */
    enum snp_product product;        /* the report's */
    struct span quote;               /* header and body of a TDX quote, verified; the same. Empty: none */
    uint8_t serial[MESH_CA_SERIAL_SIZE];
    int64_t now_s;
    int64_t life_s; /* valid this long from now_s; 0: MESH_CA_YEAR_S */
};

/* Issue a leaf under the mesh CA's key into w, in DER. Returns 0, or -1 with *err set (ERR_LIMIT: no room;
 * ERR_MISSING: no DNS name); w is then of no use. */
int mesh_ca_issue(const struct mesh_ca *ca, const struct mesh_ca_leaf *leaf, struct writer *w,
                  struct err *err) __attribute__((warn_unused_result, nonnull(1, 2, 3, 4)));

#endif
