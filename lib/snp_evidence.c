/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_evidence.h"

#include "protobuf.h"

#include <string.h>

/* sevsnp.Attestation */
enum {
    FIELD_REPORT = 1,
    FIELD_CHAIN = 2,
    FIELD_PRODUCT = 3,
};
/* sevsnp.CertificateChain */
enum {
    CHAIN_VCEK = 1,
    CHAIN_ASK = 2,
    CHAIN_ARK = 3,
    CHAIN_FIRMWARE = 4,
    CHAIN_VLEK = 6,
    CHAIN_EXTRAS = 7,
};
enum {
    EXTRA_KEY = 1, /* an entry of the map */
    EXTRA_VALUE = 2,
};
/* sevsnp.SevProduct */
enum {
    PRODUCT_NAME = 1,
    PRODUCT_STEPPING = 2,
    PRODUCT_MACHINE_STEPPING = 3,
};

#define REPORT_MESSAGE_MAX 2048 /* bytes; the fields below need 1,300 at most */
#define CHAIN_MESSAGE_MAX (4 * (SNP_EVIDENCE_CERT_MAX + 8) + SNP_EVIDENCE_CRL_MAX + 64)
#define CRL_KEY "00569ee4-e480-4fba-bbf4-45b629901180" /* Contrast's, for the map "extras" */
#define STEPPING_MAX 15

/* How the fields of sevsnp.Report map to the bytes of a report: numbers are little endian there. */
enum kind {
    NUMBER,
    BYTES,
    CPUID, /* family, model, stepping as CPUID leaf 1 EAX */
};
static const struct report_field {
    uint8_t number;
    enum kind kind;
    uint16_t offset; /* in the report */
    uint16_t size;   /* bytes there */
} report_fields[] = {
    {1,  NUMBER, 0x000, 4  }, /* version */
    {2,  NUMBER, 0x004, 4  }, /* guest_svn */
    {3,  NUMBER, 0x008, 8  }, /* policy */
    {4,  BYTES,  0x010, 16 }, /* family_id */
    {5,  BYTES,  0x020, 16 }, /* image_id */
    {6,  NUMBER, 0x030, 4  }, /* vmpl */
    {7,  NUMBER, 0x034, 4  }, /* signature_algo */
    {8,  NUMBER, 0x038, 8  }, /* current_tcb */
    {9,  NUMBER, 0x040, 8  }, /* platform_info */
    {10, NUMBER, 0x048, 4  }, /* signer_info */
    {11, BYTES,  0x050, 64 }, /* report_data */
    {12, BYTES,  0x090, 48 }, /* measurement */
    {13, BYTES,  0x0c0, 32 }, /* host_data */
    {14, BYTES,  0x0e0, 48 }, /* id_key_digest */
    {15, BYTES,  0x110, 48 }, /* author_key_digest */
    {16, BYTES,  0x140, 32 }, /* report_id */
    {17, BYTES,  0x160, 32 }, /* report_id_ma */
    {18, NUMBER, 0x180, 8  }, /* reported_tcb */
    {19, BYTES,  0x1a0, 64 }, /* chip_id */
    {20, NUMBER, 0x1e0, 8  }, /* committed_tcb */
    {21, NUMBER, 0x1e8, 1  }, /* current_build */
    {22, NUMBER, 0x1e9, 1  }, /* current_minor */
    {23, NUMBER, 0x1ea, 1  }, /* current_major */
    {24, NUMBER, 0x1ec, 1  }, /* committed_build */
    {25, NUMBER, 0x1ed, 1  }, /* committed_minor */
    {26, NUMBER, 0x1ee, 1  }, /* committed_major */
    {27, NUMBER, 0x1f0, 8  }, /* launch_tcb */
    {28, BYTES,  0x2a0, 512}, /* signature */
    {29, CPUID,  0x188, 3  }, /* cpuid1eax_fms */
    {30, NUMBER, 0x1f8, 8  }, /* launch_mit_vector */
    {31, NUMBER, 0x200, 8  }, /* current_mit_vector */
};
#define REPORT_FIELDS (sizeof report_fields / sizeof report_fields[0])

static uint64_t number_from(struct span bytes)
{
    uint64_t v = 0;

    for (size_t i = bytes.len; i > 0; i--)
        v = v << 8 | bytes.data[i - 1];
    return v;
}

