/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_chain.h"

#include "hash.h"
#include "rng.h"
#include "rsa_sign.h"
#include "x509_write.h"

#include <stdio.h>

/* Fixed dates: a test root is never trusted for its age, and clocks in test VMs may be anywhere. */
#define NOT_BEFORE INT64_C(1704067200) /* 2024-01-01 */
#define NOT_AFTER INT64_C(2524607999)  /* 2049-12-31 */
#define NAME_MAX_BYTES 256
#define LEAF_EXTENSIONS 11

static const struct snp_tcb_parts tcb = {.boot_loader = 10, .tee = 0, .snp = 28, .microcode = 88};

static const uint8_t oid_organization[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};

static int sign_rsa(const void *key, struct span tbs, uint8_t *sig, size_t *len, struct err *err)
{
    const struct span *der = key;
    uint8_t digest[SHA384_SIZE];

    if (hash_bytes(HASH_SHA384, tbs, digest, err) < 0 ||
        rsa_sign(*der, span_of(digest, sizeof digest), sig, err) < 0)
        return -1;
    *len = RSA_SIZE;
    return 0;
}

static void put_name(struct writer *w, const char *role, enum snp_product product)
{
    char cn[64];
    const struct x509_attr attrs[] = {
        {span_of(oid_organization, sizeof oid_organization), DER_UTF8_STRING, "nacre test"},
        {span_of(oid_common_name,  sizeof oid_common_name),  DER_UTF8_STRING, cn          },
    };

    (void) snprintf(cn, sizeof cn, "nacre test %s%s%s", role, product == SNP_PRODUCT_UNKNOWN ? "" : "-",
                    product == SNP_PRODUCT_UNKNOWN ? "" : snp_product_name(product));
    x509_put_name(w, attrs, 2);
}

/* What differs between the three certificates. */
struct request {
    struct span signer_key; /* PKCS#1 */
    const char *issuer;
    const char *subject;
    enum snp_product issuer_product;
    enum snp_product subject_product;
    struct span spki;
    const struct x509_ext *extensions;
    size_t extension_count;
};

static int write_cert(const struct request *q, struct writer *w, struct err *err)
{
    uint8_t issuer_buf[NAME_MAX_BYTES], subject_buf[NAME_MAX_BYTES], serial[16];
    struct writer issuer = writer_of(issuer_buf, sizeof issuer_buf);
    struct writer subject = writer_of(subject_buf, sizeof subject_buf);
    const struct x509_signer signer = {X509_SIG_PSS_SHA384, sign_rsa, &q->signer_key};
    struct x509_template t = {
        .serial = span_of(serial, sizeof serial),
        .not_before_s = NOT_BEFORE,
        .not_after_s = NOT_AFTER,
        .spki = q->spki,
        .extensions = q->extensions,
        .extension_count = q->extension_count,
    };

    if (rng_bytes(serial, sizeof serial, err) < 0)
        return -1;
    put_name(&issuer, q->issuer, q->issuer_product);
    put_name(&subject, q->subject, q->subject_product);
    t.issuer = writer_span(&issuer);
    t.subject = writer_span(&subject);
    return x509_write(&t, &signer, w, err);
}

/* A CA certificate for subject_key under signer_key. */
static int write_ca(struct request *q, struct span subject_key, uint16_t usage, int path_len,
                    struct writer *w, struct err *err)
{
    uint8_t spki_buf[RSA_SPKI_MAX], basic_buf[16], usage_buf[16];
    struct writer spki = writer_of(spki_buf, sizeof spki_buf);
    struct writer basic = writer_of(basic_buf, sizeof basic_buf);
    struct writer key_usage = writer_of(usage_buf, sizeof usage_buf);
    int rc;

    if (rsa_sign_public(subject_key, &spki, err) < 0)
        return -1;
    x509_put_basic_constraints(&basic, true, path_len);
    x509_put_key_usage(&key_usage, usage);
    const struct x509_ext extensions[] = {
        {x509_oid_basic_constraints(), true, writer_span(&basic)    },
        {x509_oid_key_usage(),         true, writer_span(&key_usage)},
    };
    q->spki = writer_span(&spki);
    q->extensions = extensions;
    q->extension_count = 2;
    rc = write_cert(q, w, err);
    q->spki = span_of(NULL, 0); /* what this function borrowed to q ends with it */
    q->extensions = NULL;
    q->extension_count = 0;
    return rc;
}

