/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ecc_recover: the public keys that fit a signature. With lib/ecc.c, the only files that include wolfCrypt's
 * ECC. SEC 1 version 2.0, 4.1.6. For keyless ID blocks (docs/formats/id-block.md); everything here is public.
 */
#ifndef NACRE_ECC_RECOVER_H
#define NACRE_ECC_RECOVER_H

#include "ecc.h"

/* The P-384 keys under which sig is a good signature of digest: two, by ascending x, then y. ERR_FORMAT: none
 * (r is no point's x, or a key would be at infinity). */
int ecc_recover_p384(struct span digest, const struct ecc_sig *sig, struct ecc_public keys[2],
                     struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
