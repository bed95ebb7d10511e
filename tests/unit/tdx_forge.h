/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_forge: a quoting enclave, a PCK and an Intel of our own: quotes and collateral with any content, signed
 * under a test root. For what no recorded machine shows. */
#ifndef NACRE_TDX_FORGE_H
#define NACRE_TDX_FORGE_H

#include "hash.h"
#include "hex.h"
#include "pem.h"
#include "tdx_test.h"
#include "x509_write.h"

#define FORGE_NOW CLOCK_2026_02
#define FORGE_SIGNER_QE "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5"

enum forge_key { FORGE_ROOT, FORGE_CA, FORGE_PCK, FORGE_TCB, FORGE_AK, FORGE_KEYS };
enum forge_body { FORGE_V4, FORGE_V5_1_0, FORGE_V5_1_5 };

/* What is asked for; forge_plain is a machine that is up to date. */
struct forge {
    enum forge_body body;
    const uint8_t *report_data, *mr_config_id; /* NULL: the plain ones */
    uint8_t mr_td, mr_seam, rtmr[4];           /* xor to the first byte */
    bool no_owner;                             /* MROWNER and MROWNERCONFIG are zero */
    uint8_t comps[16], tee_svn[16], tee_svn_2[16];
    unsigned pce_svn;
    uint64_t attributes, xfam, seam_attributes;
    uint8_t mr_signer_seam, mr_service_td; /* first byte */
    bool processor_ca;
    uint8_t memory, dynamic, smt; /* SGX type; BOOLEANs of the configuration: 0 left out, 1 false, 2 true */
    uint8_t qe_attributes, qe_misc, qe_prod_id, qe_svn, qe_mr_signer; /* the last: xor to its first byte */
    const char *platform, *module, *qe;                               /* statuses */
    const char *advisories;                                           /* JSON array, of platform and QE */
    const char *info_from, *info_to; /* change to the TCB info before signing */
    const char *id_from, *id_to;     /* to the QE identity */
    const char *ext_from, *ext_to;   /* to the SGX extension; hex, same length */
    unsigned drop_part, drop_tcb;    /* of the SGX extension; 0: none, drop_part 100: all of it */
    int64_t signer_until_s;          /* 0: the same as all */
    const char *pck_name;            /* NULL: the right one */
    unsigned root_lists, pck_lists;  /* serial number on the list; 0: none */
    enum forge_key root_crl_key, pck_crl_key, qe_key, info_key; /* who signs */
    enum forge_key auth_key;                                    /* who is in the QE's report data */
};

static const struct forge forge_plain = {
    .comps = {5,  5, 2, 2, 3, 1, 0, 3},
    .tee_svn = {5, 3, 5},
    .tee_svn_2 = {5,  3,   5  },
    .pce_svn = 11,
    .attributes = TDX_ATTR_SEPT_VE_DISABLE,
    .xfam = 0xe7,
    .memory = 1,
    .dynamic = 2,
    .smt = 2,
    .qe_attributes = 0x15,
    .qe_prod_id = 2,
    .qe_svn = 4,
    .platform = "UpToDate",
    .module = "UpToDate",
    .qe = "UpToDate",
    .advisories = "[]",
    .root_crl_key = FORGE_ROOT,
    .pck_crl_key = FORGE_CA,
    .qe_key = FORGE_PCK,
    .info_key = FORGE_TCB,
    .auth_key = FORGE_AK,
};

struct forged {
    struct ecc_pair keys[FORGE_KEYS];
    struct tdx_set set;
    uint8_t certs[FORGE_KEYS][2048];
    size_t cert_len[FORGE_KEYS];
    uint8_t quote[16384], root_crl[1024], pck_crl[1024], pck_pem[8192], tcb_pem[8192], info[16384], id[4096];
};

static inline void forge_open(struct forged *f)
{
    struct err err;

    memset(f, 0, sizeof *f);
    for (int i = 0; i < FORGE_KEYS; i++)
        assert_int_equal(ecc_generate(ECC_CURVE_P256, &f->keys[i], &err), 0);
}

