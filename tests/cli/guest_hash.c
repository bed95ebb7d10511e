/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's own hashes, run on this machine's CPU: digest of standard input as hex, by all three
 * algorithms. The emulated CPU of the boot tests has no SHA instructions; real ones do, and take other code.
 */
#include "hash.h"
#include "hex.h"

#include <stdio.h>

int main(void)
{
    static uint8_t input[1 << 20];
    static const enum hash_alg algs[] = {HASH_SHA256, HASH_SHA384, HASH_SHA512};
    size_t len = fread(input, 1, sizeof input, stdin);

    for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
        uint8_t digest[HASH_MAX];
        char text[2 * HASH_MAX + 1];
        struct err err;

        if (hash_bytes(algs[i], span_of(input, len), digest, &err) < 0 ||
            hex_encode(span_of(digest, hash_size(algs[i])), text, sizeof text, &err) < 0)
            return 1;
        (void) printf("%s %s\n", hash_name(algs[i]), text);
    }
    return 0;
}
