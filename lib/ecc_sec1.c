/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ecc_sec1.h"

#include "der.h"

static const uint8_t oid_p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x2b, 0x81, 0x04, 0x00, 0x22};

static struct span oid_of(enum ecc_curve curve)
{
    return curve == ECC_CURVE_P256 ? span_of(oid_p256, sizeof oid_p256) : span_of(oid_p384, sizeof oid_p384);
}

void ecc_sec1_encode(const struct ecc_pair *pair, struct writer *w)
{
    const size_t field = ecc_field_size(pair->pub.curve);
    uint8_t point[1 + 2 * ECC_FIELD_MAX];
    struct writer p = writer_of(point, sizeof point);

    writer_u8(&p, 4); /* uncompressed */
    writer_bytes(&p, span_of(pair->pub.x, field));
    writer_bytes(&p, span_of(pair->pub.y, field));
    size_t key = der_open(w, DER_SEQUENCE);
    der_put_u64(w, 1);
    der_put(w, DER_OCTET_STRING, span_of(pair->scalar, field));
    size_t part = der_open(w, DER_CONTEXT_CONSTRUCTED(0));
    der_put(w, DER_OID, oid_of(pair->pub.curve));
    der_close(w, part);
    part = der_open(w, DER_CONTEXT_CONSTRUCTED(1));
    der_put_bits(w, writer_span(&p));
    der_close(w, part);
    der_close(w, key);
}

int ecc_sec1_decode(struct span der, struct ecc_pair *out, struct err *err)
{
    struct reader r = reader_of(der);
    struct der key, scalar, params, oid;
    uint64_t version;

    if (der_get(&r, DER_SEQUENCE, "EC key", &key, err) < 0 || der_end(&r, "EC key", err) < 0)
        return -1;
    r = reader_of(key.body);
    if (der_get_u64(&r, "EC key version", &version, err) < 0 ||
        der_get(&r, DER_OCTET_STRING, "EC key", &scalar, err) < 0 ||
        der_get(&r, DER_CONTEXT_CONSTRUCTED(0), "EC key's curve", &params, err) < 0)
        return -1;
    r = reader_of(params.body);
    if (der_get(&r, DER_OID, "EC key's curve", &oid, err) < 0 || der_end(&r, "EC key's curve", err) < 0)
        return -1;
    for (enum ecc_curve curve = ECC_CURVE_P256; version == 1 && curve <= ECC_CURVE_P384; curve++) {
        if (span_eq(oid.body, oid_of(curve)))
            return ecc_from_scalar(curve, scalar.body, out, err);
    }
    return err_set(err, ERR_FORMAT, 0, "EC key: neither on P-256 nor on P-384");
}
