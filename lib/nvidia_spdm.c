/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nvidia_spdm.h"

#include "ecc.h"
#include "hash.h"

#include <string.h>

#define SPDM_1_1 0x11
#define GET_MEASUREMENTS 0xe0
#define MEASUREMENTS 0x60
#define PARAM_SIGNATURE 1 /* request: sign the answer */
#define PARAM_ALL 0xff    /* request: every measurement */
#define SLOT_MAX 7
#define SPEC_DMTF 1
#define DMTF_HEAD 3                /* kind, length of the value */
#define DMTF_RAW 0x80              /* kind: the value is no digest */
#define FIELD_SIZE (ECC_FIELD_MAX) /* of r and s */

static int expect_u8(struct reader *r, const char *field, uint8_t expected, struct err *err)
{
    const size_t at = r->pos;
    const uint8_t found = reader_u8(r);

    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: %s at %zu: cut short", field, at);
    if (found != expected)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: %s at %zu: expected 0x%02x, found 0x%02x", field, at,
                       expected, found);
    return 0;
}

static int read_request(struct reader *r, struct nvidia_spdm *report, struct err *err)
{
    if (expect_u8(r, "request version", SPDM_1_1, err) < 0 ||
        expect_u8(r, "request code", GET_MEASUREMENTS, err) < 0 ||
        expect_u8(r, "request attributes", PARAM_SIGNATURE, err) < 0 ||
        expect_u8(r, "request operation", PARAM_ALL, err) < 0)
        return -1;
    report->nonce = reader_bytes(r, NVIDIA_SPDM_NONCE_SIZE);
    report->slot = reader_u8(r);
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: request is cut short");
    if (report->slot > SLOT_MAX)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: slot at %zu: expected 0 to %d, found %u", r->pos - 1,
                       SLOT_MAX, report->slot);
    return 0;
}

/* One measurement: index, specification, size; in it kind, size, digest. */
static int read_block(struct reader *r, struct nvidia_spdm *report, struct err *err)
{
    const size_t at = r->pos;
    const uint8_t index = reader_u8(r), spec = reader_u8(r);
    const uint16_t size = reader_le16(r);
    const uint8_t kind = reader_u8(r);
    const uint16_t value_size = reader_le16(r);
    const struct span value = reader_bytes(r, NVIDIA_SPDM_DIGEST_SIZE);

    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: measurement at %zu: cut short", at);
    if (index == 0 || index > NVIDIA_SPDM_BLOCKS_MAX)
        return err_set(err, ERR_LIMIT, 0, "SPDM report: measurement at %zu: index %u, expected 1 to %d", at,
                       index, NVIDIA_SPDM_BLOCKS_MAX);
    if (spec != SPEC_DMTF || (kind & DMTF_RAW) || value_size != NVIDIA_SPDM_DIGEST_SIZE ||
        size != DMTF_HEAD + NVIDIA_SPDM_DIGEST_SIZE)
        return err_set(
            err, ERR_FORMAT, 0,
            "SPDM report: measurement %u: expected a digest of 48 bytes as DMTF's, found specification "
            "%u, %u bytes, kind 0x%02x, %u bytes",
            index, spec, size, kind, value_size);
    if (report->measurements[index - 1].len > 0)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: measurement %u stands twice", index);
    report->measurements[index - 1] = value;
    report->kinds[index - 1] = kind;
    return 0;
}

static int read_blocks(struct reader *r, struct nvidia_spdm *report, struct err *err)
{
    const uint8_t count = reader_u8(r);
    const uint16_t low = reader_le16(r);
    const size_t len = low | (size_t) reader_u8(r) << 16;
    struct reader record = *r;
    const size_t end = r->pos + len;

    if (count == 0)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: no measurements");
    if (reader_bytes(r, len).len != len || r->bad)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: %zu bytes of measurements are cut short", len);
    record.src = span_sub(r->src, 0, end); /* keeps the offsets of the report */
    for (uint8_t i = 0; i < count; i++) {
        if (read_block(&record, report, err) < 0)
            return -1;
    }
    if (!reader_done(&record))
        return err_set(err, ERR_FORMAT, 0, "SPDM report: %zu bytes behind the last of %u measurements",
                       reader_left(&record), count);
    report->measurement_count = count;
    return 0;
}

