/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng: random bytes from wolfCrypt's DRBG, freshly seeded by getrandom(2) at every call: no file is opened,
 * so it works without /dev and under seccomp, and waits until the kernel's pool is seeded. */
#ifndef NACRE_RNG_H
#define NACRE_RNG_H

#include "err.h"

#define RNG_MAX 65536 /* bytes of one call */

/* Fill len bytes at out. Returns 0, or -1 with *err set and out zeroed. */
int rng_bytes(void *out, size_t len, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
