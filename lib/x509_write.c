/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "x509_write.h"

#include "hash.h"

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_subject_key_id[] = {0x55, 0x1d, 0x0e};
static const uint8_t oid_key_usage[] = {0x55, 0x1d, 0x0f};
static const uint8_t oid_subject_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_authority_key_id[] = {0x55, 0x1d, 0x23};
static const uint8_t oid_ext_key_usage[] = {0x55, 0x1d, 0x25};
/* id-kp-serverAuth, id-kp-clientAuth */
static const uint8_t oid_server_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};
static const uint8_t oid_client_auth[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02};

struct span x509_oid_basic_constraints(void)
{
    return span_of(oid_basic_constraints, sizeof oid_basic_constraints);
}

struct span x509_oid_key_usage(void)
{
    return span_of(oid_key_usage, sizeof oid_key_usage);
}

struct span x509_oid_ext_key_usage(void)
{
    return span_of(oid_ext_key_usage, sizeof oid_ext_key_usage);
}

struct span x509_oid_subject_alt_name(void)
{
    return span_of(oid_subject_alt_name, sizeof oid_subject_alt_name);
}

struct span x509_oid_subject_key_id(void)
{
    return span_of(oid_subject_key_id, sizeof oid_subject_key_id);
}

struct span x509_oid_authority_key_id(void)
{
    return span_of(oid_authority_key_id, sizeof oid_authority_key_id);
}

void x509_put_name(struct writer *w, const struct x509_attr *attrs, size_t count)
{
    size_t outer = der_open(w, DER_SEQUENCE);

    for (size_t i = 0; i < count; i++) {
        size_t set = der_open(w, DER_SET);
        size_t pair = der_open(w, DER_SEQUENCE);

        der_put(w, DER_OID, attrs[i].oid);
        der_put(w, attrs[i].tag, span_str(attrs[i].text));
        der_close(w, pair);
        der_close(w, set);
    }
    der_close(w, outer);
}

void x509_put_name_cn(struct writer *w, const char *cn)
{
    const struct x509_attr attr = {span_of(oid_common_name, sizeof oid_common_name), DER_UTF8_STRING, cn};

    x509_put_name(w, &attr, 1);
}

void x509_put_basic_constraints(struct writer *w, bool is_ca, int path_len)
{
    size_t mark = der_open(w, DER_SEQUENCE);

    if (is_ca)
        der_put_bool(w, true);
    if (is_ca && path_len >= 0)
        der_put_u64(w, (uint64_t) path_len);
    der_close(w, mark);
}

/* A named bit list: trailing zero bits are left out (X.690 11.2.2). */
void x509_put_key_usage(struct writer *w, uint16_t bits)
{
    uint8_t body[3] = {0};
    unsigned last = 0;

    for (unsigned i = 0; i < 16; i++) {
        if (bits >> i & 1) {
            body[1 + i / 8] |= (uint8_t) (0x80 >> i % 8);
            last = i;
        }
    }
    if (bits == 0)
        w->bad = true; /* RFC 5280: at least one bit */
    body[0] = (uint8_t) (7 - last % 8);
    der_put(w, DER_BIT_STRING, span_of(body, 2 + last / 8));
}

void x509_put_eku_tls(struct writer *w)
{
    size_t mark = der_open(w, DER_SEQUENCE);

    der_put(w, DER_OID, span_of(oid_client_auth, sizeof oid_client_auth));
    der_put(w, DER_OID, span_of(oid_server_auth, sizeof oid_server_auth));
    der_close(w, mark);
}

void x509_put_subject_key_id(struct writer *w, struct span id)
{
    der_put(w, DER_OCTET_STRING, id);
}

void x509_put_authority_key_id(struct writer *w, struct span id)
{
    size_t mark = der_open(w, DER_SEQUENCE);

    der_put(w, DER_CONTEXT(0), id);
    der_close(w, mark);
}

size_t x509_san_open(struct writer *w)
{
    return der_open(w, DER_SEQUENCE);
}

void x509_san_put(struct writer *w, enum x509_san kind, struct span bytes)
{
    der_put(w, (uint8_t) DER_CONTEXT((unsigned) kind), bytes);
}

