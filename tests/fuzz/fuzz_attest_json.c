/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer of POST /attest: what is accepted can be written again and gives the same. Its body: what is
 * accepted holds 32 bytes; what is refused leaves the nonce alone and becomes an error document without a
 * byte that JSON would have to escape. */
#include "attest_json.h"
#include "attest_json_read.h"

#include "b64.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const char *text)
{
    uint8_t buf[2048];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err;

    assert(attest_json_error(400, "invalid_argument", text, &w, &err) == 0);
    for (size_t i = 0; i + 1 < w.len; i++)
        assert(buf[i] >= ' ' && buf[i] <= '~');
    assert(buf[w.len - 1] == '\n');
}

#define ITEMS 16

static int read_answer(struct span body, uint8_t *room, struct span *items, struct attest_json_read *out)
{
    struct writer w = writer_of(room, body.len);
    struct err err;

    out->manifests = (struct userapi_list){.items = items, .max = ITEMS};
    out->policies = (struct userapi_list){.items = items + ITEMS, .max = ITEMS};
    return attest_json_read(body, &w, out, &err);
}

static void check_answer(struct span body)
{
    struct span items[2 * ITEMS], again_items[2 * ITEMS];
    struct attest_json_read got =
                                {
                                    .evidence = {NULL, 0}
    },
                            again = got;
    uint8_t *room = malloc(body.len + 1);
    struct err err;

    if (read_answer(body, room, items, &got) == 0) {
        const struct attest_json_answer answer = {.evidence = got.evidence,
                                                  .manifests = got.manifests.items,
                                                  .manifest_count = got.manifests.count,
                                                  .policies = got.policies.items,
                                                  .policy_count = got.policies.count,
                                                  .root_pem = got.root_ca,
                                                  .mesh_pem = got.mesh_ca};
        const size_t size = attest_json_answer_size(&answer);
        uint8_t *text = malloc(size), *second = malloc(size);
        struct writer w = writer_of(text, size);

        assert(attest_json_answer_encode(&answer, &w, &err) == 0);
        assert(read_answer(writer_span(&w), second, again_items, &again) == 0);
        assert(span_eq(got.evidence, again.evidence) && span_eq(got.mesh_ca, again.mesh_ca));
        assert(got.manifests.count == again.manifests.count && got.policies.count == again.policies.count);
        free(text);
        free(second);
    }
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_answer(span_of(data, size));
    uint8_t nonce[TRANSITION_NONCE_SIZE];
    uint8_t before[TRANSITION_NONCE_SIZE];
    char text[64];
    struct err err = {0};

    memset(before, 0xa5, sizeof before);
    memcpy(nonce, before, sizeof nonce);
    if (attest_json_request_decode(span_of(data, size), nonce, &err) < 0) {
        assert(err.code == ERR_FORMAT || err.code == ERR_LIMIT || err.code == ERR_MISSING);
        assert(memcmp(nonce, before, sizeof nonce) == 0);
        check_error(err.text);
        return 0;
    }
    assert(size <= ATTEST_JSON_REQUEST_MAX);
    assert(b64_encode(span_of(nonce, sizeof nonce), text, sizeof text, &err) == 0);
    assert(memmem(data, size, text, strlen(text)) != NULL || memchr(data, '\\', size) != NULL);
    return 0;
}
