/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Not in the guest: the Makefile leaves this file out there. */
#include "tls_parts.h"

static WOLFSSL_METHOD *method(enum tls_versions versions)
{
    switch (versions) {
    case TLS_ONLY_12:
        return wolfTLSv1_2_server_method();
    case TLS_ONLY_13:
        return wolfTLSv1_3_server_method();
    case TLS_ANY:
        break;
    }
    return wolfSSLv23_server_method();
}

static struct span placeholder(const struct tls_config *config)
{
    return config->ca_certificate;
}

/* A client asks for no tickets unless told to; a server has to be stopped from giving them. */
static int turn_off_tickets(struct tls *t, enum tls_versions versions)
{
    if (versions != TLS_ONLY_13 && wolfSSL_CTX_NoTicketTLSv12(t->ctx) != WOLFSSL_SUCCESS)
        return -1;
    return versions != TLS_ONLY_12 && wolfSSL_CTX_no_ticket_TLSv13(t->ctx) != 0 ? -1 : 0;
}

/* The only acceptable CA: a Name inside a certificate is the one way that this wolfSSL takes it. */
static int set_ca_name(struct tls *t, const struct tls_config *config)
{
    WOLFSSL_X509 *x509 =
        wolfSSL_X509_d2i(NULL, config->ca_certificate.data, (int) config->ca_certificate.len);
    if (x509 == NULL)
        return -1;
    int rc = wolfSSL_CTX_add_client_CA(t->ctx, x509) == WOLFSSL_SUCCESS ? 0 : -1;
    wolfSSL_X509_free(x509);
    return rc;
}

/* wolfSSL keeps the client's name only for a server that has somebody who asks for it. */
static int keep_name(WOLFSSL *ssl, int *alert, void *ctx)
{
    (void) ssl;
    (void) alert;
    (void) ctx;
    return 0;
}

static int prepare(struct tls *t, const struct tls_config *config, struct err *err)
{
    if (turn_off_tickets(t, config->versions) < 0)
        return err_set(err, ERR_FORMAT, 0, "tls: session tickets cannot be turned off");
    if (set_ca_name(t, config) < 0)
        return err_set(err, ERR_FORMAT, 0, "tls: the acceptable CA's certificate is not accepted");
    if (config->server_name)
        wolfSSL_CTX_set_servername_callback(t->ctx, keep_name);
    return 0;
}

/* wolfSSL asks after the ClientHello. */
static int certificate(struct tls *t)
{
    struct tls_hello hello = {0};
    char *list = NULL;
    unsigned short len = 0;
    if (wolfSSL_ALPN_GetPeerProtocol(t->ssl, &list, &len) == WOLFSSL_SUCCESS)
        hello.alpn = span_of(list, len);
    void *name = NULL;
    unsigned short name_len = wolfSSL_SNI_GetRequest(t->ssl, WOLFSSL_SNI_HOST_NAME, &name);
    hello.server_name = span_of(name, name_len);
    int rc = 0;
    if (hello.alpn.len > TLS_ALPN_LIST_MAX)
        rc = err_set(&t->err, ERR_LIMIT, 0, "tls: client offers %zu bytes of ALPN names, at most %d are read",
                     hello.alpn.len, TLS_ALPN_LIST_MAX);
    if (rc == 0)
        rc = tls_parts_certificate(t, &hello);
    if (list != NULL)
        (void) wolfSSL_ALPN_FreePeerProtocol(t->ssl, &list);
    return rc;
}

static int verified(struct tls *t)
{
    (void) t;
    return 0;
}

struct tls *tls_server(const struct tls_config *config, struct err *err)
{
    static const struct tls_parts_end end = {
        .method = method,
        .placeholder = placeholder,
        .prepare = prepare,
        .certificate = certificate,
        .verified = verified,
        .handshake = wolfSSL_accept,
    };
    return tls_parts_new(&end, config, err);
}
