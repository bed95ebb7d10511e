/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mesh_recover: the answer of the mesh API's Recover, as bytes: what one Coordinator gives another of the
 * same deployment. Package meshapi, service MeshAPI; docs/formats/meshapi.md
 *
 * It holds everything that is secret in a deployment. Who asks must have the role "coordinator".
 */
#ifndef NACRE_MESH_RECOVER_H
#define NACRE_MESH_RECOVER_H

#include "err.h"
#include "span.h"

#define MESH_RECOVER_PATH "/meshapi.MeshAPI/Recover"
#define MESH_RECOVER_KEY_MAX 512                            /* bytes of the mesh CA's key in PEM */
#define MESH_RECOVER_MANIFEST_MAX (1024u * 1024)            /* bytes */
#define MESH_RECOVER_MAX (MESH_RECOVER_MANIFEST_MAX + 1024) /* bytes of an encoded answer */

/* Borrowed; the caller wipes what it borrows from. */
struct mesh_recover {
    struct span seed;        /* 1: MESH_SECRET_SEED_SIZE bytes */
    struct span salt;        /* 2: MESH_SECRET_SALT_SIZE bytes */
    struct span mesh_ca_key; /* 3: PEM, "EC PRIVATE KEY" */
    struct span manifest;    /* 4: the one in force */
};

/* Both: 0, or -1 with *err set (ERR_LIMIT, ERR_FORMAT, ERR_MISSING); decode leaves *out untouched then. */
int mesh_recover_encode(const struct mesh_recover *m, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));
int mesh_recover_decode(struct span message, struct mesh_recover *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