static inline void forge_sign(const struct forged *f, enum forge_key key, struct span bytes, uint8_t out[64])
{
    uint8_t digest[SHA256_SIZE];
    struct ecc_sig sig;
    struct err err;

    assert_int_equal(hash_bytes(HASH_SHA256, bytes, digest, &err), 0);
    assert_int_equal(ecc_sign(&f->keys[key], span_of(digest, sizeof digest), &sig, &err), 0);
    memcpy(out, sig.r, 32);
    memcpy(out + 32, sig.s, 32);
}

/* --- certificates --- */

/* {OID arc.id, ...}: opens the pair behind its OID. */
static inline size_t forge_pair(struct writer *w, const uint8_t *id, size_t id_len)
{
    uint8_t oid[11] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    size_t mark = der_open(w, DER_SEQUENCE);

    memcpy(oid + 9, id, id_len);
    der_put(w, DER_OID, span_of(oid, 9 + id_len));
    return mark;
}

static inline void forge_octets(struct writer *w, uint8_t id, const void *bytes, size_t len)
{
    size_t mark = forge_pair(w, &id, 1);

    der_put(w, DER_OCTET_STRING, span_of(bytes, len));
    der_close(w, mark);
}

static inline void forge_tcb(const struct forge *how, struct writer *w)
{
    size_t outer = forge_pair(w, (const uint8_t[]){2}, 1), list = der_open(w, DER_SEQUENCE);

    for (uint8_t i = 1; i <= 18; i++) {
        if (i == how->drop_tcb)
            continue;
        size_t mark = forge_pair(w, (const uint8_t[]){2, i}, 2);

        if (i == 18)
            der_put(w, DER_OCTET_STRING, span_of(how->comps, 16));
        else
            der_put_u64(w, i == 17 ? how->pce_svn : how->comps[i - 1]);
        der_close(w, mark);
    }
    der_close(w, list);
    der_close(w, outer);
}

static inline void forge_configuration(const struct forge *how, struct writer *w)
{
    const uint8_t values[] = {how->dynamic, 1, how->smt};
    size_t list = der_open(w, DER_SEQUENCE);

    for (uint8_t i = 0; i < COUNT(values); i++) {
        if (values[i] == 0)
            continue;
        size_t mark = forge_pair(w, (const uint8_t[]){7, (uint8_t) (i + 1)}, 2);

        der_put(w, DER_BOOLEAN, span_of(values[i] == 2 ? "\xff" : "\0", 1));
        der_close(w, mark);
    }
    der_close(w, list);
}

static inline void forge_sgx_extension(const struct forge *how, struct writer *w)
{
    static const uint8_t ppid[16] = {0xbb}, piid[16] = {0xcc, 0xcd};
    size_t list = der_open(w, DER_SEQUENCE), mark;

    if (how->drop_part != 1)
        forge_octets(w, 1, ppid, sizeof ppid);
    forge_tcb(how, w);
    forge_octets(w, 3, "\0\0", 2);
    if (how->drop_part != 4)
        forge_octets(w, 4, "\x90\xc0\x6f\0\0\0", 6);
    mark = forge_pair(w, (const uint8_t[]){5}, 1);
    der_put(w, 0x0a, span_of(&how->memory, 1));
    der_close(w, mark);
    if (!how->processor_ca) {
        forge_octets(w, 6, piid, sizeof piid);
        mark = forge_pair(w, (const uint8_t[]){7}, 1);
        forge_configuration(how, w);
        der_close(w, mark);
    }
    der_close(w, list);
    if (how->ext_from) {
        uint8_t from[64], to[64];
        size_t len = strlen(how->ext_from) / 2, at = 0;
        struct err err;

        assert_int_equal(hex_decode(span_str(how->ext_from), from, len, &err), 0);
        assert_int_equal(hex_decode(span_str(how->ext_to), to, len, &err), 0);
        while (memcmp(w->buf + at, from, len) != 0)
            assert_true(++at + len <= w->len);
        memcpy(w->buf + at, to, len);
    }
}

