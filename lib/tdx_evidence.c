/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_evidence.h"

#include "protobuf.h"
#include "tdx_qe.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEADER_SIZE 48
#define BODY_SIZE 584
#define SIGNED_SIZE (HEADER_SIZE + BODY_SIZE)
#define CERT_TYPE_PCK_CHAIN 5
#define CERT_TYPE_QE_REPORT 6
#define CERT_HEAD_SIZE 6 /* u16 type, u32 length */
#define EXTENSION 65535  /* Contrast's trailer: fields that QuoteV4 does not have */

/* tdx.QuoteV4 */
enum { QUOTE_HEADER = 1, QUOTE_BODY, QUOTE_SIGNED_SIZE, QUOTE_SIGNED, QUOTE_EXTRA };
/* tdx.Ecdsa256BitQuoteV4AuthData */
enum { SIGNED_SIGNATURE = 1, SIGNED_KEY, SIGNED_CERT };
/* tdx.CertificationData, tdx.PCKCertificateChainData */
enum { CERT_TYPE = 1, CERT_SIZE, CERT_DATA };
/* tdx.QEReportCertificationData */
enum { QE_REPORT = 1, QE_SIGNATURE, QE_AUTH, QE_CHAIN };
/* tdx.QeAuthData */
enum { AUTH_SIZE = 1, AUTH_DATA };

/* How the fields of a message map to bytes at fixed places: numbers are little endian there. */
enum kind {
    NUMBER,
    BYTES,
    REGISTERS, /* repeated: TDX_REG_SIZE bytes each */
};
struct field {
    uint8_t number;
    enum kind kind;
    uint16_t offset;
    uint16_t size; /* bytes there, all of them */
};
struct layout {
    const char *name; /* for messages */
    const struct field *fields;
    size_t count;
};

static const struct field header_fields[] = {
    {1, NUMBER, 0,  2 }, /* version */
    {2, NUMBER, 2,  2 }, /* attestation_key_type */
    {3, NUMBER, 4,  4 }, /* tee_type */
    {4, BYTES,  10, 2 }, /* qe_svn */
    {5, BYTES,  8,  2 }, /* pce_svn */
    {6, BYTES,  12, 16}, /* qe_vendor_id */
    {7, BYTES,  28, 20}, /* user_data */
};
static const struct field body_fields[] = {
    {1,  BYTES,     0,   16 }, /* tee_tcb_svn */
    {2,  BYTES,     16,  48 }, /* mr_seam */
    {3,  BYTES,     64,  48 }, /* mr_signer_seam */
    {4,  BYTES,     112, 8  }, /* seam_attributes */
    {5,  BYTES,     120, 8  }, /* td_attributes */
    {6,  BYTES,     128, 8  }, /* xfam */
    {7,  BYTES,     136, 48 }, /* mr_td */
    {8,  BYTES,     184, 48 }, /* mr_config_id */
    {9,  BYTES,     232, 48 }, /* mr_owner */
    {10, BYTES,     280, 48 }, /* mr_owner_config */
    {11, REGISTERS, 328, 192}, /* rtmrs */
    {12, BYTES,     520, 64 }, /* report_data */
};
static const struct field report_fields[] = {
    {1,  BYTES,  0,   16}, /* cpu_svn */
    {2,  NUMBER, 16,  4 }, /* misc_select */
    {3,  BYTES,  20,  28}, /* reserved1 */
    {4,  BYTES,  48,  16}, /* attributes */
    {5,  BYTES,  64,  32}, /* mr_enclave */
    {6,  BYTES,  96,  32}, /* reserved2 */
    {7,  BYTES,  128, 32}, /* mr_signer */
    {8,  BYTES,  160, 96}, /* reserved3 */
    {9,  NUMBER, 256, 2 }, /* isv_prod_id */
    {10, NUMBER, 258, 2 }, /* isv_svn */
    {11, BYTES,  260, 60}, /* reserved4 */
    {12, BYTES,  320, 64}, /* report_data */
};
static const struct layout layout_header = {"header", header_fields, COUNT(header_fields)};
static const struct layout layout_body = {"body", body_fields, COUNT(body_fields)};
static const struct layout layout_report = {"QE report", report_fields, COUNT(report_fields)};

