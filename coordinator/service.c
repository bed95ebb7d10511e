/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include "epochs.h"
#include "ecc_sec1.h"
#include "mesh_recover.h"
#include "pem.h"
#include "rng.h"
#include "metrics.h"
#include "store.h"
#include "tdx_evidence.h"

#include <stdlib.h>

#define LEAF_PEM_MAX 24576 /* bytes */

_Static_assert(LEAF_PEM_MAX >= PEM_SIZE(MESH_CA_LEAF_MAX, 11), "a leaf fits");

void service_free(struct service *s)
{
    generation_unref(s->current);
    s->current = NULL;
    mesh_secret_seed_wipe(&s->seed);
    epochs_free(s->epochs);
    examine_trust_free(&s->trust);
}

struct generation *service_generation(const struct service *s, const struct mesh_secret_seed *seed,
                                      struct span text, const char *name, int64_t now_s, struct err *err)
{
    AUTO_SECRET scalar = {0};
    AUTO_ECC_PAIR root = {0};
    const struct generation_source from = {.text = text,
                                           .name = name,
                                           .require_coordinator = s->require_coordinator,
                                           .no_tee = !s->require_coordinator,
                                           .root = &root,
                                           .root_cert = s->root_cert.len > 0 ? &s->root_cert : NULL,
                                           .now_s = now_s};

    if (mesh_secret_root_ca_key(seed, &scalar, err) < 0 ||
        ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &root, err) < 0)
        return NULL;
    return generation_new(&from, err);
}

void service_install(struct service *s, struct generation *g)
{
    generation_unref(s->current);
    s->current = g;
    s->root_cert = g->ca.root;
    if (s->changed != NULL)
        s->changed(s->changed_ctx, s);
}

int service_start(struct service *s, struct span text, const char *name, int64_t now_s, struct err *err)
{
    struct generation *g = service_generation(s, &s->seed, text, name, now_s, err);

    if (g == NULL)
        return -1;
    g->number = 1;
    service_install(s, g);
    return 0;
}

static int tell_seed(struct service *s, const struct mesh_secret_seed *seed, struct err *err)
{
    return s->seeded == NULL ? 0 : s->seeded(s->seeded_ctx, s, seed, err);
}

int service_advance(struct service *s, const struct service_change *change, struct err *err)
{
    AUTO_ECC_PAIR key = {0};
    struct generation *g = change->g;

    if (s->store != NULL) {
        const struct transition_latest *latest = store_latest(s->store);
        const struct store_change next = {.previous = latest == NULL ? NULL : latest->digest,
                                          .manifest = generation_text(g),
                                          .policies = change->policies,
                                          .policy_count = change->policy_count,
                                          .key = &key};

        if (transition_key(change->seed, &key, err) < 0 || tell_seed(s, change->seed, err) < 0)
            return -1;
        if (store_advance(s->store, &next, err) < 0) {
            metrics_add(s->metrics, METRICS_HISTORY_ERRORS, 1);
            return -1;
        }
        metrics_add(s->metrics, METRICS_HISTORY_WRITES, 1);
        g->latest = *store_latest(s->store);
        g->number = store_count(s->store);
    } else {
        g->number = s->current == NULL ? 1 : s->current->number + 1;
    }
    if (change->seed != &s->seed)
        s->seed = *change->seed;
    service_install(s, g);
    return 0;
}

int service_recover(struct service *s, const struct mesh_secret_seed *seed, int64_t now_s, struct err *err)
{
    AUTO_ECC_PAIR key = {0};

    if (transition_key(seed, &key, err) < 0 || store_verify(s->store, &key.pub, err) < 0)
        return -1;
    struct generation *g =
        service_generation(s, seed, store_manifest(s->store), "the latest manifest", now_s, err);
    if (g == NULL)
        return -1;
    if (tell_seed(s, seed, err) < 0) {
        generation_unref(g);
        return -1;
    }
    g->latest = *store_latest(s->store);
    g->number = store_count(s->store);
    if (seed != &s->seed)
        s->seed = *seed;
    metrics_add(s->metrics, METRICS_RECOVERIES, seed != &s->seed);
    service_install(s, g);
    return 0;
}

bool service_needs_recovery(const struct service *s)
{
    return s->current == NULL && s->store != NULL && store_latest(s->store) != NULL;
}