static inline const char *forge_name(const struct forge *how, enum forge_key who)
{
    switch (who) {
    case FORGE_ROOT:
        return tdx_pck_test.root;
    case FORGE_CA:
        return how->processor_ca ? tdx_pck_test.ca_processor : tdx_pck_test.ca_platform;
    case FORGE_PCK:
        return how->pck_name ? how->pck_name : tdx_pck_test.pck;
    case FORGE_TCB:
        return tdx_pck_test.tcb_signer;
    case FORGE_AK:
    case FORGE_KEYS:
        break;
    }
    return "";
}

/* Serial number: 1 + who. */
static inline void forge_cert(struct forged *f, const struct forge *how, enum forge_key who,
                              enum forge_key by)
{
    static const uint8_t sgx_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    uint8_t names[512], values[1024], spki[ECC_SPKI_MAX], serial = (uint8_t) (1 + who);
    struct writer nw = writer_of(names, sizeof names), vw = writer_of(values, sizeof values);
    struct writer sw = writer_of(spki, sizeof spki), w = writer_of(f->certs[who], sizeof f->certs[who]);
    bool ca = who == FORGE_ROOT || who == FORGE_CA;
    struct x509_signer signer = x509_signer_ecc(&f->keys[by]);
    struct x509_ext exts[3];
    size_t subject, basic, usage;
    struct err err;

    x509_put_name_cn(&nw, forge_name(how, who));
    subject = nw.len;
    x509_put_name_cn(&nw, forge_name(how, by));
    ecc_public_to_spki(&f->keys[who].pub, &sw);
    x509_put_basic_constraints(&vw, ca, -1);
    basic = vw.len;
    x509_put_key_usage(&vw, ca ? X509_KU_CERT_SIGN | X509_KU_CRL_SIGN : X509_KU_DIGITAL_SIGNATURE);
    usage = vw.len;
    exts[0] = (struct x509_ext){x509_oid_basic_constraints(), true, span_of(values, basic)};
    exts[1] = (struct x509_ext){x509_oid_key_usage(), true, span_of(values + basic, usage - basic)};
    if (who == FORGE_PCK) {
        struct writer ew = writer_of(values + usage, sizeof values - usage);

        forge_sgx_extension(how, &ew);
        exts[2] = (struct x509_ext){span_of(sgx_oid, sizeof sgx_oid), false, writer_span(&ew)};
    }
    assert_int_equal(x509_write(
                         &(struct x509_template){
                             .serial = span_of(&serial, 1),
                             .issuer = span_of(names + subject, nw.len - subject),
                             .subject = span_of(names, subject),
                             .not_before_s = FORGE_NOW - 86400,
                             .not_after_s = who == FORGE_TCB && how->signer_until_s != 0 ? how->signer_until_s
                                                                                         : FORGE_NOW + 86400,
                             .spki = writer_span(&sw),
                             .extensions = exts,
                             .extension_count = who == FORGE_PCK && how->drop_part != 100 ? 3 : 2},
                         &signer, &w, &err),
                     0);
    f->cert_len[who] = w.len;
}

static inline struct span forge_der(const struct forged *f, enum forge_key who)
{
    return span_of(f->certs[who], f->cert_len[who]);
}

static inline struct span forge_crl(const struct forged *f, const struct forge *how, enum forge_key by,
                                    enum forge_key key, unsigned lists, uint8_t buf[1024])
{
    uint8_t tbs[512], der[ECC_SIG_MAX], digest[SHA256_SIZE];
    struct writer w = writer_of(tbs, sizeof tbs), out = writer_of(buf, 1024), sw = writer_of(der, sizeof der);
    size_t mark = der_open(&w, DER_SEQUENCE), list, entry;
    struct ecc_sig sig;
    struct err err;

