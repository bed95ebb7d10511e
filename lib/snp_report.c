/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_report.h"

#include <string.h>

#define SIGNER_AUTHOR_KEY_EN 0x01U
#define SIGNER_MASK_CHIP_KEY 0x02U
#define SIGNER_KEY_SHIFT 2
#define SIGNER_RESERVED 0xffffffe0U
#define POLICY_RESERVED (~UINT64_C(0x3ffffff))
#define VMPL_MAX 3
#define VMPL_HOST 0xffffffffU
#define SIG_FIELD_STORED 72 /* bytes of r and s as stored, the upper ones zero */

/* Reserved bytes must be zero. */
static int zeros(struct reader *r, size_t len, struct err *err)
{
    size_t at = r->pos;

    if (!span_is_zero(reader_bytes(r, len)))
        return err_set(err, ERR_FORMAT, 0, "report: reserved bytes at 0x%zx are not zero", at);
    return 0;
}

static struct snp_tcb tcb(struct reader *r)
{
    struct snp_tcb t = {0};

    reader_copy(r, t.bytes, sizeof t.bytes);
    return t;
}

static int read_signer(uint32_t word, struct snp_report *out, struct err *err)
{
    uint32_t key = word >> SIGNER_KEY_SHIFT & 7;

    if (word & SIGNER_RESERVED)
        return err_set(err, ERR_FORMAT, 0, "report: reserved signer bits at 0x48 are set: 0x%x", word);
    if (key != SNP_SIGNER_VCEK && key != SNP_SIGNER_VLEK && key != SNP_SIGNER_NONE)
        return err_set(err, ERR_FORMAT, 0, "report: signing key at 0x48: expected 0, 1 or 7, found %u", key);
    out->author_key_en = word & SIGNER_AUTHOR_KEY_EN;
    out->mask_chip_key = word & SIGNER_MASK_CHIP_KEY;
    out->signer = (enum snp_signer) key;
    return 0;
}

/* 0x000 to 0x04f */
static int read_head(struct reader *r, struct snp_report *out, struct err *err)
{
    out->version = reader_le32(r);
    if (out->version != 2 && out->version != 3 && out->version != 5)
        return err_set(err, ERR_FORMAT, 0, "report: version: expected 2, 3 or 5, found %u", out->version);
    out->guest_svn = reader_le32(r);
    out->policy = reader_le64(r);
    if (!(out->policy & SNP_POLICY_MUST_BE_ONE) || (out->policy & POLICY_RESERVED))
        return err_set(err, ERR_FORMAT, 0,
                       "report: guest policy 0x%llx: bit 17 must be 1, bits 63 to 26 must be 0",
                       (unsigned long long) out->policy);
    reader_copy(r, out->family_id, sizeof out->family_id);
    reader_copy(r, out->image_id, sizeof out->image_id);
    out->vmpl = reader_le32(r);
    if (out->vmpl > VMPL_MAX && out->vmpl != VMPL_HOST)
        return err_set(err, ERR_FORMAT, 0, "report: VMPL: expected 0 to 3, found %u", out->vmpl);
    out->signature_algo = reader_le32(r);
    if (out->signature_algo != SNP_SIG_ECDSA_P384_SHA384)
        return err_set(err, ERR_FORMAT, 0, "report: signature algorithm: expected 1, found %u",
                       out->signature_algo);
    out->current_tcb = tcb(r);
    out->platform_info = reader_le64(r);
    if (read_signer(reader_le32(r), out, err) < 0)
        return -1;
    return zeros(r, 4, err);
}

