/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls_parts: what the files that make up lib/tls share; nobody else includes this. tls.c is the connection,
 * tls_client.c and tls_server.c are what only one of its ends does. The guest has no server. */
#ifndef NACRE_TLS_PARTS_H
#define NACRE_TLS_PARTS_H

#include "tls.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

/* What a client and a server do differently. */
struct tls_parts_end {
    WOLFSSL_METHOD *(*method)(enum tls_versions versions);
    struct span (*placeholder)(const struct tls_config *config);
    /* The rest of t->ctx. Returns 0, or -1 with *err set. */
    int (*prepare)(struct tls *t, const struct tls_config *config, struct err *err);
    /* wolfSSL asks for our certificate and t->certified is not set; the peer's certificate has just passed.
     * Both return 0, or -1 with t->err set. */
    int (*certificate)(struct tls *t);
    int (*verified)(struct tls *t);
    int (*handshake)(WOLFSSL *ssl);
};

/* Ciphertext that waits: bytes [pos, len) of a growing block. */
struct tls_parts_queue {
    uint8_t *data;
    size_t pos;
    size_t len;
    size_t cap;
};

struct tls {
    const struct tls_parts_end *end;
    WOLFSSL_CTX *ctx;
    WOLFSSL *ssl;
    struct tls_calls calls;
    struct tls_parts_queue in;
    struct tls_parts_queue out;
    bool in_ended;
    bool optional;  /* the peer may show no certificate */
    bool verified;  /* the peer's certificate has passed calls.verify */
    bool certified; /* our certificate has been set */
    bool ready;     /* the handshake is complete */
    bool closed;    /* close_notify was seen */
    struct err err; /* why a callback said no; code ERR_NONE when none did */
};

/* A new connection with this end here. Returns NULL with *err set on failure. */
struct tls *tls_parts_new(const struct tls_parts_end *end, const struct tls_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Ask the caller for our certificate and use it. Returns 0, or -1 with t->err set. */
int tls_parts_certificate(struct tls *t, const struct tls_hello *hello)
    __attribute__((warn_unused_result, nonnull));

#endif
