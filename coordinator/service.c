/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service.h"

#include "rng.h"

#define LEAF_PEM_MAX 24576 /* bytes */

_Static_assert(LEAF_PEM_MAX >= PEM_SIZE(MESH_CA_LEAF_MAX, 11), "a leaf fits");

void service_free(struct service *s)
{
    manifest_free(&s->manifest);
    mesh_secret_seed_wipe(&s->seed);
    mesh_ca_wipe(&s->ca);
    examine_trust_free(&s->trust);
}

static int to_pem(const struct mesh_ca_cert *cert, struct service_pem *out, struct err *err)
{
    struct writer w = writer_of(out->text, sizeof out->text);

    pem_put(&w, PEM_LABEL_CERTIFICATE, span_of(cert->der, cert->len));
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "a CA certificate does not fit into %d bytes", SERVICE_PEM_MAX);
    out->len = w.len;
    return 0;
}

int service_start(struct service *s, int64_t now_s, struct err *err)
{
    AUTO_SECRET scalar = {0};
    AUTO_ECC_PAIR root = {0};
    AUTO_ECC_PAIR mesh = {0};
    struct mesh_ca_serials serials;

    if (mesh_secret_root_ca_key(&s->seed, &scalar, err) < 0 ||
        ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &root, err) < 0)
        return -1;
    if (ecc_generate(ECC_CURVE_P384, &mesh, err) < 0 || rng_bytes(&serials, sizeof serials, err) < 0)
        return -1;
    if (mesh_ca_make(&root, &mesh, &serials, now_s, &s->ca, err) < 0)
        return -1;
    if (to_pem(&s->ca.root, &s->root_pem, err) < 0 || to_pem(&s->ca.mesh, &s->mesh_pem, err) < 0)
        return -1;
    return to_pem(&s->ca.intermediate, &s->intermediate_pem, err);
}

static int issue_leaf(const struct service *s, const struct examine_peer *peer, int64_t now_s,
                      struct writer *der, struct err *err)
{
    struct mesh_ca_leaf leaf = {.key = &peer->key,
                                .sans = peer->policy->sans,
                                .san_count = peer->policy->san_count,
                                .secret_id = peer->policy->secret_id,
                                .report = &peer->report,
                                .product = peer->product,
                                .now_s = now_s,
                                .life_s = s->certificate_life_s};

    if (rng_bytes(leaf.serial, sizeof leaf.serial, err) < 0)
        return -1;
    return mesh_ca_issue(&s->ca, &leaf, der, err);
}

int service_new_mesh_cert(const struct service *s, const struct examine_peer *peer, int64_t now_s,
                          struct writer *response, struct err *err)
{
    uint8_t der[MESH_CA_LEAF_MAX];
    uint8_t chain[LEAF_PEM_MAX + SERVICE_PEM_MAX];
    struct writer leaf = writer_of(der, sizeof der);
    struct writer pem = writer_of(chain, sizeof chain);
    AUTO_SECRET secret = {0};

    if (issue_leaf(s, peer, now_s, &leaf, err) < 0)
        return -1;
    pem_put(&pem, PEM_LABEL_CERTIFICATE, writer_span(&leaf));
    writer_bytes(&pem, span_of(s->intermediate_pem.text, s->intermediate_pem.len));
    if (pem.bad)
        return err_set(err, ERR_LIMIT, 0, "the certificate chain does not fit into %zu bytes", sizeof chain);
    if (peer->policy->secret_id.len > 0 &&
        mesh_secret_workload(&s->seed, peer->policy->secret_id, &secret, err) < 0)
        return -1;
    const struct meshapi_response answer = {.mesh_ca = span_of(s->mesh_pem.text, s->mesh_pem.len),
                                            .cert_chain = writer_span(&pem),
                                            .root_ca = span_of(s->root_pem.text, s->root_pem.len),
                                            .secret = secret_span(&secret)};
    return meshapi_response_encode(&answer, response, err);
}
