/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_json.h"

#include "der_time.h"
#include "tdx_collateral.h"

#define TIME_FORM "dddd-dd-ddTdd:dd:ddZ"

int tdx_json_read(struct span text, const char *name, const struct json_field *fields, size_t count,
                  void *out, struct err *err)
{
    struct arena none = {0};
    AUTO_JSON_DOC doc = {0};
    struct json root;

    if (json_doc_parse(text, name, TDX_COLLATERAL_JSON_MAX, &doc, err) < 0)
        return -1;
    root = json_root(&doc);
    return json_fields(&root, fields, count, &none, out, err);
}

int tdx_json_exact(const struct json *at, const char *want, struct err *err)
{
    size_t which;

    return json_choice(at, &want, 1, &which, err);
}

/* The digits of "2025-06-19T10:16:03Z" are a GeneralizedTime. */
int tdx_json_time(const struct json *at, int64_t *unix_s, struct err *err)
{
    const char form[] = TIME_FORM;
    char digits[sizeof form];
    struct span text;
    size_t n = 0;

    if (json_string(at, sizeof form - 1, &text, err) < 0)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char) text.data[i];

        if (form[i] == 'd' || form[i] == 'Z')
            digits[n++] = c;
        else if (c != form[i])
            return json_fail(at, err, ERR_FORMAT, "expected a time like 2025-06-19T10:16:03Z");
    }
    if (text.len != sizeof form - 1 || der_time_parse(span_of(digits, n), true, unix_s, err) < 0)
        return json_fail(at, err, ERR_FORMAT, "expected a time like 2025-06-19T10:16:03Z");
    return 0;
}

int tdx_json_hex(const struct json *at, uint8_t *out, size_t len, struct err *err)
{
    struct span text;

    if (json_string(at, (size_t) 2 * TDX_COLLATERAL_HEX_MAX, &text, err) < 0)
        return -1;
    return tdx_collateral_hex(text, out, len, err) < 0 ? json_prefix(at, err) : 0;
}

int tdx_json_u16(const struct json *at, uint16_t max, uint16_t *value, struct err *err)
{
    uint64_t got;

    if (json_u64(at, 0, max, &got, err) < 0)
        return -1;
    *value = (uint16_t) got;
    return 0;
}

int tdx_json_remark(const struct json *at, struct arena *strings, void *out, struct err *err)
{
    struct span text;

    (void) strings;
    (void) out;
    return json_string(at, TDX_JSON_REMARK_MAX, &text, err);
}
