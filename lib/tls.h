/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls: one TLS connection as bytes in and bytes out. Only lib/tls*.c include wolfSSL's TLS calls.
 * RFC 8446 (1.3, preferred), RFC 5246 (1.2); AEAD suites with ephemeral ECDH only. No resumption, no tickets,
 * no early data, no renegotiation. Both sides show exactly one, self-signed certificate; trust comes from the
 * caller's check of it (lib/atls), never from a CA.
 *
 * The peer chooses these bytes. Nothing of them is measured.
 *
 * The loop: tls_feed what the socket gave; tls_handshake until it says 1; then tls_write and tls_read; after
 * each of them send tls_output and say tls_sent. Ciphertext is kept in buffers of bounded size; there is no
 * socket here.
 */
#ifndef NACRE_TLS_H
#define NACRE_TLS_H

#include "ecc.h"
#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stddef.h>

#define TLS_CERTIFICATE_MAX (17u * 1024) /* bytes of a certificate, evidence included */
#define TLS_CHAIN_MAX 4                  /* certificates that a server outside of aTLS may show */
#define TLS_ALPN_LIST_MAX 256            /* bytes of a list of ALPN names, joined by commas */
#define TLS_NAME_MAX 256                 /* bytes of an acceptable CA's name as text */
#define TLS_NAMES_MAX 8 /* acceptable CA names that we hand on; a peer that sends more is refused */
#define TLS_BUFFER_MAX (2048u * 1024) /* bytes of the peer's ciphertext that wait to be read */
#define TLS_OUTPUT_MAX (5120u * 1024) /* bytes of ciphertext that wait to be sent */
#define TLS_PLAIN_MAX 16384           /* bytes that one tls_read can give at most */

/* Protocol versions that are offered or accepted. The tests use them; everybody else takes TLS_ANY. */
enum tls_versions {
    TLS_ANY, /* 1.3 or, if the peer cannot, 1.2 */
    TLS_ONLY_13,
    TLS_ONLY_12,
};

/* What the peer said before our certificate is sent: our evidence has to answer to its nonce. */
struct tls_hello {
    struct span alpn; /* server: the client's ALPN names, joined by commas; empty if it sent none */
    struct span
        server_name; /* server, with config.server_name: as the client sent it; empty if it sent none */
    /* client: the CAs that the server accepts, each Name as text: "/CN=value". */
    struct span names[TLS_NAMES_MAX];
    size_t name_count;
};

/* Called from inside tls_handshake, each at most once in a connection (certificate: before our certificate
 * goes out). Both return 0, or -1 with *err set: the handshake then fails with exactly this error, and the
 * peer gets an alert. A client's verify comes before its certificate call, so that nothing of ours goes to a
 * peer that fails; a server has to show its certificate first. */
struct tls_calls {
    /* The peer's certificate, DER: only parsed so far. Its self-signature and its dates are this call's to
     * check (atls_peer_parse does, with a time that the caller trusts); the peer proves possession of its key
     * after it. */
    int (*verify)(void *ctx, struct span certificate, struct err *err);
    /* Give our certificate: *certificate is borrowed until the next call or until tls_free. */
    int (*certificate)(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *err);
    void *ctx;
    /* Client, instead of verify: a server outside of aTLS, which may show a chain and need not ask for our
     * certificate. certs[0] is its own, whose key it proves to hold; all are only parsed, in the order shown.
     */
    int (*verify_chain)(void *ctx, const struct span *certs, size_t count, struct err *err);
};

struct tls_config {
    enum tls_versions versions;
    const char *alpn; /* joined by commas: client: names to offer, or NULL; server: names that it knows, of
                         which it selects one that the client offers */
    const struct ecc_pair *key; /* our private key; copied */
    struct span rsa_key; /* client: in place of key, when there is one: PKCS #1 RSAPrivateKey, DER; copied */
    struct span placeholder; /* client: any certificate of that key, DER; never sent (docs/formats/atls.md) */
    struct span ca_certificate; /* server: DER; self-signed by key; its subject is the one Name that
                                   CertificateRequest carries */
    bool certificate_optional;  /* server: a client without a certificate is fine; verify is not called */
    bool server_name;           /* server: hand on the name that the client asks for */
    struct tls_calls calls;
};

struct tls;

/* A new connection with the client's or the server's end here; config is not needed after the call. A server
 * demands a client certificate, unless certificate_optional is set. The guest's build has no server. Both
 * return NULL with *err set on failure. */
struct tls *tls_client(const struct tls_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));
struct tls *tls_server(const struct tls_config *config, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void tls_free(struct tls *t); /* accepts NULL; wipes keys and buffers */
void tls_auto_free(struct tls **t);
#define AUTO_TLS __attribute__((cleanup(tls_auto_free))) struct tls

/* Take ciphertext that the peer sent. Returns 0, or -1 with *err set (ERR_LIMIT: it is not being read). */
int tls_feed(struct tls *t, struct span bytes, struct err *err) __attribute__((warn_unused_result, nonnull));
/* The peer's side of the connection was closed: what is missing now will never come. */
void tls_feed_end(struct tls *t) __attribute__((nonnull));

/* Ciphertext to send now, borrowed until the next call on t; empty if there is none. */
struct span tls_output(const struct tls *t) __attribute__((nonnull));
/* len bytes of tls_output have been sent. */
void tls_sent(struct tls *t, size_t len) __attribute__((nonnull));

/* Drive the handshake. Returns 1 when it is complete, 0 when bytes of the peer are missing, or -1 with *err
 * set; tls_output may hold bytes to send in all three cases. */
int tls_handshake(struct tls *t, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Encrypt and queue bytes. Returns 0, or -1 with *err set. */
int tls_write(struct tls *t, struct span bytes, struct err *err) __attribute__((warn_unused_result, nonnull));

/* Decrypt up to cap bytes into out; *len says how many. Returns 1 with bytes, 0 when more ciphertext is
 * needed or the peer has closed in order (tls_closed tells), or -1 with *err set (a cut connection is an
 * error). */
int tls_read(struct tls *t, uint8_t *out, size_t cap, size_t *len, struct err *err)
    __attribute__((warn_unused_result, nonnull));
bool tls_closed(const struct tls *t) __attribute__((nonnull)); /* the peer sent close_notify */

/* Queue close_notify. */
void tls_close(struct tls *t) __attribute__((nonnull));

/* "1.3" or "1.2" once the handshake is complete, else "". */
const char *tls_version(const struct tls *t) __attribute__((nonnull));

/* The ALPN name that was selected, borrowed; empty if there is none or the handshake is not complete. */
struct span tls_alpn(const struct tls *t) __attribute__((nonnull));

/* TLS 1.3's exporter (RFC 8446 7.5): len bytes that only the two ends of this connection can compute. Returns
 * 0, or -1 with *err set: before the end of the handshake, or TLS 1.2. */
int tls_export(struct tls *t, const char *label, struct span context, uint8_t *out, size_t len,
               struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
