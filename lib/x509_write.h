/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509_write: build X.509 v3 certificates (RFC 5280): the Coordinator's CAs and leaves, the agent's
 * self-signed aTLS certificate, softpsp's test chain.
 *
 * All parts are given as ready DER spans; the helpers below make the common ones. What comes out is read back
 * by x509_parse without loss.
 */
#ifndef NACRE_X509_WRITE_H
#define NACRE_X509_WRITE_H

#include "ecc.h"
#include "x509.h"

#define X509_SIG_VALUE_MAX 512 /* bytes of a signature */

/* Signs tbs: writes at most X509_SIG_VALUE_MAX bytes at sig and their number to *len. */
struct x509_signer {
    enum x509_sig alg;
    int (*sign)(const void *key, struct span tbs, uint8_t *sig, size_t *len, struct err *err);
    const void *key;
};

struct x509_template {
    struct span serial;  /* big-endian unsigned, 1 to X509_SERIAL_MAX bytes */
    struct span issuer;  /* Name, DER */
    struct span subject; /* Name, DER */
    int64_t not_before_s;
    int64_t not_after_s;
    struct span spki; /* DER */
    const struct x509_ext *extensions;
    size_t extension_count; /* at most X509_EXTENSIONS_MAX */
};

/* A signer from an ECC key: P-256 signs with SHA-256, P-384 with SHA-384. Borrows the key. */
struct x509_signer x509_signer_ecc(const struct ecc_pair *key) __attribute__((nonnull));

/* Build and sign a certificate into w. ERR_LIMIT when it does not fit. */
int x509_write(const struct x509_template *t, const struct x509_signer *signer, struct writer *w,
               struct err *err) __attribute__((warn_unused_result, nonnull));

/* One attribute of a name. tag is DER_UTF8_STRING, DER_PRINTABLE_STRING or DER_IA5_STRING. */
struct x509_attr {
    struct span oid;
    uint8_t tag;
    const char *text;
};
void x509_put_name(struct writer *w, const struct x509_attr *attrs, size_t count) __attribute__((nonnull));
/* A name that is only a commonName (UTF8String). */
void x509_put_name_cn(struct writer *w, const char *cn) __attribute__((nonnull));

/* OIDs (contents bytes) of the extensions and name attributes below. */
struct span x509_oid_basic_constraints(void);
struct span x509_oid_key_usage(void);
struct span x509_oid_ext_key_usage(void);
struct span x509_oid_subject_alt_name(void);
struct span x509_oid_subject_key_id(void);
struct span x509_oid_authority_key_id(void);

/* Extension values. */
void x509_put_basic_constraints(struct writer *w, bool is_ca, int path_len /* -1: none */)
    __attribute__((nonnull));
void x509_put_key_usage(struct writer *w, uint16_t bits /* X509_KU_* */) __attribute__((nonnull));
void x509_put_eku_tls(struct writer *w) __attribute__((nonnull)); /* clientAuth and serverAuth */
void x509_put_subject_key_id(struct writer *w, struct span id) __attribute__((nonnull));
void x509_put_authority_key_id(struct writer *w, struct span id) __attribute__((nonnull));

enum x509_san {
    X509_SAN_DNS = 2,
    X509_SAN_URI = 6,
    X509_SAN_IP = 7, /* bytes: 4 or 16 */
};
/* subjectAltName: size_t m = x509_san_open(w); x509_san_put(w, ...); x509_san_close(w, m); */
size_t x509_san_open(struct writer *w) __attribute__((nonnull));
void x509_san_put(struct writer *w, enum x509_san kind, struct span bytes) __attribute__((nonnull));
void x509_san_close(struct writer *w, size_t mark) __attribute__((nonnull));

#endif
