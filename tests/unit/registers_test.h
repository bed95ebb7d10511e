/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registers_test: what the tests of TDX measurement share. The expected values are tests/cli/tdx_oracle.py's,
 * which shares no code with ours, and those of real quotes. */
#ifndef NACRE_REGISTERS_TEST_H
#define NACRE_REGISTERS_TEST_H

#include "hex.h"
#include "parser_test.h"

/* bytes as hex is text. */
static inline void test_check_hex(const uint8_t *bytes, size_t len, const char *text, const char *label)
{
    char have[2 * 64 + 1];
    struct err err;

    assert_int_equal(hex_encode(span_of(bytes, len), have, sizeof have, &err), 0);
    if (strcmp(have, text) != 0)
        fail_msg("%s: expected %s, found %s", label, text, have);
}

static inline void test_put(char *data, size_t at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        data[at + i] = (char) (value >> 8 * i);
}

#define TDX_FIRMWARE "tests/vectors/tdx/firmware.fd"
#define TDX_FROM_END 0x800 /* its TDX metadata */

#endif
