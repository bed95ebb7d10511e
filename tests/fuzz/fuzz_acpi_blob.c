/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acpi_blob: no more processors than entries fit; *count is untouched on failure. */
#include "acpi_blob.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned count = 0x5a5a;
    struct err err = {0};

    if (acpi_blob_processors(span_of(data, size), &count, &err) < 0) {
        if (err.code == ERR_NONE || count != 0x5a5a)
            abort();
    } else if (count > size / 2) {
        abort();
    }
    return 0;
}
