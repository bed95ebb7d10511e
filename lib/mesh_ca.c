/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mesh_ca.h"

#include "hash.h"
#include "mesh_claims.h"
#include "x509_write.h"

#include <string.h>

#define KEY_ID_SIZE 20
#define NAME_DER_MAX 128
#define EXTS_MAX (MESH_CLAIMS_MAX + 8)
#define SCRATCH_MAX                                                                                          \
    (MESH_CLAIMS_SCRATCH_MAX + 12288) /* 32 names of 253 bytes, an id of 256, the rest small */

_Static_assert(EXTS_MAX <= X509_EXTENSIONS_MAX, "every claim fits into a certificate");

/* 1.3.9901.3.1 */
static const uint8_t secret_id_oid[] = {0x2b, 0xcd, 0x2d, 0x03, 0x01};

void mesh_ca_wipe(struct mesh_ca *ca)
{
    if (ca != NULL)
        ecc_wipe(&ca->key);
}

int mesh_ca_key_digest(const struct ecc_public *key, uint8_t out[32], struct err *err)
{
    uint8_t spki[ECC_SPKI_MAX];
    struct writer w = writer_of(spki, sizeof spki);

    ecc_public_to_spki(key, &w);
    return hash_bytes(HASH_SHA256, writer_span(&w), out, err);
}

/* Key identifiers: the first 160 bits of SHA-256 over the key's bits (RFC 7093, method 1). */
static int key_id(const struct ecc_public *key, uint8_t out[KEY_ID_SIZE], struct err *err)
{
    uint8_t point[1 + 2 * ECC_FIELD_MAX];
    uint8_t digest[SHA256_SIZE];
    size_t field = ecc_field_size(key->curve);
    struct writer w = writer_of(point, sizeof point);

    writer_u8(&w, 4);
    writer_bytes(&w, span_of(key->x, field));
    writer_bytes(&w, span_of(key->y, field));
    if (hash_bytes(HASH_SHA256, writer_span(&w), digest, err) < 0)
        return -1;
    memcpy(out, digest, KEY_ID_SIZE);
    return 0;
}

/* The value that was written to the scratch buffer since start becomes an extension. */
static void add_ext(struct mesh_claims_list *list, struct span oid, bool critical, size_t start)
{
    struct writer *w = list->scratch;

    if (w->bad || list->count >= list->max) {
        w->bad = true;
        return;
    }
    list->exts[list->count++] = (struct x509_ext){
        .oid = oid, .critical = critical, .value = span_sub(writer_span(w), start, w->len - start)};
}

static void add_usage(struct mesh_claims_list *list, bool is_ca)
{
    struct writer *w = list->scratch;
    size_t start = w->len;

    x509_put_key_usage(w, is_ca ? X509_KU_DIGITAL_SIGNATURE | X509_KU_CERT_SIGN : X509_KU_DIGITAL_SIGNATURE);
    add_ext(list, x509_oid_key_usage(), true, start);
    if (!is_ca) {
        start = w->len;
        x509_put_eku_tls(w);
        add_ext(list, x509_oid_ext_key_usage(), false, start);
    }
    start = w->len;
    x509_put_basic_constraints(w, is_ca, -1);
    add_ext(list, x509_oid_basic_constraints(), true, start);
}

static int add_key_ids(struct mesh_claims_list *list, const struct ecc_public *subject,
                       const struct ecc_public *issuer, struct err *err)
{
    uint8_t id[KEY_ID_SIZE];
    struct writer *w = list->scratch;
    size_t start = w->len;

    if (subject != NULL) {
        if (key_id(subject, id, err) < 0)
            return -1;
        x509_put_subject_key_id(w, span_of(id, sizeof id));
        add_ext(list, x509_oid_subject_key_id(), false, start);
    }
    if (key_id(issuer, id, err) < 0)
        return -1;
    start = w->len;
    x509_put_authority_key_id(w, span_of(id, sizeof id));
    add_ext(list, x509_oid_authority_key_id(), false, start);
    return 0;
}

