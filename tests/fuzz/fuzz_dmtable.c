/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live device-mapper tables: no input but the expected words is accepted, and none breaks the reader. */
#include "dmtable.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CRYPT                                                                                                \
    "capi:authenc(hmac(sha256),xts(aes))-plain64 0001 0 253:0 0 2 integrity:32:aead sector_size:4096"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[] = {0, 1};
    struct err err = {0};
    struct span params = span_of(data, size);
    size_t good = strlen(CRYPT);
    if (dmtable_check_crypt(params, "253:0", span_of(key, sizeof key), &err) == 0)
        assert(span_eq_str(span_sub(params, 0, good), CRYPT) &&
               (size == good || (size == good + 1 && data[good] == ' ')));
    else
        assert(err.code != ERR_NONE);
    if (dmtable_check_integrity(params, "254:0", 131072, &err) == 0)
        assert(memmem(data, size, "journal_sectors:", 16) != NULL);
    if (dmtable_check_same(params, params, &err) < 0)
        assert(err.code == ERR_LIMIT);
    return 0;
}
