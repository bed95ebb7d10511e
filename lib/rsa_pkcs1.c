/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsa_pkcs1.h"

#include "hash.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/rsa.h>

static const uint8_t exponent[] = {0x01, 0x00, 0x01};

/* DigestInfo { AlgorithmIdentifier { sha256, NULL }, OCTET STRING of 32 bytes } up to the digest: RFC
 * 8017 9.2 */
static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

/* What stands in the signature behind its padding is the DigestInfo of digest, to the last byte. */
static bool verify_with(RsaKey *key, struct span digest, struct span sig)
{
    uint8_t out[RSA_PKCS1_SIZE];
    const int len = wc_RsaSSL_Verify(sig.data, (word32) sig.len, out, sizeof out, key);
    struct span found = span_of(out, len > 0 ? (size_t) len : 0);

    return found.len == sizeof digest_info + SHA256_SIZE &&
           span_eq(span_sub(found, 0, sizeof digest_info), span_of(digest_info, sizeof digest_info)) &&
           span_eq(span_sub(found, sizeof digest_info, SHA256_SIZE), digest);
}

int rsa_pkcs1_verify(struct span modulus, struct span digest, struct span sig, struct err *err)
{
    RsaKey key;
    bool good = false;

    if (modulus.len != RSA_PKCS1_SIZE || modulus.data[0] < 0x80 ||
        (modulus.data[RSA_PKCS1_SIZE - 1] & 1) == 0)
        return err_set(err, ERR_FORMAT, 0, "RSA key: expected an odd modulus of 2048 bits");
    if (sig.len != RSA_PKCS1_SIZE || digest.len != SHA256_SIZE)
        return err_set(err, ERR_FORMAT, 0, "RSA signature: expected %d bytes over %d, found %zu over %zu",
                       RSA_PKCS1_SIZE, SHA256_SIZE, sig.len, digest.len);
    if (wc_InitRsaKey(&key, NULL) == 0) {
        if (wc_RsaPublicKeyDecodeRaw(modulus.data, (word32) modulus.len, exponent, sizeof exponent, &key) ==
            0)
            good = verify_with(&key, digest, sig);
        (void) wc_FreeRsaKey(&key); /* a public key: nothing to lose */
    }
    if (!good)
        return err_set(err, ERR_DENIED, 0, "RSA PKCS #1 signature does not verify");
    return 0;
}
