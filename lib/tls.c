/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_parts.h"

#include "secret.h"

#include <wolfssl/error-ssl.h>

#include <stdlib.h>
#include <string.h>

/* AEAD, ephemeral ECDH and ECDSA certificates only. wolfSSL's own default has suites without encryption. */
#define SUITES                                                                                               \
    "TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES128-GCM-SHA256:"                        \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"

/* The curves that lib/ecc knows; the first one gets the client's key share. */
static const int groups[] = {WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};

static int queue_put(struct tls_parts_queue *q, size_t max, const void *data, size_t len)
{
    if (q->pos == q->len)
        q->pos = q->len = 0;
    if (len > max || q->len > max - len)
        return -1;
    if (q->len + len > q->cap) {
        size_t cap = q->cap == 0 ? 4096 : q->cap;
        while (cap < q->len + len)
            cap *= 2;
        uint8_t *bigger = realloc(q->data, cap);
        if (bigger == NULL)
            return -1;
        q->data = bigger;
        q->cap = cap;
    }
    if (len > 0)
        memcpy(q->data + q->len, data, len);
    q->len += len;
    return 0;
}

static int on_recv(WOLFSSL *ssl, char *buf, int size, void *ctx)
{
    struct tls *t = ctx;
    (void) ssl;
    size_t left = t->in.len - t->in.pos;
    if (left == 0)
        return t->in_ended ? WOLFSSL_CBIO_ERR_CONN_CLOSE : WOLFSSL_CBIO_ERR_WANT_READ;
    size_t n = (size_t) size < left ? (size_t) size : left;
    memcpy(buf, t->in.data + t->in.pos, n);
    t->in.pos += n;
    return (int) n;
}

static int on_send(WOLFSSL *ssl, char *buf, int size, void *ctx)
{
    struct tls *t = ctx;
    (void) ssl;
    return queue_put(&t->out, TLS_OUTPUT_MAX, buf, (size_t) size) < 0 ? WOLFSSL_CBIO_ERR_GENERAL : size;
}

/* --- our certificate ------------------------------------------------------------------------------- */

int tls_parts_certificate(struct tls *t, const struct tls_hello *hello)
{
    struct span certificate = {0};
    t->certified = true; /* once only, whatever comes of it */
    if (t->calls.certificate(t->calls.ctx, hello, &certificate, &t->err) < 0)
        return -1;
    if (certificate.len == 0 || certificate.len > TLS_CERTIFICATE_MAX)
        return err_set(&t->err, ERR_LIMIT, 0, "tls: own certificate has %zu bytes, not 1 to %u",
                       certificate.len, TLS_CERTIFICATE_MAX);
    if (wolfSSL_use_certificate_buffer(t->ssl, certificate.data, (long) certificate.len,
                                       WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
        return err_set(&t->err, ERR_FORMAT, 0, "tls: own certificate is not accepted");
    return 0;
}

static int on_certificate(WOLFSSL *ssl, void *ctx)
{
    struct tls *t = ctx;
    (void) ssl;
    return t->certified || t->end->certificate(t) == 0;
}

/* --- the peer's certificate ------------------------------------------------------------------------ */

/* What wolfSSL may object to: "not under a CA" and "not by this machine's clock". The caller checks signature
 * and dates itself. wolfSSL gives its own numbers or OpenSSL's, by version. */
static bool is_overridden(int error)
{
    static const int errors[] = {
        0,
        ASN_SELF_SIGNED_E,
        ASN_BEFORE_DATE_E,
        ASN_AFTER_DATE_E,
        WOLFSSL_X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
        WOLFSSL_X509_V_ERR_CERT_NOT_YET_VALID,
        WOLFSSL_X509_V_ERR_CERT_HAS_EXPIRED,
    };
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i] == error)
            return true;
    return false;
}

/* A chain that is not aTLS's: the caller judges all of it, once, when the server's own certificate is due. */
static int check_chain(struct tls *t, const WOLFSSL_X509_STORE_CTX *store)
{
    struct span certs[TLS_CHAIN_MAX];
    if (store->error_depth > 0 || t->verified)
        return 0;
    if (store->totalCerts < 1 || store->totalCerts > TLS_CHAIN_MAX)
        return err_set(&t->err, ERR_LIMIT, 0, "tls: peer shows %d certificates, expected 1 to %d",
                       store->totalCerts, TLS_CHAIN_MAX);
    for (int i = 0; i < store->totalCerts; i++)
        certs[i] = span_of(store->certs[i].buffer, store->certs[i].length);
    if (t->calls.verify_chain(t->calls.ctx, certs, (size_t) store->totalCerts, &t->err) < 0)
        return -1;
    t->verified = true;
    return t->end->verified(t);
}