    der_put_u64(&w, 1);
    writer_bytes(&w, x509_algorithm(X509_SIG_ECDSA_SHA256));
    x509_put_name_cn(&w, forge_name(how, by));
    der_put_time(&w, FORGE_NOW - 86400);
    der_put_time(&w, FORGE_NOW + 86400);
    if (lists != 0) {
        list = der_open(&w, DER_SEQUENCE);
        entry = der_open(&w, DER_SEQUENCE);
        der_put_u64(&w, lists);
        der_put_time(&w, FORGE_NOW - 86400);
        der_close(&w, entry);
        der_close(&w, list);
    }
    der_close(&w, mark);
    assert_int_equal(hash_bytes(HASH_SHA256, writer_span(&w), digest, &err), 0);
    assert_int_equal(ecc_sign(&f->keys[key], span_of(digest, sizeof digest), &sig, &err), 0);
    ecc_sig_to_der(ECC_CURVE_P256, &sig, &sw);
    mark = der_open(&out, DER_SEQUENCE);
    writer_bytes(&out, writer_span(&w));
    writer_bytes(&out, x509_algorithm(X509_SIG_ECDSA_SHA256));
    der_put_bits(&out, writer_span(&sw));
    der_close(&out, mark);
    assert_false(w.bad || out.bad);
    return writer_span(&out);
}

/* --- collateral --- */

static inline struct span forge_body_text(const struct forged *f, const struct forge *how, const char *key,
                                          const char *value, char *buf, size_t cap)
{
    uint8_t sig[64];
    char hex[129];
    struct err err;

    forge_sign(f, how->info_key, span_str(value), sig);
    assert_int_equal(hex_encode(span_of(sig, sizeof sig), hex, sizeof hex, &err), 0);
    assert_true((size_t) snprintf(buf, cap, "{\"%s\":%s,\"signature\":\"%s\"}", key, value, hex) < cap);
    return span_str(buf);
}

static inline char *forge_change(const char *text, const char *from, const char *to)
{
    return test_replace(text, from ? from : "", to ? to : "");
}

#define FORGE_ZEROS_48                                                                                       \
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"         \
    "00"
#define FORGE_DATES "\"issueDate\":\"2026-02-01T00:00:00Z\",\"nextUpdate\":\"2026-03-01T00:00:00Z\","
#define FORGE_MODULE                                                                                         \
    "\"mrsigner\":\"" FORGE_ZEROS_48                                                                         \
    "\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""

static inline void forge_info(struct forged *f, const struct forge *how)
{
    static char text[12288];
    char *changed;
    int len = snprintf(
        text, sizeof text,
        "{\"id\":\"TDX\",\"version\":3," FORGE_DATES
        "\"fmspc\":\"90C06F000000\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,"
        "\"tdxModule\":{" FORGE_MODULE "},\"tdxModuleIdentities\":[{\"id\":\"TDX_03\"," FORGE_MODULE
        ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":5},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\"},"
        "{\"tcb\":{\"isvsvn\":3},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"}]},"
        "{\"id\":\"TDX_01\"," FORGE_MODULE ","
        "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4},"
        "\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}],"
        "\"tcbLevels\":[",
        how->module);

    for (int i = 0; i < 2; i++) { /* the level asked for; a lower one, out of date */
        len += snprintf(text + len, sizeof text - (size_t) len, "%s{\"tcb\":{\"sgxtcbcomponents\":[",
                        i ? "," : "");
        for (int k = 0; k < 16; k++)
            len += snprintf(text + len, sizeof text - (size_t) len, "%s{\"svn\":%d}", k ? "," : "",
                            i == 0 ? forge_plain.comps[k] : forge_plain.comps[k] / 2);
        len += snprintf(text + len, sizeof text - (size_t) len, "],\"pcesvn\":%d,\"tdxtcbcomponents\":[",
                        11 - 6 * i);
        for (int k = 0; k < 16; k++)
            len += snprintf(text + len, sizeof text - (size_t) len, "%s{\"svn\":%d}", k ? "," : "",
                            i == 0 ? (k == 1 ? 0 : forge_plain.tee_svn[k]) : 0);
        len +=
            snprintf(text + len, sizeof text - (size_t) len,
                     "]},\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\",\"advisoryIDs\":%s}",
                     i == 0 ? how->platform : "OutOfDate", i == 0 ? how->advisories : "[\"INTEL-SA-00001\"]");
    }
    len += snprintf(text + len, sizeof text - (size_t) len, "]}");
    assert_true((size_t) len < sizeof text);
    changed = forge_change(text, how->info_from, how->info_to);
    f->set.collateral.tcb_info =
        forge_body_text(f, how, "tcbInfo", changed, (char *) f->info, sizeof f->info);
    free(changed);
}

