/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measurements_sig.h"

#include "hash.h"
#include "pem.h"

static int check_curve(enum ecc_curve curve, struct err *err)
{
    if (curve != ECC_CURVE_P384)
        return err_set(err, ERR_FORMAT, 0, "expected a key on P-384, found one on another curve");
    return 0;
}

int measurements_key(struct span pem, struct ecc_pair *pair, struct err *err)
{
    AUTO_ECC_PAIR got;

    if (pem.len > MEASUREMENTS_PEM_MAX)
        return err_set(err, ERR_LIMIT, 0, "a key of %zu bytes, at most %d", pem.len, MEASUREMENTS_PEM_MAX);
    if (ecc_pair_from_pem(pem, &got, err) < 0 || check_curve(got.pub.curve, err) < 0)
        return -1;
    *pair = got;
    return 0;
}

int measurements_public_key(struct span pem, struct ecc_public *pub, struct err *err)
{
    uint8_t buf[ECC_SPKI_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct ecc_public got;
    struct span der, more;

    if (pem.len > MEASUREMENTS_PEM_MAX)
        return err_set(err, ERR_LIMIT, 0, "a key of %zu bytes, at most %d", pem.len, MEASUREMENTS_PEM_MAX);
    if (pem_next(&pem, "PUBLIC KEY", &w, &der, err) < 0 || ecc_public_from_spki(der, &got, err) < 0 ||
        check_curve(got.curve, err) < 0)
        return -1;
    if (pem_next(&pem, "PUBLIC KEY", &w, &more, err) == 0)
        return err_set(err, ERR_FORMAT, 0, "more than one key");
    if (err->code != ERR_MISSING)
        return -1;
    err->code = ERR_NONE; /* there is no second key: as it should be */
    *pub = got;
    return 0;
}

int measurements_sign(struct span text, const struct ecc_pair *pair, struct writer *sig, struct err *err)
{
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig got;

    if (check_curve(pair->pub.curve, err) < 0 || hash_bytes(HASH_SHA384, text, digest, err) < 0 ||
        ecc_sign(pair, span_of(digest, sizeof digest), &got, err) < 0)
        return -1;
    ecc_sig_to_der(ECC_CURVE_P384, &got, sig);
    return sig->bad ? err_set(err, ERR_LIMIT, 0, "the signature does not fit") : 0;
}

int measurements_check_sig(struct span text, struct span sig, const struct ecc_public *pub, struct err *err)
{
    uint8_t digest[SHA384_SIZE];
    struct ecc_sig got;

    if (check_curve(pub->curve, err) < 0 || ecc_sig_from_der(ECC_CURVE_P384, sig, &got, err) < 0 ||
        hash_bytes(HASH_SHA384, text, digest, err) < 0)
        return -1;
    return ecc_verify(pub, span_of(digest, sizeof digest), &got, err);
}
