/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The body of POST /attest: what is accepted holds 32 bytes; what is refused leaves the nonce alone and
 * becomes an error document without a byte that JSON would have to escape. */
#include "attest_json.h"

#include "b64.h"

#include <assert.h>
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