const char *service_unready(const struct service *s)
{
    return service_needs_recovery(s) ? "this Coordinator waits for its recovery"
                                     : "this Coordinator has no manifest yet";
}

int service_evidence(const struct service *s, const uint8_t report_data[SNP_REPORT_DATA_SIZE],
                     struct writer *w, struct err *err)
{
    int rc = s->evidence(s->evidence_ctx, report_data, w, err);

    metrics_add(s->metrics, rc == 0 ? METRICS_EVIDENCE : METRICS_EVIDENCE_ERRORS, 1);
    return rc;
}

int service_evidence_message(const struct service *s, const uint8_t report_data[SNP_REPORT_DATA_SIZE],
                             struct writer *w, struct err *err)
{
    uint8_t *quote = NULL;
    int rc = -1;

    if (s->evidence_kind != RATLS_TDX)
        return service_evidence(s, report_data, w, err);
    quote = malloc(RATLS_EVIDENCE_MAX);
    if (quote == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer raw = writer_of(quote, RATLS_EVIDENCE_MAX);
    if (service_evidence(s, report_data, &raw, err) == 0)
        rc = tdx_evidence_encode(writer_span(&raw), w, err);
    free(quote);
    return rc;
}

static int issue_leaf(const struct service *s, const struct generation *g, const struct examine_peer *peer,
                      int64_t now_s, struct writer *der, struct err *err)
{
    struct mesh_ca_leaf leaf = {.key = &peer->key,
                                .sans = peer->policy->sans,
                                .san_count = peer->policy->san_count,
                                .secret_id = peer->policy->secret_id,
                                .report = peer->kind == EXAMINE_SNP ? &peer->report : NULL,
                                .product = peer->product,
                                .quote = span_of(peer->quote, peer->quote_len),
                                .now_s = now_s,
                                .life_s = s->certificate_life_s};

    if (rng_bytes(leaf.serial, sizeof leaf.serial, err) < 0)
        return -1;
    return mesh_ca_issue(&g->ca, &leaf, der, err);
}

int service_new_mesh_cert(const struct service *s, const struct generation *g,
                          const struct examine_peer *peer, int64_t now_s, struct writer *response,
                          struct err *err)
{
    uint8_t der[MESH_CA_LEAF_MAX];
    uint8_t chain[LEAF_PEM_MAX + GENERATION_PEM_MAX];
    struct writer leaf = writer_of(der, sizeof der);
    struct writer pem = writer_of(chain, sizeof chain);
    AUTO_SECRET secret = {0};

    if (issue_leaf(s, g, peer, now_s, &leaf, err) < 0)
        return -1;
    pem_put(&pem, PEM_LABEL_CERTIFICATE, writer_span(&leaf));
    writer_bytes(&pem, generation_pem_span(&g->intermediate_pem));
    if (pem.bad)
        return err_set(err, ERR_LIMIT, 0, "the certificate chain does not fit into %zu bytes", sizeof chain);
    if (peer->policy->secret_id.len > 0 &&
        mesh_secret_workload(&s->seed, peer->policy->secret_id, &secret, err) < 0)
        return -1;
    const struct meshapi_response answer = {.mesh_ca = generation_pem_span(&g->mesh_pem),
                                            .cert_chain = writer_span(&pem),
                                            .root_ca = generation_pem_span(&g->root_pem),
                                            .secret = secret_span(&secret)};
    return meshapi_response_encode(&answer, response, err);
}

int service_hand_over(const struct service *s, const struct generation *g, struct writer *response,
                      struct err *err)
{
    uint8_t der[ECC_SEC1_MAX];
    uint8_t text[MESH_RECOVER_KEY_MAX];
    struct writer key = writer_of(der, sizeof der);
    struct writer pem = writer_of(text, sizeof text);

    ecc_sec1_encode(&g->ca.key, &key);
    pem_put(&pem, ECC_SEC1_LABEL, writer_span(&key));
    const struct mesh_recover answer = {.seed = secret_span(&s->seed.seed),
                                        .salt = secret_span(&s->seed.salt),
                                        .mesh_ca_key = writer_span(&pem),
                                        .manifest = generation_text(g)};
    int rc = key.bad || pem.bad ? err_set(err, ERR_LIMIT, 0, "the mesh CA's key does not fit")
                                : mesh_recover_encode(&answer, response, err);
    secret_wipe_bytes(der, sizeof der);
    secret_wipe_bytes(text, sizeof text);
    return rc;
}
