/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rng.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/random.h>

#include <string.h>

int rng_bytes(void *out, size_t len, struct err *err)
{
    WC_RNG rng;
    int rc;

    memset(out, 0, len);
    if (len > RNG_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu random bytes asked, at most %d", len, RNG_MAX);
    rc = wc_InitRng(&rng);
    if (rc != 0)
        return err_set(err, ERR_SYS, 0, "random numbers cannot be had (wolfCrypt %d)", rc);
    rc = wc_RNG_GenerateBlock(&rng, out, (word32) len);
    (void) wc_FreeRng(&rng); /* wipes; there is nothing to do if it fails */
    if (rc != 0) {
        memset(out, 0, len);
        return err_set(err, ERR_SYS, 0, "random numbers cannot be had (wolfCrypt %d)", rc);
    }
    return 0;
}
