/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mesh_claims.h"

#include "tdx_quote.h"

/* The last arc of 1.3.9901.2.1.N. Of a TCB the first of four; they stand in the order boot loader, SNP, TEE,
 * microcode. */
enum claim {
    CLAIM_VERSION = 1,
    CLAIM_GUEST_SVN,
    CLAIM_POLICY_ABI_MAJOR,
    CLAIM_POLICY_ABI_MINOR,
    CLAIM_POLICY_DEBUG,
    CLAIM_POLICY_MIGRATE_MA,
    CLAIM_POLICY_SMT,
    CLAIM_POLICY_SINGLE_SOCKET,
    CLAIM_FAMILY_ID,
    CLAIM_IMAGE_ID,
    CLAIM_VMPL,
    CLAIM_CURRENT_TCB,
    CLAIM_PLATFORM_SMT = 16,
    CLAIM_PLATFORM_TSME,
    CLAIM_AUTHOR_KEY_EN,
    CLAIM_MASK_CHIP_KEY,
    CLAIM_SIGNING_KEY,
    CLAIM_REPORT_DATA,
    CLAIM_MEASUREMENT,
    CLAIM_HOST_DATA,
    CLAIM_ID_KEY_DIGEST,
    CLAIM_AUTHOR_KEY_DIGEST,
    CLAIM_REPORT_ID,
    CLAIM_REPORT_ID_MA,
    CLAIM_REPORTED_TCB,
    CLAIM_CHIP_ID = 32,
    CLAIM_COMMITTED_TCB,
    CLAIM_CURRENT_VERSION = 37, /* build, minor, major */
    CLAIM_COMMITTED_VERSION = 40,
    CLAIM_LAUNCH_TCB = 43,
};

/* The last arc but one. */
#define KIND_SNP 1
#define KIND_TDX 2

/* Write the OID and note where it is; the value follows with value_done. */
static struct x509_ext *begin_under(struct mesh_claims_list *list, uint8_t kind, unsigned number)
{
    const uint8_t arc[] = {0x2b, 0xcd, 0x2d, 0x02, kind};
    struct writer *w = list->scratch;

    if (list->count >= list->max || w->bad) {
        w->bad = true;
        return NULL;
    }
    struct x509_ext *ext = &list->exts[list->count++];
    size_t start = w->len;
    writer_bytes(w, span_of(arc, sizeof arc));
    writer_u8(w, (uint8_t) number);
    *ext = (struct x509_ext){.oid = span_sub(writer_span(w), start, sizeof arc + 1)};
    ext->value = span_of(w->buf + w->len, 0);
    return ext;
}

static struct x509_ext *begin(struct mesh_claims_list *list, unsigned number)
{
    return begin_under(list, KIND_SNP, number);
}

static void value_done(struct mesh_claims_list *list, struct x509_ext *ext)
{
    if (ext != NULL)
        ext->value.len = (size_t) (list->scratch->buf + list->scratch->len - ext->value.data);
}

static void put_number(struct mesh_claims_list *list, unsigned number, uint64_t value)
{
    struct x509_ext *ext = begin(list, number);

    der_put_u64(list->scratch, value);
    value_done(list, ext);
}

static void put_flag(struct mesh_claims_list *list, unsigned number, bool value)
{
    struct x509_ext *ext = begin(list, number);

    der_put_bool(list->scratch, value);
    value_done(list, ext);
}

static void put_bytes(struct mesh_claims_list *list, unsigned number, const uint8_t *bytes, size_t len)
{
    struct x509_ext *ext = begin(list, number);

    der_put(list->scratch, DER_OCTET_STRING, span_of(bytes, len));
    value_done(list, ext);
}

static int put_tcb(struct mesh_claims_list *list, unsigned first, struct snp_tcb tcb,
                   enum snp_product product, struct err *err)
{
    struct snp_tcb_parts parts;

    if (snp_tcb_split(tcb, product, &parts, err) < 0)
        return -1;
    put_number(list, first, parts.boot_loader);
    put_number(list, first + 1, parts.snp);
    put_number(list, first + 2, parts.tee);
    put_number(list, first + 3, parts.microcode);
    return 0;
}

static void put_version(struct mesh_claims_list *list, unsigned first, const struct snp_version *version)
{
    put_number(list, first, version->build);
    put_number(list, first + 1, version->minor);
    put_number(list, first + 2, version->major);
}

static void put_flags(struct mesh_claims_list *list, const struct snp_report *report)
{
    put_number(list, CLAIM_POLICY_ABI_MAJOR, SNP_POLICY_ABI_MAJOR(report->policy));
    put_number(list, CLAIM_POLICY_ABI_MINOR, SNP_POLICY_ABI_MINOR(report->policy));
    put_flag(list, CLAIM_POLICY_DEBUG, (report->policy & SNP_POLICY_DEBUG) != 0);
    put_flag(list, CLAIM_POLICY_MIGRATE_MA, (report->policy & SNP_POLICY_MIGRATE_MA) != 0);
    put_flag(list, CLAIM_POLICY_SMT, (report->policy & SNP_POLICY_SMT) != 0);
    put_flag(list, CLAIM_POLICY_SINGLE_SOCKET, (report->policy & SNP_POLICY_SINGLE_SOCKET) != 0);
    put_flag(list, CLAIM_PLATFORM_SMT, (report->platform_info & SNP_PLATFORM_SMT_EN) != 0);
    put_flag(list, CLAIM_PLATFORM_TSME, (report->platform_info & SNP_PLATFORM_TSME_EN) != 0);
    put_flag(list, CLAIM_AUTHOR_KEY_EN, report->author_key_en);
    put_flag(list, CLAIM_MASK_CHIP_KEY, report->mask_chip_key);
    put_number(list, CLAIM_SIGNING_KEY, (uint64_t) report->signer);
}