/* --- encode ---------------------------------------------------------------------------------------- */

static uint64_t number_from(struct span bytes)
{
    uint64_t v = 0;

    for (size_t i = bytes.len; i > 0; i--)
        v = v << 8 | bytes.data[i - 1];
    return v;
}

static void put_flat(const struct layout *layout, uint32_t number, struct span bytes, struct writer *w)
{
    size_t mark = w->len;

    for (size_t i = 0; i < layout->count; i++) {
        const struct field *f = &layout->fields[i];
        struct span part = span_sub(bytes, f->offset, f->size);

        if (f->kind == NUMBER)
            protobuf_put_number(w, f->number, number_from(part));
        else if (f->kind == BYTES)
            protobuf_put_bytes(w, f->number, part);
        else
            for (size_t at = 0; at < part.len; at += TDX_REG_SIZE)
                protobuf_put_bytes(w, f->number, span_sub(part, at, TDX_REG_SIZE));
    }
    protobuf_close(w, number, mark);
}

static void put_qe(const struct tdx_qe *qe, struct span chain, struct writer *w)
{
    size_t mark = w->len, inner;

    put_flat(&layout_report, QE_REPORT, qe->report, w);
    protobuf_put_bytes(w, QE_SIGNATURE, qe->report_signature);
    inner = w->len;
    protobuf_put_number(w, AUTH_SIZE, qe->auth.len);
    protobuf_put_bytes(w, AUTH_DATA, qe->auth);
    protobuf_close(w, QE_AUTH, inner);
    inner = w->len;
    protobuf_put_number(w, CERT_TYPE, CERT_TYPE_PCK_CHAIN);
    protobuf_put_number(w, CERT_SIZE, chain.len);
    protobuf_put_bytes(w, CERT_DATA, chain);
    protobuf_close(w, QE_CHAIN, inner);
    protobuf_close(w, CERT_DATA, mark);
}

static void put_signed(const struct tdx_qe *qe, struct span chain, struct writer *w)
{
    size_t mark = w->len, cert;

    protobuf_put_bytes(w, SIGNED_SIGNATURE, qe->signature);
    protobuf_put_bytes(w, SIGNED_KEY, qe->key);
    cert = w->len;
    protobuf_put_number(w, CERT_TYPE, CERT_TYPE_QE_REPORT);
    protobuf_put_number(w, CERT_SIZE,
                        qe->report.len + qe->report_signature.len + 2 + qe->auth.len + CERT_HEAD_SIZE +
                            chain.len);
    put_qe(qe, chain, w);
    protobuf_close(w, SIGNED_CERT, cert);
    protobuf_close(w, QUOTE_SIGNED, mark);
}

int tdx_evidence_encode(struct span quote, struct writer *w, struct err *err)
{
    struct writer out = *w;
    struct tdx_quote parsed;
    struct tdx_qe qe;
    size_t chain_at;

    if (tdx_quote_parse(quote, &parsed, err) < 0 || tdx_qe_parse(quote, parsed.signed_len, &qe, err) < 0)
        return -1;
    if (parsed.version != 4)
        return err_set(err, ERR_FORMAT, 0, "evidence: the message carries quotes of version 4, this has %u",
                       parsed.version);
    chain_at = (size_t) (qe.certs.data - quote.data); /* the NUL that may end it belongs to it */
    put_flat(&layout_header, QUOTE_HEADER, span_sub(quote, 0, HEADER_SIZE), &out);
    put_flat(&layout_body, QUOTE_BODY, span_sub(quote, HEADER_SIZE, BODY_SIZE), &out);
    protobuf_put_number(&out, QUOTE_SIGNED_SIZE, qe.quote_len - parsed.signed_len - 4);
    put_signed(&qe, span_sub(quote, chain_at, qe.quote_len - chain_at), &out);
    if (out.bad || out.len - w->len > TDX_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: does not fit into %zu bytes, at most %d",
                       w->cap - w->len, TDX_EVIDENCE_MAX);
    *w = out;
    return 0;
}

/* --- decode ---------------------------------------------------------------------------------------- */

