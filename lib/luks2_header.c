/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks2_header.h"

#include "b64.h"
#include "hash.h"

#include <stdio.h>
#include <string.h>

#include "luks2_json.h"

#define VERSION 2
#define LABEL_SIZE 48
#define ALG_SIZE 32
#define UUID_FIELD 40
#define PADDING 184 /* between hdr_offset and csum */
#define CSUM_OFFSET 448
#define CSUM_FIELD 64

static const char *const copy_names[2] = {"primary copy", "secondary copy"};
static const uint8_t magics[2][6] = {
    {'L', 'U', 'K', 'S', 0xba, 0xbe},
    {'S', 'K', 'U', 'L', 0xba, 0xbe},
};

static int header_fail(struct err *err, size_t copy, const char *field, const char *expected)
{
    return err_set(err, ERR_FORMAT, 0, "volume header: %s: %s: expected %s", copy_names[copy], field,
                   expected);
}

/* 8-4-4-4-12 lower-case hex digits, then NUL to the end of the field */
static bool uuid_ok(struct span field)
{
    for (size_t i = 0; i < LUKS2_HEADER_UUID_SIZE; i++) {
        uint8_t c = field.data[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !digit)
            return false;
    }
    return span_is_zero(span_sub(field, LUKS2_HEADER_UUID_SIZE, field.len - LUKS2_HEADER_UUID_SIZE));
}

static bool alg_ok(struct span field)
{
    return span_eq(span_sub(field, 0, 7), span_of("sha256", 7)) &&
           span_is_zero(span_sub(field, 7, field.len - 7));
}

/* SHA-256 over the whole copy with the checksum field zero */
static int copy_csum(struct span copy, uint8_t csum[SHA256_SIZE], struct err *err)
{
    static const uint8_t zeros[CSUM_FIELD];
    struct hash h;
    size_t after = CSUM_OFFSET + CSUM_FIELD;
    if (hash_begin(HASH_SHA256, &h, err) < 0 || hash_update(&h, span_sub(copy, 0, CSUM_OFFSET), err) < 0 ||
        hash_update(&h, span_of(zeros, sizeof zeros), err) < 0 ||
        hash_update(&h, span_sub(copy, after, copy.len - after), err) < 0)
        return -1;
    return hash_end(&h, csum, err);
}

static int csum_check(struct span copy, size_t which, struct err *err)
{
    uint8_t csum[SHA256_SIZE];
    if (copy_csum(copy, csum, err) < 0)
        return -1;
    struct span field = span_sub(copy, CSUM_OFFSET, CSUM_FIELD);
    if (!span_eq(span_sub(field, 0, SHA256_SIZE), span_of(csum, sizeof csum)) ||
        !span_is_zero(span_sub(field, SHA256_SIZE, CSUM_FIELD - SHA256_SIZE)))
        return header_fail(err, which, "checksum", "the SHA-256 of the copy");
    return 0;
}

/* The binary part of one copy: seqid, uuid and this copy's salt go to *h. */
static int binary_parse(struct span copy, size_t which, struct luks2_header *h, struct err *err)
{
    struct reader r = reader_of(span_sub(copy, 0, LUKS2_HEADER_BINARY));
    if (!span_eq(reader_bytes(&r, 6), span_of(magics[which], 6)))
        return header_fail(err, which, "magic", which == 0 ? "LUKS\\xba\\xbe" : "SKUL\\xba\\xbe");
    if (reader_be16(&r) != VERSION)
        return header_fail(err, which, "version", "2");
    if (reader_be64(&r) != LUKS2_HEADER_COPY)
        return header_fail(err, which, "hdr_size", "16384");
    h->seqid = reader_be64(&r);
    if (!span_is_zero(reader_bytes(&r, LABEL_SIZE)))
        return header_fail(err, which, "label", "none");
    if (!alg_ok(reader_bytes(&r, ALG_SIZE)))
        return header_fail(err, which, "csum_alg", "sha256");
    reader_copy(&r, h->salt[which], LUKS2_HEADER_SALT_SIZE);
    struct span uuid = reader_bytes(&r, UUID_FIELD);
    if (!uuid_ok(uuid))
        return header_fail(err, which, "uuid", "a UUID in lower case");
    memcpy(h->uuid, uuid.data, sizeof h->uuid);
    if (!span_is_zero(reader_bytes(&r, LABEL_SIZE)))
        return header_fail(err, which, "subsystem", "none");
    if (reader_be64(&r) != which * LUKS2_HEADER_COPY)
        return header_fail(err, which, "hdr_offset", which == 0 ? "0" : "16384");
    if (!span_is_zero(reader_bytes(&r, PADDING)))
        return header_fail(err, which, "padding", "zeros");
    reader_skip(&r, CSUM_FIELD);
    if (!span_is_zero(reader_bytes(&r, reader_left(&r))))
        return header_fail(err, which, "padding", "zeros");
    return csum_check(copy, which, err);
}