static uint32_t cpuid_from(struct span fms)
{
    uint32_t family = fms.data[0], model = fms.data[1], stepping = fms.data[2];
    uint32_t base = family < 0xf ? family : 0xf;

    return (family - base) << 20 | (model >> 4) << 16 | base << 8 | (model & 0xf) << 4 | stepping;
}

/* Family, model, stepping from an EAX that has no other bits. */
static int cpuid_to(uint64_t eax, uint8_t fms[3], struct err *err)
{
    uint64_t base = eax >> 8 & 0xf, extended = eax >> 20 & 0xff;

    if ((eax & ~UINT64_C(0x0fff0fff)) || (base != 0xf && extended != 0) || base + extended > 0xff)
        return err_set(err, ERR_FORMAT, 0, "evidence: cpuid1eax_fms 0x%llx is not family, model, stepping",
                       (unsigned long long) eax);
    fms[0] = (uint8_t) (base + extended);
    fms[1] = (uint8_t) ((eax >> 16 & 0xf) << 4 | (eax >> 4 & 0xf));
    fms[2] = (uint8_t) (eax & 0xf);
    return 0;
}

static void put_report(struct span report, struct writer *w)
{
    for (size_t i = 0; i < REPORT_FIELDS; i++) {
        const struct report_field *f = &report_fields[i];
        struct span bytes = span_sub(report, f->offset, f->size);

        if (f->kind == BYTES)
            protobuf_put_bytes(w, f->number, bytes);
        else if (f->kind == NUMBER)
            protobuf_put_number(w, f->number, number_from(bytes));
        else
            protobuf_put_number(w, f->number, cpuid_from(bytes));
    }
}

static void put_chain(const struct snp_chain *chain, struct writer *w)
{
    protobuf_put_bytes(w, CHAIN_VCEK, chain->vcek);
    protobuf_put_bytes(w, CHAIN_ASK, chain->ask);
    protobuf_put_bytes(w, CHAIN_ARK, chain->ark);
    protobuf_put_bytes(w, CHAIN_VLEK, chain->vlek);
    if (chain->crl.len == 0)
        return;
    size_t mark = w->len;
    protobuf_put_bytes(w, EXTRA_KEY, span_str(CRL_KEY));
    protobuf_put_bytes(w, EXTRA_VALUE, chain->crl);
    protobuf_close(w, CHAIN_EXTRAS, mark);
}

static int check_chain_sizes(const struct snp_chain *chain, struct err *err)
{
    if (chain->vcek.len > SNP_EVIDENCE_CERT_MAX || chain->vlek.len > SNP_EVIDENCE_CERT_MAX ||
        chain->ask.len > SNP_EVIDENCE_CERT_MAX || chain->ark.len > SNP_EVIDENCE_CERT_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: a certificate has more than %d bytes",
                       SNP_EVIDENCE_CERT_MAX);
    if (chain->crl.len > SNP_EVIDENCE_CRL_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: the revocation list has more than %d bytes",
                       SNP_EVIDENCE_CRL_MAX);
    return 0;
}

int snp_evidence_encode(struct span report, const struct snp_chain *chain, enum snp_product product,
                        struct writer *w, struct err *err)
{
    uint8_t report_buf[REPORT_MESSAGE_MAX], chain_buf[CHAIN_MESSAGE_MAX], product_buf[16];
    struct writer in_report = writer_of(report_buf, sizeof report_buf);
    struct writer in_chain = writer_of(chain_buf, sizeof chain_buf);
    struct writer in_product = writer_of(product_buf, sizeof product_buf);
    struct writer out = *w;
    struct snp_report parsed;