/* 0x050 to 0x1df */
static int read_body(struct reader *r, struct snp_report *out, struct err *err)
{
    reader_copy(r, out->report_data, sizeof out->report_data);
    reader_copy(r, out->measurement, sizeof out->measurement);
    reader_copy(r, out->host_data, sizeof out->host_data);
    reader_copy(r, out->id_key_digest, sizeof out->id_key_digest);
    reader_copy(r, out->author_key_digest, sizeof out->author_key_digest);
    reader_copy(r, out->report_id, sizeof out->report_id);
    reader_copy(r, out->report_id_ma, sizeof out->report_id_ma);
    out->reported_tcb = tcb(r);
    if (out->version >= 3) {
        out->cpu_family = reader_u8(r);
        out->cpu_model = reader_u8(r);
        out->cpu_stepping = reader_u8(r);
    } else if (zeros(r, 3, err) < 0) {
        return -1;
    }
    if (zeros(r, 21, err) < 0)
        return -1;
    reader_copy(r, out->chip_id, sizeof out->chip_id);
    return 0;
}

static int read_version(struct reader *r, struct snp_version *out, struct err *err)
{
    out->build = reader_u8(r);
    out->minor = reader_u8(r);
    out->major = reader_u8(r);
    return zeros(r, 1, err);
}

/* 0x1e0 to the end */
static int read_tail(struct reader *r, struct snp_report *out, struct err *err)
{
    out->committed_tcb = tcb(r);
    if (read_version(r, &out->current_version, err) < 0 || read_version(r, &out->committed_version, err) < 0)
        return -1;
    out->launch_tcb = tcb(r);
    if (out->version >= 5) {
        out->launch_mit_vector = reader_le64(r);
        out->current_mit_vector = reader_le64(r);
    } else if (zeros(r, 16, err) < 0) {
        return -1;
    }
    if (zeros(r, 152, err) < 0)
        return -1;
    reader_copy(r, out->sig_r, sizeof out->sig_r);
    if (zeros(r, SIG_FIELD_STORED - SNP_SIG_FIELD, err) < 0)
        return -1;
    reader_copy(r, out->sig_s, sizeof out->sig_s);
    if (zeros(r, SIG_FIELD_STORED - SNP_SIG_FIELD, err) < 0)
        return -1;
    return zeros(r, 368, err);
}

int snp_report_parse(struct span bytes, struct snp_report *report, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct snp_report got = {0};

    if (bytes.len != SNP_REPORT_SIZE)
        return err_set(err, ERR_FORMAT, 0, "report: expected %d bytes, found %zu", SNP_REPORT_SIZE,
                       bytes.len);
    if (read_head(&r, &got, err) < 0 || read_body(&r, &got, err) < 0 || read_tail(&r, &got, err) < 0)
        return -1;
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "report: %zu bytes were not read", reader_left(&r));
    *report = got;
    return 0;
}

static void put(struct writer *w, const uint8_t *bytes, size_t len)
{
    writer_bytes(w, span_of(bytes, len));
}

static void put_version(struct writer *w, const struct snp_version *v)
{
    writer_u8(w, v->build);
    writer_u8(w, v->minor);
    writer_u8(w, v->major);
    writer_u8(w, 0);
}

static void put_head(struct writer *w, const struct snp_report *in)
{
    uint32_t signer = (uint32_t) in->signer << SIGNER_KEY_SHIFT;

    if (in->author_key_en)
        signer |= SIGNER_AUTHOR_KEY_EN;
    if (in->mask_chip_key)
        signer |= SIGNER_MASK_CHIP_KEY;
    writer_le32(w, in->version);
    writer_le32(w, in->guest_svn);
    writer_le64(w, in->policy);
    put(w, in->family_id, sizeof in->family_id);
    put(w, in->image_id, sizeof in->image_id);
    writer_le32(w, in->vmpl);
    writer_le32(w, in->signature_algo);
    put(w, in->current_tcb.bytes, SNP_TCB_SIZE);
    writer_le64(w, in->platform_info);
    writer_le32(w, signer);
    writer_zeros(w, 4);
}