struct ca_part {
    const char *subject;
    const char *issuer;
    const struct ecc_public *key;
    const struct ecc_pair *signer;
    const uint8_t *serial;
};

static int make_ca(const struct ca_part *part, int64_t now_s, struct mesh_ca_cert *out, struct err *err)
{
    uint8_t names[2][NAME_DER_MAX];
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t scratch[512];
    struct x509_ext exts[EXTS_MAX];
    struct writer subject = writer_of(names[0], NAME_DER_MAX);
    struct writer issuer = writer_of(names[1], NAME_DER_MAX);
    struct writer key = writer_of(spki, sizeof spki);
    struct writer values = writer_of(scratch, sizeof scratch);
    struct mesh_claims_list list = {.exts = exts, .max = EXTS_MAX, .scratch = &values};
    struct x509_signer signer = x509_signer_ecc(part->signer);
    struct writer w = writer_of(out->der, sizeof out->der);

    x509_put_name_cn(&subject, part->subject);
    x509_put_name_cn(&issuer, part->issuer);
    ecc_public_to_spki(part->key, &key);
    add_usage(&list, true);
    if (add_key_ids(&list, part->key, &part->signer->pub, err) < 0)
        return -1;
    if (subject.bad || issuer.bad || key.bad || values.bad)
        return err_set(err, ERR_LIMIT, 0, "certificate %s: no room", part->subject);
    const struct x509_template t = {.serial = span_of(part->serial, MESH_CA_SERIAL_SIZE),
                                    .issuer = writer_span(&issuer),
                                    .subject = writer_span(&subject),
                                    .not_before_s = now_s - MESH_CA_BACK_S,
                                    .not_after_s = now_s + INT64_C(10) * MESH_CA_YEAR_S,
                                    .spki = writer_span(&key),
                                    .extensions = exts,
                                    .extension_count = list.count};
    if (x509_write(&t, &signer, &w, err) < 0)
        return err_prefix(err, "certificate %s", part->subject);
    out->len = w.len;
    return 0;
}

int mesh_ca_make(const struct ecc_pair *root, const struct ecc_pair *key,
                 const struct mesh_ca_serials *serials, bool no_tee, int64_t now_s, struct mesh_ca *out,
                 struct err *err)
{
    AUTO_MESH_CA ca = {.no_tee = no_tee, .key = *key};
    const char *root_name = no_tee ? MESH_CA_ROOT_NAME_NO_TEE : MESH_CA_ROOT_NAME;
    const char *mesh_name = no_tee ? MESH_CA_MESH_NAME_NO_TEE : MESH_CA_MESH_NAME;
    const struct ca_part parts[] = {
        {root_name, root_name, &root->pub, root, serials->root        },
        {mesh_name, root_name, &key->pub,  root, serials->intermediate},
        {mesh_name, mesh_name, &key->pub,  key,  serials->mesh        },
    };
    struct mesh_ca_cert *const certs[] = {&ca.root, &ca.intermediate, &ca.mesh};

    for (size_t i = 0; i < 3; i++) {
        if (make_ca(&parts[i], now_s, certs[i], err) < 0)
            return -1;
    }
    *out = ca;
    return 0;
}

static void add_sans(struct mesh_claims_list *list, const struct mesh_ca_leaf *leaf)
{
    struct writer *w = list->scratch;
    size_t start = w->len;
    size_t mark = x509_san_open(w);

    for (size_t i = 0; i < leaf->san_count; i++) {
        const struct san *san = &leaf->sans[i];

        switch (san->kind) {
        case SAN_DNS:
            x509_san_put(w, X509_SAN_DNS, san->text);
            break;
        case SAN_URI:
            x509_san_put(w, X509_SAN_URI, san->text);
            break;
        case SAN_IP:
            x509_san_put(w, X509_SAN_IP, span_of(san->ip, san->ip_len));
            break;
        }
    }
    x509_san_close(w, mark);
    add_ext(list, x509_oid_subject_alt_name(), false, start);
}

