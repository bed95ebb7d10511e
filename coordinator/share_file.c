/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "share_file.h"

#include "b64.h"
#include "hex.h"
#include "json.h"
#include "json_write.h"
#include "rsa_oaep.h"

#include <stdio.h>

#define SALT_TEXT_MAX 64
#define SEALED_TEXT_MAX (RSA_OAEP_SIZE_MAX / 3 * 4 + 8)

static int put_b64(struct json_write *j, const char *key, struct span bytes, struct err *err)
{
    char text[SEALED_TEXT_MAX + 1];

    if (b64_encode(bytes, text, sizeof text, err) < 0)
        return -1;
    json_write_str(j, key, text);
    return 0;
}

int share_file_encode(const struct userapi_set_response *r, struct writer *w, struct err *err)
{
    struct json_write j = json_write_to(w);

    json_write_object(&j, NULL);
    json_write_array(&j, "SeedShares");
    for (size_t i = 0; i < r->share_count; i++) {
        char key[USERAPI_KEY_HEX_MAX + 1];

        (void) snprintf(key, sizeof key, "%.*s", (int) r->shares[i].public_key.len,
                        (const char *) r->shares[i].public_key.data);
        json_write_object(&j, NULL);
        if (put_b64(&j, "EncryptedSeed", r->shares[i].encrypted, err) < 0)
            return -1;
        json_write_str(&j, "PublicKey", key);
        json_write_close(&j);
    }
    json_write_close(&j);
    if (put_b64(&j, "salt", r->salt, err) < 0)
        return -1;
    json_write_close(&j);
    return json_write_end(&j) ? 0 : err_set(err, ERR_LIMIT, 0, "seed shares: do not fit");
}

static int read_b64(const struct json *at, uint8_t *out, size_t cap, size_t *len, struct err *err)
{
    struct span text;
    struct err why;

    if (json_string(at, b64_encoded_len(cap) + 4, &text, err) < 0)
        return -1;
    if (b64_decode(text, out, cap, len, &why) < 0)
        return json_fail(at, err, why.code, "%s", why.text);
    return 0;
}

/* 1 when this share is for the key whose hex is given, and then *out has the seed; 0 when not; -1. */
static int open_share(const struct json *at, const char *public_hex, struct span key, struct secret *out,
                      struct err *err)
{
    static const char *const keys[] = {"PublicKey", "EncryptedSeed"};
    uint8_t sealed[RSA_OAEP_SIZE_MAX];
    struct json member;
    struct span hex;
    size_t len;

    if (json_object_keys(at, keys, 2, err) < 0 || json_get(at, "PublicKey", &member, err) < 0 ||
        json_string(&member, USERAPI_KEY_HEX_MAX, &hex, err) < 0)
        return -1;
    if (!span_eq_str(hex, public_hex))
        return 0;
    if (json_get(at, "EncryptedSeed", &member, err) < 0 ||
        read_b64(&member, sealed, sizeof sealed, &len, err) < 0)
        return -1;
    if (rsa_oaep_decrypt(key, span_str(RSA_OAEP_SEED_LABEL), span_of(sealed, len), out, err) < 0)
        return json_prefix(&member, err);
    if (out->len != MESH_SECRET_SEED_SIZE)
        return json_fail(&member, err, ERR_FORMAT, "a seed of %zu bytes, expected %d", out->len,
                         MESH_SECRET_SEED_SIZE);
    return 1;
}

static int find_share(const struct json *root, const char *public_hex, struct span key, struct secret *out,
                      struct err *err)
{
    struct json list;
    struct json item;
    size_t count;

    if (json_get(root, "SeedShares", &list, err) < 0 ||
        json_array(&list, USERAPI_SHARES_MAX, &count, err) < 0)
        return -1;
    for (bool more = json_first(&list, &item); more; more = json_next(&item)) {
        int rc = open_share(&item, public_hex, key, out, err);

        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    return json_fail(&list, err, ERR_MISSING, "no share for this key");
}

static int read_document(const struct json *root, struct span key, struct mesh_secret_seed *seed,
                         struct err *err)
{
    static const char *const keys[] = {"SeedShares", "salt"};
    uint8_t public_key[RSA_OAEP_PUBLIC_MAX];
    char hex[2 * RSA_OAEP_PUBLIC_MAX + 1];
    struct writer w = writer_of(public_key, sizeof public_key);
    struct json salt;

    if (rsa_oaep_public(key, &w, err) < 0 || hex_encode(writer_span(&w), hex, sizeof hex, err) < 0)
        return -1;
    if (json_object_keys(root, keys, 2, err) < 0 || json_get(root, "salt", &salt, err) < 0 ||
        read_b64(&salt, seed->salt.bytes, MESH_SECRET_SALT_SIZE, &seed->salt.len, err) < 0)
        return -1;
    if (seed->salt.len != MESH_SECRET_SALT_SIZE)
        return json_fail(&salt, err, ERR_FORMAT, "%zu bytes, expected %d", seed->salt.len,
                         MESH_SECRET_SALT_SIZE);
    return find_share(root, hex, key, &seed->seed, err);
}

int share_file_open(struct span text, const char *name, struct span key, struct mesh_secret_seed *out,
                    struct err *err)
{
    __attribute__((cleanup(mesh_secret_seed_wipe))) struct mesh_secret_seed seed = {0};
    AUTO_JSON_DOC doc = {0};

    if (json_doc_parse(text, name, SHARE_FILE_MAX, &doc, err) < 0)
        return -1;
    struct json root = json_root(&doc);
    if (read_document(&root, key, &seed, err) < 0)
        return -1;
    *out = seed;
    return 0;
}