void x509_san_close(struct writer *w, size_t mark)
{
    der_close(w, mark);
}

static int sign_ecc(const void *key, struct span tbs, uint8_t *sig, size_t *len, struct err *err)
{
    const struct ecc_pair *pair = key;
    enum hash_alg alg = pair->pub.curve == ECC_CURVE_P256 ? HASH_SHA256 : HASH_SHA384;
    struct writer w = writer_of(sig, X509_SIG_VALUE_MAX);
    uint8_t digest[HASH_MAX];
    struct ecc_sig rs;

    if (hash_bytes(alg, tbs, digest, err) < 0 ||
        ecc_sign(pair, span_of(digest, hash_size(alg)), &rs, err) < 0)
        return -1;
    ecc_sig_to_der(pair->pub.curve, &rs, &w);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "signature does not fit");
    *len = w.len;
    return 0;
}

struct x509_signer x509_signer_ecc(const struct ecc_pair *key)
{
    return (struct x509_signer){
        .alg = key->pub.curve == ECC_CURVE_P256 ? X509_SIG_ECDSA_SHA256 : X509_SIG_ECDSA_SHA384,
        .sign = sign_ecc,
        .key = key,
    };
}

static void put_extensions(const struct x509_template *t, struct writer *w)
{
    size_t context, list;

    if (t->extension_count == 0)
        return;
    context = der_open(w, DER_CONTEXT_CONSTRUCTED(3));
    list = der_open(w, DER_SEQUENCE);
    for (size_t i = 0; i < t->extension_count; i++) {
        size_t one = der_open(w, DER_SEQUENCE);

        der_put(w, DER_OID, t->extensions[i].oid);
        if (t->extensions[i].critical)
            der_put_bool(w, true);
        der_put(w, DER_OCTET_STRING, t->extensions[i].value);
        der_close(w, one);
    }
    der_close(w, list);
    der_close(w, context);
}

static void put_tbs(const struct x509_template *t, enum x509_sig alg, struct writer *w)
{
    size_t outer = der_open(w, DER_SEQUENCE);
    size_t part = der_open(w, DER_CONTEXT_CONSTRUCTED(0));

    der_put_u64(w, 2); /* v3 */
    der_close(w, part);
    der_put_uint(w, t->serial);
    writer_bytes(w, x509_algorithm(alg));
    writer_bytes(w, t->issuer);
    part = der_open(w, DER_SEQUENCE);
    der_put_time(w, t->not_before_s);
    der_put_time(w, t->not_after_s);
    der_close(w, part);
    writer_bytes(w, t->subject);
    writer_bytes(w, t->spki);
    put_extensions(t, w);
    der_close(w, outer);
}

int x509_write(const struct x509_template *t, const struct x509_signer *signer, struct writer *w,
               struct err *err)
{
    struct writer out = *w;
    uint8_t sig[X509_SIG_VALUE_MAX];
    size_t sig_len = 0, outer, tbs_start;

    if (t->serial.len == 0 || t->serial.len > X509_SERIAL_MAX || t->extension_count > X509_EXTENSIONS_MAX)
        return err_set(err, ERR_LIMIT, 0,
                       "certificate: serial of %zu bytes (1 to %d), %zu extensions (at most %d)",
                       t->serial.len, X509_SERIAL_MAX, t->extension_count, X509_EXTENSIONS_MAX);
    outer = der_open(&out, DER_SEQUENCE);
    tbs_start = out.len;
    put_tbs(t, signer->alg, &out);
    if (out.bad)
        return err_set(err, ERR_LIMIT, 0, "certificate: does not fit into %zu bytes", w->cap - w->len);
    if (signer->sign(signer->key, span_of(out.buf + tbs_start, out.len - tbs_start), sig, &sig_len, err) < 0)
        return -1;
    writer_bytes(&out, x509_algorithm(signer->alg));
    der_put_bits(&out, span_of(sig, sig_len));
    der_close(&out, outer);
    if (out.bad)
        return err_set(err, ERR_LIMIT, 0, "certificate: does not fit into %zu bytes", w->cap - w->len);
    *w = out;
    return 0;
}
