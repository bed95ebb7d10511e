/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "atls.h"

#include "b64.h"
#include "hash.h"
#include "hex.h"
#include "x509.h"
#include "x509_write.h"

#include <string.h>

#define ALPN_FAMILY "atls"
#define ALPN_PREFIX "atls:v1:nonce:"
#define NAME_PREFIX "/CN="
#define NAME_BASE64_SIZE 44 /* characters of 32 bytes */
#define EXTENSION_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Evidence extensions, all under 1.3.9901 (contents of the OID), by atls_kind; those that are not read are
 * known so that the refusal can name them. */
static const struct kind {
    uint8_t oid[5];
    const char *name;
    bool read;
} kinds[] = {
    {{0x2b, 0xcd, 0x2d, 0x02, 0x01}, "SNP",      true },
    {{0x2b, 0xcd, 0x2d, 0x02, 0x02}, "TDX",      true },
    {{0x2b, 0xcd, 0x2d, 0x02, 0x03}, "insecure", false},
    {{0x2b, 0xcd, 0x2d, 0x02, 0x63}, "insecure", false},
};

/* --- nonces ---------------------------------------------------------------------------------------- */

int atls_alpn_encode(const uint8_t nonce[ATLS_NONCE_SIZE], char *out, struct err *err)
{
    char hex[2 * ATLS_NONCE_SIZE + 1];
    if (hex_encode(span_of(nonce, ATLS_NONCE_SIZE), hex, sizeof(hex), err) < 0)
        return -1;
    struct writer w = writer_of(out, ATLS_ALPN_SIZE);
    writer_str(&w, ALPN_PREFIX);
    writer_str(&w, hex);
    writer_str(&w, "," ATLS_ALPN_H2);
    writer_u8(&w, 0);
    return w.bad ? err_set(err, ERR_LIMIT, 0, "aTLS: ALPN list does not fit") : 0;
}

static bool starts_with(struct span s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && memcmp(s.data, prefix, len) == 0;
}

static struct span next_name(struct span *list)
{
    size_t len = 0;
    while (len < list->len && list->data[len] != ',')
        len++;
    struct span name = span_of(list->data, len);
    *list = len == list->len ? span_of(NULL, 0) : span_sub(*list, len + 1, list->len - len - 1);
    return name;
}

static int nonce_of_name(struct span name, uint8_t *nonce, struct err *err)
{
    if (!starts_with(name, ALPN_PREFIX))
        return err_set(err, ERR_FORMAT, 0,
                       "aTLS: ALPN name is of another version, expected \"" ALPN_PREFIX "\"");
    size_t skip = strlen(ALPN_PREFIX);
    if (hex_decode(span_sub(name, skip, name.len - skip), nonce, ATLS_NONCE_SIZE, err) < 0)
        return err_prefix(err, "aTLS: nonce in ALPN");
    return 0;
}

int atls_alpn_decode(struct span alpn, uint8_t nonce[ATLS_NONCE_SIZE], struct err *err)
{
    uint8_t got[ATLS_NONCE_SIZE];
    unsigned nonces = 0;
    bool h2 = false;
    while (alpn.len > 0) {
        struct span name = next_name(&alpn);
        h2 = h2 || span_eq_str(name, ATLS_ALPN_H2);
        if (!starts_with(name, ALPN_FAMILY))
            continue;
        if (nonces++ > 0)
            return err_set(err, ERR_FORMAT, 0, "aTLS: two nonces in ALPN");
        if (nonce_of_name(name, got, err) < 0)
            return -1;
    }
    if (nonces == 0)
        return err_set(err, ERR_MISSING, 0,
                       "aTLS: no nonce in ALPN, expected \"" ALPN_PREFIX "<64 hex digits>\"");
    if (!h2)
        return err_set(err, ERR_FORMAT, 0, "aTLS: ALPN does not offer \"" ATLS_ALPN_H2 "\"");
    memcpy(nonce, got, sizeof(got));
    return 0;
}

