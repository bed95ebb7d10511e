/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rng: random bytes from the kernel, getrandom(2) only: no file is opened, so it works without /dev and
 * under seccomp. Waits until the kernel's pool is seeded. */
#ifndef NACRE_RNG_H
#define NACRE_RNG_H

#include "err.h"

/* Fill len bytes at out. ERR_SYS when the kernel refuses; out is then zeroed. */
int rng_bytes(void *out, size_t len, struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
