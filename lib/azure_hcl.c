/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "azure_hcl.h"

#include "b64.h"
#include "hash.h"
#include "json.h"

#include <string.h>

#define SIGNATURE UINT32_C(0x414c4348) /* "HCLA" */
#define REQUEST_AK_CERT 2
#define REPORT_AREA 1184 /* bytes kept for the hardware report, whatever its kind */
#define REQUEST_DATA_VERSION 1
#define REQUEST_DATA_SIZE 20
#define HASH_TYPE_SHA256 1
#define SNP_REPORT_DATA_OFFSET 0x50
#define TDX_REPORT_DATA_OFFSET 128
#define TDX_REPORT_TYPE 0x81 /* first byte of a TD's report: REPORTTYPE.TYPE */
#define AK_NAME "HCLAkPub"
#define NAME_MAX_BYTES 64
#define EXPONENT_65537 "AQAB"
/* characters of 256 bytes in base64url, and in base64 with its padding and a NUL */
#define MODULUS_URL_CHARS 342
#define MODULUS_B64_CHARS 344

static int expect_u32(struct reader *r, const char *field, uint32_t expected, struct err *err)
{
    const size_t at = r->pos;
    const uint32_t found = reader_le32(r);

    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, "HCL report: %s at %zu: cut short", field, at);
    if (found != expected)
        return err_set(err, ERR_FORMAT, 0, "HCL report: %s at %zu: expected %u, found %u", field, at,
                       expected, found);
    return 0;
}

/* The header; *size is what it says about the length of everything. */
static int read_header(struct reader *r, struct azure_hcl *hcl, uint32_t *size, struct err *err)
{
    if (expect_u32(r, "signature", SIGNATURE, err) < 0)
        return -1;
    hcl->version = reader_le32(r);
    *size = reader_le32(r);
    if (r->bad || (hcl->version != 1 && hcl->version != 2))
        return err_set(err, ERR_FORMAT, 0, "HCL report: version at 4: expected 1 or 2, found %u",
                       hcl->version);
    if (expect_u32(r, "request type", REQUEST_AK_CERT, err) < 0 || expect_u32(r, "status", 0, err) < 0 ||
        expect_u32(r, "reserved", 0, err) < 0 || expect_u32(r, "reserved", 0, err) < 0)
        return -1;
    return expect_u32(r, "reserved", 0, err);
}

/* What follows the hardware report; *claims_size is the length of the claims. */
static int read_request_data(struct reader *r, struct azure_hcl *hcl, uint32_t *claims_size, struct err *err)
{
    const uint32_t data_size = reader_le32(r);
    uint32_t tee;

    if (expect_u32(r, "request data version", REQUEST_DATA_VERSION, err) < 0)
        return -1;
    tee = reader_le32(r);
    if (tee != AZURE_HCL_SNP && tee != AZURE_HCL_TDX)
        return err_set(err, ERR_FORMAT, 0,
                       "HCL report: report type at %zu: expected 2 (SNP) or 4 (TDX), found %u", r->pos - 4,
                       tee);
    hcl->tee = tee == AZURE_HCL_SNP ? AZURE_HCL_SNP : AZURE_HCL_TDX;
    if (expect_u32(r, "hash type", HASH_TYPE_SHA256, err) < 0)
        return -1;
    *claims_size = reader_le32(r);
    if (*claims_size == 0 || *claims_size > AZURE_HCL_CLAIMS_MAX)
        return err_set(err, ERR_LIMIT, 0, "HCL report: claims of %u bytes, expected 1 to %d", *claims_size,
                       AZURE_HCL_CLAIMS_MAX);
    if (data_size != REQUEST_DATA_SIZE + *claims_size)
        return err_set(err, ERR_FORMAT, 0, "HCL report: request data of %u bytes, expected %u", data_size,
                       REQUEST_DATA_SIZE + *claims_size);
    return 0;
}

