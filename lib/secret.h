/* SPDX-License-Identifier: GPL-2.0-or-later */
/* secret: bytes that must not stay in memory, and the cleanup attributes.
 *
 * A secret is passed by pointer, never copied by value, never printed, never put into argv or the
 * environment. Declare it AUTO_SECRET and it is wiped on every way out of the function.
 */
#ifndef NACRE_SECRET_H
#define NACRE_SECRET_H

#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define SECRET_MAX                                                                                           \
    128 /* bytes: the longest key or secret we hold (96-byte volume key, 64-byte workload secret) */

struct secret {
    size_t len;
    uint8_t bytes[SECRET_MAX];
};

void secret_wipe(struct secret *s);          /* accepts NULL */
void secret_wipe_bytes(void *p, size_t len); /* explicit_bzero; p may be NULL when len is 0 */
struct span secret_span(const struct secret *s) __attribute__((nonnull));
/* Equal, in a time that depends on the lengths only. */
bool secret_eq(struct span a, struct span b);

#define AUTO_SECRET __attribute__((cleanup(secret_wipe))) struct secret

/* free() at the end of the scope: AUTO_FREE char *p = NULL; */
void auto_free_impl(void *pp);
#define AUTO_FREE __attribute__((cleanup(auto_free_impl)))

#endif
