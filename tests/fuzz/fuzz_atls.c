/* SPDX-License-Identifier: GPL-2.0-or-later */
/* atls: the first byte chooses the decoder. What is accepted has exactly one text, and comes back from the
 * encoder. */
#include "atls.h"

#include <stdlib.h>
#include <string.h>

#define NOW 1760000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_alpn(struct span text)
{
    uint8_t nonce[ATLS_NONCE_SIZE];
    uint8_t again[ATLS_NONCE_SIZE];
    char alpn[ATLS_ALPN_SIZE];
    struct err err = {0};
    if (atls_alpn_decode(text, nonce, &err) < 0) {
        if (err.code != ERR_MISSING && err.code != ERR_FORMAT)
            abort();
        return;
    }
    if (atls_alpn_encode(nonce, alpn, &err) < 0 || atls_alpn_decode(span_str(alpn), again, &err) < 0 ||
        memcmp(nonce, again, sizeof(nonce)) != 0)
        abort();
    alpn[ATLS_ALPN_SIZE - 5] = 0; /* without ",h2": the nonce's own name stands in the list as it is */
    if (memmem(text.data, text.len, alpn, strlen(alpn)) == NULL)
        abort();
}

static void try_name(struct span text)
{
    uint8_t nonce[ATLS_NONCE_SIZE];
    struct err err = {0};
    if (atls_name_decode(&text, 1, nonce, &err) == 0 && text.len != 4 + 44)
        abort();
}

/* The first line is the ALPN list, the rest the server name. */
static void try_server_name(struct span text)
{
    const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    size_t alpn = end ? (size_t) (end - text.data) : text.len;
    struct span name = end ? span_sub(text, alpn + 1, text.len - alpn - 1) : span_of(NULL, 0);
    uint8_t nonce[ATLS_NONCE_SIZE];
    struct err err = {0};
    if (atls_server_name_decode(span_of(text.data, alpn), name, nonce, &err) == 0 && name.len != 44)
        abort();
}

static void try_certificate(struct span der)
{
    struct atls_peer peer = {
        .spki = {NULL, 77}
    };
    struct err err = {0};
    if (atls_peer_parse(der, NOW, &peer, &err) < 0) {
        if (peer.spki.len != 77 || err.code == ERR_NONE)
            abort();
        return;
    }
    if (peer.evidence.len > ATLS_EVIDENCE_MAX)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct span rest = span_of(data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        try_alpn(rest);
        break;
    case 1:
        try_name(rest);
        break;
    case 2:
        try_certificate(rest);
        break;
    default:
        try_server_name(rest);
    }
    return 0;
}
