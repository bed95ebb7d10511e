/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "atls_call.h"

#include "rng.h"
#include "rsa_cert.h"
#include "secret.h"

#include <stdlib.h>

struct atls_call {
    struct atls_call_config config;
    struct ecc_pair key;
    uint8_t nonce[ATLS_NONCE_SIZE];    /* ours */
    uint8_t certificate[RSA_CERT_MAX]; /* ours, of key; without evidence */
    size_t certificate_len;
    struct tls *tls;
    struct grpc *grpc;
    bool done;
};

static int on_verify(void *ctx, struct span certificate, struct err *err)
{
    struct atls_call *c = ctx;
    struct atls_peer peer;
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];

    if (atls_peer_parse(certificate, c->config.now_s, &peer, err) < 0 ||
        atls_report_data(peer.spki, c->nonce, report_data, err) < 0)
        return -1;
    return c->config.verify(c->config.ctx, &peer, report_data, err);
}

/* The server's nonce is not looked at: there is no evidence of ours that could answer to it. */
static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *err)
{
    struct atls_call *c = ctx;

    (void) hello;
    (void) err;
    *certificate = span_of(c->certificate, c->certificate_len);
    return 0;
}

static int make_certificate(struct atls_call *c, struct err *err)
{
    struct atls_template t = {.key = &c->key, .now_s = c->config.now_s};
    struct writer w = writer_of(c->certificate, sizeof(c->certificate));

    if (c->config.rsa_key.len > 0) {
        if (rsa_cert(c->config.rsa_key, c->config.now_s, &w, err) < 0)
            return -1;
        c->certificate_len = w.len;
        return 0;
    }
    if (c->config.key != NULL)
        c->key = *c->config.key;
    else if (ecc_generate(ECC_CURVE_P256, &c->key, err) < 0)
        return -1;
    if (rng_bytes(t.serial, sizeof(t.serial), err) < 0 || atls_certificate(&t, &w, err) < 0)
        return -1;
    c->certificate_len = w.len;
    return 0;
}

static int make_tls(struct atls_call *c, struct err *err)
{
    char alpn[ATLS_ALPN_SIZE];

    if (rng_bytes(c->nonce, sizeof(c->nonce), err) < 0 || atls_alpn_encode(c->nonce, alpn, err) < 0)
        return -1;
    const struct tls_config config = {
        .versions = c->config.versions,
        .alpn = alpn,
        .key = &c->key,
        .rsa_key = c->config.rsa_key,
        .placeholder = span_of(c->certificate, c->certificate_len),
        .calls = {.verify = on_verify, .certificate = on_certificate, .ctx = c},
    };
    c->tls = tls_client(&config, err);
    return c->tls == NULL ? -1 : 0;
}

struct atls_call *atls_call_new(const struct atls_call_config *config, struct err *err)
{
    AUTO_ATLS_CALL *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        (void) err_set(err, ERR_LIMIT, 0, "no memory for a call");
        return NULL;
    }
    c->config = *config;
    if (make_certificate(c, err) < 0 || make_tls(c, err) < 0)
        return NULL;
    c->grpc = grpc_client(config->authority, config->path, config->request, err);
    if (c->grpc == NULL)
        return NULL;
    struct atls_call *made = c;
    c = NULL;
    return made;
}

void atls_call_free(struct atls_call *c)
{
    if (c == NULL)
        return;
    grpc_free(c->grpc);
    tls_free(c->tls);
    secret_wipe_bytes(c, sizeof(*c));
    free(c);
}

void atls_call_auto_free(struct atls_call **c)
{
    atls_call_free(*c);
}

int atls_call_feed(struct atls_call *c, struct span bytes, struct err *err)
{
    return tls_feed(c->tls, bytes, err);
}

void atls_call_feed_end(struct atls_call *c)
{
    tls_feed_end(c->tls);
}

struct span atls_call_output(const struct atls_call *c)
{
    return tls_output(c->tls);
}

void atls_call_sent(struct atls_call *c, size_t len)
{
    tls_sent(c->tls, len);
}

static int send_frames(struct atls_call *c, struct err *err)
{
    for (;;) {
        struct span frames;

        if (grpc_send(c->grpc, &frames, err) < 0)
            return -1;
        if (frames.len == 0)
            return 0;
        if (tls_write(c->tls, frames, err) < 0)
            return -1;
    }
}

/* What the connection has brought, until the answer is complete. */
static int take_frames(struct atls_call *c, struct err *err)
{
    uint8_t plain[4096];
    int rc = 0;
    size_t len = 0;

    while (!grpc_finished(c->grpc) && (rc = tls_read(c->tls, plain, sizeof(plain), &len, err)) == 1) {
        rc = grpc_receive(c->grpc, span_of(plain, len), err);
        secret_wipe_bytes(plain, sizeof(plain));
        if (rc < 0)
            return -1;
    }
    if (rc == 0 && !grpc_finished(c->grpc) && tls_closed(c->tls))
        return err_set(err, ERR_FORMAT, 0, "the connection was closed before the answer was complete");
    return rc < 0 ? -1 : 0;
}

int atls_call_step(struct atls_call *c, struct err *err)
{
    if (c->done)
        return 1;
    int rc = tls_handshake(c->tls, err);
    if (rc != 1)
        return rc;
    if (send_frames(c, err) < 0 || take_frames(c, err) < 0)
        return -1;
    if (!grpc_finished(c->grpc))
        return send_frames(c, err); /* what the peer's frames ask for: acknowledgements, windows */
    tls_close(c->tls);
    c->done = true;
    return 1;
}

int atls_call_response(const struct atls_call *c, struct span *message, struct err *err)
{
    return grpc_response(c->grpc, message, err);
}

int atls_call_status(const struct atls_call *c)
{
    return grpc_status(c->grpc);
}

const char *atls_call_version(const struct atls_call *c)
{
    return tls_version(c->tls);
}
