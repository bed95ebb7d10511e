/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_pck.h"

#include "pem.h"

#include <string.h>

/* 1.2.840.113741.1.13.1, contents bytes; the parts of the extension have one or two bytes more */
static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

#define DER_ENUMERATED 0x0a
#define CONFIGURATION_DYNAMIC_PLATFORM 1
#define CONFIGURATION_CACHED_KEYS 2
#define CONFIGURATION_SMT_ENABLED 3
enum part {
    PART_PPID = 1,
    PART_TCB = 2,
    PART_PCEID = 3,
    PART_FMSPC = 4,
    PART_SGX_TYPE = 5,
    PART_PIID = 6,
    PART_CONFIGURATION = 7,
};
#define TCB_PCESVN 17 /* 1 to 16 are the components */
#define TCB_CPUSVN 18
#define TCB_ALL ((1U << (TCB_CPUSVN + 1)) - 2)
#define PARTS_NEEDED                                                                                         \
    (1U << PART_PPID | 1U << PART_TCB | 1U << PART_PCEID | 1U << PART_FMSPC | 1U << PART_SGX_TYPE)

const struct tdx_pck_names tdx_pck_intel = {
    .root = "Intel SGX Root CA",
    .ca_platform = "Intel SGX PCK Platform CA",
    .ca_processor = "Intel SGX PCK Processor CA",
    .pck = "Intel SGX PCK Certificate",
    .tcb_signer = "Intel SGX TCB Signing",
};
const struct tdx_pck_names tdx_pck_test = {
    .root = "nacre test SGX Root CA",
    .ca_platform = "nacre test SGX PCK Platform CA",
    .ca_processor = "nacre test SGX PCK Processor CA",
    .pck = "nacre test SGX PCK Certificate",
    .tcb_signer = "nacre test SGX TCB Signing",
};

int tdx_pck_chain_read(struct span text, size_t count, struct tdx_pck_chain *chain, struct err *err)
{
    struct writer w = writer_of(chain->der, sizeof chain->der);
    struct span der;
    struct err last;

    chain->count = 0;
    if (count > TDX_PCK_CHAIN_MAX)
        return err_set(err, ERR_LIMIT, 0, "chain of %zu certificates, at most %d", count, TDX_PCK_CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        if (pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, err) < 0 ||
            x509_parse(der, &chain->certs[i], err) < 0)
            return err_prefix(err, "certificate %zu of %zu", i + 1, count);
    }
    if (pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &last) == 0 || last.code != ERR_MISSING)
        return err_set(err, ERR_FORMAT, 0, "expected a chain of %zu certificates, found more", count);
    chain->count = count;
    return 0;
}

int tdx_pck_check_name(const struct x509 *cert, const char *want, struct err *err)
{
    if (!span_eq_str(cert->subject_cn, want))
        return err_set(err, ERR_DENIED, 0, "certificate: expected the common name \"%s\"", want);
    return 0;
}

int tdx_pck_chain_check(const struct tdx_pck_chain *chain, struct span root,
                        const struct tdx_pck_names *names, struct err *err)
{
    const struct x509 *certs = chain->certs;
    const size_t last = chain->count - 1;

    if (chain->count < 2)
        return err_set(err, ERR_MISSING, 0, "chain of %zu certificates", chain->count);
    if (!span_eq(certs[last].der, root))
        return err_set(err, ERR_DENIED, 0, "the chain's last certificate is not the expected root");
    if (tdx_pck_check_name(&certs[last], names->root, err) < 0)
        return -1;
    /* the root is pinned by its bytes: its own signature would add nothing */
    for (size_t i = 0; i < last; i++) {
        if (certs[i].sig != X509_SIG_ECDSA_SHA256)
            return err_set(err, ERR_DENIED, 0, "certificate: expected ECDSA with SHA-256");
        if (x509_check_issued(&certs[i], &certs[i + 1], (int) i, err) < 0)
            return err_prefix(err, "certificate %zu of %zu", i + 1, chain->count);
    }
    return 0;
}

