/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x509.h"

#include "der_time.h"
#include "ecc.h"
#include "hash.h"
#include "rsa.h"

/* 2.5.29.x, contents bytes */
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_ext_key_usage[] = {0x55, 0x1d, 0x25};
static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

static const uint8_t alg_ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
static const uint8_t alg_ecdsa_sha384[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                           0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
/* id-RSASSA-PSS { [0] sha384, [1] mgf1 { sha384 }, [2] salt 48 }, hash parameters NULL */
static const uint8_t alg_pss_sha384[] = {
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0, 0x0f,
    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa1, 0x1c,
    0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30};
/* the same with the default trailer field written out, as AMD's roots and older leaves have it */
static const uint8_t alg_pss_sha384_trailer[] = {
    0x30, 0x46, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x39,
    0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
    0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
    0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
    0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x30, 0xa3, 0x03, 0x02, 0x01, 0x01};

static const struct {
    const uint8_t *bytes;
    size_t len;
    enum x509_sig sig;
} algorithms[] = {
    {alg_ecdsa_sha256,       sizeof alg_ecdsa_sha256,       X509_SIG_ECDSA_SHA256},
    {alg_ecdsa_sha384,       sizeof alg_ecdsa_sha384,       X509_SIG_ECDSA_SHA384},
    {alg_pss_sha384,         sizeof alg_pss_sha384,         X509_SIG_PSS_SHA384  },
    {alg_pss_sha384_trailer, sizeof alg_pss_sha384_trailer, X509_SIG_PSS_SHA384  },
};

struct span x509_algorithm(enum x509_sig sig)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (algorithms[i].sig == sig)
            return span_of(algorithms[i].bytes, algorithms[i].len);
    }
    return span_of(NULL, 0);
}

int x509_read_algorithm(struct span alg, enum x509_sig *sig, struct err *err)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (span_eq(alg, span_of(algorithms[i].bytes, algorithms[i].len))) {
            *sig = algorithms[i].sig;
            return 0;
        }
    }
    return err_set(err, ERR_FORMAT, 0,
                   "signature algorithm is not ECDSA with SHA-256 or SHA-384, nor PSS with SHA-384 and "
                   "salt 48");
}

/* The characters of the commonName in a Name; empty when there is none. Two are refused. */
static int read_name(struct der name, const char *what, struct span *cn, struct err *err)
{
    struct reader r = reader_of(name.body);
    struct span found = {0};
    int count = 0;

    while (reader_left(&r) > 0) {
        struct der set, pair, oid, value;
        struct reader in_set, in_pair;

        if (der_get(&r, DER_SET, what, &set, err) < 0)
            return -1;
        in_set = reader_of(set.body);
        if (der_get(&in_set, DER_SEQUENCE, what, &pair, err) < 0 || der_end(&in_set, what, err) < 0)
            return -1;
        in_pair = reader_of(pair.body);
        if (der_get(&in_pair, DER_OID, what, &oid, err) < 0 || der_any(&in_pair, what, &value, err) < 0 ||
            der_end(&in_pair, what, err) < 0)
            return -1;
        if (!span_eq(oid.body, span_of(oid_common_name, sizeof oid_common_name)))
            continue;
        found = value.body;
        if (++count > 1)
            return err_set(err, ERR_FORMAT, 0, "%s: two common names", what);
    }
    *cn = found;
    return 0;
}

int x509_next_ext(struct reader *r, struct x509_ext *ext, struct err *err)
{
    struct x509_ext got = {0};
    struct der outer, oid, value;
    struct reader in;

    if (der_get(r, DER_SEQUENCE, "extension", &outer, err) < 0)
        return -1;
    in = reader_of(outer.body);
    if (der_get(&in, DER_OID, "extension id", &oid, err) < 0)
        return -1;
    if (der_peek(&in, DER_BOOLEAN)) {
        if (der_get_bool(&in, "extension critical", &got.critical, err) < 0)
            return -1;
        if (!got.critical)
            return err_set(err, ERR_FORMAT, 0, "extension: a default value is written out");
    }
    if (der_get(&in, DER_OCTET_STRING, "extension value", &value, err) < 0 ||
        der_end(&in, "extension", err) < 0)
        return -1;
    got.oid = oid.body;
    got.value = value.body;
    *ext = got;
    return 0;
}

