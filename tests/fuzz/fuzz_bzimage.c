/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bzimage: QEMU's changes touch their fields only, and making them twice changes nothing more. The input is a
 * command line up to its first NUL, then a kernel. */
#include "bzimage.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool may_change(size_t at)
{
    return (at >= 0x1fa && at < 0x1fc) || at == 0x210 || at == 0x211 || (at >= 0x218 && at < 0x220) ||
           (at >= 0x224 && at < 0x226) || (at >= 0x228 && at < 0x22c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    size_t cmdline = nul ? (size_t) (nul - data) : 0;
    struct bzimage_boot boot = {span_of(data, cmdline), size % 7 * 4096, (uint64_t) (size % 5 + 1) << 30};
    struct span file = nul ? span_of(nul + 1, size - cmdline - 1) : span_of(data, size);
    uint8_t head[BZIMAGE_HEAD], again[BZIMAGE_HEAD];
    struct bzimage b;
    struct err err = {0};
    uint8_t *copy;

    if (bzimage_parse(file, &b, &err) < 0 || bzimage_patch(file, &b, &boot, head, &err) < 0) {
        if (err.code == ERR_NONE)
            abort();
        return 0;
    }
    for (size_t i = 0; i < sizeof head; i++) {
        if (head[i] != file.data[i] && !may_change(i))
            abort();
    }
    copy = malloc(file.len);
    if (!copy)
        return 0;
    memcpy(copy, file.data, file.len);
    memcpy(copy, head, sizeof head);
    if (bzimage_patch(span_of(copy, file.len), &b, &boot, again, &err) < 0 ||
        memcmp(head, again, sizeof head) != 0)
        abort();
    free(copy);
    return 0;
}