static inline void forge_identity(struct forged *f, const struct forge *how)
{
    char text[2048], *changed;

    assert_true(
        (size_t) snprintf(text, sizeof text,
                          "{\"id\":\"TD_QE\",\"version\":2," FORGE_DATES
                          "\"tcbEvaluationDataNumber\":18,\"miscselect\":\"00000000\",\"miscselectMask\":"
                          "\"FFFFFFFF\",\"attributes\":\"11000000000000000000000000000000\","
                          "\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":"
                          "\"" FORGE_SIGNER_QE "\",\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4},"
                          "\"tcbDate\":\"2024-03-13T00:00:00Z\",\"tcbStatus\":\"%s\",\"advisoryIDs\":%s}]}",
                          how->qe, how->advisories) < sizeof text);
    changed = forge_change(text, how->id_from, how->id_to);
    f->set.collateral.qe_identity =
        forge_body_text(f, how, "enclaveIdentity", changed, (char *) f->id, sizeof f->id);
    free(changed);
}

/* --- quote --- */

static inline void forge_regs(struct writer *w, uint8_t first)
{
    uint8_t reg[TDX_REG_SIZE] = {first};

    writer_bytes(w, span_of(reg, sizeof reg));
}

static inline void forge_quote_body(const struct forge *how, struct writer *w)
{
    static const uint8_t vendor[] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                     0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

    writer_le16(w, how->body == FORGE_V4 ? 4 : 5);
    writer_le16(w, 2);
    writer_le32(w, 0x81);
    writer_le32(w, 0);
    writer_bytes(w, span_of(vendor, sizeof vendor));
    writer_zeros(w, 20);
    if (how->body != FORGE_V4) {
        writer_le16(w, how->body == FORGE_V5_1_5 ? 3 : 2);
        writer_le32(w, how->body == FORGE_V5_1_5 ? 648 : 584);
    }
    writer_bytes(w, span_of(how->tee_svn, 16));
    forge_regs(w, 1 ^ how->mr_seam);
    forge_regs(w, how->mr_signer_seam);
    writer_le64(w, how->seam_attributes);
    writer_le64(w, how->attributes);
    writer_le64(w, how->xfam);
    forge_regs(w, 2 ^ how->mr_td);
    if (how->mr_config_id)
        writer_bytes(w, span_of(how->mr_config_id, TDX_REG_SIZE));
    else
        forge_regs(w, 3);
    forge_regs(w, how->no_owner ? 0 : 4);
    forge_regs(w, how->no_owner ? 0 : 5);
    for (uint8_t i = 0; i < 4; i++)
        forge_regs(w, (6 + i) ^ how->rtmr[i]);
    for (uint8_t i = 0; i < TDX_REPORT_DATA_SIZE; i++)
        writer_u8(w, how->report_data ? how->report_data[i] : i);
    if (how->body == FORGE_V5_1_5) {
        writer_bytes(w, span_of(how->tee_svn_2, 16));
        forge_regs(w, how->mr_service_td);
    }
}

static inline void forge_qe_report(const struct forged *f, const struct forge *how, struct span auth,
                                   struct writer *w)
{
    const struct ecc_public *ak = &f->keys[how->auth_key].pub;
    uint8_t signer[32], digest[SHA256_SIZE], bound[128];
    struct writer b = writer_of(bound, sizeof bound);
    struct err err;

