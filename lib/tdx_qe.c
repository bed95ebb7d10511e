/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_qe.h"

#include "hash.h"
#include "tdx_quote.h"

#define CERT_TYPE_PCK_CHAIN 5
#define CERT_TYPE_QE_REPORT 6
#define CERT_HEAD_SIZE 6 /* u16 type, u32 length */

/* offsets in the QE's report */
#define AT_MISC_SELECT 16
#define AT_ATTRIBUTES 48
#define AT_MR_ENCLAVE 64
#define AT_MR_SIGNER 128
#define AT_PROD_ID 256
#define AT_SVN 258
#define AT_REPORT_DATA 320

/* {u16 type, u32 length, bytes}, which must fill what is left of the reader. */
static int read_cert_data(struct reader *r, uint16_t type, struct span *data, struct err *err)
{
    uint16_t found = reader_le16(r);
    uint32_t len = reader_le32(r);

    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: certification data of type %u is cut short", type);
    if (found != type)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: certification data: expected type %u, found %u", type,
                       found);
    if (len != reader_left(r))
        return err_set(err, ERR_FORMAT, 0,
                       "TDX quote: certification data of type %u: expected %zu bytes, found a length of %u",
                       type, reader_left(r), len);
    *data = reader_bytes(r, len);
    return 0;
}

static void read_report(struct tdx_qe *qe)
{
    struct reader r = reader_of(qe->report);

    qe->misc_select = span_sub(qe->report, AT_MISC_SELECT, 4);
    qe->attributes = span_sub(qe->report, AT_ATTRIBUTES, TDX_QE_ATTRIBUTES_SIZE);
    qe->mr_enclave = span_sub(qe->report, AT_MR_ENCLAVE, TDX_QE_HASH_SIZE);
    qe->mr_signer = span_sub(qe->report, AT_MR_SIGNER, TDX_QE_HASH_SIZE);
    qe->report_data = span_sub(qe->report, AT_REPORT_DATA, TDX_REPORT_DATA_SIZE);
    reader_skip(&r, AT_PROD_ID);
    qe->prod_id = reader_le16(&r);
    qe->svn = reader_le16(&r);
}

/* What the certification data of type 6 holds. */
static int read_inner(struct span data, struct tdx_qe *qe, struct err *err)
{
    struct reader r = reader_of(data);
    uint16_t auth_len;

    qe->report = reader_bytes(&r, TDX_QE_REPORT_SIZE);
    qe->report_signature = reader_bytes(&r, ECDSA_RAW_SIZE);
    auth_len = reader_le16(&r);
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: the QE's report is cut short");
    if (auth_len > TDX_QE_AUTH_MAX || auth_len > reader_left(&r))
        return err_set(err, ERR_FORMAT, 0, "TDX quote: auth data of %u bytes, at most %d and %zu", auth_len,
                       TDX_QE_AUTH_MAX, reader_left(&r));
    qe->auth = reader_bytes(&r, auth_len);
    if (read_cert_data(&r, CERT_TYPE_PCK_CHAIN, &qe->certs, err) < 0)
        return -1;
    if (qe->certs.len > TDX_QE_CERTS_MAX)
        return err_set(err, ERR_LIMIT, 0, "TDX quote: PCK chain of %zu bytes, at most %d", qe->certs.len,
                       TDX_QE_CERTS_MAX);
    if (qe->certs.len > 0 && qe->certs.data[qe->certs.len - 1] == 0)
        qe->certs.len--; /* a C string */
    read_report(qe);
    return 0;
}

int tdx_qe_parse(struct span quote, size_t signed_len, struct tdx_qe *qe, struct err *err)
{
    struct reader r = reader_of(quote);
    struct tdx_qe got = {0};
    struct span inner;
    uint32_t len;

    reader_skip(&r, signed_len);
    len = reader_le32(&r);
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: there is no signature data");
    if (len > reader_left(&r))
        return err_set(err, ERR_FORMAT, 0, "TDX quote: signature data of %u bytes, only %zu are left", len,
                       reader_left(&r));
    if (len < 2 * ECDSA_RAW_SIZE + CERT_HEAD_SIZE)
        return err_set(err, ERR_FORMAT, 0, "TDX quote: signature data of %u bytes is cut short", len);
    got.quote_len = r.pos + len;
    r = reader_of(reader_bytes(&r, len));
    got.signature = reader_bytes(&r, ECDSA_RAW_SIZE);
    got.key = reader_bytes(&r, ECDSA_RAW_SIZE);
    if (read_cert_data(&r, CERT_TYPE_QE_REPORT, &inner, err) < 0 || read_inner(inner, &got, err) < 0)
        return -1;
    *qe = got;
    return 0;
}

int tdx_qe_check_key(const struct tdx_qe *qe, struct err *err)
{
    uint8_t want[TDX_REPORT_DATA_SIZE] = {0};
    struct hash h;

    if (hash_begin(HASH_SHA256, &h, err) < 0 || hash_update(&h, qe->key, err) < 0 ||
        hash_update(&h, qe->auth, err) < 0 || hash_end(&h, want, err) < 0)
        return -1;
    if (!span_eq(qe->report_data, span_of(want, sizeof want)))
        return err_set(err, ERR_DENIED, 0, "the QE's report is not about this attestation key");
    return 0;
}
