/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pe_image, uki: what is accepted has a digest, a copy of the file's own first bytes changes nothing, and all
 * parts of a UKI lie inside the file. */
#include "pe_image.h"
#include "uki.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_uki(const struct pe_image *pe)
{
    struct uki uki;
    struct pcr pcr;
    const char *why;
    struct err err = {0};

    if (uki_parse(pe, &uki, &err) < 0) {
        if (err.code == ERR_NONE)
            abort();
        return;
    }
    for (size_t i = 0; i < UKI_SECTIONS; i++) {
        struct span s = uki.sections[i];

        if (s.len > 0 && (s.data < pe->file.data || s.data + s.len > pe->file.data + pe->file.len))
            abort();
    }
    if (uki_pcr11(&uki, HASH_SHA256, &pcr, &why, &err) < 0)
        abort();
    if (uki_cmdline(&uki, &why).len > uki.sections[UKI_CMDLINE].len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span file = span_of(data, size);
    struct pe_image pe, before;
    uint8_t digest[SHA384_SIZE], again[SHA384_SIZE];
    struct err err = {0};

    memset(&pe, 0x5a, sizeof pe);
    memcpy(&before, &pe, sizeof pe);
    if (pe_image_parse(file, &pe, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&pe, &before, sizeof pe) != 0)
            abort();
        return 0;
    }
    if (pe_image_digest(&pe, span_of(NULL, 0), HASH_SHA384, digest, &err) < 0 ||
        pe_image_digest(&pe, span_of(data, size / 2), HASH_SHA384, again, &err) < 0 ||
        memcmp(digest, again, sizeof digest) != 0)
        abort();
    check_uki(&pe);
    return 0;
}
