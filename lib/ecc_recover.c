/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ecc_recover.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <string.h>

/* Numbers of the curve and of the signature, for ecc_recover_p384. Public values, so nothing is wiped. */
struct recover {
    mp_int p, n, a, b; /* y^2 = x^3 + ax + b mod p; n: order */
    mp_int x, y;       /* the signature's point */
    mp_int u1, u2;     /* key = u1 G + u2 (x, y) */
    ecc_point *base, *point, *key;
};

static int recover_begin(struct recover *v)
{
    int index = wc_ecc_get_curve_idx(ECC_SECP384R1);
    const ecc_set_type *curve = wc_ecc_get_curve_params(index);
    int rc = curve ? mp_init_multi(&v->p, &v->n, &v->a, &v->b, &v->x, &v->y) : BAD_FUNC_ARG;

    if (rc == 0)
        rc = mp_init_multi(&v->u1, &v->u2, NULL, NULL, NULL, NULL);
    if (rc == 0)
        rc = mp_read_radix(&v->p, curve->prime, MP_RADIX_HEX);
    if (rc == 0)
        rc = mp_read_radix(&v->n, curve->order, MP_RADIX_HEX);
    if (rc == 0)
        rc = mp_read_radix(&v->a, curve->Af, MP_RADIX_HEX);
    if (rc == 0)
        rc = mp_read_radix(&v->b, curve->Bf, MP_RADIX_HEX);
    v->base = wc_ecc_new_point();
    v->point = wc_ecc_new_point();
    v->key = wc_ecc_new_point();
    if (rc == 0 && !(v->base && v->point && v->key))
        rc = MEMORY_E;
    return rc == 0 ? wc_ecc_get_generator(v->base, index) : rc;
}

static void recover_end(struct recover *v)
{
    wc_ecc_del_point(v->base); /* accepts NULL */
    wc_ecc_del_point(v->point);
    wc_ecc_del_point(v->key);
}

/* u1 = -digest / r, u2 = s / r, mod n. P-384 has as many bits as SHA-384: longer digests are cut. */
static int recover_scalars(struct recover *v, struct span digest, const struct ecc_sig *sig)
{
    mp_int inverse, zero;
    word32 len = (word32) (digest.len < ECC_FIELD_MAX ? digest.len : ECC_FIELD_MAX);
    int rc = mp_init_multi(&inverse, &zero, NULL, NULL, NULL, NULL);

    if (rc == 0)
        rc = mp_read_unsigned_bin(&v->x, sig->r, ECC_FIELD_MAX);
    if (rc == 0)
        rc = mp_invmod(&v->x, &v->n, &inverse);
    if (rc == 0)
        rc = mp_read_unsigned_bin(&v->u2, sig->s, ECC_FIELD_MAX);
    if (rc == 0)
        rc = mp_mulmod(&v->u2, &inverse, &v->n, &v->u2);
    if (rc == 0)
        rc = mp_read_unsigned_bin(&v->u1, digest.data, len);
    if (rc == 0)
        rc = mp_mulmod(&v->u1, &inverse, &v->n, &v->u1);
    return rc == 0 ? mp_submod(&zero, &v->u1, &v->n, &v->u1) : rc;
}

/* y = (x^3 + ax + b)^((p + 1) / 4) mod p: a square root, since p = 3 mod 4, if there is one. */
static int recover_y(struct recover *v)
{
    mp_int square, t;
    int rc = mp_init_multi(&square, &t, NULL, NULL, NULL, NULL);

    if (rc == 0)
        rc = mp_sqrmod(&v->x, &v->p, &square);
    if (rc == 0)
        rc = mp_addmod(&square, &v->a, &v->p, &square);
    if (rc == 0)
        rc = mp_mulmod(&square, &v->x, &v->p, &square);
    if (rc == 0)
        rc = mp_addmod(&square, &v->b, &v->p, &square);
    if (rc == 0)
        rc = mp_add_d(&v->p, 1, &t);
    if (rc == 0)
        rc = mp_div_2d(&t, 2, &t, NULL);
    if (rc == 0)
        rc = mp_exptmod(&square, &t, &v->p, &v->y);
    if (rc == 0)
        rc = mp_sqrmod(&v->y, &v->p, &t);
    return rc == 0 && mp_cmp(&t, &square) != MP_EQ ? ECC_BAD_ARG_E : rc;
}

static int recover_key(struct recover *v, struct ecc_public *key)
{
    int rc = mp_copy(&v->x, v->point->x);

    if (rc == 0)
        rc = mp_copy(&v->y, v->point->y);
    if (rc == 0)
        rc = mp_set(v->point->z, 1);
    if (rc == 0)
        rc = ecc_mul2add(v->base, &v->u1, v->point, &v->u2, v->key, &v->a, &v->p, NULL);
    if (rc == 0 && mp_iszero(v->key->x) && mp_iszero(v->key->y))
        rc = ECC_INF_E;
    key->curve = ECC_CURVE_P384;
    if (rc == 0)
        rc = mp_to_unsigned_bin_len(v->key->x, key->x, ECC_FIELD_MAX);
    return rc == 0 ? mp_to_unsigned_bin_len(v->key->y, key->y, ECC_FIELD_MAX) : rc;
}

static bool comes_before(const struct ecc_public *a, const struct ecc_public *b)
{
    int x = memcmp(a->x, b->x, ECC_FIELD_MAX);

    return x < 0 || (x == 0 && memcmp(a->y, b->y, ECC_FIELD_MAX) < 0);
}

int ecc_recover_p384(struct span digest, const struct ecc_sig *sig, struct ecc_public keys[2],
                     struct err *err)
{
    struct recover v = {.base = NULL};
    struct ecc_public got[2] = {{.curve = ECC_CURVE_P384}, {.curve = ECC_CURVE_P384}};
    int rc = recover_begin(&v);

    if (rc == 0)
        rc = recover_scalars(&v, digest, sig);
    if (rc == 0)
        rc = recover_y(&v);
    if (rc == 0)
        rc = recover_key(&v, &got[0]);
    if (rc == 0)
        rc = mp_sub(&v.p, &v.y, &v.y);
    if (rc == 0)
        rc = recover_key(&v, &got[1]);
    recover_end(&v);
    if (rc != 0)
        return err_set(err, ERR_FORMAT, 0, "ECDSA: no P-384 key has this signature (wolfCrypt %d)", rc);
    for (int i = 0; i < 2; i++) {
        if (ecc_verify(&got[i], digest, sig, err) < 0)
            return err_set(err, ERR_FORMAT, 0, "ECDSA: no P-384 key has this signature");
    }
    keys[0] = got[comes_before(&got[1], &got[0])];
    keys[1] = got[!comes_before(&got[1], &got[0])];
    return 0;
}
