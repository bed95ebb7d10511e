/* SPDX-License-Identifier: GPL-2.0-or-later */
/* atls: Contrast's attested TLS, the parts that are not TLS itself: nonces, report data, certificates.
 * docs/formats/atls.md
 *
 * Each side sends the other a nonce: the client in an ALPN name, the server as the only acceptable CA of its
 * CertificateRequest. Each side answers with a self-signed certificate whose evidence holds SHA-512(SPKI ||
 * the other's nonce) as report data. The peer chooses all bytes that are decoded here; nothing of them is
 * measured.
 */
#ifndef NACRE_ATLS_H
#define NACRE_ATLS_H

#include "ecc.h"
#include "err.h"
#include "span.h"

#include <stdint.h>

#define ATLS_NONCE_SIZE 32
#define ATLS_REPORT_DATA_SIZE 64
#define ATLS_SERIAL_SIZE 16                  /* bytes of a certificate's serial number */
#define ATLS_ALPN_H2 "h2"                    /* the name that a server selects */
#define ATLS_ALPN_SIZE (14 + 64 + 1 + 2 + 1) /* "atls:v1:nonce:<64 hex>,h2" and its NUL */
#define ATLS_EVIDENCE_MAX (16u * 1024)       /* bytes of evidence in a certificate */
#define ATLS_CERTIFICATE_MAX (ATLS_EVIDENCE_MAX + 512)
#define ATLS_LIFETIME_S 7200 /* our certificates are valid this long before and after now */

/* The ALPN list of a client, names joined by commas: the nonce, then h2. out has ATLS_ALPN_SIZE bytes. */
int atls_alpn_encode(const uint8_t nonce[ATLS_NONCE_SIZE], char *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The nonce from the list that a client sent (names joined by commas). Exactly one name begins with "atls",
 * it is of version 1, and h2 is among the names. Returns 0, or -1 with *err set: ERR_MISSING without a nonce,
 * else ERR_FORMAT. */
int atls_alpn_decode(struct span alpn, uint8_t nonce[ATLS_NONCE_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The nonce as older clients of Contrast send it: base64(nonce) as server name, and h2 in ALPN without any
 * nonce there. Returns 0, or -1 with *err set: ERR_MISSING without a server name, else ERR_FORMAT. */
int atls_server_name_decode(struct span alpn, struct span server_name, uint8_t nonce[ATLS_NONCE_SIZE],
                            struct err *err) __attribute__((warn_unused_result, nonnull));

/* A server's nonce as lib/tls wants it: a self-signed certificate, with the commonName base64(nonce) as its
 * only name. Only that name is sent. Appended to w. */
int atls_ca_certificate(const struct ecc_pair *key, const uint8_t nonce[ATLS_NONCE_SIZE], struct writer *w,
                        struct err *err) __attribute__((warn_unused_result, nonnull));
/* The nonce from the Names that a server sent, each as text: there is exactly one, "/CN=<base64>".
 * Returns 0, or -1 with *err set: ERR_MISSING when there is no Name, else ERR_FORMAT. */
int atls_name_decode(const struct span *names, size_t count, uint8_t nonce[ATLS_NONCE_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* SHA-512(spki || nonce): what a report must hold for the key in spki (DER) and the other side's nonce. */
int atls_report_data(struct span spki, const uint8_t nonce[ATLS_NONCE_SIZE],
                     uint8_t out[ATLS_REPORT_DATA_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Whose evidence an extension holds. */
enum atls_kind {
    ATLS_SNP = 0, /* lib/snp_evidence */
    ATLS_TDX,     /* lib/tdx_evidence */
};

struct atls_template {
    const struct ecc_pair *key;
    uint8_t serial[ATLS_SERIAL_SIZE]; /* random */
    int64_t now_s;                    /* seconds since 1970 */
    enum atls_kind kind;
    struct span evidence; /* empty: a certificate without evidence */
};
/* Build our self-signed certificate at the end of w. Returns 0, or -1 with *err set (ERR_LIMIT: no room). */
int atls_certificate(const struct atls_template *t, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

struct atls_peer {
    struct ecc_public key;
    struct span spki; /* DER, borrowed from the certificate */
    enum atls_kind kind;
    struct span evidence; /* borrowed from the certificate; empty when there is none */
};
/* Check a peer's certificate as far as it can be checked without looking into the evidence: self-signed,
 * signature good, now_s within its dates, a P-256 or P-384 key, at most one evidence extension, of a kind
 * that we know, not critical. Returns 0, or -1 with *err set and *out untouched. */
int atls_peer_parse(struct span certificate, int64_t now_s, struct atls_peer *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