static int read_basic_constraints(struct span value, struct x509 *cert, struct err *err)
{
    const char *what = "basicConstraints";
    struct reader r = reader_of(value);
    struct der outer;
    uint64_t path_len = 0;

    cert->has_basic_constraints = true;
    if (der_get(&r, DER_SEQUENCE, what, &outer, err) < 0 || der_end(&r, what, err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_peek(&r, DER_BOOLEAN) && der_get_bool(&r, what, &cert->is_ca, err) < 0)
        return -1;
    if (der_peek(&r, DER_INTEGER)) {
        if (der_get_u64(&r, what, &path_len, err) < 0)
            return -1;
        if (path_len > 16)
            return err_set(err, ERR_LIMIT, 0, "basicConstraints: path length %llu, at most 16",
                           (unsigned long long) path_len);
        cert->path_len = (int) path_len;
    }
    return der_end(&r, what, err);
}

static int read_key_usage(struct span value, struct x509 *cert, struct err *err)
{
    struct reader r = reader_of(value);
    struct der bits;
    uint16_t usage = 0;

    if (der_get(&r, DER_BIT_STRING, "keyUsage", &bits, err) < 0 || der_end(&r, "keyUsage", err) < 0)
        return -1;
    if (bits.body.len < 2 || bits.body.len > 3 || bits.body.data[0] > 7)
        return err_set(err, ERR_FORMAT, 0, "keyUsage: expected one or two bytes of bits");
    /* bit 0 is the most significant bit of the first byte */
    for (unsigned i = 0; i < 8 * (bits.body.len - 1) && i < 16; i++) {
        if (bits.body.data[1 + i / 8] & (0x80 >> i % 8))
            usage = (uint16_t) (usage | 1U << i);
    }
    cert->has_key_usage = true;
    cert->key_usage = usage;
    return 0;
}

/* One extension: no second one with its OID before it, and known when it is critical. */
static int read_ext(struct x509 *cert, const struct x509_ext *ext, struct err *err)
{
    struct reader r = reader_of(cert->extensions);
    struct x509_ext other;

    do {
        if (x509_next_ext(&r, &other, err) < 0)
            return -1;
        if (other.oid.data != ext->oid.data && span_eq(other.oid, ext->oid))
            return err_set(err, ERR_FORMAT, 0, "certificate: an extension stands twice");
    } while (other.oid.data != ext->oid.data);
    if (span_eq(ext->oid, span_of(oid_basic_constraints, sizeof oid_basic_constraints)))
        return read_basic_constraints(ext->value, cert, err);
    if (span_eq(ext->oid, span_of(oid_key_usage, sizeof oid_key_usage)))
        return read_key_usage(ext->value, cert, err);
    if (ext->critical && !span_eq(ext->oid, span_of(oid_ext_key_usage, sizeof oid_ext_key_usage)) &&
        !span_eq(ext->oid, span_of(oid_subject_alt_name, sizeof oid_subject_alt_name)))
        return err_set(err, ERR_FORMAT, 0, "certificate: a critical extension is not known");
    return 0;
}

/* [3] EXPLICIT SEQUENCE OF Extension, up to the end of the TBS */
static int read_extensions(struct reader *tbs, struct x509 *cert, struct err *err)
{
    struct der context, list;
    struct reader r;
    int count = 0;

    if (reader_left(tbs) == 0)
        return 0;
    if (der_get(tbs, DER_CONTEXT_CONSTRUCTED(3), "extensions", &context, err) < 0 ||
        der_end(tbs, "certificate", err) < 0)
        return -1;
    r = reader_of(context.body);
    if (der_get(&r, DER_SEQUENCE, "extensions", &list, err) < 0 || der_end(&r, "extensions", err) < 0)
        return -1;
    cert->extensions = list.body;
    r = reader_of(list.body);
    while (reader_left(&r) > 0) {
        struct x509_ext ext;

        if (++count > X509_EXTENSIONS_MAX)
            return err_set(err, ERR_LIMIT, 0, "certificate: more than %d extensions", X509_EXTENSIONS_MAX);
        if (x509_next_ext(&r, &ext, err) < 0 || read_ext(cert, &ext, err) < 0)
            return -1;
    }
    return count > 0 ? 0 : err_set(err, ERR_FORMAT, 0, "certificate: the list of extensions is empty");
}

static int read_serial(struct reader *tbs, struct x509 *cert, struct err *err)
{
    struct der serial;

    if (der_get(tbs, DER_INTEGER, "serial number", &serial, err) < 0)
        return -1;
    if (serial.body.len == 0 || serial.body.len > X509_SERIAL_MAX + 1)
        return err_set(err, ERR_LIMIT, 0, "serial number: %zu bytes, expected 1 to %d", serial.body.len,
                       X509_SERIAL_MAX);
    cert->serial = serial.body;
    return 0;
}

static int read_validity(struct reader *tbs, struct x509 *cert, struct err *err)
{
    struct der validity;
    struct reader r;

    if (der_get(tbs, DER_SEQUENCE, "validity", &validity, err) < 0)
        return -1;
    r = reader_of(validity.body);
    if (der_get_time(&r, "notBefore", &cert->not_before_s, err) < 0 ||
        der_get_time(&r, "notAfter", &cert->not_after_s, err) < 0)
        return -1;
    return der_end(&r, "validity", err);
}

static int read_tbs(struct span body, struct x509 *cert, struct span *inner_alg, struct err *err)
{
    struct reader r = reader_of(body);
    struct der version, alg, issuer, subject, spki;
    struct reader in_version;
    uint64_t number = 0;

    if (der_get(&r, DER_CONTEXT_CONSTRUCTED(0), "certificate version", &version, err) < 0)
        return -1;
    in_version = reader_of(version.body);
    if (der_get_u64(&in_version, "certificate version", &number, err) < 0 ||
        der_end(&in_version, "certificate version", err) < 0)
        return -1;
    if (number != 2)
        return err_set(err, ERR_FORMAT, 0, "certificate version: expected 3, found %llu",
                       (unsigned long long) number + 1);
    if (read_serial(&r, cert, err) < 0 || der_get(&r, DER_SEQUENCE, "signature algorithm", &alg, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "issuer", &issuer, err) < 0 || read_validity(&r, cert, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "subject", &subject, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "public key", &spki, err) < 0)
        return -1;
    cert->issuer = issuer.whole;
    cert->subject = subject.whole;
    cert->spki = spki.whole;
    *inner_alg = alg.whole;
    if (read_name(issuer, "issuer", &cert->issuer_cn, err) < 0 ||
        read_name(subject, "subject", &cert->subject_cn, err) < 0)
        return -1;
    return read_extensions(&r, cert, err);
}

int x509_parse(struct span der, struct x509 *cert, struct err *err)
{
    struct reader r = reader_of(der);
    struct x509 got = {.path_len = -1};
    struct der outer, tbs, alg;
    struct span inner_alg;

    if (der.len > X509_DER_MAX)
        return err_set(err, ERR_LIMIT, 0, "certificate: %zu bytes, at most %d", der.len, X509_DER_MAX);
    if (der_get(&r, DER_SEQUENCE, "certificate", &outer, err) < 0 || der_end(&r, "certificate", err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_get(&r, DER_SEQUENCE, "certificate body", &tbs, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "signature algorithm", &alg, err) < 0 ||
        der_get_bits(&r, "signature", &got.signature, err) < 0 || der_end(&r, "certificate", err) < 0)
        return -1;
    got.der = outer.whole;
    got.tbs = tbs.whole;
    if (read_tbs(tbs.body, &got, &inner_alg, err) < 0)
        return -1;
    if (x509_read_algorithm(alg.whole, &got.sig, err) < 0)
        return err_prefix(err, "certificate");
    if (!span_eq(inner_alg, alg.whole))
        return err_set(err, ERR_FORMAT, 0, "certificate: the two signature algorithms differ");
    *cert = got;
    return 0;
}

int x509_find_ext(const struct x509 *cert, struct span oid, struct x509_ext *ext, struct err *err)
{
    struct reader r = reader_of(cert->extensions);
    struct x509_ext got;

    while (reader_left(&r) > 0) {
        if (x509_next_ext(&r, &got, err) < 0)
            return -1;
        if (span_eq(got.oid, oid)) {
            *ext = got;
            return 0;
        }
    }
    return err_set(err, ERR_MISSING, 0, "certificate: an extension is missing");
}

static int check_ecdsa(const struct x509 *cert, struct span spki, enum hash_alg alg, struct err *err)
{
    struct ecc_public pub;
    struct ecc_sig sig;
    uint8_t digest[HASH_MAX];

    if (ecc_public_from_spki(spki, &pub, err) < 0 ||
        ecc_sig_from_der(pub.curve, cert->signature, &sig, err) < 0 ||
        hash_bytes(alg, cert->tbs, digest, err) < 0)
        return -1;
    return ecc_verify(&pub, span_of(digest, hash_size(alg)), &sig, err);
}

int x509_check_signature(const struct x509 *cert, struct span spki, struct err *err)
{
    uint8_t digest[HASH_MAX];
    int rc = -1;

    switch (cert->sig) {
    case X509_SIG_ECDSA_SHA256:
        rc = check_ecdsa(cert, spki, HASH_SHA256, err);
        break;
    case X509_SIG_ECDSA_SHA384:
        rc = check_ecdsa(cert, spki, HASH_SHA384, err);
        break;
    case X509_SIG_PSS_SHA384:
        rc = hash_bytes(HASH_SHA384, cert->tbs, digest, err);
        if (rc == 0)
            rc = rsa_pss_verify(spki, span_of(digest, SHA384_SIZE), cert->signature, err);
        break;
    }
    return rc;
}

int x509_check_time(const struct x509 *cert, int64_t now_s, struct err *err)
{
    char from[DER_TIME_TEXT_SIZE], to[DER_TIME_TEXT_SIZE], now[DER_TIME_TEXT_SIZE];

    if (cert->not_before_s <= now_s && now_s <= cert->not_after_s)
        return 0;
    der_time_text(cert->not_before_s, from);
    der_time_text(cert->not_after_s, to);
    der_time_text(now_s, now);
    return err_set(err, ERR_DENIED, 0, "certificate is valid from %s to %s, the time is %s", from, to, now);
}

int x509_check_issued(const struct x509 *cert, const struct x509 *ca, int cas_below, struct err *err)
{
    if (!span_eq(cert->issuer, ca->subject))
        return err_set(err, ERR_DENIED, 0, "certificate: the issuer is not the name of the CA above it");
    if (!ca->has_basic_constraints || !ca->is_ca)
        return err_set(err, ERR_DENIED, 0, "certificate: its issuer is no CA (basicConstraints)");
    if (ca->has_key_usage && !(ca->key_usage & X509_KU_CERT_SIGN))
        return err_set(err, ERR_DENIED, 0, "certificate: its issuer may not sign certificates (keyUsage)");
    if (ca->path_len >= 0 && cas_below > ca->path_len)
        return err_set(err, ERR_DENIED, 0, "certificate: the CA allows %d CAs below it, found %d",
                       ca->path_len, cas_below);
    return x509_check_signature(cert, ca->spki, err);
}
