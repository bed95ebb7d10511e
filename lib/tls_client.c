/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_parts.h"

static WOLFSSL_METHOD *method(enum tls_versions versions)
{
    switch (versions) {
    case TLS_ONLY_12:
        return wolfTLSv1_2_client_method();
    case TLS_ONLY_13:
        return wolfTLSv1_3_client_method();
    case TLS_ANY:
        break;
    }
    return wolfSSLv23_client_method();
}

static struct span placeholder(const struct tls_config *config)
{
    return config->placeholder;
}

static int prepare(struct tls *t, const struct tls_config *config, struct err *err)
{
    (void) t;
    (void) config;
    (void) err;
    return 0;
}

static int give_certificate(struct tls *t)
{
    struct tls_hello hello = {0};
    char names[TLS_NAMES_MAX][TLS_NAME_MAX];
    WOLF_STACK_OF(WOLFSSL_X509_NAME) *list = wolfSSL_get_client_CA_list(t->ssl);
    int count = list == NULL ? 0 : wolfSSL_sk_X509_NAME_num(list);
    if (count > TLS_NAMES_MAX)
        return err_set(&t->err, ERR_LIMIT, 0, "tls: server names %d acceptable CAs, at most %d are read",
                       count, TLS_NAMES_MAX);
    for (int i = 0; i < count; i++) {
        WOLFSSL_X509_NAME *name = wolfSSL_sk_X509_NAME_value(list, i);
        if (name == NULL || wolfSSL_X509_NAME_oneline(name, names[i], TLS_NAME_MAX) == NULL)
            return err_set(&t->err, ERR_FORMAT, 0, "tls: acceptable CA %d has no readable name", i);
        hello.names[i] = span_str(names[i]);
    }
    hello.name_count = (size_t) count;
    return tls_parts_certificate(t, &hello);
}

/* wolfSSL asks after CertificateRequest in TLS 1.2, but before the CA names have been read in TLS 1.3: there
 * the certificate is given once the peer's has passed. */
static int certificate(struct tls *t)
{
    return wolfSSL_version(t->ssl) == TLS1_3_VERSION ? 0 : give_certificate(t);
}

static int verified(struct tls *t)
{
    return !t->certified && wolfSSL_version(t->ssl) == TLS1_3_VERSION ? give_certificate(t) : 0;
}

struct tls *tls_client(const struct tls_config *config, struct err *err)
{
    static const struct tls_parts_end end = {
        .method = method,
        .placeholder = placeholder,
        .prepare = prepare,
        .certificate = certificate,
        .verified = verified,
        .handshake = wolfSSL_connect,
    };
    return tls_parts_new(&end, config, err);
}
