/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ecc.h"

#include "der.h"
#include "pem.h"
#include "secret.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>

#include <string.h>

/* AlgorithmIdentifier { id-ecPublicKey, named curve } */
static const uint8_t alg_p256[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                   0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t alg_p384[] = {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                   0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

size_t ecc_field_size(enum ecc_curve curve)
{
    return curve == ECC_CURVE_P256 ? 32 : 48;
}

static int wolf_curve(enum ecc_curve curve)
{
    return curve == ECC_CURVE_P256 ? ECC_SECP256R1 : ECC_SECP384R1;
}

static struct span algorithm_of(enum ecc_curve curve)
{
    return curve == ECC_CURVE_P256 ? span_of(alg_p256, sizeof alg_p256) : span_of(alg_p384, sizeof alg_p384);
}

void ecc_wipe(struct ecc_pair *pair)
{
    if (pair)
        secret_wipe_bytes(pair, sizeof *pair);
}

/* Read the numbers of a complete wolfCrypt key. */
static int export_pair(ecc_key *key, enum ecc_curve curve, struct ecc_pair *pair)
{
    word32 x_len = ECC_FIELD_MAX, y_len = ECC_FIELD_MAX, d_len = (word32) ecc_field_size(curve);
    int rc = wc_ecc_export_public_raw(key, pair->pub.x, &x_len, pair->pub.y, &y_len);

    pair->pub.curve = curve;
    if (rc == 0)
        rc = wc_ecc_export_private_only(key, pair->scalar, &d_len);
    if (rc == 0 && (d_len != ecc_field_size(curve) || x_len != d_len || y_len != d_len))
        rc = BUFFER_E;
    return rc;
}

/* The key with a random scalar (scalar empty) or with this one. */
static int make_pair(enum ecc_curve curve, struct span scalar, struct ecc_pair *pair)
{
    ecc_key key;
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return rc;
    rc = wc_ecc_init(&key);
    if (rc == 0) {
        if (scalar.len == 0)
            rc = wc_ecc_make_key_ex(&rng, (int) ecc_field_size(curve), &key, wolf_curve(curve));
        else
            rc = wc_ecc_import_private_key_ex(scalar.data, (word32) scalar.len, NULL, 0, &key,
                                              wolf_curve(curve));
        if (rc == 0 && scalar.len > 0)
            rc = wc_ecc_make_pub_ex(&key, NULL, &rng);
        if (rc == 0)
            rc = wc_ecc_check_key(&key); /* the point is on the curve and has its order */
        if (rc == 0)
            rc = export_pair(&key, curve, pair);
        (void) wc_ecc_free(&key); /* wipes the scalar; cannot fail in software */
    }
    (void) wc_FreeRng(&rng);
    return rc;
}

int ecc_generate(enum ecc_curve curve, struct ecc_pair *pair, struct err *err)
{
    AUTO_ECC_PAIR made = {0};
    int rc = make_pair(curve, span_of(NULL, 0), &made);

    if (rc != 0)
        return err_set(err, ERR_SYS, 0, "key generation failed (wolfCrypt %d)", rc);
    *pair = made;
    return 0;
}

int ecc_from_scalar(enum ecc_curve curve, struct span scalar, struct ecc_pair *pair, struct err *err)
{
    AUTO_ECC_PAIR made = {0};
    int rc;

    if (scalar.len != ecc_field_size(curve))
        return err_set(err, ERR_FORMAT, 0, "private key: expected %zu bytes, found %zu",
                       ecc_field_size(curve), scalar.len);
    rc = make_pair(curve, scalar, &made);
    if (rc != 0 || !secret_eq(scalar, span_of(made.scalar, scalar.len)))
        return err_set(err, ERR_FORMAT, 0, "private key: the scalar is not in [1, n - 1] (wolfCrypt %d)", rc);
    *pair = made;
    return 0;
}

/* A wolfCrypt key from a public point; free it when 0 is returned. */
static int import_public(const struct ecc_public *pub, ecc_key *key)
{
    int rc = wc_ecc_init(key);

    if (rc != 0)
        return rc;
    rc = wc_ecc_import_unsigned(key, pub->x, pub->y, NULL, wolf_curve(pub->curve));
    if (rc == 0) /* no need to check the order of the point: the cofactor of both curves is 1 */
        rc = wc_ecc_point_is_on_curve(&key->pubkey, key->idx);
    if (rc != 0)
        (void) wc_ecc_free(key);
    return rc;
}

int ecc_public_from_spki(struct span spki, struct ecc_public *pub, struct err *err)
{
    struct reader r = reader_of(spki);
    struct ecc_public got = {.curve = ECC_CURVE_P256};
    struct der outer, alg;
    struct span point;
    ecc_key key;
    size_t n;

    if (der_get(&r, DER_SEQUENCE, "public key", &outer, err) < 0 || der_end(&r, "public key", err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_get(&r, DER_SEQUENCE, "public key algorithm", &alg, err) < 0 ||
        der_get_bits(&r, "public key", &point, err) < 0 || der_end(&r, "public key", err) < 0)
        return -1;
    if (span_eq(alg.whole, algorithm_of(ECC_CURVE_P384)))
        got.curve = ECC_CURVE_P384;
    else if (!span_eq(alg.whole, algorithm_of(ECC_CURVE_P256)))
        return err_set(err, ERR_FORMAT, 0, "public key: expected ECDSA on P-256 or P-384");
    n = ecc_field_size(got.curve);
    if (point.len != 1 + 2 * n || point.data[0] != 4)
        return err_set(err, ERR_FORMAT, 0, "public key: expected an uncompressed point of %zu bytes",
                       1 + 2 * n);
    memcpy(got.x, point.data + 1, n);
    memcpy(got.y, point.data + 1 + n, n);
    if (import_public(&got, &key) != 0)
        return err_set(err, ERR_FORMAT, 0, "public key: the point is not on the curve");
    (void) wc_ecc_free(&key);
    *pub = got;
    return 0;
}

static void put_point(const struct ecc_public *pub, struct writer *w)
{
    uint8_t point[1 + 2 * ECC_FIELD_MAX];
    struct writer p = writer_of(point, sizeof point);

    writer_u8(&p, 4);
    writer_bytes(&p, span_of(pub->x, ecc_field_size(pub->curve)));
    writer_bytes(&p, span_of(pub->y, ecc_field_size(pub->curve)));
    der_put_bits(w, writer_span(&p));
}

void ecc_public_to_spki(const struct ecc_public *pub, struct writer *w)
{
    size_t mark = der_open(w, DER_SEQUENCE);

    writer_bytes(w, algorithm_of(pub->curve));
    put_point(pub, w);
    der_close(w, mark);
}

bool ecc_public_eq(const struct ecc_public *a, const struct ecc_public *b)
{
    size_t n = ecc_field_size(a->curve);

    return a->curve == b->curve && memcmp(a->x, b->x, n) == 0 && memcmp(a->y, b->y, n) == 0;
}

/* PKCS#8 { 0, algorithm, OCTET STRING ECPrivateKey { 1, scalar, [1] point } } */
void ecc_pair_to_pkcs8(const struct ecc_pair *pair, struct writer *w)
{
    size_t outer = der_open(w, DER_SEQUENCE);
    size_t octets, inner, context;

    der_put_u64(w, 0);
    writer_bytes(w, algorithm_of(pair->pub.curve));
    octets = der_open(w, DER_OCTET_STRING);
    inner = der_open(w, DER_SEQUENCE);
    der_put_u64(w, 1);
    der_put(w, DER_OCTET_STRING, span_of(pair->scalar, ecc_field_size(pair->pub.curve)));
    context = der_open(w, DER_CONTEXT_CONSTRUCTED(1));
    put_point(&pair->pub, w);
    der_close(w, context);
    der_close(w, inner);
    der_close(w, octets);
    der_close(w, outer);
}

void ecc_pair_to_pem(const struct ecc_pair *pair, struct writer *w)
{
    uint8_t der[ECC_PKCS8_MAX];
    struct writer d = writer_of(der, sizeof der);

    ecc_pair_to_pkcs8(pair, &d);
    w->bad |= d.bad;
    pem_put(w, PEM_LABEL_PRIVATE_KEY, writer_span(&d));
    secret_wipe_bytes(der, sizeof der);
}

/* The scalar of a PKCS#8 key and the curve; the caller compares the whole encoding afterwards. */
static int read_pkcs8(struct span der, enum ecc_curve *curve, struct span *scalar, struct err *err)
{
    struct reader r = reader_of(der);
    struct der outer, alg, octets, inner, key;
    uint64_t version = 1;

    if (der_get(&r, DER_SEQUENCE, "PKCS#8", &outer, err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_get_u64(&r, "PKCS#8 version", &version, err) < 0 ||
        der_get(&r, DER_SEQUENCE, "PKCS#8 algorithm", &alg, err) < 0 ||
        der_get(&r, DER_OCTET_STRING, "PKCS#8 key", &octets, err) < 0)
        return -1;
    if (span_eq(alg.whole, algorithm_of(ECC_CURVE_P256)))
        *curve = ECC_CURVE_P256;
    else if (span_eq(alg.whole, algorithm_of(ECC_CURVE_P384)))
        *curve = ECC_CURVE_P384;
    else
        return err_set(err, ERR_FORMAT, 0, "PKCS#8: expected a key on P-256 or P-384");
    r = reader_of(octets.body);
    if (der_get(&r, DER_SEQUENCE, "EC private key", &inner, err) < 0)
        return -1;
    r = reader_of(inner.body);
    if (der_get_u64(&r, "EC private key version", &version, err) < 0 ||
        der_get(&r, DER_OCTET_STRING, "EC private key", &key, err) < 0)
        return -1;
    *scalar = key.body;
    return 0;
}

int ecc_pair_from_pkcs8(struct span der, struct ecc_pair *pair, struct err *err)
{
    AUTO_ECC_PAIR got = {0};
    enum ecc_curve curve = ECC_CURVE_P256;
    struct span scalar;
    uint8_t again[ECC_PKCS8_MAX];
    struct writer w = writer_of(again, sizeof again);
    bool same;

    if (read_pkcs8(der, &curve, &scalar, err) < 0 || ecc_from_scalar(curve, scalar, &got, err) < 0)
        return -1;
    ecc_pair_to_pkcs8(&got, &w);
    same = !w.bad && secret_eq(writer_span(&w), der);
    secret_wipe_bytes(again, sizeof again);
    if (!same)
        return err_set(err, ERR_FORMAT, 0, "PKCS#8: not the encoding that we write");
    *pair = got;
    return 0;
}

int ecc_pair_from_pem(struct span pem, struct ecc_pair *pair, struct err *err)
{
    uint8_t buf[ECC_PKCS8_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct span der;
    int rc = pem_next(&pem, PEM_LABEL_PRIVATE_KEY, &w, &der, err);

    if (rc == 0 && pem.len > 0)
        rc = err_set(err, ERR_FORMAT, 0, "PEM: %zu bytes too many after the key", pem.len);
    if (rc == 0)
        rc = ecc_pair_from_pkcs8(der, pair, err);
    secret_wipe_bytes(buf, sizeof buf);
    return rc;
}

static int sign_with(const struct ecc_pair *pair, struct span digest, uint8_t *der, word32 *len)
{
    size_t n = ecc_field_size(pair->pub.curve);
    ecc_key key;
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return rc;
    rc = wc_ecc_init(&key);
    if (rc == 0) {
        rc = wc_ecc_import_private_key_ex(pair->scalar, (word32) n, NULL, 0, &key,
                                          wolf_curve(pair->pub.curve));
        if (rc == 0)
            rc = wc_ecc_set_rng(&key, &rng); /* blinds the scalar multiplication */
        if (rc == 0)
            rc = wc_ecc_sign_hash(digest.data, (word32) digest.len, der, len, &rng, &key);
        (void) wc_ecc_free(&key);
    }
    (void) wc_FreeRng(&rng);
    return rc;
}

int ecc_sign(const struct ecc_pair *pair, struct span digest, struct ecc_sig *sig, struct err *err)
{
    uint8_t der[ECC_MAX_SIG_SIZE];
    word32 len = sizeof der;
    int rc;

    if (digest.len == 0 || digest.len > ECC_DIGEST_MAX)
        return err_set(err, ERR_LIMIT, 0, "ECDSA: digest of %zu bytes, at most %d", digest.len,
                       ECC_DIGEST_MAX);
    rc = sign_with(pair, digest, der, &len);
    if (rc != 0)
        return err_set(err, ERR_SYS, 0, "ECDSA: signing failed (wolfCrypt %d)", rc);
    return ecc_sig_from_der(pair->pub.curve, span_of(der, len), sig, err);
}

int ecc_verify(const struct ecc_public *pub, struct span digest, const struct ecc_sig *sig, struct err *err)
{
    uint8_t der[ECC_SIG_MAX];
    struct writer w = writer_of(der, sizeof der);
    ecc_key key;
    int good = 0, rc;

    if (digest.len == 0 || digest.len > ECC_DIGEST_MAX)
        return err_set(err, ERR_LIMIT, 0, "ECDSA: digest of %zu bytes, at most %d", digest.len,
                       ECC_DIGEST_MAX);
    ecc_sig_to_der(pub->curve, sig, &w);
    rc = w.bad ? BUFFER_E : import_public(pub, &key);
    if (rc == 0) {
        rc = wc_ecc_verify_hash(der, (word32) w.len, digest.data, (word32) digest.len, &good, &key);
        (void) wc_ecc_free(&key);
    }
    if (rc != 0 || good != 1)
        return err_set(err, ERR_DENIED, 0, "ECDSA signature does not verify");
    return 0;
}

void ecc_sig_to_der(enum ecc_curve curve, const struct ecc_sig *sig, struct writer *w)
{
    size_t mark = der_open(w, DER_SEQUENCE);

    der_put_uint(w, span_of(sig->r, ecc_field_size(curve)));
    der_put_uint(w, span_of(sig->s, ecc_field_size(curve)));
    der_close(w, mark);
}

int ecc_sig_from_der(enum ecc_curve curve, struct span der, struct ecc_sig *sig, struct err *err)
{
    size_t n = ecc_field_size(curve);
    struct reader r = reader_of(der);
    struct ecc_sig got = {0};
    struct der outer;
    struct span r_bytes, s_bytes;

    if (der_get(&r, DER_SEQUENCE, "ECDSA signature", &outer, err) < 0 ||
        der_end(&r, "ECDSA signature", err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_get_uint(&r, "ECDSA r", &r_bytes, err) < 0 || der_get_uint(&r, "ECDSA s", &s_bytes, err) < 0 ||
        der_end(&r, "ECDSA signature", err) < 0)
        return -1;
    if (r_bytes.len > n || s_bytes.len > n)
        return err_set(err, ERR_FORMAT, 0, "ECDSA signature: a number has more than %zu bytes", n);
    memcpy(got.r + n - r_bytes.len, r_bytes.data, r_bytes.len);
    memcpy(got.s + n - s_bytes.len, s_bytes.data, s_bytes.len);
    *sig = got;
    return 0;
}
