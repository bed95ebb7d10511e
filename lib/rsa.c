/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsa.h"

#include "der.h"
#include "hash.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/rsa.h>

/* AlgorithmIdentifier { rsaEncryption, NULL } */
static const uint8_t rsa_encryption[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

/* Modulus and exponent from a SubjectPublicKeyInfo. */
static int read_spki(struct span spki, struct span *n, struct span *e, struct err *err)
{
    struct reader r = reader_of(spki);
    struct der outer, alg, key;
    struct span bits;

    if (der_get(&r, DER_SEQUENCE, "RSA public key", &outer, err) < 0 ||
        der_end(&r, "RSA public key", err) < 0)
        return -1;
    r = reader_of(outer.body);
    if (der_get(&r, DER_SEQUENCE, "RSA algorithm", &alg, err) < 0 ||
        der_get_bits(&r, "RSA public key", &bits, err) < 0 || der_end(&r, "RSA public key", err) < 0)
        return -1;
    if (!span_eq(alg.whole, span_of(rsa_encryption, sizeof rsa_encryption)))
        return err_set(err, ERR_FORMAT, 0, "public key: expected rsaEncryption");
    r = reader_of(bits);
    if (der_get(&r, DER_SEQUENCE, "RSAPublicKey", &key, err) < 0 || der_end(&r, "RSAPublicKey", err) < 0)
        return -1;
    r = reader_of(key.body);
    if (der_get_uint(&r, "RSA modulus", n, err) < 0 || der_get_uint(&r, "RSA exponent", e, err) < 0)
        return -1;
    return der_end(&r, "RSAPublicKey", err);
}

static int verify_with(RsaKey *key, struct span digest, struct span sig)
{
    uint8_t in[RSA_SIZE], out[RSA_SIZE];

    for (size_t i = 0; i < sizeof in; i++)
        in[i] = sig.data[i]; /* wolfCrypt takes it without const */
    return wc_RsaPSS_VerifyCheck(in, sizeof in, out, sizeof out, digest.data, (word32) digest.len,
                                 WC_HASH_TYPE_SHA384, WC_MGF1SHA384, key);
}

int rsa_pss_verify(struct span spki, struct span digest, struct span sig, struct err *err)
{
    struct span n, e;
    RsaKey key;
    int rc;

    if (read_spki(spki, &n, &e, err) < 0)
        return -1;
    if (n.len != RSA_SIZE || n.data[0] < 0x80)
        return err_set(err, ERR_FORMAT, 0, "RSA key: expected 4096 bits, found a modulus of %zu bytes",
                       n.len);
    if (sig.len != RSA_SIZE || digest.len != SHA384_SIZE)
        return err_set(err, ERR_FORMAT, 0, "RSA signature: expected %d bytes over %d, found %zu over %zu",
                       RSA_SIZE, SHA384_SIZE, sig.len, digest.len);
    rc = wc_InitRsaKey(&key, NULL);
    if (rc == 0) {
        rc = wc_RsaPublicKeyDecodeRaw(n.data, (word32) n.len, e.data, (word32) e.len, &key);
        if (rc == 0)
            rc = verify_with(&key, digest, sig);
        (void) wc_FreeRsaKey(&key); /* a public key: nothing to lose */
    }
    if (rc <= 0)
        return err_set(err, ERR_DENIED, 0, "RSA-PSS signature does not verify");
    return 0;
}