void snp_report_write(const struct snp_report *report, uint8_t out[SNP_REPORT_SIZE])
{
    const struct snp_report *in = report;
    struct writer w = writer_of(out, SNP_REPORT_SIZE);

    put_head(&w, in);
    put(&w, in->report_data, sizeof in->report_data);
    put(&w, in->measurement, sizeof in->measurement);
    put(&w, in->host_data, sizeof in->host_data);
    put(&w, in->id_key_digest, sizeof in->id_key_digest);
    put(&w, in->author_key_digest, sizeof in->author_key_digest);
    put(&w, in->report_id, sizeof in->report_id);
    put(&w, in->report_id_ma, sizeof in->report_id_ma);
    put(&w, in->reported_tcb.bytes, SNP_TCB_SIZE);
    writer_u8(&w, in->cpu_family);
    writer_u8(&w, in->cpu_model);
    writer_u8(&w, in->cpu_stepping);
    writer_zeros(&w, 21);
    put(&w, in->chip_id, sizeof in->chip_id);
    put(&w, in->committed_tcb.bytes, SNP_TCB_SIZE);
    put_version(&w, &in->current_version);
    put_version(&w, &in->committed_version);
    put(&w, in->launch_tcb.bytes, SNP_TCB_SIZE);
    writer_le64(&w, in->launch_mit_vector);
    writer_le64(&w, in->current_mit_vector);
    writer_zeros(&w, 152);
    put(&w, in->sig_r, sizeof in->sig_r);
    writer_zeros(&w, SIG_FIELD_STORED - SNP_SIG_FIELD);
    put(&w, in->sig_s, sizeof in->sig_s);
    writer_zeros(&w, SIG_FIELD_STORED - SNP_SIG_FIELD);
    writer_zeros(&w, 368);
}

enum snp_product snp_report_product(const struct snp_report *report)
{
    uint8_t model = report->cpu_model;

    if (report->cpu_family == 0x19 && model <= 0x0f)
        return SNP_PRODUCT_MILAN;
    if (report->cpu_family == 0x19 && ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf)))
        return SNP_PRODUCT_GENOA;
    if (report->cpu_family == 0x1a && model <= 0x11)
        return SNP_PRODUCT_TURIN;
    return SNP_PRODUCT_UNKNOWN;
}

const char *snp_product_name(enum snp_product product)
{
    switch (product) {
    case SNP_PRODUCT_MILAN:
        return "Milan";
    case SNP_PRODUCT_GENOA:
        return "Genoa";
    case SNP_PRODUCT_TURIN:
        return "Turin";
    case SNP_PRODUCT_UNKNOWN:
        break;
    }
    return "unknown";
}

enum snp_product snp_product_from_name(struct span name)
{
    for (int p = SNP_PRODUCT_MILAN; p <= SNP_PRODUCT_TURIN; p++) {
        if (span_eq_str(name, snp_product_name((enum snp_product) p)))
            return (enum snp_product) p;
    }
    return SNP_PRODUCT_UNKNOWN;
}

int snp_tcb_split(struct snp_tcb t, enum snp_product product, struct snp_tcb_parts *parts, struct err *err)
{
    const uint8_t *b = t.bytes;
    struct snp_tcb_parts got;
    struct snp_tcb again;

    if (product == SNP_PRODUCT_UNKNOWN)
        return err_set(err, ERR_MISSING, 0, "TCB: the product is not known");
    if (product == SNP_PRODUCT_TURIN)
        got = (struct snp_tcb_parts){
            .fmc = b[0], .boot_loader = b[1], .tee = b[2], .snp = b[3], .microcode = b[7]};
    else
        got = (struct snp_tcb_parts){.boot_loader = b[0], .tee = b[1], .snp = b[6], .microcode = b[7]};
    again = snp_tcb_join(&got, product);
    if (memcmp(again.bytes, b, SNP_TCB_SIZE) != 0)
        return err_set(err, ERR_FORMAT, 0, "TCB: reserved bytes are not zero on %s",
                       snp_product_name(product));
    *parts = got;
    return 0;
}

struct snp_tcb snp_tcb_join(const struct snp_tcb_parts *parts, enum snp_product product)
{
    const struct snp_tcb_parts *p = parts;

    if (product == SNP_PRODUCT_TURIN)
        return (struct snp_tcb){
            {p->fmc, p->boot_loader, p->tee, p->snp, 0, 0, 0, p->microcode}
        };
    return (struct snp_tcb){
        {p->boot_loader, p->tee, 0, 0, 0, 0, p->snp, p->microcode}
    };
}
