/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keygen.h"

#include "hash.h"

#include <string.h>

#define PERSONALIZATION "det ECDSA key gen P-384"
#define MESSAGE_MAX (SHA256_SIZE + 1 + KEYGEN_SEED_MAX + sizeof PERSONALIZATION)

/* The order of P-384 (FIPS 186-5 / SP 800-186, 3.2.1.4). */
static const uint8_t p384_order[KEYGEN_P384_SIZE] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};

/* The two values HMAC_DRBG carries; wiped by drbg_wipe. */
struct drbg {
    uint8_t k[SHA256_SIZE];
    uint8_t v[SHA256_SIZE];
};

static void drbg_wipe(struct drbg *d)
{
    secret_wipe_bytes(d, sizeof *d);
}

/* V = HMAC(K, V) */
static int drbg_step(struct drbg *d, struct err *err)
{
    uint8_t next[SHA256_SIZE];

    if (hash_hmac(HASH_SHA256, span_of(d->k, sizeof d->k), span_of(d->v, sizeof d->v), next, err) < 0)
        return -1;
    memcpy(d->v, next, sizeof next);
    secret_wipe_bytes(next, sizeof next);
    return 0;
}

/* K = HMAC(K, V || round || seed || personalization), V = HMAC(K, V) */
static int drbg_update(struct drbg *d, uint8_t round, struct span seed, struct err *err)
{
    uint8_t message[MESSAGE_MAX];
    uint8_t next[SHA256_SIZE];
    struct writer w = writer_of(message, sizeof message);

    writer_bytes(&w, span_of(d->v, sizeof d->v));
    writer_u8(&w, round);
    writer_bytes(&w, seed);
    writer_str(&w, PERSONALIZATION);
    int rc = hash_hmac(HASH_SHA256, span_of(d->k, sizeof d->k), writer_span(&w), next, err);
    secret_wipe_bytes(message, sizeof message);
    if (rc < 0)
        return -1;
    memcpy(d->k, next, sizeof next);
    secret_wipe_bytes(next, sizeof next);
    return drbg_step(d, err);
}

/* Zero, or the order and above, is no private key. Constant time: one pass that keeps the borrow. */
static bool scalar_fits(const uint8_t scalar[KEYGEN_P384_SIZE])
{
    unsigned borrow = 0;
    unsigned any = 0;

    for (size_t i = KEYGEN_P384_SIZE; i-- > 0;) {
        borrow = ((unsigned) scalar[i] - p384_order[i] - borrow) >> 31;
        any |= scalar[i];
    }
    return borrow == 1 && any != 0;
}

static int drbg_instantiate(struct drbg *d, struct span seed, struct err *err)
{
    memset(d->k, 0, sizeof d->k);
    memset(d->v, 1, sizeof d->v);
    if (drbg_update(d, 0, seed, err) < 0)
        return -1;
    return drbg_update(d, 1, seed, err);
}

int keygen_p384(struct span seed, struct secret *scalar, struct err *err)
{
    __attribute__((cleanup(drbg_wipe))) struct drbg d;
    AUTO_SECRET candidate = {.len = KEYGEN_P384_SIZE};

    if (seed.len < KEYGEN_SEED_MIN || seed.len > KEYGEN_SEED_MAX)
        return err_set(err, ERR_LIMIT, 0, "key seed of %zu bytes, expected %d to %d", seed.len,
                       KEYGEN_SEED_MIN, KEYGEN_SEED_MAX);
    if (drbg_instantiate(&d, seed, err) < 0 || drbg_step(&d, err) < 0)
        return -1;
    memcpy(candidate.bytes, d.v, SHA256_SIZE);
    if (drbg_step(&d, err) < 0)
        return -1;
    memcpy(candidate.bytes + SHA256_SIZE, d.v, KEYGEN_P384_SIZE - SHA256_SIZE);
    if (!scalar_fits(candidate.bytes))
        return err_set(err, ERR_FORMAT, 0, "this seed gives no P-384 key: use another");
    *scalar = candidate;
    return 0;
}