static void put_values(struct mesh_claims_list *list, const struct snp_report *report)
{
    put_number(list, CLAIM_VERSION, report->version);
    put_number(list, CLAIM_GUEST_SVN, report->guest_svn);
    put_number(list, CLAIM_VMPL, report->vmpl);
    put_bytes(list, CLAIM_FAMILY_ID, report->family_id, sizeof report->family_id);
    put_bytes(list, CLAIM_IMAGE_ID, report->image_id, sizeof report->image_id);
    put_bytes(list, CLAIM_REPORT_DATA, report->report_data, sizeof report->report_data);
    put_bytes(list, CLAIM_MEASUREMENT, report->measurement, sizeof report->measurement);
    put_bytes(list, CLAIM_HOST_DATA, report->host_data, sizeof report->host_data);
    put_bytes(list, CLAIM_ID_KEY_DIGEST, report->id_key_digest, sizeof report->id_key_digest);
    put_bytes(list, CLAIM_AUTHOR_KEY_DIGEST, report->author_key_digest, sizeof report->author_key_digest);
    put_bytes(list, CLAIM_REPORT_ID, report->report_id, sizeof report->report_id);
    put_bytes(list, CLAIM_REPORT_ID_MA, report->report_id_ma, sizeof report->report_id_ma);
    put_bytes(list, CLAIM_CHIP_ID, report->chip_id, sizeof report->chip_id);
}

int mesh_claims_add(const struct snp_report *report, enum snp_product product, struct mesh_claims_list *list,
                    struct err *err)
{
    put_values(list, report);
    put_flags(list, report);
    if (put_tcb(list, CLAIM_CURRENT_TCB, report->current_tcb, product, err) < 0 ||
        put_tcb(list, CLAIM_REPORTED_TCB, report->reported_tcb, product, err) < 0 ||
        put_tcb(list, CLAIM_COMMITTED_TCB, report->committed_tcb, product, err) < 0 ||
        put_tcb(list, CLAIM_LAUNCH_TCB, report->launch_tcb, product, err) < 0)
        return err_prefix(err, "claims");
    put_version(list, CLAIM_CURRENT_VERSION, &report->current_version);
    put_version(list, CLAIM_COMMITTED_VERSION, &report->committed_version);
    if (list->scratch->bad)
        return err_set(err, ERR_LIMIT, 0, "claims: no room for %d extensions", MESH_CLAIMS_MAX);
    return 0;
}

/* --- TDX ------------------------------------------------------------------------------------------- */

/* Claims of a quote: offsets from its start, or from the start of its body. */
static const struct tdx_claim {
    uint8_t number;
    bool in_body;
    bool is_number; /* little endian */
    uint16_t offset;
    uint16_t size;
} tdx_claims[] = {
    {1,  false, true,  0,   2 }, /* version */
    {2,  false, true,  2,   2 }, /* kind of attestation key */
    {3,  false, true,  4,   4 }, /* kind of TEE */
    {4,  false, false, 10,  2 }, /* QE SVN */
    {5,  false, false, 8,   2 }, /* PCE SVN */
    {6,  false, false, 12,  16}, /* QE vendor */
    {7,  false, false, 28,  20}, /* user data */
    {8,  true,  false, 0,   16}, /* TEE_TCB_SVN */
    {9,  true,  false, 16,  48}, /* MRSEAM */
    {10, true,  false, 64,  48}, /* MRSIGNERSEAM */
    {11, true,  false, 112, 8 }, /* SEAMATTRIBUTES */
    {12, true,  false, 120, 8 }, /* TD attributes */
    {13, true,  false, 128, 8 }, /* XFAM */
    {14, true,  false, 136, 48}, /* MRTD */
    {15, true,  false, 184, 48}, /* MRCONFIGID */
    {16, true,  false, 232, 48}, /* MROWNER */
    {17, true,  false, 280, 48}, /* MROWNERCONFIG */
    {18, true,  false, 328, 48}, /* RTMR0 */
    {19, true,  false, 376, 48}, /* RTMR1 */
    {20, true,  false, 424, 48}, /* RTMR2 */
    {21, true,  false, 472, 48}, /* RTMR3 */
    {22, true,  false, 520, 64}, /* report data */
};
#define TDX_BODY_1_0 584
#define TDX_BODY_1_5 648

static uint64_t number_from(struct span bytes)
{
    uint64_t v = 0;

    for (size_t i = bytes.len; i > 0; i--)
        v = v << 8 | bytes.data[i - 1];
    return v;
}

int mesh_claims_add_tdx(struct span quote, struct mesh_claims_list *list, struct err *err)
{
    struct tdx_quote parsed;

    if (tdx_quote_parse(quote, &parsed, err) < 0)
        return err_prefix(err, "claims");
    const size_t body = parsed.signed_len - (parsed.is_1_5 ? TDX_BODY_1_5 : TDX_BODY_1_0);
    for (size_t i = 0; i < sizeof tdx_claims / sizeof tdx_claims[0]; i++) {
        const struct tdx_claim *c = &tdx_claims[i];
        struct span bytes = span_sub(quote, (c->in_body ? body : 0) + c->offset, c->size);
        struct x509_ext *ext = begin_under(list, KIND_TDX, c->number);

        if (c->is_number)
            der_put_u64(list->scratch, number_from(bytes));
        else
            der_put(list->scratch, DER_OCTET_STRING, bytes);
        value_done(list, ext);
    }
    if (list->scratch->bad)
        return err_set(err, ERR_LIMIT, 0, "claims: no room for %d extensions", MESH_CLAIMS_MAX);
    return 0;
}
