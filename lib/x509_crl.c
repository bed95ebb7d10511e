/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x509_crl.h"

#include "der_time.h"
#include "hex.h"

/* 2.5.29.x: the last byte */
#define CE_DELTA_CRL 0x1b
#define CE_DISTRIBUTION_POINT 0x1c
#define CE_CERTIFICATE_ISSUER 0x1d

/* One extension of the list or of an entry: none that changes what the list means. */
static int check_ext(const struct x509_ext *ext, struct err *err)
{
    struct reader r = reader_of(ext->oid);
    uint16_t ce = reader_be16(&r);
    uint8_t last = reader_u8(&r);

    if (ext->critical)
        return err_set(err, ERR_FORMAT, 0, "CRL: a critical extension is not known");
    if (reader_done(&r) && ce == 0x551d &&
        (last == CE_DELTA_CRL || last == CE_DISTRIBUTION_POINT || last == CE_CERTIFICATE_ISSUER))
        return err_set(err, ERR_FORMAT, 0, "CRL: not a complete list of one CA (extension 2.5.29.%u)", last);
    return 0;
}

/* Is there an extension with this id before it? */
static int check_single(struct span list, const struct x509_ext *ext, struct err *err)
{
    struct reader r = reader_of(list);
    struct x509_ext other;

    do {
        if (x509_next_ext(&r, &other, err) < 0)
            return -1;
        if (other.oid.data != ext->oid.data && span_eq(other.oid, ext->oid))
            return err_set(err, ERR_FORMAT, 0, "CRL: an extension stands twice");
    } while (other.oid.data != ext->oid.data);
    return 0;
}

/* The rest of outer is one SEQUENCE OF Extension. */
static int read_extensions(struct reader *outer, struct err *err)
{
    struct der list;
    struct reader r;
    int count = 0;

    if (der_get(outer, DER_SEQUENCE, "CRL extensions", &list, err) < 0 ||
        der_end(outer, "CRL extensions", err) < 0)
        return -1;
    r = reader_of(list.body);
    while (reader_left(&r) > 0) {
        struct x509_ext ext;

        if (++count > X509_CRL_EXTENSIONS_MAX)
            return err_set(err, ERR_LIMIT, 0, "CRL: more than %d extensions", X509_CRL_EXTENSIONS_MAX);
        if (x509_next_ext(&r, &ext, err) < 0 || check_single(list.body, &ext, err) < 0 ||
            check_ext(&ext, err) < 0)
            return -1;
    }
    return count > 0 ? 0 : err_set(err, ERR_FORMAT, 0, "CRL: a list of extensions is empty");
}

static int read_entry(struct reader *list, struct span *serial, int64_t *revoked_s, struct err *err)
{
    struct der entry, number;
    struct reader r;
    int64_t when;

    if (der_get(list, DER_SEQUENCE, "CRL entry", &entry, err) < 0)
        return -1;
    r = reader_of(entry.body);
    if (der_get(&r, DER_INTEGER, "CRL entry", &number, err) < 0 ||
        der_get_time(&r, "revocationDate", &when, err) < 0)
        return -1;
    if (number.body.len == 0 || number.body.len > X509_SERIAL_MAX + 1)
        return err_set(err, ERR_LIMIT, 0, "CRL entry: serial number of %zu bytes, expected 1 to %d",
                       number.body.len, X509_SERIAL_MAX);
    if (reader_left(&r) > 0 && read_extensions(&r, err) < 0)
        return -1;
    *serial = number.body;
    *revoked_s = when;
    return 0;
}

/* revokedCertificates is left out when it would be empty. */
static int read_entries(struct reader *tbs, struct x509_crl *crl, struct err *err)
{
    struct der list;
    struct reader r;
    int count = 0;

    if (!der_peek(tbs, DER_SEQUENCE))
        return 0;
    if (der_get(tbs, DER_SEQUENCE, "revokedCertificates", &list, err) < 0)
        return -1;
    r = reader_of(list.body);
    while (reader_left(&r) > 0) {
        struct span serial;
        int64_t revoked_s;

        if (++count > X509_CRL_ENTRIES_MAX)
            return err_set(err, ERR_LIMIT, 0, "CRL: more than %d entries", X509_CRL_ENTRIES_MAX);
        if (read_entry(&r, &serial, &revoked_s, err) < 0)
            return -1;
    }
    if (count == 0)
        return err_set(err, ERR_FORMAT, 0, "CRL: revokedCertificates is there and empty");
    crl->entries = list.body;
    return 0;
}

