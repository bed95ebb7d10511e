/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tpm_quote: what is accepted lies inside the input and adds up to it. */
#include "tpm_quote.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tpm_quote quote, before;
    struct err err = {0};

    memset(&quote, 0x5a, sizeof quote);
    memcpy(&before, &quote, sizeof quote);
    if (tpm_quote_parse(span_of(data, size), &quote, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&quote, &before, sizeof quote) != 0)
            abort();
        return 0;
    }
    /* magic, type, two lengths, clock, firmware, one selection, a digest with its length */
    if (size != 4 + 2 + 2 + quote.signer.len + 2 + quote.nonce.len + 17 + 8 + 10 + 2 + 32 ||
        quote.signer.len > TPM_QUOTE_NAME_MAX || quote.nonce.len > TPM_QUOTE_NONCE_MAX ||
        (quote.signer.len > 0 && quote.signer.data != data + 8) ||
        (quote.nonce.len > 0 && quote.nonce.data != data + 10 + quote.signer.len) ||
        quote.pcr_digest.data != data + size - TPM_QUOTE_DIGEST_SIZE || quote.pcrs > 0xffffff)
        abort();
    return 0;
}
