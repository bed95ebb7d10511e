/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/sha512.h>

_Static_assert(sizeof(wc_Sha256) <= sizeof(((struct hash *) 0)->state), "SHA-256 state fits");
_Static_assert(sizeof(wc_Sha512) <= sizeof(((struct hash *) 0)->state), "SHA-512 state fits");

size_t hash_size(enum hash_alg alg)
{
    switch (alg) {
    case HASH_SHA256:
        return SHA256_SIZE;
    case HASH_SHA384:
        return SHA384_SIZE;
    case HASH_SHA512:
        return SHA512_SIZE;
    }
    return 0;
}

const char *hash_name(enum hash_alg alg)
{
    switch (alg) {
    case HASH_SHA256:
        return "sha256";
    case HASH_SHA384:
        return "sha384";
    case HASH_SHA512:
        return "sha512";
    }
    return "none";
}

static int check(int rc, const char *what, struct err *err)
{
    if (rc != 0)
        return err_set(err, ERR_LIMIT, 0, "%s failed in wolfCrypt (%d)", what, rc);
    return 0;
}

int hash_begin(enum hash_alg alg, struct hash *h, struct err *err)
{
    int rc = BAD_FUNC_ARG;

    h->alg = alg;
    switch (alg) {
    case HASH_SHA256:
        rc = wc_InitSha256((wc_Sha256 *) h->state);
        break;
    case HASH_SHA384:
        rc = wc_InitSha384((wc_Sha384 *) h->state);
        break;
    case HASH_SHA512:
        rc = wc_InitSha512((wc_Sha512 *) h->state);
        break;
    }
    return check(rc, hash_name(alg), err);
}

static int update_part(struct hash *h, const uint8_t *data, word32 len)
{
    switch (h->alg) {
    case HASH_SHA256:
        return wc_Sha256Update((wc_Sha256 *) h->state, data, len);
    case HASH_SHA384:
        return wc_Sha384Update((wc_Sha384 *) h->state, data, len);
    case HASH_SHA512:
        return wc_Sha512Update((wc_Sha512 *) h->state, data, len);
    }
    return BAD_FUNC_ARG;
}

int hash_update(struct hash *h, struct span bytes, struct err *err)
{
    const size_t step_max = (size_t) 1 << 30; /* wolfCrypt counts in 32 bits */

    for (size_t done = 0; done < bytes.len;) {
        size_t step = bytes.len - done < step_max ? bytes.len - done : step_max;

        if (check(update_part(h, bytes.data + done, (word32) step), hash_name(h->alg), err) < 0)
            return -1;
        done += step;
    }
    return 0;
}

int hash_end(struct hash *h, uint8_t *digest, struct err *err)
{
    enum hash_alg alg = h->alg;
    int rc = BAD_FUNC_ARG;

    switch (alg) {
    case HASH_SHA256:
        rc = wc_Sha256Final((wc_Sha256 *) h->state, digest);
        wc_Sha256Free((wc_Sha256 *) h->state);
        break;
    case HASH_SHA384:
        rc = wc_Sha384Final((wc_Sha384 *) h->state, digest);
        wc_Sha384Free((wc_Sha384 *) h->state);
        break;
    case HASH_SHA512:
        rc = wc_Sha512Final((wc_Sha512 *) h->state, digest);
        wc_Sha512Free((wc_Sha512 *) h->state);
        break;
    }
    secret_wipe_bytes(h->state, sizeof h->state);
    return check(rc, hash_name(alg), err);
}

int hash_bytes(enum hash_alg alg, struct span bytes, uint8_t *digest, struct err *err)
{
    struct hash h;

    if (hash_begin(alg, &h, err) < 0 || hash_update(&h, bytes, err) < 0)
        return -1;
    return hash_end(&h, digest, err);
}

static int wolf_type(enum hash_alg alg)
{
    switch (alg) {
    case HASH_SHA256:
        return WC_SHA256;
    case HASH_SHA384:
        return WC_SHA384;
    case HASH_SHA512:
        return WC_SHA512;
    }
    return WC_HASH_TYPE_NONE;
}

int hash_hmac(enum hash_alg alg, struct span key, struct span bytes, uint8_t *mac, struct err *err)
{
    Hmac h;
    int rc = wc_HmacInit(&h, NULL, INVALID_DEVID);

    if (rc == 0)
        rc = wc_HmacSetKey(&h, wolf_type(alg), key.data, (word32) key.len);
    if (rc == 0)
        rc = wc_HmacUpdate(&h, bytes.data, (word32) bytes.len);
    if (rc == 0)
        rc = wc_HmacFinal(&h, mac);
    wc_HmacFree(&h);
    return check(rc, "HMAC", err);
}

int hash_hkdf(enum hash_alg alg, struct span key, struct span salt, struct span info, uint8_t *out,
              size_t len, struct err *err)
{
    if (len > SECRET_MAX)
        return err_set(err, ERR_LIMIT, 0, "HKDF of %zu bytes, at most %d", len, SECRET_MAX);
    return check(wc_HKDF(wolf_type(alg), key.data, (word32) key.len, salt.data, (word32) salt.len, info.data,
                         (word32) info.len, out, (word32) len),
                 "HKDF", err);
}