/* What the message says: fixed parts as bytes, the others borrowed. */
struct parts {
    uint8_t head[SIGNED_SIZE]; /* header and body */
    uint8_t report[TDX_QE_REPORT_SIZE];
    struct span signature, key, report_signature, auth, chain;
    uint64_t signed_size, cert_type, cert_size, auth_size, chain_type, chain_size;
};

/* A row of a message that is no flat one: where the field goes. Exactly one of the three is set. */
struct slot {
    uint32_t number;
    uint64_t *value;    /* a number */
    struct span *bytes; /* bytes, and how many */
    size_t size;        /* 0: any */
    int (*message)(struct span message, struct parts *parts, struct err *err);
};

static int take_slot(const struct slot *slot, const struct protobuf_field *field, struct parts *parts,
                     struct err *err)
{
    if (slot->message)
        return slot->message(field->bytes, parts, err);
    if (slot->value) {
        *slot->value = field->value;
        return 0;
    }
    if (slot->size != 0 && field->bytes.len != slot->size)
        return err_set(err, ERR_FORMAT, 0, "field %u: expected %zu bytes, found %zu", field->number,
                       slot->size, field->bytes.len);
    *slot->bytes = field->bytes;
    return 0;
}

/* Each field is known and stands once, and those that are not numbers stand at all. */
static int read_slots(struct span message, const struct slot *slots, size_t count, struct parts *parts,
                      struct err *err)
{
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        const struct slot *slot = NULL;

        for (size_t i = 0; i < count && !slot; i++)
            slot = slots[i].number == field.number ? &slots[i] : NULL;
        if (!slot)
            return err_set(err, ERR_FORMAT, 0, "field %u is not known", field.number);
        if (protobuf_once(&seen, &field, slot->value ? PROTOBUF_VARINT : PROTOBUF_BYTES, err) < 0 ||
            take_slot(slot, &field, parts, err) < 0)
            return -1;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (!slots[i].value && !(seen >> slots[i].number & 1))
            return err_set(err, ERR_MISSING, 0, "field %u is missing", slots[i].number);
    }
    return rc;
}

static int take_flat(const struct field *f, const struct protobuf_field *field, size_t *registers,
                     uint8_t *out, struct err *err)
{
    size_t size = f->kind == REGISTERS ? TDX_REG_SIZE : f->size, at = f->offset;

    if (f->kind == NUMBER) {
        if (field->value >> 8 * f->size)
            return err_set(err, ERR_FORMAT, 0, "field %u: %llu does not fit into %u bytes", f->number,
                           (unsigned long long) field->value, f->size);
        for (size_t i = 0; i < f->size; i++)
            out[at + i] = (uint8_t) (field->value >> 8 * i);
        return 0;
    }
    if (field->bytes.len != size)
        return err_set(err, ERR_FORMAT, 0, "field %u: expected %zu bytes, found %zu", f->number, size,
                       field->bytes.len);
    if (f->kind == REGISTERS) {
        if (*registers >= f->size / TDX_REG_SIZE)
            return err_set(err, ERR_LIMIT, 0, "field %u stands more than %u times", f->number,
                           (unsigned) (f->size / TDX_REG_SIZE));
        at += TDX_REG_SIZE * (*registers)++;
    }
    memcpy(out + at, field->bytes.data, size);
    return 0;
}

static int check_flat(const struct layout *layout, uint64_t seen, size_t registers, struct err *err)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct field *f = &layout->fields[i];

        if (f->kind == BYTES && !(seen >> f->number & 1))
            return err_set(err, ERR_MISSING, 0, "field %u is missing", f->number);
        if (f->kind == REGISTERS && registers != f->size / TDX_REG_SIZE)
            return err_set(err, ERR_MISSING, 0, "field %u: expected %u values, found %zu", f->number,
                           (unsigned) (f->size / TDX_REG_SIZE), registers);
    }
    return 0;
}

static int walk_flat(struct span message, const struct layout *layout, uint8_t *out, struct err *err)
{
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    size_t registers = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        const struct field *f = NULL;

        for (size_t i = 0; i < layout->count && !f; i++)
            f = layout->fields[i].number == field.number ? &layout->fields[i] : NULL;
        if (!f)
            return err_set(err, ERR_FORMAT, 0, "field %u is not known", field.number);
        if (f->kind == REGISTERS)
            seen &= ~(UINT64_C(1) << f->number); /* may stand again */
        if (protobuf_once(&seen, &field, f->kind == NUMBER ? PROTOBUF_VARINT : PROTOBUF_BYTES, err) < 0 ||
            take_flat(f, &field, &registers, out, err) < 0)
            return -1;
    }
    return rc < 0 ? -1 : check_flat(layout, seen, registers, err);
}

