/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_secret: everything a Coordinator derives from its seed.
 *
 * Contrast's derivation (docs/formats/manifest.md, "Secrets"): HKDF-SHA256(secret, salt, info), the output as
 * long as the secret. The seed and the salt are made by the Coordinator at its initialisation and kept in a
 * file; the workload secret's id comes from the manifest.
 */
#ifndef NACRE_MESH_SECRET_H
#define NACRE_MESH_SECRET_H

#include "err.h"
#include "secret.h"
#include "span.h"

#define MESH_SECRET_SEED_SIZE 64   /* bytes */
#define MESH_SECRET_SALT_SIZE 32   /* bytes */
#define MESH_SECRET_SIZE 64        /* bytes of each derived secret */
#define MESH_SECRET_EPOCHS_SIZE 32 /* bytes */
#define MESH_SECRET_ID_MAX 256     /* bytes of a workload secret's id */

/* What a Coordinator must keep. Wiped by mesh_secret_seed_wipe. */
struct mesh_secret_seed {
    struct secret seed; /* MESH_SECRET_SEED_SIZE bytes */
    struct secret salt; /* MESH_SECRET_SALT_SIZE bytes; not secret, but kept with the seed */
};

void mesh_secret_seed_wipe(struct mesh_secret_seed *s); /* accepts NULL */

/* The scalar (48 bytes) of the root CA's P-384 key. Returns 0, or -1 with *err set and *scalar untouched
 * (ERR_LIMIT: seed or salt have another length). */
int mesh_secret_root_ca_key(const struct mesh_secret_seed *from, struct secret *scalar, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The scalar (48 bytes) of the P-384 key that signs the history (lib/transition). The same returns. */
int mesh_secret_transaction_key(const struct mesh_secret_seed *from, struct secret *scalar, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The secret (MESH_SECRET_SIZE bytes) of the workload with this id, 1 to MESH_SECRET_ID_MAX bytes.
 * Returns 0, or -1 with *err set and *out untouched (ERR_LIMIT: a length is wrong). */
int mesh_secret_workload(const struct mesh_secret_seed *from, struct span id, struct secret *out,
                         struct err *err) __attribute__((warn_unused_result, nonnull));

/* Ours, not Contrast's: the key (32 bytes) that seals the table of volume epochs on disk
 * (docs/formats/epochs.md). Returns 0, or -1 with *err set and *out untouched (ERR_LIMIT). */
int mesh_secret_epochs(const struct mesh_secret_seed *from, struct secret *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
