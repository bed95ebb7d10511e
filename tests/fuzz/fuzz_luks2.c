/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LUKS2 headers. The first byte says what the rest is: both copies' raw bytes (0), the same with checksums
 * made right (1), or the JSON text of a header whose binary parts are good (2). Accepted means: the canonical
 * form parses to the same header. */
#include "hash.h"
#include "luks2_header.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CSUM 448

static void seal(uint8_t *copy)
{
    struct err err;
    uint8_t csum[SHA256_SIZE];
    memset(copy + CSUM, 0, 64);
    int rc = hash_bytes(HASH_SHA256, span_of(copy, LUKS2_HEADER_COPY), csum, &err);
    assert(rc == 0);
    memcpy(copy + CSUM, csum, sizeof csum);
}

static void binaries_make(uint8_t *bytes)
{
    static const char uuid[] = "00000000-0000-4000-8000-000000000000";
    struct luks2_header header = {
        .seqid = 3, .kdf_time = 4, .kdf_memory_kib = 32, .kdf_cpus = 1, .digest_iterations = 1};
    struct err err;
    memcpy(header.uuid, uuid, sizeof uuid);
    int rc = luks2_header_build(&header, bytes, &err);
    assert(rc == 0);
}

static void json_put(uint8_t *bytes, const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < 2; i++) {
        uint8_t *json = bytes + i * LUKS2_HEADER_COPY + LUKS2_HEADER_BINARY;
        memset(json, 0, LUKS2_HEADER_JSON);
        memcpy(json, text, len > LUKS2_HEADER_JSON ? LUKS2_HEADER_JSON : len);
    }
}

static void check(const uint8_t *bytes)
{
    static uint8_t canonical[LUKS2_HEADER_SIZE];
    struct err err = {0};
    struct luks2_header header;
    struct luks2_header before;
    struct luks2_header again;
    memset(&header, 0x5a, sizeof header);
    before = header;
    if (luks2_header_parse(span_of(bytes, LUKS2_HEADER_SIZE), &header, &err) < 0) {
        assert(err.code != ERR_NONE && memcmp(&header, &before, sizeof header) == 0);
        return;
    }
    int rc = luks2_header_build(&header, canonical, &err);
    assert(rc == 0);
    rc = luks2_header_parse(span_of(canonical, sizeof canonical), &again, &err);
    assert(rc == 0 && memcmp(&header, &again, sizeof header) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[LUKS2_HEADER_SIZE];
    if (size == 0)
        return 0;
    memset(bytes, 0, sizeof bytes);
    if (data[0] == 2) {
        binaries_make(bytes);
        json_put(bytes, data + 1, size - 1);
    } else {
        memcpy(bytes, data + 1, size - 1 > sizeof bytes ? sizeof bytes : size - 1);
    }
    if (data[0] != 0) {
        seal(bytes);
        seal(bytes + LUKS2_HEADER_COPY);
    }
    check(bytes);
    return 0;
}