/* The next field of the opaque data; false at the end, and when it does not fit (then r->bad). */
static bool next_field(struct reader *r, uint16_t *field, struct span *value)
{
    if (reader_left(r) == 0)
        return false;
    *field = reader_le16(r);
    *value = reader_bytes(r, reader_le16(r));
    return !r->bad;
}

static int check_opaque(struct span opaque, struct err *err)
{
    uint16_t seen[NVIDIA_SPDM_FIELDS_MAX];
    struct reader r = reader_of(opaque);
    struct span value;
    size_t count = 0;
    uint16_t field;

    while (next_field(&r, &field, &value)) {
        if (count == NVIDIA_SPDM_FIELDS_MAX)
            return err_set(err, ERR_LIMIT, 0, "SPDM report: opaque data: more than %d fields",
                           NVIDIA_SPDM_FIELDS_MAX);
        for (size_t i = 0; i < count; i++) {
            if (seen[i] == field)
                return err_set(err, ERR_FORMAT, 0, "SPDM report: opaque data: field %u stands twice", field);
        }
        seen[count++] = field;
    }
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: opaque data: field %zu is cut short", count);
    return 0;
}

static int read_response(struct reader *r, struct nvidia_spdm *report, struct err *err)
{
    uint16_t opaque_len;

    if (expect_u8(r, "response version", SPDM_1_1, err) < 0 ||
        expect_u8(r, "response code", MEASUREMENTS, err) < 0 || expect_u8(r, "reserved", 0, err) < 0 ||
        expect_u8(r, "response slot", report->slot, err) < 0 || read_blocks(r, report, err) < 0)
        return -1;
    report->responder_nonce = reader_bytes(r, NVIDIA_SPDM_NONCE_SIZE);
    opaque_len = reader_le16(r);
    if (opaque_len > NVIDIA_SPDM_OPAQUE_MAX)
        return err_set(err, ERR_LIMIT, 0, "SPDM report: opaque data of %u bytes, at most %d", opaque_len,
                       NVIDIA_SPDM_OPAQUE_MAX);
    report->opaque = reader_bytes(r, opaque_len);
    report->signed_part = span_sub(r->src, 0, r->pos);
    report->signature = reader_bytes(r, NVIDIA_SPDM_SIGNATURE_SIZE);
    if (!reader_done(r))
        return err_set(err, ERR_FORMAT, 0,
                       "SPDM report: expected opaque data and a signature of %d bytes at the end",
                       NVIDIA_SPDM_SIGNATURE_SIZE);
    return check_opaque(report->opaque, err);
}

int nvidia_spdm_parse(struct span bytes, struct nvidia_spdm *report, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct nvidia_spdm got = {0};

    if (bytes.len > NVIDIA_SPDM_MAX)
        return err_set(err, ERR_LIMIT, 0, "SPDM report: %zu bytes, at most %d", bytes.len, NVIDIA_SPDM_MAX);
    if (read_request(&r, &got, err) < 0 || read_response(&r, &got, err) < 0)
        return -1;
    *report = got;
    return 0;
}

struct span nvidia_spdm_find(const struct nvidia_spdm *report, uint16_t field)
{
    struct reader r = reader_of(report->opaque);
    struct span value;
    uint16_t found;

    while (next_field(&r, &found, &value)) {
        if (found == field)
            return value;
    }
    return (struct span){0};
}

int nvidia_spdm_verify(const struct nvidia_spdm *report, struct span nonce, struct span leaf_spki,
                       struct err *err)
{
    struct reader r = reader_of(report->signature);
    uint8_t digest[SHA384_SIZE];
    struct ecc_public key;
    struct ecc_sig sig;

    if (nonce.len != NVIDIA_SPDM_NONCE_SIZE || !span_eq(nonce, report->nonce))
        return err_set(err, ERR_DENIED, 0, "SPDM report: nonce: not the one that was asked for");
    if (ecc_public_from_spki(leaf_spki, &key, err) < 0)
        return -1;
    if (key.curve != ECC_CURVE_P384)
        return err_set(err, ERR_FORMAT, 0, "SPDM report: the key is not on P-384");
    reader_copy(&r, sig.r, FIELD_SIZE);
    reader_copy(&r, sig.s, FIELD_SIZE);
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "SPDM report: signature is cut short");
    if (hash_bytes(HASH_SHA384, report->signed_part, digest, err) < 0)
        return -1;
    if (ecc_verify(&key, span_of(digest, sizeof digest), &sig, err) < 0)
        return err_prefix(err, "SPDM report");
    return 0;
}