static int read_tbs(struct span body, struct x509_crl *crl, struct span *inner_alg, struct err *err)
{
    struct reader r = reader_of(body);
    struct der alg, issuer, context;
    uint64_t version = 0;

    if (der_get_u64(&r, "CRL version", &version, err) < 0)
        return -1;
    if (version != 1)
        return err_set(err, ERR_FORMAT, 0, "CRL version: expected 2, found %llu",
                       (unsigned long long) version + 1);
    if (der_get(&r, DER_SEQUENCE, "CRL signature algorithm", &alg, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "CRL issuer", &issuer, err) < 0 ||
        der_get_time(&r, "thisUpdate", &crl->this_update_s, err) < 0 ||
        der_get_time(&r, "nextUpdate", &crl->next_update_s, err) < 0 || read_entries(&r, crl, err) < 0)
        return -1;
    crl->issuer = issuer.whole;
    *inner_alg = alg.whole;
    if (reader_left(&r) > 0) {
        struct reader in;

        if (der_get(&r, DER_CONTEXT_CONSTRUCTED(0), "CRL extensions", &context, err) < 0)
            return -1;
        in = reader_of(context.body);
        if (read_extensions(&in, err) < 0)
            return -1;
    }
    return der_end(&r, "CRL", err);
}

int x509_crl_parse(struct span der, struct x509_crl *crl, struct err *err)
{
    struct reader r = reader_of(der);
    struct x509_crl got = {0};
    struct der outer, tbs, alg;
    struct span inner_alg;

    if (der.len > X509_CRL_MAX)
        return err_set(err, ERR_LIMIT, 0, "CRL: %zu bytes, at most %d", der.len, X509_CRL_MAX);
    if (der_get(&r, DER_SEQUENCE, "CRL", &outer, err) < 0 || der_end(&r, "CRL", err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_get(&r, DER_SEQUENCE, "CRL body", &tbs, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "CRL signature algorithm", &alg, err) < 0 ||
        der_get_bits(&r, "CRL signature", &got.signature, err) < 0 || der_end(&r, "CRL", err) < 0)
        return -1;
    got.tbs = tbs.whole;
    if (read_tbs(tbs.body, &got, &inner_alg, err) < 0)
        return -1;
    if (x509_read_algorithm(alg.whole, &got.sig, err) < 0)
        return err_prefix(err, "CRL");
    if (!span_eq(inner_alg, alg.whole))
        return err_set(err, ERR_FORMAT, 0, "CRL: the two signature algorithms differ");
    *crl = got;
    return 0;
}

static int check_dates(const struct x509_crl *crl, int64_t now_s, struct err *err)
{
    char from[DER_TIME_TEXT_SIZE], to[DER_TIME_TEXT_SIZE], now[DER_TIME_TEXT_SIZE];

    if (crl->this_update_s <= now_s && now_s <= crl->next_update_s)
        return 0;
    der_time_text(crl->this_update_s, from);
    der_time_text(crl->next_update_s, to);
    der_time_text(now_s, now);
    return err_set(err, ERR_DENIED, 0, "CRL is valid from %s to %s, the time is %s", from, to, now);
}

int x509_crl_check(const struct x509_crl *crl, const struct x509 *ca, int64_t now_s, struct err *err)
{
    const struct x509 signed_part = {.tbs = crl->tbs, .signature = crl->signature, .sig = crl->sig};

    if (!span_eq(crl->issuer, ca->subject))
        return err_set(err, ERR_DENIED, 0, "CRL: the issuer is not the name of the expected CA");
    if (!ca->has_basic_constraints || !ca->is_ca)
        return err_set(err, ERR_DENIED, 0, "CRL: its issuer is no CA (basicConstraints)");
    if (ca->has_key_usage && !(ca->key_usage & X509_KU_CRL_SIGN))
        return err_set(err, ERR_DENIED, 0, "CRL: its issuer may not sign lists (keyUsage)");
    if (x509_check_signature(&signed_part, ca->spki, err) < 0)
        return err_prefix(err, "CRL");
    return check_dates(crl, now_s, err);
}

static int refuse_listed(struct span serial, int64_t revoked_s, struct err *err)
{
    char text[2 * (X509_SERIAL_MAX + 1) + 1] = "", when[DER_TIME_TEXT_SIZE];
    struct err ignored;

    if (hex_encode(serial, text, sizeof text, &ignored) < 0)
        text[0] = '\0'; /* cannot happen: a listed number fits */
    der_time_text(revoked_s, when);
    return err_set(err, ERR_DENIED, 0, "certificate with the serial number %s was revoked on %s", text, when);
}

int x509_crl_check_not_listed(const struct x509_crl *crl, const struct x509 *cert, struct err *err)
{
    struct reader r = reader_of(crl->entries);

    while (reader_left(&r) > 0) {
        struct span serial;
        int64_t revoked_s;

        if (read_entry(&r, &serial, &revoked_s, err) < 0)
            return -1;
        if (span_eq(serial, cert->serial))
            return refuse_listed(serial, revoked_s, err);
    }
    return 0;
}