    if (snp_report_parse(report, &parsed, err) < 0 || check_chain_sizes(chain, err) < 0)
        return -1;
    if (parsed.cpu_stepping > STEPPING_MAX)
        return err_set(err, ERR_FORMAT, 0, "evidence: CPU stepping %u, at most %d", parsed.cpu_stepping,
                       STEPPING_MAX);
    put_report(report, &in_report);
    put_chain(chain, &in_chain);
    protobuf_put_message(&out, FIELD_REPORT, writer_span(&in_report));
    if (in_chain.len > 0)
        protobuf_put_message(&out, FIELD_CHAIN, writer_span(&in_chain));
    if (product != SNP_PRODUCT_UNKNOWN) {
        protobuf_put_number(&in_product, PRODUCT_NAME, (uint64_t) product);
        protobuf_put_message(&in_product, PRODUCT_MACHINE_STEPPING,
                             span_of(NULL, 0)); /* stepping 0, as Contrast's */
        protobuf_put_message(&out, FIELD_PRODUCT, writer_span(&in_product));
    }
    if (in_report.bad || in_chain.bad || in_product.bad || out.bad || out.len - w->len > SNP_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: does not fit into %zu bytes, at most %d",
                       w->cap - w->len, SNP_EVIDENCE_MAX);
    *w = out;
    return 0;
}

static int take_number(const struct report_field *f, uint64_t value, uint8_t *report, struct err *err)
{
    if (f->kind == CPUID)
        return cpuid_to(value, report + f->offset, err);
    if (f->size < 8 && value >> 8 * f->size)
        return err_set(err, ERR_FORMAT, 0, "evidence: report field %u: %llu does not fit into %u bytes",
                       f->number, (unsigned long long) value, f->size);
    for (size_t i = 0; i < f->size; i++)
        report[f->offset + i] = (uint8_t) (value >> 8 * i);
    return 0;
}

static int take_report_field(const struct protobuf_field *field, uint64_t *seen, uint8_t *report,
                             struct err *err)
{
    const struct report_field *f = NULL;

    for (size_t i = 0; i < REPORT_FIELDS && !f; i++) {
        if (report_fields[i].number == field->number)
            f = &report_fields[i];
    }
    if (!f)
        return err_set(err, ERR_FORMAT, 0, "evidence: report field %u is not known", field->number);
    if (protobuf_once(seen, field, f->kind == BYTES ? PROTOBUF_BYTES : PROTOBUF_VARINT, err) < 0)
        return err_prefix(err, "evidence: report");
    if (f->kind != BYTES)
        return take_number(f, field->value, report, err);
    if (field->bytes.len != f->size)
        return err_set(err, ERR_FORMAT, 0, "evidence: report field %u: expected %u bytes, found %zu",
                       f->number, f->size, field->bytes.len);
    memcpy(report + f->offset, field->bytes.data, f->size);
    return 0;
}

static int read_report(struct span message, uint8_t report[SNP_REPORT_SIZE], struct err *err)
{
    struct reader r = reader_of(message);
    struct protobuf_field field;
    struct snp_report parsed;
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (take_report_field(&field, &seen, report, err) < 0)
            return -1;
    }
    if (rc < 0)
        return err_prefix(err, "evidence: report");
    for (size_t i = 0; i < REPORT_FIELDS; i++) {
        if (report_fields[i].kind == BYTES && !(seen >> report_fields[i].number & 1))
            return err_set(err, ERR_MISSING, 0, "evidence: report field %u is missing",
                           report_fields[i].number);
    }
    /* The rebuilt bytes must be a report: what lies between the fields is zero by construction. */
    if (snp_report_parse(span_of(report, SNP_REPORT_SIZE), &parsed, err) < 0)
        return err_prefix(err, "evidence");
    return 0;
}

static int take_certificate(const struct protobuf_field *field, struct span *cert, struct err *err)
{
    if (field->bytes.len == 0 || field->bytes.len > SNP_EVIDENCE_CERT_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: certificate field %u has %zu bytes, expected 1 to %d",
                       field->number, field->bytes.len, SNP_EVIDENCE_CERT_MAX);
    *cert = field->bytes;
    return 0;
}

static int take_chain_field(const struct protobuf_field *field, struct snp_chain *chain, struct err *err)
{
    switch (field->number) {
    case CHAIN_VCEK:
        return take_certificate(field, &chain->vcek, err);
    case CHAIN_ASK:
        return take_certificate(field, &chain->ask, err);
    case CHAIN_ARK:
        return take_certificate(field, &chain->ark, err);
    case CHAIN_VLEK:
        return take_certificate(field, &chain->vlek, err);
    case CHAIN_FIRMWARE: /* deprecated, never used by us */
        return 0;
    default:
        return err_set(err, ERR_FORMAT, 0, "evidence: certificate field %u is not known", field->number);
    }
}