/* The JSON text in its area, which it fills up with NULs. */
static int json_text(struct span area, struct span *text, struct err *err)
{
    const uint8_t *end = memchr(area.data, 0, area.len);
    size_t len = end == NULL ? area.len : (size_t) (end - area.data);
    if (end == NULL || !span_is_zero(span_sub(area, len, area.len - len)))
        return header_fail(err, 0, "JSON area", "one text and NULs to the end");
    *text = span_sub(area, 0, len);
    return 0;
}

int luks2_header_parse(struct span bytes, struct luks2_header *header, struct err *err)
{
    struct luks2_header h[2] = {0};
    struct span text = {0};
    if (bytes.len != LUKS2_HEADER_SIZE)
        return err_set(err, ERR_FORMAT, 0, "volume header: expected %zu bytes, found %zu", LUKS2_HEADER_SIZE,
                       bytes.len);
    struct span copies[2] = {span_sub(bytes, 0, LUKS2_HEADER_COPY),
                             span_sub(bytes, LUKS2_HEADER_COPY, LUKS2_HEADER_COPY)};
    for (size_t i = 0; i < 2; i++)
        if (binary_parse(copies[i], i, &h[i], err) < 0)
            return -1;
    if (h[0].seqid != h[1].seqid || h[0].seqid == 0)
        return header_fail(err, 1, "seqid", "the primary copy's, and not 0");
    if (strcmp(h[0].uuid, h[1].uuid) != 0)
        return header_fail(err, 1, "uuid", "the primary copy's");
    struct span json[2] = {span_sub(copies[0], LUKS2_HEADER_BINARY, LUKS2_HEADER_JSON),
                           span_sub(copies[1], LUKS2_HEADER_BINARY, LUKS2_HEADER_JSON)};
    if (!span_eq(json[0], json[1]))
        return header_fail(err, 1, "JSON area", "the primary copy's");
    if (json_text(json[0], &text, err) < 0 || luks2_json_parse(text, &h[0], err) < 0)
        return -1;
    memcpy(h[0].salt[1], h[1].salt[1], LUKS2_HEADER_SALT_SIZE);
    *header = h[0];
    return 0;
}

static int copy_build(const struct luks2_header *header, size_t which, struct span json, uint8_t *out,
                      struct err *err)
{
    uint8_t csum[SHA256_SIZE];
    struct writer w = writer_of(out, LUKS2_HEADER_COPY);
    writer_bytes(&w, span_of(magics[which], 6));
    writer_be16(&w, VERSION);
    writer_be64(&w, LUKS2_HEADER_COPY);
    writer_be64(&w, header->seqid);
    writer_zeros(&w, LABEL_SIZE);
    writer_str(&w, "sha256");
    writer_zeros(&w, ALG_SIZE - strlen("sha256"));
    writer_bytes(&w, span_of(header->salt[which], LUKS2_HEADER_SALT_SIZE));
    writer_bytes(&w, span_of(header->uuid, LUKS2_HEADER_UUID_SIZE));
    writer_zeros(&w, UUID_FIELD - LUKS2_HEADER_UUID_SIZE);
    writer_zeros(&w, LABEL_SIZE);
    writer_be64(&w, which * LUKS2_HEADER_COPY);
    writer_zeros(&w, LUKS2_HEADER_BINARY - w.len);
    writer_bytes(&w, json);
    if (!w.bad)
        writer_zeros(&w, LUKS2_HEADER_COPY - w.len);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "volume header: JSON: expected less than %d bytes, found %zu",
                       LUKS2_HEADER_JSON, json.len);
    if (copy_csum(span_of(out, LUKS2_HEADER_COPY), csum, err) < 0)
        return -1;
    memcpy(out + CSUM_OFFSET, csum, sizeof csum);
    return 0;
}

int luks2_header_build(const struct luks2_header *header, uint8_t out[LUKS2_HEADER_SIZE], struct err *err)
{
    char text[LUKS2_JSON_TEXT_MAX];
    struct span json = {0};
    if (luks2_json_build(header, text, &json, err) < 0)
        return -1;
    for (size_t i = 0; i < 2; i++)
        if (copy_build(header, i, json, out + i * LUKS2_HEADER_COPY, err) < 0)
            return -1;
    return 0;
}

/* PBKDF2 (RFC 8018, 5.2) of one iteration and one block is a single HMAC. */
int luks2_header_set_digest(struct luks2_header *header, struct span key, struct err *err)
{
    uint8_t salt[LUKS2_HEADER_KDF_SALT_SIZE + 4] = {0};
    uint8_t digest[SHA256_SIZE];
    memcpy(salt, header->digest_salt, LUKS2_HEADER_KDF_SALT_SIZE);
    salt[sizeof salt - 1] = 1;
    if (hash_hmac(HASH_SHA256, key, span_of(salt, sizeof salt), digest, err) < 0)
        return -1;
    memcpy(header->digest, digest, sizeof digest);
    header->digest_iterations = 1;
    return 0;
}
