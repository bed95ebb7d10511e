/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify_match: compare what evidence says with reference values, and say what was expected and found.
 *
 * The reference values are the verifier's (manifest, policy), the found ones are in signed evidence. A list
 * without entries matches nothing, unless its `any` is set; bits that were not set up are an error.
 */
#ifndef NACRE_VERIFY_MATCH_H
#define NACRE_VERIFY_MATCH_H

#include "err.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define VERIFY_MATCH_LIST_MAX 4096 /* entries of one list */
#define VERIFY_MATCH_TEXT_SIZE 36  /* of verify_match_text */

/* Values of one size, back to back: count entries. any: the caller knowingly accepts every value. */
struct verify_list {
    const uint8_t *entries;
    size_t count;
    bool any;
};

/* Bits of a 64-bit word: found may hold bits of `allowed` only and must hold all of `required`. */
struct verify_bits {
    bool set; /* false is an error */
    uint64_t allowed;
    uint64_t required;
};

struct verify_bit_name {
    uint64_t bit;
    const char *name; /* NULL ends a table */
};

/* Entries are there, and not too many. */
bool verify_match_list_is_sound(const struct verify_list *list) __attribute__((nonnull));
/* found is among the entries, each of found's length. ERR_DENIED when not. */
int verify_match_list(const struct verify_list *list, struct span found, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* ERR_DENIED, naming the bit by the table, when a bit is in excess or lacking. */
int verify_match_bits(const struct verify_bits *bits, uint64_t found, const struct verify_bit_name *names,
                      struct err *err) __attribute__((warn_unused_result, nonnull));
/* The first 16 bytes of value in hex, "..." behind them when there are more. */
void verify_match_text(struct span value, char out[VERIFY_MATCH_TEXT_SIZE]) __attribute__((nonnull));

#endif
