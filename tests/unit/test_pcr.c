/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcr: known registers (edgelesssys/constellation's facts; the digests of real TDX logs). */
#include "pcr.h"
#include "registers_test.h"

static const uint8_t global[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                   0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};

static void test_pcr4(void **state)
{
    uint8_t stages[2][32];
    struct pcr pcr;
    struct err err;

    (void) state;
    memset(stages[0], 0, 32);
    memset(stages[1], 1, 32);
    assert_int_equal(pcr_boot_start(HASH_SHA256, &pcr, &err), 0);
    assert_int_equal(pcr_extend(&pcr, stages[0], &err), 0);
    assert_int_equal(pcr_extend(&pcr, stages[1], &err), 0);
    test_check_hex(pcr.value, 32, "22116dee861aa6b44242ac469eab24cead344d52c77131f54ac1cac9d6a2408e",
                   "PCR 4");
}

static void test_pcr9(void **state)
{
    uint8_t digest[HASH_MAX], initrd[32] = {0};
    struct pcr pcr = pcr_new(HASH_SHA256);
    struct err err;

    (void) state;
    assert_int_equal(pcr_load_options(HASH_SHA256, span_str("console=tty0"), digest, &err), 0);
    assert_int_equal(pcr_extend(&pcr, digest, &err), 0);
    assert_int_equal(pcr_extend(&pcr, initrd, &err), 0);
    test_check_hex(pcr.value, 32, "eb4f7bca865807d3163b95174d6e66cfc74acf8b930a553e95ec94662cb6facd",
                   "PCR 9");
}

static void test_digests(void **state)
{
    uint8_t digest[HASH_MAX];
    struct err err;

    (void) state;
    assert_int_equal(pcr_separator(HASH_SHA384, digest, &err), 0);
    test_check_hex(
        digest, 48,
        "394341b7182cd227c5c6b07ef8000cdfd86136c4292b8e576573ad7ed9ae41019f5818b4b971c9effc60e1ad9f1289f0",
        "separator");
    assert_int_equal(pcr_variable(HASH_SHA384, global, "SecureBoot", span_of(NULL, 0), digest, &err), 0);
    test_check_hex(
        digest, 48,
        "9dc3a1f80bcec915391dcda5ffbb15e7419f77eab462bbf72b42166fb70d50325e37b36f93537a863769bcf9bedae6fb",
        "SecureBoot that is not there");
    assert_int_equal(pcr_variable(HASH_SHA384, global, "SecureBoot", span_of("", 1), digest, &err), 0);
    test_check_hex(
        digest, 48,
        "cfa4e2c606f572627bf06d5669cc2ab1128358d27b45bc63ee9ea56ec109cfafb7194006f847a6a74b5eaed6b73332ec",
        "SecureBoot = 0");
}

/* Pieces of the conversion to UTF-16 do not show in the digest. */
static void test_long_text(void **state)
{
    static char text[PCR_TEXT_MAX + 1];
    uint8_t wide[2 * 1000 + 2] = {0}, digest[32], again[32];
    struct err err;

    (void) state;
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len <= 1000; len += 50) {
        memset(wide, 0, sizeof wide);
        for (size_t i = 0; i < len; i++)
            wide[2 * i] = 'x';
        assert_int_equal(pcr_load_options(HASH_SHA256, span_of(text, len), digest, &err), 0);
        assert_int_equal(hash_bytes(HASH_SHA256, span_of(wide, 2 * len + 2), again, &err), 0);
        assert_memory_equal(digest, again, 32);
    }
    assert_int_equal(pcr_load_options(HASH_SHA256, span_of(text, PCR_TEXT_MAX), digest, &err), 0);
    assert_int_equal(pcr_load_options(HASH_SHA256, span_of(text, sizeof text), digest, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most 16384", "too long");
}

static void test_bad_text(void **state)
{
    uint8_t digest[HASH_MAX];
    struct err err;

    (void) state;
    assert_int_equal(pcr_load_options(HASH_SHA256, span_str("a\xc3\xa4"), digest, &err), -1);
    test_check_err(&err, ERR_FORMAT, "command line: byte 0xc3 at 1", "no ASCII");
    assert_int_equal(pcr_load_options(HASH_SHA256, span_of("a\0b", 3), digest, &err), -1);
    test_check_err(&err, ERR_FORMAT, "byte 0x00 at 1", "NUL");
    assert_int_equal(pcr_variable(HASH_SHA256, global, "\x80", span_of(NULL, 0), digest, &err), -1);
    test_check_err(&err, ERR_FORMAT, "variable name: byte 0x80 at 0", "name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcr4),      cmocka_unit_test(test_pcr9),     cmocka_unit_test(test_digests),
        cmocka_unit_test(test_long_text), cmocka_unit_test(test_bad_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