    assert_int_equal(hex_decode(span_str(FORGE_SIGNER_QE), signer, sizeof signer, &err), 0);
    signer[0] ^= how->qe_mr_signer;
    writer_zeros(w, 16);
    writer_u8(w, how->qe_misc);
    writer_zeros(w, 31);
    writer_u8(w, how->qe_attributes);
    writer_zeros(w, 15 + 64);
    writer_bytes(w, span_of(signer, sizeof signer));
    writer_zeros(w, 96);
    writer_le16(w, how->qe_prod_id);
    writer_le16(w, how->qe_svn);
    writer_zeros(w, 60);
    writer_bytes(&b, span_of(ak->x, 32));
    writer_bytes(&b, span_of(ak->y, 32));
    writer_bytes(&b, auth);
    assert_int_equal(hash_bytes(HASH_SHA256, writer_span(&b), digest, &err), 0);
    writer_bytes(w, span_of(digest, sizeof digest));
    writer_zeros(w, 32);
}

static inline void forge_quote(struct forged *f, const struct forge *how, struct span pem)
{
    static const uint8_t auth[32] = {1, 2, 3};
    struct writer w = writer_of(f->quote, sizeof f->quote);
    uint8_t sig[64];
    size_t body, report;

    forge_quote_body(how, &w);
    body = w.len;
    writer_le32(&w, (uint32_t) (128 + 6 + 384 + 64 + 2 + sizeof auth + 6 + pem.len));
    forge_sign(f, FORGE_AK, span_of(f->quote, body), sig);
    writer_bytes(&w, span_of(sig, sizeof sig));
    writer_bytes(&w, span_of(f->keys[FORGE_AK].pub.x, 32));
    writer_bytes(&w, span_of(f->keys[FORGE_AK].pub.y, 32));
    writer_le16(&w, 6);
    writer_le32(&w, (uint32_t) (384 + 64 + 2 + sizeof auth + 6 + pem.len));
    report = w.len;
    forge_qe_report(f, how, span_of(auth, sizeof auth), &w);
    assert_int_equal(w.len - report, 384);
    forge_sign(f, how->qe_key, span_of(f->quote + report, 384), sig);
    writer_bytes(&w, span_of(sig, sizeof sig));
    writer_le16(&w, sizeof auth);
    writer_bytes(&w, span_of(auth, sizeof auth));
    writer_le16(&w, 5);
    writer_le32(&w, (uint32_t) pem.len);
    writer_bytes(&w, pem);
    assert_false(w.bad);
    f->set.quote = writer_span(&w);
}

/* All of it; f->set then expects just what the quote says, under the test root. */
static inline void forge_make(struct forged *f, const struct forge *how)
{
    struct writer pck = writer_of(f->pck_pem, sizeof f->pck_pem),
                  tcb = writer_of(f->tcb_pem, sizeof f->tcb_pem);

    forge_cert(f, how, FORGE_ROOT, FORGE_ROOT);
    forge_cert(f, how, FORGE_CA, FORGE_ROOT);
    forge_cert(f, how, FORGE_PCK, FORGE_CA);
    forge_cert(f, how, FORGE_TCB, FORGE_ROOT);
    pem_put(&pck, PEM_LABEL_CERTIFICATE, forge_der(f, FORGE_PCK));
    pem_put(&pck, PEM_LABEL_CERTIFICATE, forge_der(f, FORGE_CA));
    pem_put(&pck, PEM_LABEL_CERTIFICATE, forge_der(f, FORGE_ROOT));
    pem_put(&tcb, PEM_LABEL_CERTIFICATE, forge_der(f, FORGE_TCB));
    pem_put(&tcb, PEM_LABEL_CERTIFICATE, forge_der(f, FORGE_ROOT));
    forge_quote(f, how, writer_span(&pck));
    forge_info(f, how);
    forge_identity(f, how);
    f->set.collateral.tcb_info_chain = f->set.collateral.qe_identity_chain = writer_span(&tcb);
    f->set.collateral.root_crl =
        forge_crl(f, how, FORGE_ROOT, how->root_crl_key, how->root_lists, f->root_crl);
    f->set.collateral.pck_crl = forge_crl(f, how, FORGE_CA, how->pck_crl_key, how->pck_lists, f->pck_crl);
    tdx_expect_self(&f->set, FORGE_NOW);
    f->set.expect.test_root = forge_der(f, FORGE_ROOT);
}

#endif
