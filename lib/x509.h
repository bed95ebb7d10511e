/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509: read and check the certificates that we meet: AMD's, the Coordinator's, aTLS's. RFC 5280, X.509 v3
 * only.
 *
 * A peer or the host chooses these bytes; they are not measured. Everything in struct x509 is borrowed from
 * the DER. Signatures: ecdsa-with-SHA256, ecdsa-with-SHA384, RSASSA-PSS with exactly SHA-384, MGF1-SHA-384,
 * salt 48.
 */
#ifndef NACRE_X509_H
#define NACRE_X509_H

#include "der.h"

#define X509_EXTENSIONS_MAX 64 /* a mesh certificate with every claim of an SNP report has 52 */
#define X509_DER_MAX 32768     /* bytes of one certificate */
#define X509_SERIAL_MAX 20     /* bytes */

enum x509_sig {
    X509_SIG_ECDSA_SHA256 = 1,
    X509_SIG_ECDSA_SHA384,
    X509_SIG_PSS_SHA384,
};

/* keyUsage bits (RFC 5280 4.2.1.3, bit 0 = 1) */
#define X509_KU_DIGITAL_SIGNATURE 0x001
#define X509_KU_CERT_SIGN 0x020
#define X509_KU_CRL_SIGN 0x040

struct x509 {
    struct span der;       /* the whole certificate */
    struct span tbs;       /* what is signed, tag and length included */
    struct span serial;    /* contents of the INTEGER: minimal two's complement */
    struct span issuer;    /* Name, whole element */
    struct span subject;   /* Name, whole element */
    struct span issuer_cn; /* commonName's characters; empty when there is none */
    struct span subject_cn;
    struct span spki;       /* whole element */
    struct span extensions; /* contents of the SEQUENCE OF Extension; empty when there are none */
    struct span signature;  /* bits */
    enum x509_sig sig;
    int64_t not_before_s; /* seconds since 1970 */
    int64_t not_after_s;
    bool has_basic_constraints;
    bool is_ca;
    int path_len; /* -1: no limit */
    bool has_key_usage;
    uint16_t key_usage; /* X509_KU_* */
};

struct x509_ext {
    struct span oid; /* contents of the OBJECT IDENTIFIER */
    bool critical;
    struct span value; /* contents of the OCTET STRING */
};

/* Take a certificate apart; no signature or date is checked. A critical extension other than
 * basicConstraints, keyUsage, extKeyUsage and subjectAltName is refused; so is an extension given twice. */
int x509_parse(struct span der, struct x509 *cert, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Walk the extensions: struct reader r = reader_of(cert->extensions); while (reader_left(&r) > 0) ... */
int x509_next_ext(struct reader *r, struct x509_ext *ext, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The extension with this OID (contents bytes). ERR_MISSING when there is none. */
int x509_find_ext(const struct x509 *cert, struct span oid, struct x509_ext *ext, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* AlgorithmIdentifier of a signature algorithm, whole element. */
struct span x509_algorithm(enum x509_sig sig);
/* Which one an AlgorithmIdentifier (whole element) names; ERR_FORMAT when it is none of ours. */
int x509_read_algorithm(struct span alg, enum x509_sig *sig, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* cert's signature is good under the key in spki. ERR_DENIED when not. */
int x509_check_signature(const struct x509 *cert, struct span spki, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* not_before <= now_s <= not_after; the text tells both dates. */
int x509_check_time(const struct x509 *cert, int64_t now_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* cert was issued by ca: names equal byte for byte, ca is a CA that may sign certificates and allows
 * cas_below further CA certificates between it and the leaf, signature good. No date is looked at. */
int x509_check_issued(const struct x509 *cert, const struct x509 *ca, int cas_below, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
