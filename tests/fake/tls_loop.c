/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_loop.h"

#include "rng.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int on_verify(void *ctx, struct span certificate, struct err *err)
{
    struct tls_loop_end *end = ctx;
    end->verify_calls++;
    if (end->refuse != NULL)
        return err_set(err, ERR_DENIED, 0, "%s", end->refuse);
    memcpy(end->peer_certificate, certificate.data, certificate.len);
    end->peer_certificate_len = certificate.len;
    return atls_peer_parse(span_of(end->peer_certificate, certificate.len), end->now_s, &end->peer, err);
}

static int make_certificate(struct tls_loop_end *end, const char *evidence, uint8_t *out, size_t cap,
                            struct span *certificate, struct err *err)
{
    struct atls_template t = {.key = &end->key, .now_s = TLS_LOOP_NOW};
    if (evidence != NULL)
        t.evidence = span_str(evidence);
    struct writer w = writer_of(out, cap);
    if (atls_certificate(&t, &w, err) < 0)
        return -1;
    *certificate = writer_span(&w);
    return 0;
}

static int give_certificate(struct tls_loop_end *end, struct span *certificate, struct err *err)
{
    end->has_peer_nonce = true;
    if (end->certificate.len > 0) {
        *certificate = end->certificate;
        return 0;
    }
    return make_certificate(end, end->evidence, end->made, sizeof(end->made), certificate, err);
}

static int on_client_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate,
                                 struct err *err)
{
    struct tls_loop_end *end = ctx;
    end->certificate_calls++;
    if (atls_name_decode(hello->names, hello->name_count, end->peer_nonce, err) < 0)
        return -1;
    return give_certificate(end, certificate, err);
}

static int on_server_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate,
                                 struct err *err)
{
    struct tls_loop_end *end = ctx;
    end->certificate_calls++;
    if (atls_alpn_decode(hello->alpn, end->peer_nonce, err) < 0)
        return -1;
    return give_certificate(end, certificate, err);
}

static void open_end(struct tls_loop_end *end, const char *evidence)
{
    struct err err = {0};
    end->now_s = TLS_LOOP_NOW;
    end->evidence = evidence;
    if (ecc_generate(ECC_CURVE_P256, &end->key, &err) < 0 ||
        rng_bytes(end->nonce, sizeof(end->nonce), &err) < 0)
        abort();
}

void tls_loop_open(struct tls_loop *loop)
{
    memset(loop, 0, sizeof(*loop));
    open_end(&loop->client, "the client's evidence");
    open_end(&loop->server, "the server's evidence");
}

static void make_client(struct tls_loop *loop)
{
    struct tls_loop_end *end = &loop->client;
    struct err err = {0};
    char alpn[ATLS_ALPN_SIZE];
    struct span placeholder;
    if (atls_alpn_encode(end->nonce, alpn, &err) < 0 ||
        make_certificate(end, NULL, end->placeholder, sizeof(end->placeholder), &placeholder, &err) < 0)
        abort();
    struct tls_config config = {
        .versions = loop->client_versions,
        .alpn = loop->client_alpn != NULL ? loop->client_alpn : alpn,
        .key = &end->key,
        .placeholder = placeholder,
        .calls = {on_verify, on_client_certificate, end},
    };
    end->tls = tls_client(&config, &end->err);
    end->rc = end->tls == NULL ? -1 : 0;
}

static void make_server(struct tls_loop *loop)
{
    struct tls_loop_end *end = &loop->server;
    struct err err = {0};
    struct writer ca = writer_of(end->ca, sizeof(end->ca));
    if (atls_ca_certificate(&end->key, end->nonce, &ca, &err) < 0)
        abort();
    struct tls_config config = {
        .versions = loop->server_versions,
        .alpn = ATLS_ALPN_H2,
        .key = &end->key,
        .ca_certificate = loop->server_ca.len > 0 ? loop->server_ca : writer_span(&ca),
        .calls = {on_verify, on_server_certificate, end},
    };
    end->tls = tls_server(&config, &end->err);
    end->rc = end->tls == NULL ? -1 : 0;
}

static void carry(struct tls *from, struct tls *to, size_t limit)
{
    struct err err = {0};
    struct span out = tls_output(from);
    if (out.len > limit)
        out.len = limit;
    if (out.len > 0 && tls_feed(to, out, &err) < 0)
        abort();
    tls_sent(from, out.len);
}

void tls_loop_carry(struct tls_loop *loop)
{
    size_t limit = SIZE_MAX;
    if (loop->cut_client > 0)
        limit = loop->cut_client - loop->carried;
    size_t waiting = tls_output(loop->client.tls).len;
    carry(loop->client.tls, loop->server.tls, limit);
    loop->carried += waiting < limit ? waiting : limit;
    if (loop->cut_client > 0 && loop->carried == loop->cut_client)
        tls_feed_end(loop->server.tls);
    carry(loop->server.tls, loop->client.tls, SIZE_MAX);
}

static void turn(struct tls_loop_end *end)
{
    if (end->rc == 0)
        end->rc = tls_handshake(end->tls, &end->err);
}

void tls_loop_run(struct tls_loop *loop)
{
    make_client(loop);
    make_server(loop);
    for (int i = 0; i < 50 && loop->client.tls != NULL && loop->server.tls != NULL; i++) {
        turn(&loop->client);
        tls_loop_carry(loop);
        turn(&loop->server);
        tls_loop_carry(loop);
        if (loop->client.rc != 0 && loop->server.rc != 0)
            break;
    }
}

void tls_loop_close(struct tls_loop *loop)
{
    tls_free(loop->client.tls);
    tls_free(loop->server.tls);
    memset(loop, 0, sizeof(*loop));
}