/* Where the report data is; a TD's report must be one, and the rest of its place empty. */
static int place_report(struct span area, struct azure_hcl *hcl, struct err *err)
{
    if (hcl->tee == AZURE_HCL_SNP) {
        hcl->report = area;
        hcl->report_data = span_sub(area, SNP_REPORT_DATA_OFFSET, AZURE_HCL_REPORT_DATA_SIZE);
        return 0;
    }
    hcl->report = span_sub(area, 0, AZURE_HCL_TDX_SIZE);
    hcl->report_data = span_sub(area, TDX_REPORT_DATA_OFFSET, AZURE_HCL_REPORT_DATA_SIZE);
    if (area.data[0] != TDX_REPORT_TYPE)
        return err_set(err, ERR_FORMAT, 0, "HCL report: TD report type: expected 0x81, found 0x%x",
                       area.data[0]);
    if (!span_is_zero(span_sub(area, AZURE_HCL_TDX_SIZE, REPORT_AREA - AZURE_HCL_TDX_SIZE)))
        return err_set(err, ERR_FORMAT, 0, "HCL report: bytes other than zero behind the TD report");
    return 0;
}

int azure_hcl_parse(struct span bytes, struct azure_hcl *hcl, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct azure_hcl got = {0};
    uint32_t size = 0, claims_size = 0;
    struct span area;

    if (bytes.len > AZURE_HCL_MAX)
        return err_set(err, ERR_LIMIT, 0, "HCL report: %zu bytes, at most %d", bytes.len, AZURE_HCL_MAX);
    if (read_header(&r, &got, &size, err) < 0)
        return -1;
    area = reader_bytes(&r, REPORT_AREA);
    if (area.len != REPORT_AREA)
        return err_set(err, ERR_FORMAT, 0, "HCL report: %zu bytes, cut short in the hardware report",
                       bytes.len);
    if (read_request_data(&r, &got, &claims_size, err) < 0 || place_report(area, &got, err) < 0)
        return -1;
    if (size != AZURE_HCL_CLAIMS_OFFSET + claims_size)
        return err_set(err, ERR_FORMAT, 0, "HCL report: size at 8: expected %u, found %u",
                       AZURE_HCL_CLAIMS_OFFSET + claims_size, size);
    got.claims = reader_bytes(&r, claims_size);
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "HCL report: claims of %u bytes are cut short", claims_size);
    if (!span_is_zero(reader_bytes(&r, reader_left(&r))))
        return err_set(err, ERR_FORMAT, 0, "HCL report: bytes other than zero behind the claims");
    *hcl = got;
    return 0;
}

static int check_digest(const struct azure_hcl *hcl, struct err *err)
{
    uint8_t digest[SHA256_SIZE];

    if (hash_bytes(HASH_SHA256, hcl->claims, digest, err) < 0)
        return -1;
    if (!span_eq(span_sub(hcl->report_data, 0, SHA256_SIZE), span_of(digest, SHA256_SIZE)) ||
        !span_is_zero(span_sub(hcl->report_data, SHA256_SIZE, AZURE_HCL_REPORT_DATA_SIZE - SHA256_SIZE)))
        return err_set(err, ERR_DENIED, 0, "HCL report: the report data is not SHA-256 of the claims");
    return 0;
}

/* A member that must be just this text. */
static int expect_text(const struct json *obj, const char *key, const char *expected, struct err *err)
{
    struct json at;
    struct span text;

    if (json_get(obj, key, &at, err) < 0 || json_string(&at, NAME_MAX_BYTES, &text, err) < 0)
        return -1;
    if (!span_eq_str(text, expected))
        return json_fail(&at, err, ERR_FORMAT, "expected \"%s\"", expected);
    return 0;
}

/* base64url without padding, 256 bytes, the first of them at least 0x80: RSA-2048. */
static int read_modulus(const struct json *key, uint8_t out[AZURE_HCL_RSA_SIZE], struct err *err)
{
    char b64[MODULUS_B64_CHARS];
    uint8_t got[AZURE_HCL_RSA_SIZE];
    struct json at;
    struct span text;
    size_t len;

    if (json_get(key, "n", &at, err) < 0 || json_string(&at, AZURE_HCL_CLAIMS_MAX, &text, err) < 0)
        return -1;
    if (text.len != MODULUS_URL_CHARS)
        return json_fail(&at, err, ERR_FORMAT, "expected 2048 bits, found %zu characters", text.len);
    memset(b64, '=', sizeof b64);
    for (size_t i = 0; i < text.len; i++) {
        const char c = (char) text.data[i];

        if (c == '+' || c == '/')
            return json_fail(&at, err, ERR_FORMAT, "not base64url");
        b64[i] = c;
        if (c == '-')
            b64[i] = '+';
        if (c == '_')
            b64[i] = '/';
    }
    if (b64_decode(span_of(b64, sizeof b64), got, sizeof got, &len, err) < 0)
        return json_prefix(&at, err);
    if (len != sizeof got || got[0] < 0x80)
        return json_fail(&at, err, ERR_FORMAT, "expected a modulus of 2048 bits");
    memcpy(out, got, sizeof got);
    return 0;
}