static int check_peer(struct tls *t, const WOLFSSL_X509_STORE_CTX *store)
{
    if (t->calls.verify_chain != NULL)
        return check_chain(t, store);
    if (t->optional && !t->verified && store->totalCerts == 0)
        return 0; /* a client that answers the request with an empty list */
    if (t->verified)
        return err_set(&t->err, ERR_FORMAT, 0, "tls: peer shows a second certificate");
    if (store->totalCerts != 1 || store->error_depth != 0)
        return err_set(&t->err, ERR_FORMAT, 0, "tls: peer shows %d certificates, expected 1",
                       store->totalCerts);
    /* The caller checks signature and dates itself, so only what says "not under a CA" and "by our clock"
     * passes. */
    if (!is_overridden(store->error))
        return err_set(&t->err, ERR_FORMAT, 0, "tls: peer's certificate: %s",
                       wolfSSL_X509_verify_cert_error_string(store->error));
    struct span certificate = span_of(store->certs[0].buffer, store->certs[0].length);
    if (certificate.len > TLS_CERTIFICATE_MAX)
        return err_set(&t->err, ERR_LIMIT, 0, "tls: peer's certificate has %zu bytes, at most %u are read",
                       certificate.len, TLS_CERTIFICATE_MAX);
    if (t->calls.verify(t->calls.ctx, certificate, &t->err) < 0)
        return -1;
    t->verified = true;
    return t->end->verified(t);
}

static int on_verify(int ok, WOLFSSL_X509_STORE_CTX *store)
{
    struct tls *t = store->userCtx;
    (void) ok;
    if (t->err.code != ERR_NONE)
        return 0;
    return check_peer(t, store) == 0;
}

/* --- making and breaking --------------------------------------------------------------------------- */

