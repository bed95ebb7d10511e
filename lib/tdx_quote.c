/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_quote.h"

#define KEY_TYPE_ECDSA_P256 2
#define TEE_TYPE_TDX 0x81
#define BODY_TDX_1_0 2
#define BODY_TDX_1_5 3
#define BODY_TDX_1_0_SIZE 584
#define BODY_TDX_1_5_SIZE 648

/* Version 5 names the kind of its body and its size; version 4 has the one kind. */
static int read_body_kind(struct reader *r, struct tdx_quote *quote, struct err *err)
{
    uint16_t kind;
    uint32_t size;

    if (quote->version == 4)
        return 0;
    kind = reader_le16(r);
    size = reader_le32(r);
    if (!(kind == BODY_TDX_1_0 && size == BODY_TDX_1_0_SIZE) &&
        !(kind == BODY_TDX_1_5 && size == BODY_TDX_1_5_SIZE))
        return err_set(err, ERR_FORMAT, 0, "TDX quote: body type %u of %u bytes is not known", kind, size);
    if (reader_left(r) < size)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: body of %u bytes is cut short", size);
    quote->is_1_5 = kind == BODY_TDX_1_5;
    return 0;
}

static int read_header(struct reader *r, struct tdx_quote *quote, struct err *err)
{
    uint16_t key_type;
    uint32_t tee_type;

    quote->version = reader_le16(r);
    key_type = reader_le16(r);
    tee_type = reader_le32(r);
    reader_skip(r, 4); /* reserved */
    reader_copy(r, quote->qe_vendor, TDX_VENDOR_SIZE);
    reader_skip(r, 20); /* user data */
    if (quote->version != 4 && quote->version != 5)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: version: expected 4 or 5, found %u", quote->version);
    if (key_type != KEY_TYPE_ECDSA_P256)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: key type: expected 2, found %u", key_type);
    if (tee_type != TEE_TYPE_TDX)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: TEE type: expected 0x81, found 0x%x", tee_type);
    return read_body_kind(r, quote, err);
}

int tdx_quote_parse(struct span bytes, struct tdx_quote *quote, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct tdx_quote got = {0};

    if (bytes.len > TDX_QUOTE_MAX)
        return err_set(err, ERR_LIMIT, 0, "TDX quote: %zu bytes, at most %d", bytes.len, TDX_QUOTE_MAX);
    if (read_header(&r, &got, err) < 0)
        return -1;
    reader_copy(&r, got.tee_tcb_svn, TDX_SVN_SIZE);
    reader_copy(&r, got.mr_seam, TDX_REG_SIZE);
    reader_copy(&r, got.mr_signer_seam, TDX_REG_SIZE);
    got.seam_attributes = reader_le64(&r);
    got.attributes = reader_le64(&r);
    got.xfam = reader_le64(&r);
    reader_copy(&r, got.mr_td, TDX_REG_SIZE);
    reader_copy(&r, got.mr_config_id, TDX_REG_SIZE);
    reader_copy(&r, got.mr_owner, TDX_REG_SIZE);
    reader_copy(&r, got.mr_owner_config, TDX_REG_SIZE);
    for (int i = 0; i < 4; i++)
        reader_copy(&r, got.rtmr[i], TDX_REG_SIZE);
    reader_copy(&r, got.report_data, TDX_REPORT_DATA_SIZE);
    if (got.is_1_5) {
        reader_copy(&r, got.tee_tcb_svn_2, TDX_SVN_SIZE);
        reader_copy(&r, got.mr_service_td, TDX_REG_SIZE);
    }
    got.signed_len = r.pos;
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: %zu bytes are too few", bytes.len);
    *quote = got;
    return 0;
}