int tdx_pck_chain_check_time(const struct tdx_pck_chain *chain, int64_t now_s, struct err *err)
{
    for (size_t i = 0; i < chain->count; i++) {
        if (x509_check_time(&chain->certs[i], now_s, err) < 0)
            return err_prefix(err, "certificate %zu of %zu", i + 1, chain->count);
    }
    return 0;
}

/* What has been seen while the extension is walked. */
struct walk {
    struct tdx_pck pck;
    unsigned parts; /* bit n: part n */
    unsigned tcb;   /* bit n: part 2.n */
};

static int read_octets(struct reader *r, const char *what, uint8_t *out, size_t len, struct err *err)
{
    struct der d;

    if (der_get(r, DER_OCTET_STRING, what, &d, err) < 0)
        return -1;
    if (d.body.len != len)
        return err_set(err, ERR_FORMAT, 0, "%s: expected %zu bytes, found %zu", what, len, d.body.len);
    memcpy(out, d.body.data, len);
    return 0;
}

static int read_svn(struct reader *r, const char *what, uint64_t max, uint16_t *svn, struct err *err)
{
    uint64_t value = 0;

    if (der_get_u64(r, what, &value, err) < 0)
        return -1;
    if (value > max)
        return err_set(err, ERR_FORMAT, 0, "%s: expected 0 to %llu, found %llu", what,
                       (unsigned long long) max, (unsigned long long) value);
    *svn = (uint16_t) value;
    return 0;
}

/* SEQUENCE {OID arc + below + one byte, value}: that byte, and a reader at the value. */
static int next_pair(struct reader *list, struct span below, uint8_t *id, struct reader *value,
                     struct err *err)
{
    struct der pair, oid;

    if (der_get(list, DER_SEQUENCE, "SGX extension", &pair, err) < 0)
        return -1;
    *value = reader_of(pair.body);
    if (der_get(value, DER_OID, "SGX extension", &oid, err) < 0)
        return -1;
    if (oid.body.len != sizeof arc + below.len + 1 || memcmp(oid.body.data, arc, sizeof arc) != 0 ||
        !span_eq(span_sub(oid.body, sizeof arc, below.len), below))
        return err_set(err, ERR_FORMAT, 0, "SGX extension: an OID is not of Intel's arc");
    *id = oid.body.data[oid.body.len - 1];
    return 0;
}

static int read_tcb_part(uint8_t id, struct reader *value, struct walk *w, struct err *err)
{
    uint16_t svn = 0;

    if (id < 1 || id > TCB_CPUSVN || w->tcb & 1U << id)
        return err_set(err, ERR_FORMAT, 0, "SGX extension: TCB part %u is not known or stands twice", id);
    w->tcb |= 1U << id;
    if (id == TCB_CPUSVN)
        return read_octets(value, "CPUSVN", w->pck.cpu_svn, sizeof w->pck.cpu_svn, err);
    if (id == TCB_PCESVN)
        return read_svn(value, "PCESVN", UINT16_MAX, &w->pck.pce_svn, err);
    if (read_svn(value, "SGX TCB component", UINT8_MAX, &svn, err) < 0)
        return -1;
    w->pck.comps[id - 1] = (uint8_t) svn;
    return 0;
}

static int read_tcb(struct reader *value, struct walk *w, struct err *err)
{
    const uint8_t below = PART_TCB;
    struct der list;
    struct reader r;

    if (der_get(value, DER_SEQUENCE, "SGX extension: TCB", &list, err) < 0)
        return -1;
    r = reader_of(list.body);
    while (reader_left(&r) > 0) {
        struct reader part;
        uint8_t id;

        if (next_pair(&r, span_of(&below, 1), &id, &part, err) < 0 || read_tcb_part(id, &part, w, err) < 0 ||
            der_end(&part, "SGX extension: TCB", err) < 0)
            return -1;
    }
    if (w->tcb != TCB_ALL)
        return err_set(err, ERR_MISSING, 0, "SGX extension: a part of the TCB is missing");
    return 0;
}

