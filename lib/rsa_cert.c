/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rsa_cert.h"

#include "atls.h"
#include "hash.h"
#include "rng.h"
#include "rsa_sign.h"
#include "x509_write.h"

static int sign(const void *key, struct span tbs, uint8_t *sig, size_t *len, struct err *err)
{
    uint8_t digest[SHA384_SIZE];

    if (hash_bytes(HASH_SHA384, tbs, digest, err) < 0 ||
        rsa_sign(*(const struct span *) key, span_of(digest, sizeof digest), sig, err) < 0)
        return -1;
    *len = RSA_SIZE;
    return 0;
}

int rsa_cert(struct span key, int64_t now_s, struct writer *w, struct err *err)
{
    const struct x509_signer signer = {.alg = X509_SIG_PSS_SHA384, .sign = sign, .key = &key};
    uint8_t serial[ATLS_SERIAL_SIZE];
    uint8_t name_bytes[64];
    uint8_t spki_bytes[RSA_SPKI_MAX];
    struct writer name = writer_of(name_bytes, sizeof name_bytes);
    struct writer spki = writer_of(spki_bytes, sizeof spki_bytes);

    x509_put_name_cn(&name, "Contrast");
    if (rng_bytes(serial, sizeof serial, err) < 0 || rsa_sign_public(key, &spki, err) < 0)
        return -1;
    const struct x509_template t = {.serial = span_of(serial, sizeof serial),
                                    .issuer = writer_span(&name),
                                    .subject = writer_span(&name),
                                    .not_before_s = now_s - ATLS_LIFETIME_S,
                                    .not_after_s = now_s + ATLS_LIFETIME_S,
                                    .spki = writer_span(&spki)};
    return x509_write(&t, &signer, w, err);
}