static int set_key(struct tls *t, const struct tls_config *config)
{
    if (config->rsa_key.len > 0)
        return wolfSSL_CTX_use_PrivateKey_buffer(t->ctx, config->rsa_key.data, (long) config->rsa_key.len,
                                                 WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS
                   ? 0
                   : -1;
    uint8_t der[ECC_PKCS8_MAX];
    struct writer w = writer_of(der, sizeof(der));
    ecc_pair_to_pkcs8(config->key, &w);
    int rc = -1;
    if (!w.bad && wolfSSL_CTX_use_PrivateKey_buffer(t->ctx, der, (long) w.len, WOLFSSL_FILETYPE_ASN1) ==
                      WOLFSSL_SUCCESS)
        rc = 0;
    secret_wipe_bytes(der, sizeof(der));
    return rc;
}

/* A connection needs a certificate before it exists. The real one replaces this before it is sent. */
static int set_placeholder(struct tls *t, const struct tls_config *config, struct err *err)
{
    struct span der = t->end->placeholder(config);
    if (wolfSSL_CTX_use_certificate_buffer(t->ctx, der.data, (long) der.len, WOLFSSL_FILETYPE_ASN1) !=
        WOLFSSL_SUCCESS)
        return err_set(err, ERR_FORMAT, 0, "tls: placeholder certificate is not accepted");
    if (set_key(t, config) < 0)
        return err_set(err, ERR_FORMAT, 0, "tls: own private key is not accepted");
    return 0;
}

static int set_context(struct tls *t, const struct tls_config *config, struct err *err)
{
    t->ctx = wolfSSL_CTX_new(t->end->method(config->versions));
    if (t->ctx == NULL)
        return err_set(err, ERR_LIMIT, 0, "tls: no memory for a context");
    if (wolfSSL_CTX_SetMinVersion(
            t->ctx, config->versions == TLS_ONLY_13 ? WOLFSSL_TLSV1_3 : WOLFSSL_TLSV1_2) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_cipher_list(t->ctx, SUITES) != WOLFSSL_SUCCESS)
        return err_set(err, ERR_FORMAT, 0, "tls: wolfSSL lacks a suite or version that is needed");
    t->optional = config->certificate_optional;
    wolfSSL_CTX_set_verify(
        t->ctx, WOLFSSL_VERIFY_PEER | (t->optional ? 0 : WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT), on_verify);
    (void) wolfSSL_CTX_set_session_cache_mode(t->ctx, WOLFSSL_SESS_CACHE_OFF);
    (void) wolfSSL_CTX_set_options(t->ctx, WOLFSSL_OP_NO_TICKET); /* returns all options */
    wolfSSL_CTX_set_cert_cb(t->ctx, on_certificate, t);
    wolfSSL_CTX_SetIORecv(t->ctx, on_recv);
    wolfSSL_CTX_SetIOSend(t->ctx, on_send);
    if (t->end->prepare(t, config, err) < 0)
        return -1;
    return set_placeholder(t, config, err);
}

static int set_session(struct tls *t, const struct tls_config *config, struct err *err)
{
    t->ssl = wolfSSL_new(t->ctx);
    if (t->ssl == NULL)
        return err_set(err, ERR_LIMIT, 0, "tls: no memory for a connection");
    wolfSSL_SetIOReadCtx(t->ssl, t);
    wolfSSL_SetIOWriteCtx(t->ssl, t);
    wolfSSL_SetCertCbCtx(t->ssl, t);
    wolfSSL_KeepArrays(t->ssl); /* what tls_export needs */
    if (config->versions != TLS_ONLY_12 &&
        wolfSSL_set_groups(t->ssl, (int *) (uintptr_t) groups, sizeof(groups) / sizeof(groups[0])) !=
            WOLFSSL_SUCCESS)
        return err_set(err, ERR_FORMAT, 0, "tls: wolfSSL lacks a curve that is needed");
    if (config->alpn == NULL)
        return 0;
    char list[TLS_ALPN_LIST_MAX + 1];
    size_t len = strlen(config->alpn);
    if (len > TLS_ALPN_LIST_MAX)
        return err_set(err, ERR_LIMIT, 0, "tls: %zu bytes of ALPN names, at most %d", len, TLS_ALPN_LIST_MAX);
    memcpy(list, config->alpn, len + 1);
    if (wolfSSL_UseALPN(t->ssl, list, (unsigned) len, WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS)
        return err_set(err, ERR_FORMAT, 0, "tls: ALPN names are not accepted");
    return 0;
}

struct tls *tls_parts_new(const struct tls_parts_end *end, const struct tls_config *config, struct err *err)
{
    struct tls *t = calloc(1, sizeof(*t));
    if (t == NULL) {
        (void) err_set(err, ERR_LIMIT, 0, "tls: no memory");
        return NULL;
    }
    t->end = end;
    t->calls = config->calls;
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        (void) err_set(err, ERR_LIMIT, 0, "tls: wolfSSL does not start");
        free(t);
        return NULL;
    }
    if (set_context(t, config, err) < 0 || set_session(t, config, err) < 0) {
        tls_free(t);
        return NULL;
    }
    return t;
}

static void queue_free(struct tls_parts_queue *q)
{
    if (q->data != NULL)
        secret_wipe_bytes(q->data, q->cap);
    free(q->data);
}

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    wolfSSL_free(t->ssl);
    wolfSSL_CTX_free(t->ctx);
    (void) wolfSSL_Cleanup(); /* counts the calls of wolfSSL_Init */
    queue_free(&t->in);
    queue_free(&t->out);
    secret_wipe_bytes(t, sizeof(*t));
    free(t);
}

void tls_auto_free(struct tls **t)
{
    tls_free(*t);
}

/* --- bytes ----------------------------------------------------------------------------------------- */

int tls_feed(struct tls *t, struct span bytes, struct err *err)
{
    if (queue_put(&t->in, TLS_BUFFER_MAX, bytes.data, bytes.len) < 0)
        return err_set(err, ERR_LIMIT, 0, "tls: more than %u bytes of the peer wait", TLS_BUFFER_MAX);
    return 0;
}

void tls_feed_end(struct tls *t)
{
    t->in_ended = true;
}

struct span tls_output(const struct tls *t)
{
    return span_of(t->out.data + t->out.pos, t->out.len - t->out.pos);
}

void tls_sent(struct tls *t, size_t len)
{
    size_t left = t->out.len - t->out.pos;
    t->out.pos += len < left ? len : left;
}

