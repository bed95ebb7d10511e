/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ecdsa_raw.h"

#include "hash.h"

#include <string.h>

#define HALF (ECDSA_RAW_SIZE / 2)

int ecdsa_raw_key(struct span bytes, struct ecc_public *key, struct err *err)
{
    struct ecc_public got = {.curve = ECC_CURVE_P256};
    uint8_t spki[ECC_SPKI_MAX];
    struct writer w = writer_of(spki, sizeof spki);

    if (bytes.len != ECDSA_RAW_SIZE)
        return err_set(err, ERR_FORMAT, 0, "P-256 key: expected %d bytes, found %zu", ECDSA_RAW_SIZE,
                       bytes.len);
    memcpy(got.x, bytes.data, HALF);
    memcpy(got.y, bytes.data + HALF, HALF);
    ecc_public_to_spki(&got, &w); /* and back: reading checks that the point is on the curve */
    return ecc_public_from_spki(writer_span(&w), key, err);
}

int ecdsa_raw_key_from_spki(struct span spki, struct ecc_public *key, struct err *err)
{
    struct ecc_public got;

    if (ecc_public_from_spki(spki, &got, err) < 0)
        return -1;
    if (got.curve != ECC_CURVE_P256)
        return err_set(err, ERR_FORMAT, 0, "expected a key on P-256");
    *key = got;
    return 0;
}

int ecdsa_raw_verify(const struct ecc_public *key, struct span sig, struct span bytes, struct err *err)
{
    struct ecc_sig got = {0};
    uint8_t digest[SHA256_SIZE];

    if (sig.len != ECDSA_RAW_SIZE)
        return err_set(err, ERR_FORMAT, 0, "ECDSA signature: expected %d bytes, found %zu", ECDSA_RAW_SIZE,
                       sig.len);
    if (hash_bytes(HASH_SHA256, bytes, digest, err) < 0)
        return -1;
    memcpy(got.r, sig.data, HALF);
    memcpy(got.s, sig.data + HALF, HALF);
    return ecc_verify(key, span_of(digest, sizeof digest), &got, err);
}
