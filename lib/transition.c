/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transition.h"

#include "hex.h"

#include <string.h>

void transition_encode(const struct transition *t, uint8_t out[TRANSITION_SIZE])
{
    memcpy(out, t->manifest, SHA256_SIZE);
    memcpy(out + SHA256_SIZE, t->previous, SHA256_SIZE);
}

int transition_decode(struct span bytes, struct transition *out, struct err *err)
{
    struct reader r = reader_of(bytes);

    if (bytes.len != TRANSITION_SIZE)
        return err_set(err, ERR_FORMAT, 0, "transition: %zu bytes, expected %d", bytes.len, TRANSITION_SIZE);
    reader_copy(&r, out->manifest, SHA256_SIZE);
    reader_copy(&r, out->previous, SHA256_SIZE);
    return 0;
}

int transition_digest(const struct transition *t, uint8_t out[SHA256_SIZE], struct err *err)
{
    uint8_t bytes[TRANSITION_SIZE];

    transition_encode(t, bytes);
    return hash_bytes(HASH_SHA256, span_of(bytes, sizeof bytes), out, err);
}

int transition_key(const struct mesh_secret_seed *seed, struct ecc_pair *out, struct err *err)
{
    AUTO_SECRET scalar = {0};

    if (mesh_secret_transaction_key(seed, &scalar, err) < 0)
        return -1;
    return ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), out, err);
}

int transition_sign(const struct ecc_pair *key, const uint8_t digest[SHA256_SIZE],
                    struct transition_latest *out, struct err *err)
{
    struct transition_latest latest = {0};
    struct ecc_sig sig;
    struct writer w = writer_of(latest.signature, sizeof latest.signature);

    if (ecc_sign(key, span_of(digest, SHA256_SIZE), &sig, err) < 0)
        return -1;
    ecc_sig_to_der(key->pub.curve, &sig, &w);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "transition: the signature does not fit");
    memcpy(latest.digest, digest, SHA256_SIZE);
    latest.signature_len = w.len;
    *out = latest;
    return 0;
}

int transition_verify(const struct ecc_public *key, const struct transition_latest *latest, struct err *err)
{
    struct ecc_sig sig;

    if (latest->signature_len > sizeof latest->signature)
        return err_set(err, ERR_FORMAT, 0, "latest transition: signature of %zu bytes",
                       latest->signature_len);
    if (ecc_sig_from_der(key->curve, span_of(latest->signature, latest->signature_len), &sig, err) < 0 ||
        ecc_verify(key, span_of(latest->digest, SHA256_SIZE), &sig, err) < 0)
        return err_prefix(err, "latest transition");
    return 0;
}

int transition_owner_digest(const struct transition *t, uint8_t out[SHA256_SIZE], struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];

    if (transition_digest(t, digest, err) < 0 ||
        hex_encode(span_of(digest, sizeof digest), hex, sizeof hex, err) < 0)
        return -1;
    return hash_bytes(HASH_SHA256, span_str(hex), out, err);
}

void transition_latest_encode(const struct transition_latest *latest, struct writer *w)
{
    writer_bytes(w, span_of(latest->digest, SHA256_SIZE));
    writer_bytes(w, span_of(latest->signature, latest->signature_len));
}

int transition_latest_decode(struct span bytes, struct transition_latest *out, struct err *err)
{
    struct transition_latest latest = {0};
    struct reader r = reader_of(bytes);

    if (bytes.len <= SHA256_SIZE || bytes.len > TRANSITION_LATEST_MAX)
        return err_set(err, ERR_FORMAT, 0, "latest transition: %zu bytes, expected %d to %d", bytes.len,
                       SHA256_SIZE + 1, TRANSITION_LATEST_MAX);
    reader_copy(&r, latest.digest, SHA256_SIZE);
    latest.signature_len = reader_left(&r);
    reader_copy(&r, latest.signature, latest.signature_len);
    *out = latest;
    return 0;
}

int transition_report_data(const struct transition_attest *a, uint8_t out[TRANSITION_REPORT_DATA_SIZE],
                           struct err *err)
{
    uint8_t text[TRANSITION_NONCE_SIZE + 3 * SHA256_SIZE];
    uint8_t cas[2][SHA256_SIZE];
    uint8_t digest[SHA256_SIZE];
    struct writer w = writer_of(text, sizeof text);

    if (a->nonce.len != TRANSITION_NONCE_SIZE)
        return err_set(err, ERR_FORMAT, 0, "nonce of %zu bytes, expected %d", a->nonce.len,
                       TRANSITION_NONCE_SIZE);
    if (hash_bytes(HASH_SHA256, a->root_pem, cas[0], err) < 0 ||
        hash_bytes(HASH_SHA256, a->mesh_pem, cas[1], err) < 0)
        return -1;
    writer_bytes(&w, a->nonce);
    writer_bytes(&w, span_of(a->digest, SHA256_SIZE));
    writer_bytes(&w, span_of(cas[0], SHA256_SIZE));
    writer_bytes(&w, span_of(cas[1], SHA256_SIZE));
    if (hash_bytes(HASH_SHA256, writer_span(&w), digest, err) < 0)
        return -1;
    memset(out, 0, TRANSITION_REPORT_DATA_SIZE);
    memcpy(out, digest, SHA256_SIZE);
    return 0;
}