int atls_server_name_decode(struct span alpn, struct span server_name, uint8_t nonce[ATLS_NONCE_SIZE],
                            struct err *err)
{
    uint8_t got[ATLS_NONCE_SIZE];
    size_t len = 0;
    bool h2 = false;
    while (alpn.len > 0) {
        struct span name = next_name(&alpn);
        h2 = h2 || span_eq_str(name, ATLS_ALPN_H2);
        if (starts_with(name, ALPN_FAMILY))
            return err_set(err, ERR_FORMAT, 0, "aTLS: a nonce in ALPN beside the server name");
    }
    if (!h2)
        return err_set(err, ERR_FORMAT, 0, "aTLS: ALPN does not offer \"" ATLS_ALPN_H2 "\"");
    if (server_name.len == 0)
        return err_set(err, ERR_MISSING, 0, "aTLS: no nonce in ALPN or in the server name");
    if (b64_decode(server_name, got, sizeof(got), &len, err) < 0)
        return err_prefix(err, "aTLS: nonce in the server name");
    if (len != sizeof(got))
        return err_set(err, ERR_FORMAT, 0, "aTLS: nonce in the server name has %zu bytes, expected %zu", len,
                       sizeof(got));
    memcpy(nonce, got, sizeof(got));
    return 0;
}

int atls_ca_certificate(const struct ecc_pair *key, const uint8_t nonce[ATLS_NONCE_SIZE], struct writer *w,
                        struct err *err)
{
    static const uint8_t oid_cn[] = {0x55, 0x04, 0x03};
    static const uint8_t serial[] = {1};
    char text[NAME_BASE64_SIZE + 1];
    if (b64_encode(span_of(nonce, ATLS_NONCE_SIZE), text, sizeof(text), err) < 0)
        return -1;
    uint8_t name[128];
    uint8_t spki[ECC_SPKI_MAX];
    struct writer name_w = writer_of(name, sizeof(name));
    struct writer spki_w = writer_of(spki, sizeof(spki));
    struct x509_attr attr = {span_of(oid_cn, sizeof(oid_cn)), DER_PRINTABLE_STRING, text};
    x509_put_name(&name_w, &attr, 1);
    ecc_public_to_spki(&key->pub, &spki_w);
    if (name_w.bad || spki_w.bad)
        return err_set(err, ERR_LIMIT, 0, "aTLS: name or key does not fit");
    struct x509_template t = {
        .serial = span_of(serial, sizeof(serial)),
        .issuer = writer_span(&name_w),
        .subject = writer_span(&name_w),
        .not_after_s = 4102444799, /* end of 2099: it is never checked */
        .spki = writer_span(&spki_w),
    };
    struct x509_signer signer = x509_signer_ecc(key);
    return x509_write(&t, &signer, w, err) < 0 ? err_prefix(err, "aTLS: CA name") : 0;
}

int atls_name_decode(const struct span *names, size_t count, uint8_t nonce[ATLS_NONCE_SIZE], struct err *err)
{
    uint8_t got[ATLS_NONCE_SIZE];
    if (count == 0)
        return err_set(err, ERR_MISSING, 0,
                       "aTLS: no nonce from the server (its list of acceptable CAs is empty)");
    if (count != 1)
        return err_set(err, ERR_FORMAT, 0, "aTLS: %zu acceptable CA names, expected exactly 1", count);
    size_t skip = strlen(NAME_PREFIX);
    if (!starts_with(names[0], NAME_PREFIX))
        return err_set(err, ERR_FORMAT, 0,
                       "aTLS: acceptable CA name does not begin with \"" NAME_PREFIX "\"");
    size_t len = 0;
    if (b64_decode(span_sub(names[0], skip, names[0].len - skip), got, sizeof(got), &len, err) < 0)
        return err_prefix(err, "aTLS: nonce in the acceptable CA name");
    if (len != sizeof(got))
        return err_set(err, ERR_FORMAT, 0, "aTLS: nonce from the server has %zu bytes, expected %zu", len,
                       sizeof(got));
    memcpy(nonce, got, sizeof(got));
    return 0;
}

int atls_report_data(struct span spki, const uint8_t nonce[ATLS_NONCE_SIZE],
                     uint8_t out[ATLS_REPORT_DATA_SIZE], struct err *err)
{
    struct hash h;
    uint8_t digest[SHA512_SIZE];
    if (hash_begin(HASH_SHA512, &h, err) < 0 || hash_update(&h, spki, err) < 0 ||
        hash_update(&h, span_of(nonce, ATLS_NONCE_SIZE), err) < 0 || hash_end(&h, digest, err) < 0)
        return -1;
    memcpy(out, digest, sizeof(digest));
    return 0;
}