/* The one key named HCLAkPub: RSA-2048, exponent 65537, for signatures and nothing else. */
static int read_ak(const struct json *key, struct azure_hcl_claims *claims, struct err *err)
{
    struct json ops, op;
    struct span text;
    size_t count;

    if (expect_text(key, "kty", "RSA", err) < 0 || expect_text(key, "e", EXPONENT_65537, err) < 0 ||
        json_get(key, "key_ops", &ops, err) < 0 || json_array(&ops, 1, &count, err) < 0)
        return -1;
    if (!json_first(&ops, &op))
        return json_fail(&ops, err, ERR_FORMAT, "expected \"sign\"");
    if (json_string(&op, NAME_MAX_BYTES, &text, err) < 0)
        return -1;
    if (!span_eq_str(text, "sign"))
        return json_fail(&op, err, ERR_FORMAT, "expected \"sign\"");
    return read_modulus(key, claims->ak_modulus, err);
}

static int read_keys(const struct json *root, struct azure_hcl_claims *claims, struct err *err)
{
    static const char *const members[] = {"kid", "key_ops", "kty", "e", "n"};
    struct json keys, key, kid;
    struct span name;
    size_t count;
    bool found = false;

    if (json_get(root, "keys", &keys, err) < 0 || json_array(&keys, AZURE_HCL_KEYS_MAX, &count, err) < 0)
        return -1;
    for (bool more = json_first(&keys, &key); more; more = json_next(&key)) {
        if (json_object_keys(&key, members, sizeof members / sizeof *members, err) < 0 ||
            json_get(&key, "kid", &kid, err) < 0 || json_string(&kid, NAME_MAX_BYTES, &name, err) < 0)
            return -1;
        if (!span_eq_str(name, AK_NAME))
            continue;
        if (found)
            return json_fail(&kid, err, ERR_FORMAT, AK_NAME " stands twice");
        if (read_ak(&key, claims, err) < 0)
            return -1;
        found = true;
    }
    return found ? 0 : json_fail(&keys, err, ERR_MISSING, "no key " AK_NAME);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 128 hex digits; older paravisors write them in capitals. */
static int read_user_data(const struct json *root, struct azure_hcl_claims *claims, struct err *err)
{
    struct json at;
    struct span text;

    if (!json_find(root, "user-data", &at))
        return 0;
    if (json_string(&at, AZURE_HCL_CLAIMS_MAX, &text, err) < 0)
        return -1;
    if (text.len != 2 * (size_t) AZURE_HCL_USER_DATA_SIZE)
        return json_fail(&at, err, ERR_FORMAT, "expected %d hex digits, found %zu characters",
                         2 * AZURE_HCL_USER_DATA_SIZE, text.len);
    for (size_t i = 0; i < AZURE_HCL_USER_DATA_SIZE; i++) {
        const int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return json_fail(&at, err, ERR_FORMAT, "not a hex digit at %zu", 2 * i);
        claims->user_data[i] = (uint8_t) (high << 4 | low);
    }
    claims->has_user_data = true;
    return 0;
}

int azure_hcl_read_claims(const struct azure_hcl *hcl, struct azure_hcl_claims *claims, struct err *err)
{
    static const char *const members[] = {"keys", "vm-configuration", "user-data"};
    AUTO_JSON_DOC doc = {0};
    struct azure_hcl_claims got = {0};
    struct json root, config;
    size_t count;

    if (check_digest(hcl, err) < 0 ||
        json_doc_parse(hcl->claims, "HCL claims", AZURE_HCL_CLAIMS_MAX, &doc, err) < 0)
        return -1;
    root = json_root(&doc);
    if (json_object_keys(&root, members, sizeof members / sizeof *members, err) < 0 ||
        json_get(&root, "vm-configuration", &config, err) < 0 ||
        json_object(&config, JSON_MEMBERS_MAX, &count, err) < 0 || read_keys(&root, &got, err) < 0 ||
        read_user_data(&root, &got, err) < 0)
        return -1;
    *claims = got;
    return 0;
}