static void add_secret_id(struct mesh_claims_list *list, struct span id)
{
    size_t start = list->scratch->len;

    if (id.len == 0)
        return;
    der_put(list->scratch, DER_OCTET_STRING, id);
    add_ext(list, span_of(secret_id_oid, sizeof secret_id_oid), false, start);
}

static int leaf_name(const struct mesh_ca_leaf *leaf, struct writer *w, struct err *err)
{
    char cn[MESH_CA_CN_MAX + 1] = "";

    for (size_t i = 0; i < leaf->san_count; i++) {
        const struct san *san = &leaf->sans[i];

        if (san->kind != SAN_DNS)
            continue;
        if (san->text.len > MESH_CA_CN_MAX)
            return err_set(err, ERR_LIMIT, 0, "the first DNS name has %zu bytes, at most %d", san->text.len,
                           MESH_CA_CN_MAX);
        memcpy(cn, san->text.data, san->text.len);
        x509_put_name_cn(w, cn);
        return 0;
    }
    return err_set(err, ERR_MISSING, 0, "no DNS name for the certificate");
}

static int leaf_exts(const struct mesh_ca *ca, const struct mesh_ca_leaf *leaf, struct mesh_claims_list *list,
                     struct err *err)
{
    add_usage(list, false);
    if (add_key_ids(list, NULL, &ca->key.pub, err) < 0)
        return -1;
    add_sans(list, leaf);
    add_secret_id(list, leaf->secret_id);
    if (leaf->report != NULL && mesh_claims_add(leaf->report, leaf->product, list, err) < 0)
        return -1;
    if (leaf->quote.len > 0 && mesh_claims_add_tdx(leaf->quote, list, err) < 0)
        return -1;
    if (list->scratch->bad)
        return err_set(err, ERR_LIMIT, 0, "leaf certificate: no room for its extensions");
    return 0;
}

int mesh_ca_issue(const struct mesh_ca *ca, const struct mesh_ca_leaf *leaf, struct writer *w,
                  struct err *err)
{
    uint8_t names[2][NAME_DER_MAX];
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t scratch[SCRATCH_MAX];
    struct x509_ext exts[EXTS_MAX];
    struct writer subject = writer_of(names[0], NAME_DER_MAX);
    struct writer issuer = writer_of(names[1], NAME_DER_MAX);
    struct writer key = writer_of(spki, sizeof spki);
    struct writer values = writer_of(scratch, sizeof scratch);
    struct mesh_claims_list list = {.exts = exts, .max = EXTS_MAX, .scratch = &values};
    struct x509_signer signer = x509_signer_ecc(&ca->key);

    if (leaf_name(leaf, &subject, err) < 0 || leaf_exts(ca, leaf, &list, err) < 0)
        return -1;
    x509_put_name_cn(&issuer, ca->no_tee ? MESH_CA_MESH_NAME_NO_TEE : MESH_CA_MESH_NAME);
    ecc_public_to_spki(leaf->key, &key);
    const struct x509_template t = {.serial = span_of(leaf->serial, MESH_CA_SERIAL_SIZE),
                                    .issuer = writer_span(&issuer),
                                    .subject = writer_span(&subject),
                                    .not_before_s = leaf->now_s - MESH_CA_BACK_S,
                                    .not_after_s =
                                        leaf->now_s + (leaf->life_s != 0 ? leaf->life_s : MESH_CA_YEAR_S),
                                    .spki = writer_span(&key),
                                    .extensions = exts,
                                    .extension_count = list.count};
    if (x509_write(&t, &signer, w, err) < 0)
        return err_prefix(err, "leaf certificate");
    return 0;
}