/* --- certificates ---------------------------------------------------------------------------------- */

int atls_certificate(const struct atls_template *t, struct writer *w, struct err *err)
{
    if (t->evidence.len > ATLS_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, "aTLS: %zu bytes of evidence, at most %u", t->evidence.len,
                       ATLS_EVIDENCE_MAX);
    uint8_t name[64];
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t serial[ATLS_SERIAL_SIZE];
    struct writer name_w = writer_of(name, sizeof(name));
    struct writer spki_w = writer_of(spki, sizeof(spki));
    x509_put_name_cn(&name_w, "Contrast");
    ecc_public_to_spki(&t->key->pub, &spki_w);
    if (name_w.bad || spki_w.bad)
        return err_set(err, ERR_LIMIT, 0, "aTLS: name or key does not fit");
    memcpy(serial, t->serial, sizeof(serial));
    serial[0] = (uint8_t) ((serial[0] & 0x7f) | 0x40); /* positive, and of one length */
    struct x509_ext extension = {.oid = span_of(kinds[t->kind].oid, sizeof(kinds[t->kind].oid)),
                                 .value = t->evidence};
    struct x509_template x = {
        .serial = span_of(serial, sizeof(serial)),
        .issuer = writer_span(&name_w),
        .subject = writer_span(&name_w),
        .not_before_s = t->now_s - ATLS_LIFETIME_S,
        .not_after_s = t->now_s + ATLS_LIFETIME_S,
        .spki = writer_span(&spki_w),
        .extensions = &extension,
        .extension_count = t->evidence.len > 0 ? 1 : 0,
    };
    struct x509_signer signer = x509_signer_ecc(t->key);
    return x509_write(&x, &signer, w, err) < 0 ? err_prefix(err, "aTLS: own certificate") : 0;
}

static const struct kind *kind_of(struct span oid)
{
    for (size_t i = 0; i < EXTENSION_KINDS; i++)
        if (span_eq(oid, span_of(kinds[i].oid, sizeof(kinds[i].oid))))
            return &kinds[i];
    return NULL;
}

/* x509_parse has refused an extension that stands twice, and a critical one. */
static int find_evidence(const struct x509 *cert, struct atls_peer *peer, struct err *err)
{
    struct reader r = reader_of(cert->extensions);
    struct span found = {0};
    enum atls_kind found_kind = ATLS_SNP;
    while (reader_left(&r) > 0) {
        struct x509_ext extension;
        if (x509_next_ext(&r, &extension, err) < 0)
            return -1;
        const struct kind *kind = kind_of(extension.oid);
        if (kind == NULL)
            continue;
        if (!kind->read)
            return err_set(err, ERR_DENIED, 0, "evidence of kind %s is not accepted", kind->name);
        if (extension.value.len == 0 || extension.value.len > ATLS_EVIDENCE_MAX)
            return err_set(err, ERR_LIMIT, 0, "%zu bytes of evidence, expected 1 to %u", extension.value.len,
                           ATLS_EVIDENCE_MAX);
        if (found.len > 0)
            return err_set(err, ERR_DENIED, 0, "evidence of two kinds");
        found = extension.value;
        found_kind = (enum atls_kind)(kind - kinds);
    }
    peer->evidence = found;
    peer->kind = found_kind;
    return 0;
}

static int parse_peer(struct span certificate, int64_t now_s, struct atls_peer *peer, struct err *err)
{
    struct x509 cert;
    if (x509_parse(certificate, &cert, err) < 0)
        return -1;
    if (!span_eq(cert.issuer, cert.subject))
        return err_set(err, ERR_FORMAT, 0, "not self-signed: issuer and subject differ");
    if (x509_check_signature(&cert, cert.spki, err) < 0 || x509_check_time(&cert, now_s, err) < 0 ||
        ecc_public_from_spki(cert.spki, &peer->key, err) < 0)
        return -1;
    peer->spki = cert.spki;
    return find_evidence(&cert, peer, err);
}

int atls_peer_parse(struct span certificate, int64_t now_s, struct atls_peer *out, struct err *err)
{
    struct atls_peer peer = {0};
    if (parse_peer(certificate, now_s, &peer, err) < 0)
        return err_prefix(err, "aTLS: peer's certificate");
    *out = peer;
    return 0;
}