/* An entry of the map "extras": a CRL under Contrast's key, or a host's own, which we do not use. */
static int read_extra(struct span entry, struct snp_chain *chain, struct err *err)
{
    struct reader r = reader_of(entry);
    struct protobuf_field field;
    struct span key = {0}, value = {0};
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (protobuf_once(&seen, &field, PROTOBUF_BYTES, err) < 0)
            return err_prefix(err, "evidence: extras");
        if (field.number != EXTRA_KEY && field.number != EXTRA_VALUE)
            return err_set(err, ERR_FORMAT, 0, "evidence: extras field %u is not known", field.number);
        *(field.number == EXTRA_KEY ? &key : &value) = field.bytes;
    }
    if (rc < 0)
        return err_prefix(err, "evidence: extras");
    if (!span_eq_str(key, CRL_KEY))
        return 0;
    if (chain->crl.len > 0 || value.len == 0 || value.len > SNP_EVIDENCE_CRL_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: expected one revocation list of 1 to %d bytes",
                       SNP_EVIDENCE_CRL_MAX);
    chain->crl = value;
    return 0;
}

static int read_chain(struct span message, struct snp_chain *chain, struct err *err)
{
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    int extras = 0, rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        /* a map may stand often */
        if (field.number == CHAIN_EXTRAS && field.wire == PROTOBUF_BYTES) {
            if (++extras > SNP_EVIDENCE_EXTRAS_MAX)
                return err_set(err, ERR_LIMIT, 0, "evidence: more than %d extras", SNP_EVIDENCE_EXTRAS_MAX);
            if (read_extra(field.bytes, chain, err) < 0)
                return -1;
            continue;
        }
        if (protobuf_once(&seen, &field, PROTOBUF_BYTES, err) < 0)
            return err_prefix(err, "evidence: certificates");
        if (take_chain_field(&field, chain, err) < 0)
            return -1;
    }
    return rc < 0 ? err_prefix(err, "evidence: certificates") : 0;
}

static int read_product(struct span message, enum snp_product *product, struct err *err)
{
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (field.number < PRODUCT_NAME || field.number > PRODUCT_MACHINE_STEPPING)
            return err_set(err, ERR_FORMAT, 0, "evidence: product field %u is not known", field.number);
        if (protobuf_once(&seen, &field,
                          field.number == PRODUCT_MACHINE_STEPPING ? PROTOBUF_BYTES : PROTOBUF_VARINT,
                          err) < 0)
            return err_prefix(err, "evidence: product");
        if (field.number != PRODUCT_NAME)
            continue; /* the stepping is in the report, signed */
        if (field.value > SNP_PRODUCT_TURIN)
            return err_set(err, ERR_FORMAT, 0, "evidence: product %llu is not known",
                           (unsigned long long) field.value);
        *product = (enum snp_product) field.value;
    }
    return rc < 0 ? err_prefix(err, "evidence: product") : 0;
}

static int take_field(const struct protobuf_field *field, struct snp_evidence *got, struct err *err)
{
    switch (field->number) {
    case FIELD_REPORT:
        return read_report(field->bytes, got->report, err);
    case FIELD_CHAIN:
        return read_chain(field->bytes, &got->chain, err);
    case FIELD_PRODUCT:
        return read_product(field->bytes, &got->product, err);
    default:
        return err_set(err, ERR_FORMAT, 0, "evidence: field %u is not known", field->number);
    }
}

int snp_evidence_decode(struct span message, struct snp_evidence *evidence, struct err *err)
{
    struct reader r = reader_of(message);
    struct snp_evidence got = {0};
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;

    if (message.len > SNP_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, "evidence: %zu bytes, at most %d", message.len, SNP_EVIDENCE_MAX);
    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (protobuf_once(&seen, &field, PROTOBUF_BYTES, err) < 0)
            return err_prefix(err, "evidence");
        if (take_field(&field, &got, err) < 0)
            return -1;
    }
    if (rc < 0)
        return err_prefix(err, "evidence");
    if (!(seen >> FIELD_REPORT & 1))
        return err_set(err, ERR_MISSING, 0, "evidence: the report is missing");
    *evidence = got;
    return 0;
}
