/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mesh_server.h"

#include "pem.h"
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The test bench itself is broken. */
static void broken(const struct err *err)
{
    (void) fprintf(stderr, "mesh_server: %s\n", err->text);
    abort();
}

static void need(int rc, const struct err *err)
{
    if (rc < 0)
        broken(err);
}

void mesh_server_open(struct mesh_server *s, int64_t now_s)
{
    const struct mesh_ca_serials serials = {.root = {1}, .intermediate = {2}, .mesh = {3}};
    struct ecc_pair key;
    struct err err;
    memset(s, 0, sizeof(*s));
    s->now_s = now_s;
    need(ecc_generate(ECC_CURVE_P256, &s->tls_key, &err), &err);
    need(rng_bytes(s->nonce, sizeof(s->nonce), &err), &err);
    need(ecc_generate(ECC_CURVE_P384, &s->root_key, &err), &err);
    need(ecc_generate(ECC_CURVE_P384, &key, &err), &err);
    need(mesh_ca_make(&s->root_key, &key, &serials, false, now_s, &s->ca, &err), &err);
    s->secret_len = MESHAPI_SECRET_SIZE;
    s->leaf_now_s = now_s;
}

static int on_verify(void *ctx, struct span certificate, struct err *err)
{
    struct mesh_server *s = ctx;
    memcpy(s->peer_certificate, certificate.data, certificate.len);
    return atls_peer_parse(span_of(s->peer_certificate, certificate.len), s->now_s, &s->peer, err);
}

static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *err)
{
    struct mesh_server *s = ctx;
    struct atls_template t = {.key = &s->tls_key, .now_s = s->now_s, .evidence = s->evidence};
    struct writer w = writer_of(s->certificate, sizeof(s->certificate));
    if (atls_alpn_decode(hello->alpn, s->peer_nonce, err) < 0 || atls_certificate(&t, &w, err) < 0)
        return -1;
    *certificate = writer_span(&w);
    return 0;
}

void mesh_server_start(struct mesh_server *s)
{
    struct writer w = writer_of(s->ca_der, sizeof(s->ca_der));
    struct err err;
    need(atls_ca_certificate(&s->tls_key, s->nonce, &w, &err), &err);
    const struct tls_config config = {
        .versions = s->versions,
        .alpn = ATLS_ALPN_H2,
        .key = &s->tls_key,
        .ca_certificate = s->ca_certificate.len > 0 ? s->ca_certificate : writer_span(&w),
        .calls = {on_verify, on_certificate, s},
    };
    s->tls = tls_server(&config, &err);
    s->grpc = grpc_server(&err);
    if (s->tls == NULL || s->grpc == NULL)
        broken(&err);
}

static void put_leaf(struct mesh_server *s, struct writer *pem)
{
    static uint8_t der[MESH_CA_LEAF_MAX];
    const struct san san = {.kind = SAN_DNS, .text = span_str("guest")};
    const struct mesh_ca_leaf leaf = {
        .key = s->leaf_key != NULL ? &s->leaf_key->pub : &s->peer.key,
        .sans = &san,
        .san_count = 1,
        .serial = {4},
        .now_s = s->leaf_now_s,
        .life_s = s->leaf_life_s,
    };
    struct writer w = writer_of(der, sizeof(der));
    struct err err;
    need(mesh_ca_issue(&s->ca, &leaf, &w, &err), &err);
    pem_put(pem, PEM_LABEL_CERTIFICATE, writer_span(&w));
}

static void put_cert(const struct mesh_ca_cert *cert, struct writer *pem)
{
    pem_put(pem, PEM_LABEL_CERTIFICATE, span_of(cert->der, cert->len));
}

static void encode_answer(struct mesh_server *s, struct writer *out)
{
    static uint8_t mesh[2048];
    static uint8_t root[2048];
    static uint8_t chain[MESHAPI_PEM_MAX];
    static const uint8_t secret[MESHAPI_SECRET_SIZE] = {0x5e, 0xc7, 0xe7};
    struct writer mesh_w = writer_of(mesh, sizeof(mesh));
    struct writer root_w = writer_of(root, sizeof(root));
    struct writer chain_w = writer_of(chain, sizeof(chain));
    struct err err;
    put_cert(s->mesh_of != NULL ? &s->mesh_of->mesh : &s->ca.mesh, &mesh_w);
    put_cert(s->root_of != NULL ? &s->root_of->root : &s->ca.root, &root_w);
    put_leaf(s, &chain_w);
    if (!s->leaf_only)
        put_cert(&s->ca.intermediate, &chain_w);
    if (s->chain_of_three)
        put_cert(&s->ca.root, &chain_w);
    const struct meshapi_response response = {
        .mesh_ca = writer_span(&mesh_w),
        .root_ca = writer_span(&root_w),
        .cert_chain = writer_span(&chain_w),
        .secret = span_of(secret, s->secret_len),
    };
    need(meshapi_response_encode(&response, out, &err), &err);
}

static void answer(struct mesh_server *s)
{
    static uint8_t message[MESHAPI_RESPONSE_MAX];
    const char *path = NULL;
    struct span request;
    struct err err;
    if (!grpc_request(s->grpc, &path, &request))
        return;
    s->calls++;
    if (strcmp(path, MESHAPI_NEW_MESH_CERT) != 0)
        abort();
    need(meshapi_request_decode(request, &err), &err);
    struct writer w = writer_of(message, sizeof(message));
    if (s->answer.len == 0)
        encode_answer(s, &w);
    need(grpc_respond(s->grpc, s->status, s->text != NULL ? s->text : "",
                      s->answer.len > 0 ? s->answer : writer_span(&w), &err),
         &err);
}

static int pump(struct mesh_server *s)
{
    uint8_t plain[1024];
    size_t len = 0;
    int rc;
    while ((rc = tls_read(s->tls, plain, sizeof(plain), &len, &s->err)) == 1)
        if (grpc_receive(s->grpc, span_of(plain, len), &s->err) < 0)
            return -1;
    if (rc < 0)
        return -1;
    answer(s);
    for (;;) {
        struct span frames;
        if (grpc_send(s->grpc, &frames, &s->err) < 0)
            return -1;
        if (frames.len == 0)
            return grpc_finished(s->grpc) ? 1 : 0;
        if (tls_write(s->tls, frames, &s->err) < 0)
            return -1;
    }
}

int mesh_server_step(struct mesh_server *s)
{
    int rc = tls_handshake(s->tls, &s->err);
    return rc == 1 ? pump(s) : rc;
}

void mesh_server_close(struct mesh_server *s)
{
    grpc_free(s->grpc);
    tls_free(s->tls);
    mesh_ca_wipe(&s->ca);
    memset(s, 0, sizeof(*s));
}

void mesh_server_pin(const struct mesh_server *s, uint8_t digest[32])
{
    struct err err;
    need(mesh_ca_key_digest(&s->root_key.pub, digest, &err), &err);
}
