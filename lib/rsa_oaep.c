/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsa_oaep.h"

#include "der.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

/* AlgorithmIdentifier { rsaEncryption, NULL } */
static const uint8_t rsa_encryption[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

static int fail(int rc, const char *what, struct err *err)
{
    return err_set(err, ERR_SYS, 0, "%s failed (wolfCrypt %d)", what, rc);
}

static int read_public(struct span der, struct span *n, struct span *e, struct err *err)
{
    struct reader r = reader_of(der);
    struct der key;

    if (der_get(&r, DER_SEQUENCE, "RSAPublicKey", &key, err) < 0 || der_end(&r, "RSAPublicKey", err) < 0)
        return -1;
    r = reader_of(key.body);
    if (der_get_uint(&r, "RSA modulus", n, err) < 0 || der_get_uint(&r, "RSA exponent", e, err) < 0 ||
        der_end(&r, "RSAPublicKey", err) < 0)
        return -1;
    if (n->len < RSA_OAEP_SIZE_MIN || n->len > RSA_OAEP_SIZE_MAX || n->data[0] < 0x80)
        return err_set(err, ERR_LIMIT, 0, "RSA key: modulus of %zu bytes, expected %d to %d", n->len,
                       RSA_OAEP_SIZE_MIN, RSA_OAEP_SIZE_MAX);
    if (e->len > 4 || (e->data[e->len - 1] & 1) == 0 || (e->len == 1 && e->data[0] < 3))
        return err_set(err, ERR_FORMAT, 0, "RSA key: exponent is even, too small or has %zu bytes", e->len);
    return 0;
}

int rsa_oaep_size(struct span public_key, size_t *size, struct err *err)
{
    struct span n, e;

    if (read_public(public_key, &n, &e, err) < 0)
        return -1;
    *size = n.len;
    return 0;
}

/* wolfCrypt takes a label without const. */
static byte *label_of(struct span label)
{
    return (byte *) (uintptr_t) label.data;
}

static int encrypt_with(RsaKey *key, struct span label, struct span text, uint8_t *out, size_t size)
{
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return rc;
    rc = wc_RsaPublicEncrypt_ex(text.data, (word32) text.len, out, (word32) size, key, &rng, WC_RSA_OAEP_PAD,
                                WC_HASH_TYPE_SHA256, WC_MGF1SHA256, label_of(label), (word32) label.len);
    (void) wc_FreeRng(&rng);
    return rc;
}

int rsa_oaep_encrypt(struct span public_key, struct span label, struct span text, struct writer *w,
                     struct err *err)
{
    uint8_t out[RSA_OAEP_SIZE_MAX];
    struct span n, e;
    RsaKey key;

    if (read_public(public_key, &n, &e, err) < 0)
        return -1;
    int rc = wc_InitRsaKey(&key, NULL);
    if (rc == 0) {
        rc = wc_RsaPublicKeyDecodeRaw(n.data, (word32) n.len, e.data, (word32) e.len, &key);
        if (rc == 0)
            rc = encrypt_with(&key, label, text, out, sizeof out);
        (void) wc_FreeRsaKey(&key); /* a public key: nothing to lose */
    }
    if (rc < 0 || (size_t) rc != n.len)
        return fail(rc, "RSA-OAEP encryption", err);
    writer_bytes(w, span_of(out, n.len));
    return w->bad ? err_set(err, ERR_LIMIT, 0, "RSA-OAEP: %zu bytes do not fit", n.len) : 0;
}

/* Read a PKCS #1 private key; free it when 0 is returned. */
static int load(struct span der, RsaKey *key)
{
    word32 at = 0;
    int rc = wc_InitRsaKey(key, NULL);

    if (rc != 0)
        return rc;
    rc = wc_RsaPrivateKeyDecode(der.data, &at, key, (word32) der.len);
    if (rc == 0 && at != der.len)
        rc = ASN_PARSE_E;
    if (rc != 0)
        (void) wc_FreeRsaKey(key);
    return rc;
}

static int decrypt_with(RsaKey *key, struct span label, struct span sealed, uint8_t *out, size_t cap)
{
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return rc;
    rc = wc_RsaSetRNG(key, &rng); /* blinding */
    if (rc == 0)
        rc =
            wc_RsaPrivateDecrypt_ex(sealed.data, (word32) sealed.len, out, (word32) cap, key, WC_RSA_OAEP_PAD,
                                    WC_HASH_TYPE_SHA256, WC_MGF1SHA256, label_of(label), (word32) label.len);
    (void) wc_FreeRng(&rng);
    return rc;
}

int rsa_oaep_decrypt(struct span private_key, struct span label, struct span sealed, struct secret *out,
                     struct err *err)
{
    uint8_t text[RSA_OAEP_SIZE_MAX];
    RsaKey key;
    int rc = load(private_key, &key);

    if (rc != 0)
        return err_set(err, ERR_FORMAT, 0, "RSA private key: not a PKCS #1 key (wolfCrypt %d)", rc);
    rc = decrypt_with(&key, label, sealed, text, sizeof text);
    (void) wc_FreeRsaKey(&key); /* wipes */
    if (rc >= 0 && rc <= SECRET_MAX) {
        struct reader r = reader_of(span_of(text, (size_t) rc));

        out->len = (size_t) rc;
        reader_copy(&r, out->bytes, (size_t) rc);
    }
    secret_wipe_bytes(text, sizeof text);
    if (rc < 0 || rc > SECRET_MAX)
        return err_set(err, ERR_DENIED, 0, "RSA-OAEP: not encrypted for this key");
    return 0;
}

int rsa_oaep_public(struct span private_key, struct writer *w, struct err *err)
{
    uint8_t n[RSA_OAEP_SIZE_MAX], e[8];
    word32 n_len = sizeof n, e_len = sizeof e;
    RsaKey key;
    int rc = load(private_key, &key);

    if (rc != 0)
        return err_set(err, ERR_FORMAT, 0, "RSA private key: not a PKCS #1 key (wolfCrypt %d)", rc);
    rc = wc_RsaFlattenPublicKey(&key, e, &e_len, n, &n_len);
    (void) wc_FreeRsaKey(&key); /* wipes */
    if (rc != 0)
        return fail(rc, "RSA public key", err);
    size_t mark = der_open(w, DER_SEQUENCE);
    der_put_uint(w, span_of(n, n_len));
    der_put_uint(w, span_of(e, e_len));
    der_close(w, mark);
    return w->bad ? err_set(err, ERR_LIMIT, 0, "RSA public key does not fit") : 0;
}

struct span rsa_oaep_from_spki(struct span spki)
{
    struct reader r = reader_of(spki);
    struct der outer, alg;
    struct span bits, n, e;
    struct err err; /* then it is none */

    if (der_get(&r, DER_SEQUENCE, "key", &outer, &err) < 0 || der_end(&r, "key", &err) < 0)
        return span_of(NULL, 0);
    r = reader_of(outer.body);
    if (der_get(&r, DER_SEQUENCE, "algorithm", &alg, &err) < 0 ||
        !span_eq(alg.whole, span_of(rsa_encryption, sizeof rsa_encryption)) ||
        der_get_bits(&r, "key", &bits, &err) < 0 || der_end(&r, "key", &err) < 0 ||
        read_public(bits, &n, &e, &err) < 0)
        return span_of(NULL, 0);
    return bits;
}