static int read_memory(struct reader *value, struct walk *w, struct err *err)
{
    struct der kind;

    if (der_get(value, DER_ENUMERATED, "SGX type", &kind, err) < 0)
        return -1;
    if (kind.body.len != 1 || kind.body.data[0] > TDX_PCK_SCALABLE_WITH_INTEGRITY)
        return err_set(err, ERR_FORMAT, 0, "SGX type: expected 0 to %d in one byte",
                       TDX_PCK_SCALABLE_WITH_INTEGRITY);
    w->pck.memory = (enum tdx_pck_memory) kind.body.data[0];
    return 0;
}

static enum tdx_pck_flag *configuration_flag(struct tdx_pck *pck, uint8_t id)
{
    switch (id) {
    case CONFIGURATION_DYNAMIC_PLATFORM:
        return &pck->dynamic_platform;
    case CONFIGURATION_CACHED_KEYS:
        return &pck->cached_keys;
    case CONFIGURATION_SMT_ENABLED:
        return &pck->smt_enabled;
    default:
        return NULL;
    }
}

static int read_configuration(struct reader *value, struct walk *w, struct err *err)
{
    const uint8_t below = PART_CONFIGURATION;
    struct der list;
    struct reader r;

    if (der_get(value, DER_SEQUENCE, "SGX extension: configuration", &list, err) < 0)
        return -1;
    r = reader_of(list.body);
    while (reader_left(&r) > 0) {
        struct reader part;
        uint8_t id;
        bool yes = false;

        if (next_pair(&r, span_of(&below, 1), &id, &part, err) < 0 ||
            der_get_bool(&part, "SGX extension: configuration", &yes, err) < 0 ||
            der_end(&part, "SGX extension: configuration", err) < 0)
            return -1;
        enum tdx_pck_flag *flag = configuration_flag(&w->pck, id);
        if (!flag || *flag != TDX_PCK_UNTOLD)
            return err_set(err, ERR_FORMAT, 0,
                           "SGX extension: configuration part %u is not known or stands twice", id);
        *flag = yes ? TDX_PCK_YES : TDX_PCK_NO;
    }
    return 0;
}

static int read_part(uint8_t id, struct reader *value, struct walk *w, struct err *err)
{
    if (id < PART_PPID || id > PART_CONFIGURATION || w->parts & 1U << id)
        return err_set(err, ERR_FORMAT, 0, "SGX extension: part %u is not known or stands twice", id);
    w->parts |= 1U << id;
    switch ((enum part) id) {
    case PART_PPID:
        return read_octets(value, "PPID", w->pck.ppid, sizeof w->pck.ppid, err);
    case PART_TCB:
        return read_tcb(value, w, err);
    case PART_PCEID:
        return read_octets(value, "PCEID", w->pck.pce_id, sizeof w->pck.pce_id, err);
    case PART_FMSPC:
        return read_octets(value, "FMSPC", w->pck.fmspc, sizeof w->pck.fmspc, err);
    case PART_SGX_TYPE:
        return read_memory(value, w, err);
    case PART_PIID:
        w->pck.has_piid = true;
        return read_octets(value, "platform instance id", w->pck.piid, sizeof w->pck.piid, err);
    case PART_CONFIGURATION:
        return read_configuration(value, w, err);
    }
    return err_set(err, ERR_FORMAT, 0, "SGX extension: part %u is not known", id);
}

int tdx_pck_read(const struct x509 *cert, struct tdx_pck *pck, struct err *err)
{
    struct x509_ext ext;
    struct walk w = {0};
    struct der list;
    struct reader r;

    if (x509_find_ext(cert, span_of(arc, sizeof arc), &ext, err) < 0)
        return err_prefix(err, "SGX extension");
    r = reader_of(ext.value);
    if (der_get(&r, DER_SEQUENCE, "SGX extension", &list, err) < 0 || der_end(&r, "SGX extension", err) < 0)
        return -1;
    r = reader_of(list.body);
    while (reader_left(&r) > 0) {
        struct reader value;
        uint8_t id;

        if (next_pair(&r, span_of(NULL, 0), &id, &value, err) < 0 || read_part(id, &value, &w, err) < 0 ||
            der_end(&value, "SGX extension", err) < 0)
            return -1;
    }
    if ((w.parts & PARTS_NEEDED) != PARTS_NEEDED)
        return err_set(err, ERR_MISSING, 0, "SGX extension: a part is missing");
    *pck = w.pck;
    return 0;
}