int psp_chain_ark(struct span ark_key, enum snp_product product, struct writer *w, struct err *err)
{
    struct request q = {ark_key, "ARK", "ARK", product, product, {0}, NULL, 0};

    return write_ca(&q, ark_key, X509_KU_CERT_SIGN | X509_KU_CRL_SIGN, -1, w, err);
}

int psp_chain_ask(struct span ark_key, struct span ask_key, enum snp_product product, struct writer *w,
                  struct err *err)
{
    struct request q = {ark_key, "ARK", "SEV", product, product, {0}, NULL, 0};

    return write_ca(&q, ask_key, X509_KU_CERT_SIGN, 0, w, err);
}

/* AMD's extensions: OIDs into oids, values into w. */
struct leaf_ext {
    uint8_t oid[SNP_CERTS_ARC_SIZE + 2];
    struct x509_ext ext;
};

static void set_oid(struct leaf_ext *e, uint8_t kind, uint8_t spl)
{
    struct writer w = writer_of(e->oid, sizeof e->oid);
    const uint8_t arc[] = SNP_CERTS_ARC;

    writer_bytes(&w, span_of(arc, sizeof arc));
    writer_u8(&w, kind);
    if (spl != 0)
        writer_u8(&w, spl);
    e->ext.oid = writer_span(&w);
}

static void put_spl(struct writer *w, struct leaf_ext *e, uint8_t spl, uint8_t level)
{
    size_t start = w->len;

    set_oid(e, SNP_EXT_SPL, spl);
    der_put_u64(w, level);
    e->ext.value = span_of(w->buf + start, w->len - start);
}

static void put_leaf_extensions(struct writer *w, struct leaf_ext *e, enum snp_product product,
                                struct span chip_id)
{
    size_t start = w->len;

    set_oid(&e[0], SNP_EXT_STRUCT_VERSION, 0);
    der_put_u64(w, 0);
    e[0].ext.value = span_of(w->buf + start, w->len - start);
    start = w->len;
    set_oid(&e[1], SNP_EXT_PRODUCT_NAME, 0);
    der_put(w, DER_IA5_STRING, span_str(product == SNP_PRODUCT_MILAN ? "Milan-B0" : "Genoa"));
    e[1].ext.value = span_of(w->buf + start, w->len - start);
    put_spl(w, &e[2], SNP_SPL_BOOT_LOADER, tcb.boot_loader);
    put_spl(w, &e[3], SNP_SPL_TEE, tcb.tee);
    put_spl(w, &e[4], SNP_SPL_4, 0);
    put_spl(w, &e[5], SNP_SPL_4 + 1, 0);
    put_spl(w, &e[6], SNP_SPL_4 + 2, 0);
    put_spl(w, &e[7], SNP_SPL_7, 0);
    put_spl(w, &e[8], SNP_SPL_SNP, tcb.snp);
    put_spl(w, &e[9], SNP_SPL_MICROCODE, tcb.microcode);
    set_oid(&e[10], SNP_EXT_HWID, 0);
    e[10].ext.value = chip_id;
}

int psp_chain_vcek(struct span ask_key, const struct ecc_public *vcek, enum snp_product product,
                   const uint8_t chip_id[SNP_CHIP_ID_SIZE], struct writer *w, struct err *err)
{
    uint8_t spki_buf[ECC_SPKI_MAX], value_buf[128];
    struct writer spki = writer_of(spki_buf, sizeof spki_buf);
    struct writer values = writer_of(value_buf, sizeof value_buf);
    struct leaf_ext made[LEAF_EXTENSIONS] = {0};
    struct x509_ext extensions[LEAF_EXTENSIONS];
    struct request q = {ask_key, "SEV",      "SEV-VCEK",     product, SNP_PRODUCT_UNKNOWN,
                        {0},     extensions, LEAF_EXTENSIONS};

    ecc_public_to_spki(vcek, &spki);
    put_leaf_extensions(&values, made, product, span_of(chip_id, SNP_CHIP_ID_SIZE));
    if (values.bad || spki.bad)
        return err_set(err, ERR_LIMIT, 0, "VCEK: its extensions do not fit");
    for (size_t i = 0; i < LEAF_EXTENSIONS; i++)
        extensions[i] = made[i].ext;
    q.spki = writer_span(&spki);
    return write_cert(&q, w, err);
}
