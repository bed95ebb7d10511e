/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nvidia_spdm: what is accepted lies inside the input in its order, adds up to it, and can be found again. */
#include "nvidia_spdm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > 0 && (part.data < data || part.data + part.len > data + size))
        abort();
}

static void check(const struct nvidia_spdm *report, const uint8_t *data, size_t size)
{
    size_t measured = 0;

    for (size_t i = 0; i < NVIDIA_SPDM_BLOCKS_MAX; i++) {
        if (report->measurements[i].len != 0 && report->measurements[i].len != NVIDIA_SPDM_DIGEST_SIZE)
            abort();
        inside(report->measurements[i], data, size);
        measured += report->measurements[i].len > 0;
    }
    if (measured != report->measurement_count || measured == 0)
        abort();
    /* request 37, response 8, blocks of 55, nonce, length, opaque data, signature */
    if (size != 37 + 8 + measured * 55 + 32 + 2 + report->opaque.len + 96 ||
        report->signed_part.data != data || report->signed_part.len + 96 != size ||
        report->signature.data != data + size - 96 || report->nonce.data != data + 4)
        abort();
    for (unsigned field = 0; field <= 0xffff; field += field < 64 ? 1 : 509)
        inside(nvidia_spdm_find(report, (uint16_t) field), report->opaque.data, report->opaque.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nvidia_spdm report, before;
    struct err err = {0};

    memset(&report, 0x5a, sizeof report);
    memcpy(&before, &report, sizeof report);
    if (nvidia_spdm_parse(span_of(data, size), &report, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&report, &before, sizeof report) != 0)
            abort();
        return 0;
    }
    check(&report, data, size);
    return 0;
}
