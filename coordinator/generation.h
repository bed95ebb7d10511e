/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generation: one manifest of a Coordinator with the mesh CA that belongs to it. It never changes.
 *
 * docs/formats/manifest.md, mesh-ca.md. Counted: whoever works with a generation holds a reference, so that a
 * session ends under the manifest it began with while a newer one is current already. One thread.
 */
#ifndef NACRE_GENERATION_H
#define NACRE_GENERATION_H

#include "err.h"
#include "manifest.h"
#include "mesh_ca.h"
#include "span.h"
#include "transition.h"

#include <stdbool.h>
#include <stdint.h>

#define GENERATION_PEM_MAX 2048 /* bytes of a CA certificate in PEM */

struct generation_pem {
    uint8_t text[GENERATION_PEM_MAX];
    size_t len;
};

struct generation {
    unsigned references;
    uint64_t number; /* 1: the first manifest */
    uint8_t *text;   /* owned: the manifest's bytes */
    size_t text_len;
    struct manifest manifest;
    struct transition_latest latest; /* zeros without a history */
    struct mesh_ca ca;
    struct generation_pem root_pem;
    struct generation_pem intermediate_pem;
    struct generation_pem mesh_pem;
};

struct generation_source {
    struct span text; /* of the manifest; copied */
    const char *name; /* how messages call it; outlives the generation */
    bool require_coordinator;
    bool no_tee; /* the certificates' names say so */
    const struct ecc_pair *root;
    const struct mesh_ca_cert *root_cert; /* the root CA's certificate so far; NULL: make one */
    int64_t now_s;
};

/* Parse the manifest and make its mesh CA, with a new key. number and latest are the caller's to set. Returns
 * one reference, or NULL with *err set: the manifest's faults have ERR_FORMAT, ERR_LIMIT and ERR_MISSING. */
struct generation *generation_new(const struct generation_source *from, struct err *err)
    __attribute__((warn_unused_result, nonnull));
struct generation *generation_ref(struct generation *g) __attribute__((nonnull)); /* returns g */
void generation_unref(struct generation *g); /* accepts NULL; the last one wipes and frees it */

struct span generation_text(const struct generation *g) __attribute__((nonnull));
struct span generation_pem_span(const struct generation_pem *pem) __attribute__((nonnull));

#endif