static int read_flat(struct span message, const struct layout *layout, uint8_t *out, struct err *err)
{
    return walk_flat(message, layout, out, err) < 0 ? err_prefix(err, "%s", layout->name) : 0;
}

static int read_report(struct span message, struct parts *parts, struct err *err)
{
    return read_flat(message, &layout_report, parts->report, err);
}

static int read_auth(struct span message, struct parts *parts, struct err *err)
{
    const struct slot slots[] = {
        {.number = AUTH_SIZE, .value = &parts->auth_size},
        {.number = AUTH_DATA, .bytes = &parts->auth     },
    };

    return read_slots(message, slots, message.len > 0 ? 2 : 1, parts, err); /* nothing at all: no bytes */
}

static int read_chain(struct span message, struct parts *parts, struct err *err)
{
    const struct slot slots[] = {
        {.number = CERT_TYPE, .value = &parts->chain_type},
        {.number = CERT_SIZE, .value = &parts->chain_size},
        {.number = CERT_DATA, .bytes = &parts->chain     },
    };

    return read_slots(message, slots, COUNT(slots), parts, err);
}

static int read_qe(struct span message, struct parts *parts, struct err *err)
{
    const struct slot slots[] = {
        {.number = QE_REPORT,    .message = read_report           },
        {.number = QE_SIGNATURE, .bytes = &parts->report_signature, .size = ECDSA_RAW_SIZE},
        {.number = QE_AUTH,                      .message = read_auth                                      },
        {.number = QE_CHAIN,                      .message = read_chain},
    };

    return read_slots(message, slots, COUNT(slots), parts, err);
}

static int read_certification(struct span message, struct parts *parts, struct err *err)
{
    const struct slot slots[] = {
        {.number = CERT_TYPE, .value = &parts->cert_type},
        {.number = CERT_SIZE, .value = &parts->cert_size},
        {.number = CERT_DATA, .message = read_qe        },
    };

    return read_slots(message, slots, COUNT(slots), parts, err);
}

static int read_signed(struct span message, struct parts *parts, struct err *err)
{
    const struct slot slots[] = {
        {.number = SIGNED_SIGNATURE, .bytes = &parts->signature, .size = ECDSA_RAW_SIZE},
        {.number = SIGNED_KEY,                          .bytes = &parts->key,                                 .size = ECDSA_RAW_SIZE},
        {.number = SIGNED_CERT,    .message = read_certification},
    };

    return read_slots(message, slots, COUNT(slots), parts, err);
}

static int take_field(const struct protobuf_field *field, struct parts *parts, struct err *err)
{
    switch (field->number) {
    case QUOTE_HEADER:
        return read_flat(field->bytes, &layout_header, parts->head, err);
    case QUOTE_BODY:
        return read_flat(field->bytes, &layout_body, parts->head + HEADER_SIZE, err);
    case QUOTE_SIGNED_SIZE:
        parts->signed_size = field->value;
        return 0;
    case QUOTE_SIGNED:
        return read_signed(field->bytes, parts, err);
    case QUOTE_EXTRA: /* padding, or what older versions of Contrast add: neither is signed */
        return 0;
    default:
        return err_set(err, ERR_FORMAT, 0, "field %u is not known", field->number);
    }
}

static int read_message(struct span message, struct parts *parts, struct err *err)
{
    const uint64_t needed = 1U << QUOTE_HEADER | 1U << QUOTE_BODY | 1U << QUOTE_SIGNED;
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    int extensions = 0, rc;

    while ((rc = protobuf_next_wide(&r, &field, err)) == 1) {
        if (field.number == EXTENSION && field.wire == PROTOBUF_BYTES) {
            if (++extensions > TDX_EVIDENCE_EXTENSIONS_MAX)
                return err_set(err, ERR_LIMIT, 0, "more than %d extensions", TDX_EVIDENCE_EXTENSIONS_MAX);
            continue;
        }
        if (field.number > QUOTE_EXTRA)
            return err_set(err, ERR_FORMAT, 0, "field %u is not known", field.number);
        if (protobuf_once(&seen, &field, field.number == QUOTE_SIGNED_SIZE ? PROTOBUF_VARINT : PROTOBUF_BYTES,
                          err) < 0 ||
            take_field(&field, parts, err) < 0)
            return -1;
    }
    if (rc == 0 && (seen & needed) != needed)
        return err_set(err, ERR_MISSING, 0, "header, body or signed data is missing");
    return rc;
}

