/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsa_sign.h"

#include "hash.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

#define RSA_BITS 4096

static int fail(int rc, const char *what, struct err *err)
{
    return err_set(err, ERR_SYS, 0, "%s failed (wolfCrypt %d)", what, rc);
}

int rsa_sign_generate(struct writer *w, struct err *err)
{
    struct writer out = *w;
    RsaKey key;
    WC_RNG rng;
    int len = 0, rc = wc_InitRng(&rng);

    if (rc != 0)
        return fail(rc, "RSA key generation", err);
    rc = wc_InitRsaKey(&key, NULL);
    if (rc == 0) {
        rc = wc_MakeRsaKey(&key, RSA_BITS, WC_RSA_EXPONENT, &rng);
        if (rc == 0)
            len = wc_RsaKeyToDer(&key, out.buf + out.len, (word32) (out.cap - out.len));
        (void) wc_FreeRsaKey(&key); /* wipes */
    }
    (void) wc_FreeRng(&rng);
    if (rc != 0 || len <= 0)
        return fail(rc != 0 ? rc : len, "RSA key generation", err);
    out.len += (size_t) len;
    *w = out;
    return 0;
}

/* Read a PKCS#1 key; free it when 0 is returned. */
static int load(struct span der, RsaKey *key)
{
    word32 at = 0;
    int rc = wc_InitRsaKey(key, NULL);

    if (rc != 0)
        return rc;
    rc = wc_RsaPrivateKeyDecode(der.data, &at, key, (word32) der.len);
    if (rc == 0 && (at != der.len || wc_RsaEncryptSize(key) != RSA_SIZE))
        rc = ASN_PARSE_E;
    if (rc != 0)
        (void) wc_FreeRsaKey(key);
    return rc;
}

int rsa_sign_public(struct span der, struct writer *spki, struct err *err)
{
    uint8_t buf[RSA_SPKI_MAX];
    RsaKey key;
    int len, rc = load(der, &key);

    if (rc != 0)
        return fail(rc, "reading the RSA key", err);
    len = wc_RsaKeyToPublicDer(&key, buf, sizeof buf);
    (void) wc_FreeRsaKey(&key);
    if (len <= 0)
        return fail(len, "RSA public key", err);
    writer_bytes(spki, span_of(buf, (size_t) len));
    if (spki->bad)
        return err_set(err, ERR_LIMIT, 0, "RSA public key of %d bytes does not fit", len);
    return 0;
}

static int sign_with(RsaKey *key, struct span digest, uint8_t *sig)
{
    WC_RNG rng;
    int rc = wc_InitRng(&rng);

    if (rc != 0)
        return rc;
    rc = wc_RsaSetRNG(key, &rng); /* blinding */
    if (rc == 0)
        rc = wc_RsaPSS_Sign_ex(digest.data, (word32) digest.len, sig, RSA_SIZE, WC_HASH_TYPE_SHA384,
                               WC_MGF1SHA384, RSA_PSS_SALT, key, &rng);
    (void) wc_FreeRng(&rng);
    return rc;
}

int rsa_sign(struct span der, struct span digest, uint8_t sig[RSA_SIZE], struct err *err)
{
    uint8_t made[RSA_SIZE] = {0};
    RsaKey key;
    int rc;

    if (digest.len != SHA384_SIZE)
        return err_set(err, ERR_FORMAT, 0, "RSA: expected a digest of %d bytes, found %zu", SHA384_SIZE,
                       digest.len);
    rc = load(der, &key);
    if (rc != 0)
        return fail(rc, "reading the RSA key", err);
    rc = sign_with(&key, digest, made);
    (void) wc_FreeRsaKey(&key);
    if (rc != RSA_SIZE)
        return fail(rc, "RSA signing", err);
    for (size_t i = 0; i < sizeof made; i++)
        sig[i] = made[i];
    return 0;
}
