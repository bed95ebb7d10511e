/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ratls_time.h"

#include <string.h>

#define HALF (RATLS_SIGNATURE_SIZE / 2) /* bytes of r, and of s */

_Static_assert(HALF == ECC_FIELD_MAX, "r and s on P-384");

/* SHA-384 of "nacre/time/1" || 0x00 || nonce_C || nonce_S || client || time. No certificate can be taken for
 * it: those start with 0x30. */
static int digest_of(const struct ratls_time *t, enum ecc_curve curve, uint8_t out[SHA384_SIZE],
                     struct err *err)
{
    uint8_t text[sizeof(RATLS_TIME_TAG) + 2 * RATLS_NONCE_SIZE + SHA384_SIZE + 8];
    struct writer w = writer_of(text, sizeof(text));
    if (curve != ECC_CURVE_P384)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: the mesh CA's key is not on P-384");
    if (t->time_s > RATLS_TIME_MAX_S)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: a time after the year 9999");
    writer_bytes(&w, span_of(RATLS_TIME_TAG, sizeof(RATLS_TIME_TAG))); /* its NUL is the 0x00 */
    writer_bytes(&w, span_of(t->nonce_c, sizeof(t->nonce_c)));
    writer_bytes(&w, span_of(t->nonce_s, sizeof(t->nonce_s)));
    writer_bytes(&w, span_of(t->client, sizeof(t->client)));
    writer_be64(&w, t->time_s);
    return hash_bytes(HASH_SHA384, writer_span(&w), out, err);
}

int ratls_time_sign(struct ratls_time *t, const struct ecc_pair *mesh_ca, struct err *err)
{
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;
    if (digest_of(t, mesh_ca->pub.curve, digest, err) < 0 ||
        ecc_sign(mesh_ca, span_of(digest, sizeof(digest)), &sig, err) < 0)
        return -1;
    memcpy(t->signature, sig.r, HALF);
    memcpy(t->signature + HALF, sig.s, HALF);
    return 0;
}

int ratls_time_check(const struct ratls_time *t, const struct ecc_public *mesh_ca, struct err *err)
{
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig sig;
    if (digest_of(t, mesh_ca->curve, digest, err) < 0)
        return -1;
    memcpy(sig.r, t->signature, HALF);
    memcpy(sig.s, t->signature + HALF, HALF);
    if (ecc_verify(mesh_ca, span_of(digest, sizeof(digest)), &sig, err) < 0)
        return err_prefix(err, "nacre/1: signed time");
    return 0;
}

void ratls_time_encode(const struct ratls_time *t, uint8_t out[RATLS_TIME_SIZE])
{
    struct writer w = writer_of(out, RATLS_TIME_SIZE);
    writer_bytes(&w, span_of(t->nonce_c, sizeof(t->nonce_c)));
    writer_bytes(&w, span_of(t->nonce_s, sizeof(t->nonce_s)));
    writer_bytes(&w, span_of(t->client, sizeof(t->client)));
    writer_be64(&w, t->time_s);
    writer_bytes(&w, span_of(t->signature, sizeof(t->signature)));
}

int ratls_time_decode(struct span bytes, struct ratls_time *t, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct ratls_time got;
    reader_copy(&r, got.nonce_c, sizeof(got.nonce_c));
    reader_copy(&r, got.nonce_s, sizeof(got.nonce_s));
    reader_copy(&r, got.client, sizeof(got.client));
    got.time_s = reader_be64(&r);
    reader_copy(&r, got.signature, sizeof(got.signature));
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "signed time: %zu bytes, expected %d", bytes.len, RATLS_TIME_SIZE);
    if (got.time_s > RATLS_TIME_MAX_S)
        return err_set(err, ERR_FORMAT, 0, "signed time: after the year 9999");
    *t = got;
    return 0;
}
