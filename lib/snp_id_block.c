/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_id_block.h"

#include "ecc_recover.h"
#include "hash.h"

#include <string.h>

#define BLOCK_VERSION 1
#define ALGO_ECDSA_P384_SHA384 1
#define CURVE_P384 2
#define NUMBER_SIZE 72 /* bytes of a number in the structures, little endian */
#define KEY_SIZE 0x404 /* curve, x, y, zeros */
#define SIG_SIZE 512   /* r, s, zeros */

/* Offsets in the ID authentication. */
enum {
    AUTH_BLOCK_SIG = 0x40,
    AUTH_ID_KEY = 0x240,
    AUTH_ID_KEY_SIG = 0x680,
    AUTH_AUTHOR_KEY = 0x880,
};

static void put_number(struct writer *w, const uint8_t *big_endian)
{
    for (size_t i = ECC_FIELD_MAX; i > 0; i--)
        writer_u8(w, big_endian[i - 1]);
    writer_zeros(w, NUMBER_SIZE - ECC_FIELD_MAX);
}

static void put_key(struct writer *w, const struct ecc_public *key)
{
    writer_le32(w, CURVE_P384);
    put_number(w, key->x);
    put_number(w, key->y);
    writer_zeros(w, KEY_SIZE - 4 - 2 * NUMBER_SIZE);
}

static void put_sig(struct writer *w, const struct ecc_sig *sig)
{
    put_number(w, sig->r);
    put_number(w, sig->s);
    writer_zeros(w, SIG_SIZE - 2 * NUMBER_SIZE);
}

static void put_block(const struct snp_id_block *block, uint8_t out[SNP_ID_BLOCK_SIZE])
{
    struct writer w = writer_of(out, SNP_ID_BLOCK_SIZE);

    writer_bytes(&w, span_of(block->digest, sizeof block->digest));
    writer_bytes(&w, span_of(block->family_id, sizeof block->family_id));
    writer_bytes(&w, span_of(block->image_id, sizeof block->image_id));
    writer_le32(&w, BLOCK_VERSION);
    writer_le32(&w, block->guest_svn);
    writer_le64(&w, block->policy);
}

/* A key's digest is that of its structure. */
static int hash_key(const struct ecc_public *key, uint8_t digest[SNP_KEY_DIGEST_SIZE], struct err *err)
{
    uint8_t bytes[KEY_SIZE];
    struct writer w = writer_of(bytes, sizeof bytes);

    put_key(&w, key);
    return hash_bytes(HASH_SHA384, writer_span(&w), digest, err);
}

/* What stands in the authentication. */
struct parts {
    const struct ecc_public *id_key;
    struct ecc_sig block_sig;
    const struct ecc_public *author; /* NULL: none */
    struct ecc_sig id_key_sig;
};

static int finish(struct snp_id *id, const struct parts *p, struct err *err)
{
    struct writer w = writer_of(id->auth, sizeof id->auth);

    writer_le32(&w, ALGO_ECDSA_P384_SHA384);
    writer_le32(&w, p->author ? ALGO_ECDSA_P384_SHA384 : 0);
    writer_zeros(&w, AUTH_BLOCK_SIG - w.len);
    put_sig(&w, &p->block_sig);
    put_key(&w, p->id_key);
    writer_zeros(&w, AUTH_ID_KEY_SIG - w.len);
    if (p->author) {
        put_sig(&w, &p->id_key_sig);
        put_key(&w, p->author);
    }
    writer_zeros(&w, sizeof id->auth - w.len);
    id->has_author = p->author != NULL;
    if (hash_key(p->id_key, id->id_key_digest, err) < 0)
        return -1;
    return p->author ? hash_key(p->author, id->author_key_digest, err) : 0;
}

static int sign(const struct ecc_pair *key, struct span bytes, struct ecc_sig *sig, struct err *err)
{
    uint8_t digest[SHA384_SIZE];

    if (key->pub.curve != ECC_CURVE_P384)
        return err_set(err, ERR_FORMAT, 0, "the key is not on P-384, the only curve of ID blocks");
    if (hash_bytes(HASH_SHA384, bytes, digest, err) < 0)
        return -1;
    return ecc_sign(key, span_of(digest, sizeof digest), sig, err);
}

int snp_id_sign(const struct snp_id_block *block, const struct ecc_pair *id_key,
                const struct ecc_pair *author, struct snp_id *id, struct err *err)
{
    struct snp_id made = {.has_author = false};
    struct parts p = {.id_key = &id_key->pub, .author = author ? &author->pub : NULL};
    uint8_t key[KEY_SIZE];
    struct writer w = writer_of(key, sizeof key);

    put_block(block, made.block);
    put_key(&w, &id_key->pub);
    if (sign(id_key, span_of(made.block, sizeof made.block), &p.block_sig, err) < 0 ||
        (author && sign(author, writer_span(&w), &p.id_key_sig, err) < 0) || finish(&made, &p, err) < 0)
        return -1;
    *id = made;
    return 0;
}

int snp_id_keyless(const struct snp_id_block *block, struct snp_id *id, struct err *err)
{
    struct snp_id made = {.has_author = false};
    struct parts p = {.author = NULL};
    struct ecc_public keys[2];
    uint8_t digest[SHA384_SIZE];

    put_block(block, made.block);
    p.block_sig.r[ECC_FIELD_MAX - 1] = 2;
    p.block_sig.s[ECC_FIELD_MAX - 1] = 1;
    if (hash_bytes(HASH_SHA384, span_of(made.block, sizeof made.block), digest, err) < 0 ||
        ecc_recover_p384(span_of(digest, sizeof digest), &p.block_sig, keys, err) < 0)
        return -1;
    p.id_key = &keys[0];
    if (finish(&made, &p, err) < 0)
        return -1;
    *id = made;
    return 0;
}