/* The sizes and kinds that the message repeats are those of the bytes. */
static int check_sizes(const struct parts *p, struct err *err)
{
    size_t inner = TDX_QE_REPORT_SIZE + ECDSA_RAW_SIZE + 2 + p->auth.len + CERT_HEAD_SIZE + p->chain.len;
    const struct {
        const char *what;
        uint64_t found, want;
    } rows[] = {
        {"kind of certification data",       p->cert_type,   CERT_TYPE_QE_REPORT                        },
        {"size of certification data",       p->cert_size,   inner                                      },
        {"size of auth data",                p->auth_size,   p->auth.len                                },
        {"kind of inner certification data", p->chain_type,  CERT_TYPE_PCK_CHAIN                        },
        {"size of inner certification data", p->chain_size,  p->chain.len                               },
        {"size of signed data",              p->signed_size, 2 * ECDSA_RAW_SIZE + CERT_HEAD_SIZE + inner},
    };

    if (p->auth.len > TDX_QE_AUTH_MAX || p->chain.len > TDX_QE_CERTS_MAX)
        return err_set(err, ERR_LIMIT, 0, "auth data of %zu bytes, chain of %zu: at most %d and %d",
                       p->auth.len, p->chain.len, TDX_QE_AUTH_MAX, TDX_QE_CERTS_MAX);
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].found != rows[i].want)
            return err_set(err, ERR_FORMAT, 0, "%s: expected %llu, found %llu", rows[i].what,
                           (unsigned long long) rows[i].want, (unsigned long long) rows[i].found);
    }
    return 0;
}

static int rebuild(const struct parts *p, struct tdx_evidence *evidence, struct err *err)
{
    struct writer w = writer_of(evidence->quote, sizeof evidence->quote);
    struct tdx_quote parsed;
    struct tdx_qe qe;

    writer_bytes(&w, span_of(p->head, sizeof p->head));
    writer_le32(&w, (uint32_t) p->signed_size);
    writer_bytes(&w, p->signature);
    writer_bytes(&w, p->key);
    writer_le16(&w, CERT_TYPE_QE_REPORT);
    writer_le32(&w, (uint32_t) p->cert_size);
    writer_bytes(&w, span_of(p->report, sizeof p->report));
    writer_bytes(&w, p->report_signature);
    writer_le16(&w, (uint16_t) p->auth.len);
    writer_bytes(&w, p->auth);
    writer_le16(&w, CERT_TYPE_PCK_CHAIN);
    writer_le32(&w, (uint32_t) p->chain.len);
    writer_bytes(&w, p->chain);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "a quote of more than %d bytes", TDX_EVIDENCE_QUOTE_MAX);
    evidence->len = w.len;
    if (tdx_quote_parse(writer_span(&w), &parsed, err) < 0)
        return -1;
    if (parsed.version != 4)
        return err_set(err, ERR_FORMAT, 0, "version: expected 4, found %u", parsed.version);
    return tdx_qe_parse(writer_span(&w), parsed.signed_len, &qe, err);
}

static int decode(struct span message, struct tdx_evidence *evidence, struct err *err)
{
    struct parts parts = {0};

    if (message.len > TDX_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu bytes, at most %d", message.len, TDX_EVIDENCE_MAX);
    if (read_message(message, &parts, err) < 0 || check_sizes(&parts, err) < 0)
        return -1;
    return rebuild(&parts, evidence, err);
}

int tdx_evidence_decode(struct span message, struct tdx_evidence *evidence, struct err *err)
{
    struct tdx_evidence got = {0};

    if (decode(message, &got, err) < 0)
        return err_prefix(err, "evidence");
    *evidence = got;
    return 0;
}