/* Why the last wolfSSL call failed: our own callback's reason, the peer's alert, or wolfSSL's words. */
static int failure(struct tls *t, int error, const char *stage, struct err *err)
{
    if (t->err.code != ERR_NONE) {
        *err = t->err;
        return -1;
    }
    WOLFSSL_ALERT_HISTORY history;
    if (error == SOCKET_PEER_CLOSED_E || (error == SOCKET_ERROR_E && t->in_ended))
        return err_set(err, ERR_FORMAT, 0, "tls: %s: the peer closed the connection", stage);
    if (error == FATAL_ERROR && wolfSSL_get_alert_history(t->ssl, &history) == WOLFSSL_SUCCESS &&
        history.last_rx.level == alert_fatal)
        return err_set(err, ERR_FORMAT, 0, "tls: %s: the peer's alert %d (%s)", stage, history.last_rx.code,
                       wolfSSL_alert_desc_string_long(history.last_rx.code));
    return err_set(err, ERR_FORMAT, 0, "tls: %s: %s (%d)", stage,
                   wolfSSL_ERR_reason_error_string((unsigned long) error), error);
}

static bool is_waiting(int error)
{
    return error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE;
}

int tls_handshake(struct tls *t, struct err *err)
{
    if (t->ready)
        return 1;
    int rc = t->end->handshake(t->ssl);
    if (rc != WOLFSSL_SUCCESS) {
        int error = wolfSSL_get_error(t->ssl, rc);
        if (t->err.code == ERR_NONE && is_waiting(error))
            return 0;
        return failure(t, error, "handshake", err);
    }
    if (!t->verified && !t->optional)
        return err_set(err, ERR_DENIED, 0, "tls: handshake: the peer's certificate was not checked");
    if (!t->certified && t->calls.verify_chain == NULL)
        return err_set(err, ERR_MISSING, 0, "tls: handshake: the peer did not ask for our certificate");
    t->ready = true;
    return 1;
}

int tls_write(struct tls *t, struct span bytes, struct err *err)
{
    if (!t->ready)
        return err_set(err, ERR_FORMAT, 0, "tls: write before the end of the handshake");
    for (size_t done = 0; done < bytes.len;) {
        size_t n = bytes.len - done < TLS_PLAIN_MAX ? bytes.len - done : TLS_PLAIN_MAX;
        int rc = wolfSSL_write(t->ssl, bytes.data + done, (int) n);
        if (rc <= 0)
            return failure(t, wolfSSL_get_error(t->ssl, rc), "write", err);
        done += (size_t) rc;
    }
    return 0;
}

int tls_read(struct tls *t, uint8_t *out, size_t cap, size_t *len, struct err *err)
{
    if (!t->ready)
        return err_set(err, ERR_FORMAT, 0, "tls: read before the end of the handshake");
    int rc = wolfSSL_read(t->ssl, out, (int) (cap < TLS_PLAIN_MAX ? cap : TLS_PLAIN_MAX));
    if (rc > 0) {
        *len = (size_t) rc;
        return 1;
    }
    int error = wolfSSL_get_error(t->ssl, rc);
    *len = 0;
    if (error == WOLFSSL_ERROR_ZERO_RETURN) {
        t->closed = true;
        return 0;
    }
    return is_waiting(error) ? 0 : failure(t, error, "read", err);
}

bool tls_closed(const struct tls *t)
{
    return t->closed;
}

void tls_close(struct tls *t)
{
    if (t->ready)
        (void) wolfSSL_shutdown(t->ssl); /* the peer's answer is not waited for */
}

const char *tls_version(const struct tls *t)
{
    if (!t->ready)
        return "";
    return wolfSSL_version(t->ssl) == TLS1_3_VERSION ? "1.3" : "1.2";
}

struct span tls_alpn(const struct tls *t)
{
    char *name = NULL;
    unsigned short len = 0;
    if (!t->ready || wolfSSL_ALPN_GetProtocol(t->ssl, &name, &len) != WOLFSSL_SUCCESS)
        return span_of(NULL, 0);
    return span_of(name, len);
}

int tls_export(struct tls *t, const char *label, struct span context, uint8_t *out, size_t len,
               struct err *err)
{
    if (!t->ready || wolfSSL_version(t->ssl) != TLS1_3_VERSION)
        return err_set(err, ERR_FORMAT, 0, "tls: export without a complete handshake of TLS 1.3");
    if (wolfSSL_export_keying_material(t->ssl, out, len, label, strlen(label), context.data, context.len,
                                       1) != WOLFSSL_SUCCESS)
        return err_set(err, ERR_FORMAT, 0, "tls: export of %zu bytes failed", len);
    return 0;
}
