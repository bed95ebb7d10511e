/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attest_json.h"

#include "b64.h"
#include "json.h"

#include <stdio.h>
#include <string.h>

#define NONCE_TEXT_SIZE 44 /* characters of a nonce in base 64 */
#define CHUNK 3072         /* bytes encoded at a time, a multiple of 3 */
#define FIXED_MAX 512      /* bytes of an answer beside its values */

static int parse_nonce(const struct json *root, uint8_t nonce[TRANSITION_NONCE_SIZE], struct err *err)
{
    static const char *const keys[] = {"nonce"};
    uint8_t bytes[TRANSITION_NONCE_SIZE + 1];
    struct json member;
    struct span text;
    size_t len;

    if (json_object_keys(root, keys, 1, err) < 0 || json_get(root, "nonce", &member, err) < 0 ||
        json_string(&member, NONCE_TEXT_SIZE, &text, err) < 0)
        return -1;
    if (b64_decode(text, bytes, sizeof bytes, &len, err) < 0)
        return json_prefix(&member, err);
    if (len != TRANSITION_NONCE_SIZE)
        return json_fail(&member, err, ERR_FORMAT, "expected %d bytes, found %zu", TRANSITION_NONCE_SIZE,
                         len);
    memcpy(nonce, bytes, TRANSITION_NONCE_SIZE);
    return 0;
}

int attest_json_request_decode(struct span body, uint8_t nonce[TRANSITION_NONCE_SIZE], struct err *err)
{
    AUTO_JSON_DOC doc = {0};

    if (json_doc_parse(body, "request", ATTEST_JSON_REQUEST_MAX, &doc, err) < 0)
        return -1;
    const struct json root = json_root(&doc);
    return parse_nonce(&root, nonce, err);
}

/* "base 64", quotes included. */
static void put_bytes(struct writer *w, struct span bytes)
{
    char text[CHUNK / 3 * 4 + 1];
    struct err err;

    writer_u8(w, '"');
    for (size_t at = 0; at < bytes.len; at += CHUNK) {
        size_t len = bytes.len - at < CHUNK ? bytes.len - at : CHUNK;

        if (b64_encode(span_sub(bytes, at, len), text, sizeof text, &err) < 0)
            w->bad = true;
        else
            writer_str(w, text);
    }
    writer_u8(w, '"');
}

static void put_list(struct writer *w, const struct span *items, size_t count)
{
    writer_u8(w, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            writer_u8(w, ',');
        put_bytes(w, items[i]);
    }
    writer_u8(w, ']');
}

int attest_json_answer_encode(const struct attest_json_answer *a, struct writer *w, struct err *err)
{
    writer_str(w, "{\"version\":\"" ATTEST_JSON_VERSION "\",\"raw_attestation_doc\":");
    put_bytes(w, a->evidence);
    writer_str(w, a->type == ATTEST_JSON_TDX ? ",\"attestation_type\":[1,3,9901,2,2]"
                                             : ",\"attestation_type\":[1,3,9901,2,1]");
    writer_str(w, ",\"manifests\":");
    put_list(w, a->manifests, a->manifest_count);
    writer_str(w, ",\"policies\":");
    put_list(w, a->policies, a->policy_count);
    writer_str(w, ",\"root_ca\":");
    put_bytes(w, a->root_pem);
    writer_str(w, ",\"mesh_ca\":");
    put_bytes(w, a->mesh_pem);
    writer_str(w, "}\n");
    return w->bad ? err_set(err, ERR_LIMIT, 0, "the answer has more than %zu bytes", w->cap) : 0;
}

static size_t list_size(const struct span *items, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += b64_encoded_len(items[i].len) + 3;
    return size;
}

size_t attest_json_answer_size(const struct attest_json_answer *a)
{
    return FIXED_MAX + b64_encoded_len(a->evidence.len) + b64_encoded_len(a->root_pem.len) +
           b64_encoded_len(a->mesh_pem.len) + list_size(a->manifests, a->manifest_count) +
           list_size(a->policies, a->policy_count);
}

static void put_text(struct writer *w, const char *text)
{
    size_t len = strnlen(text, ATTEST_JSON_ERROR_MAX);

    writer_u8(w, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\')
            writer_u8(w, '\\');
        writer_u8(w, (uint8_t) (text[i] >= ' ' && text[i] <= '~' ? text[i] : '?'));
    }
    writer_u8(w, '"');
}

int attest_json_error(unsigned status, const char *code, const char *text, struct writer *w, struct err *err)
{
    char number[16];

    (void) snprintf(number, sizeof number, "%u", status);
    writer_str(w, "{\"version\":\"" ATTEST_JSON_VERSION "\",\"status_code\":");
    writer_str(w, number);
    writer_str(w, ",\"code\":");
    put_text(w, code);
    writer_str(w, ",\"error\":");
    put_text(w, text);
    writer_str(w, "}\n");
    return w->bad ? err_set(err, ERR_LIMIT, 0, "the error has more than %zu bytes", w->cap) : 0;
}
