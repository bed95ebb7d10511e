/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mesh_claims_read.h"

#include <string.h>

#define ARC 0x2b, 0xcd, 0x2d /* 1.3.9901 */

/* False with *err: there is none. */
static int find(const struct x509 *cert, const uint8_t *oid, size_t len, struct x509_ext *ext,
                struct err *err)
{
    return x509_find_ext(cert, span_of(oid, len), ext, err);
}

static int find_claim(const struct x509 *cert, unsigned kind, unsigned number, struct x509_ext *ext,
                      struct err *err)
{
    const uint8_t oid[] = {ARC, 2, (uint8_t) kind, (uint8_t) number};

    if (find(cert, oid, sizeof oid, ext, err) < 0)
        return err_set(err, ERR_MISSING, 0, "claim 1.3.9901.2.%u.%u is missing", kind, number);
    return 0;
}

int mesh_claims_read_kind(const struct x509 *cert, enum mesh_claims_read_kind *kind, struct err *err)
{
    struct x509_ext ext;
    struct err why = {0};
    const bool snp = find_claim(cert, MESH_CLAIMS_READ_SNP, MESH_CLAIMS_READ_MEASUREMENT, &ext, &why) == 0;
    const bool tdx = find_claim(cert, MESH_CLAIMS_READ_TDX, MESH_CLAIMS_READ_MR_TD, &ext, &why) == 0;

    if (snp && tdx)
        return err_set(err, ERR_FORMAT, 0, "claims of an SNP report and of a TDX quote");
    *kind = snp ? MESH_CLAIMS_READ_SNP : tdx ? MESH_CLAIMS_READ_TDX : MESH_CLAIMS_READ_NONE;
    return 0;
}

int mesh_claims_read_number(const struct x509 *cert, unsigned number, uint64_t *value, struct err *err)
{
    struct x509_ext ext;
    uint64_t got;

    if (find_claim(cert, MESH_CLAIMS_READ_SNP, number, &ext, err) < 0)
        return -1;
    struct reader r = reader_of(ext.value);
    if (der_get_u64(&r, "claim", &got, err) < 0 || der_end(&r, "claim", err) < 0)
        return -1;
    *value = got;
    return 0;
}

int mesh_claims_read_flag(const struct x509 *cert, unsigned number, bool *value, struct err *err)
{
    struct x509_ext ext;
    bool got;

    if (find_claim(cert, MESH_CLAIMS_READ_SNP, number, &ext, err) < 0)
        return -1;
    struct reader r = reader_of(ext.value);
    if (der_get_bool(&r, "claim", &got, err) < 0 || der_end(&r, "claim", err) < 0)
        return -1;
    *value = got;
    return 0;
}

static int octets(struct span value, struct span *bytes, struct err *err)
{
    struct reader r = reader_of(value);
    struct der d;

    if (der_get(&r, DER_OCTET_STRING, "claim", &d, err) < 0 || der_end(&r, "claim", err) < 0)
        return -1;
    *bytes = d.body;
    return 0;
}

int mesh_claims_read_bytes(const struct x509 *cert, const struct mesh_claims_read_bytes *which,
                           struct span *bytes, struct err *err)
{
    struct x509_ext ext;
    struct span got;

    if (find_claim(cert, (unsigned) which->kind, which->number, &ext, err) < 0 ||
        octets(ext.value, &got, err) < 0)
        return -1;
    if (got.len != which->len)
        return err_set(err, ERR_FORMAT, 0, "claim %u: expected %zu bytes, found %zu", which->number,
                       which->len, got.len);
    *bytes = got;
    return 0;
}

int mesh_claims_read_secret_id(const struct x509 *cert, struct span *id, struct err *err)
{
    static const uint8_t oid[] = {ARC, 3, 1};
    struct x509_ext ext;
    struct err none;

    if (find(cert, oid, sizeof oid, &ext, &none) < 0) {
        *id = span_of(NULL, 0);
        return 0;
    }
    return octets(ext.value, id, err);
}

static int read_name(struct reader *r, struct san *out, struct err *err)
{
    struct der name;

    if (der_any(r, "subjectAltName", &name, err) < 0)
        return -1;
    *out = (struct san){.text = name.body};
    switch (name.tag) {
    case DER_CONTEXT(2):
        out->kind = SAN_DNS;
        return 0;
    case DER_CONTEXT(6):
        out->kind = SAN_URI;
        return 0;
    case DER_CONTEXT(7):
        if (name.body.len != 4 && name.body.len != 16)
            return err_set(err, ERR_FORMAT, 0, "subjectAltName: an address of %zu bytes", name.body.len);
        out->kind = SAN_IP;
        out->ip_len = name.body.len;
        memcpy(out->ip, name.body.data, name.body.len);
        out->text = span_of(NULL, 0);
        return 0;
    default:
        return err_set(err, ERR_FORMAT, 0, "subjectAltName: a name of kind 0x%02x", name.tag);
    }
}

int mesh_claims_read_sans(const struct x509 *cert, struct san *out, size_t *count, struct err *err)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x11};
    struct x509_ext ext;
    struct der list;
    size_t n = 0;

    if (find(cert, oid, sizeof oid, &ext, err) < 0)
        return err_set(err, ERR_MISSING, 0, "subjectAltName is missing");
    struct reader r = reader_of(ext.value);
    if (der_get(&r, DER_SEQUENCE, "subjectAltName", &list, err) < 0 || der_end(&r, "subjectAltName", err) < 0)
        return -1;
    struct reader names = reader_of(list.body);
    while (reader_left(&names) > 0) {
        if (n == MESH_CLAIMS_READ_SANS_MAX)
            return err_set(err, ERR_LIMIT, 0, "subjectAltName: more than %d names",
                           MESH_CLAIMS_READ_SANS_MAX);
        if (read_name(&names, &out[n], err) < 0)
            return -1;
        n++;
    }
    *count = n;
    return 0;
}
