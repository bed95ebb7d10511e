/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "generation.h"

#include "pem.h"
#include "rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int to_pem(const struct mesh_ca_cert *cert, struct generation_pem *out, struct err *err)
{
    struct writer w = writer_of(out->text, sizeof out->text);

    pem_put(&w, PEM_LABEL_CERTIFICATE, span_of(cert->der, cert->len));
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "a CA certificate does not fit into %d bytes", GENERATION_PEM_MAX);
    out->len = w.len;
    return 0;
}

static int make_ca(struct generation *g, const struct generation_source *from, struct err *err)
{
    AUTO_ECC_PAIR mesh = {0};
    struct mesh_ca_serials serials;

    if (ecc_generate(ECC_CURVE_P384, &mesh, err) < 0 || rng_bytes(&serials, sizeof serials, err) < 0)
        return -1;
    if (mesh_ca_make(from->root, &mesh, &serials, from->no_tee, from->now_s, &g->ca, err) < 0)
        return -1;
    if (from->root_cert != NULL)
        g->ca.root = *from->root_cert;
    if (to_pem(&g->ca.root, &g->root_pem, err) < 0 || to_pem(&g->ca.mesh, &g->mesh_pem, err) < 0)
        return -1;
    return to_pem(&g->ca.intermediate, &g->intermediate_pem, err);
}

static int fill(struct generation *g, const struct generation_source *from, struct err *err)
{
    g->text = malloc(from->text.len + 1);
    if (g->text == NULL)
        return err_set(err, ERR_SYS, ENOMEM, "%s", from->name);
    if (from->text.len > 0)
        memcpy(g->text, from->text.data, from->text.len);
    g->text_len = from->text.len;
    if (manifest_parse(generation_text(g), from->name, from->require_coordinator, &g->manifest, err) < 0)
        return -1;
    return make_ca(g, from, err);
}

struct generation *generation_new(const struct generation_source *from, struct err *err)
{
    struct generation *g = calloc(1, sizeof *g);

    if (g == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "a new generation");
        return NULL;
    }
    g->references = 1;
    if (fill(g, from, err) < 0) {
        generation_unref(g);
        return NULL;
    }
    return g;
}

struct generation *generation_ref(struct generation *g)
{
    g->references++;
    return g;
}

void generation_unref(struct generation *g)
{
    if (g == NULL || --g->references > 0)
        return;
    manifest_free(&g->manifest);
    mesh_ca_wipe(&g->ca);
    free(g->text);
    free(g);
}

struct span generation_text(const struct generation *g)
{
    return span_of(g->text, g->text_len);
}

struct span generation_pem_span(const struct generation_pem *pem)
{
    return span_of(pem->text, pem->len);
}
