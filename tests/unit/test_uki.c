/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uki: PCR 11 by known values, by the stub's version, and what makes it unknown.
 * tests/cli/test_measure_pcr.py compares with systemd-measure. */
#include "registers_test.h"
#include "uki.h"

#define UKI "tests/vectors/pe/uki.efi"

static struct uki load(char **data, struct pe_image *pe)
{
    size_t len;
    struct uki uki;
    struct err err;

    *data = test_slurp(UKI, &len);
    assert_int_equal(pe_image_parse(span_of(*data, len), pe, &err), 0);
    assert_int_equal(uki_parse(pe, &uki, &err), 0);
    return uki;
}

/* edgelesssys/constellation's facts: the digests of .linux and .initrd are all 00 and all 01. Here the
 * register is made by hand, as no bytes with those digests are known. */
static void test_order(void **state)
{
    uint8_t digest[32];
    struct pcr pcr = pcr_new(HASH_SHA256);
    struct err err;

    (void) state;
    memset(digest, 0, sizeof digest);
    assert_int_equal(pcr_extend_bytes(&pcr, span_of(".linux", 7), &err), 0);
    assert_int_equal(pcr_extend(&pcr, digest, &err), 0);
    memset(digest, 1, sizeof digest);
    assert_int_equal(pcr_extend_bytes(&pcr, span_of(".initrd", 8), &err), 0);
    assert_int_equal(pcr_extend(&pcr, digest, &err), 0);
    test_check_hex(pcr.value, 32, "9dfe399fcd4432639f0e20f49df823aa66b095f0664f0a4b9fbdc11ea64683e2",
                   "PCR 11");
}

static void by_hand(const struct uki *uki, const enum uki_section *order, size_t count,
                    const char *const *names, struct pcr *pcr)
{
    struct err err;

    *pcr = pcr_new(HASH_SHA256);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pcr_extend_bytes(pcr, span_of(names[i], strlen(names[i]) + 1), &err), 0);
        assert_int_equal(pcr_extend_bytes(pcr, uki->sections[order[i]], &err), 0);
    }
}

static void test_versions(void **state)
{
    static const enum uki_section order[] = {UKI_LINUX, UKI_OSREL, UKI_CMDLINE, UKI_INITRD, UKI_SBAT};
    static const char *const names[] = {".linux", ".osrel", ".cmdline", ".initrd", ".sbat"};
    char *data;
    struct pe_image pe;
    struct uki uki = load(&data, &pe);
    struct pcr pcr, want;
    const char *why;
    struct err err;

    (void) state;
    assert_int_equal(uki.stub, 252);
    by_hand(&uki, order, 4, names, &want);
    assert_int_equal(uki_pcr11(&uki, HASH_SHA256, &pcr, &why, &err), 0);
    assert_null(why);
    assert_memory_equal(pcr.value, want.value, 32);
    uki.stub = 257;
    by_hand(&uki, order, 5, names, &want);
    assert_int_equal(uki_pcr11(&uki, HASH_SHA256, &pcr, &why, &err), 0);
    assert_null(why);
    assert_memory_equal(pcr.value, want.value, 32);
    free(data);
}

static void expect_unknown(const struct uki *uki, const char *part)
{
    struct pcr pcr;
    const char *why;
    struct err err;

    assert_int_equal(uki_pcr11(uki, HASH_SHA384, &pcr, &why, &err), 0);
    if (!why || !strstr(why, part))
        fail_msg("expected '%s', found '%s'", part, why ? why : "known");
}

static void test_unknown(void **state)
{
    char *data;
    struct pe_image pe;
    struct uki uki = load(&data, &pe);

    (void) state;
    uki.stub = 0;
    expect_unknown(&uki, "no .sdmagic");
    uki.stub = 251;
    expect_unknown(&uki, "older than 252");
    uki.stub = 253;
    expect_unknown(&uki, "253 and 254");
    uki.stub = 252;
    uki.has_choices = true;
    expect_unknown(&uki, "chooses among");
    free(data);
}

static void test_cmdline(void **state)
{
    static const struct {
        struct span section;
        size_t len;
        bool known;
    } rows[] = {
        {{(const uint8_t *) "a b", 3},     3, true },
        {{(const uint8_t *) "a b\0\0", 5}, 3, true },
        {{NULL, 0},                        0, true },
        {{(const uint8_t *) "a b\n", 4},   4, false},
        {{(const uint8_t *) "a ", 2},      2, false},
        {{(const uint8_t *) "a\tb", 3},    3, false},
    };
    struct uki uki = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why = "";

        uki.sections[UKI_CMDLINE] = rows[i].section;
        assert_int_equal(uki_cmdline(&uki, &why).len, rows[i].len);
        assert_int_equal(why == NULL, rows[i].known);
    }
}

static void test_initrd(void **state)
{
    struct uki uki = {0};

    (void) state;
    assert_null(uki_initrd_why(&uki));
    uki.has_choices = true;
    assert_non_null(uki_initrd_why(&uki));
    uki.has[UKI_UCODE] = true;
    assert_non_null(strstr(uki_initrd_why(&uki), ".ucode"));
    uki.has[UKI_PCRPKEY] = true;
    assert_non_null(strstr(uki_initrd_why(&uki), ".pcrpkey"));
}

static void test_bad(void **state)
{
    char *data;
    struct pe_image pe;
    struct uki uki = load(&data, &pe);
    struct err err;

    (void) state;
    for (size_t i = 0; i < pe.section_count; i++) {
        if (strcmp(pe.sections[i].name, ".linux") == 0)
            pe.sections[i].size = pe.sections[i].raw_size + 1;
    }
    assert_int_equal(uki_parse(&pe, &uki, &err), -1);
    test_check_err(&err, ERR_FORMAT, ".linux: 0x2801 bytes in memory", "memory behind the file's bytes");
    for (size_t i = 0; i < pe.section_count; i++) {
        if (strcmp(pe.sections[i].name, ".linux") == 0)
            memcpy(pe.sections[i].name, ".osrel", 7);
    }
    assert_int_equal(uki_parse(&pe, &uki, &err), -1);
    test_check_err(&err, ERR_MISSING, "no PE section .linux", "no kernel");
    free(data);
}

/* Another program that calls itself .sdmagic, and a version that is none. */
static void test_magic(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        unsigned stub;
    } rows[] = {
        {"systemd-stub", "systemd-boot", 0    },
        {"252.39-1",     "v52.39-1",     0    },
        {"252.39-1",     "99999999",     99999},
    };
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *data, *hit;
        struct pe_image pe;
        struct uki uki = load(&data, &pe);

        hit = memmem(data, pe.file.len, rows[i].from, strlen(rows[i].from));
        assert_non_null(hit);
        memcpy(hit, rows[i].to, strlen(rows[i].to));
        assert_int_equal(uki_parse(&pe, &uki, &err), 0);
        assert_int_equal(uki.stub, rows[i].stub);
        free(data);
    }
}

static void test_phases(void **state)
{
    (void) state;
    assert_string_equal(uki_phase(0), "enter-initrd");
    assert_string_equal(uki_phase(UKI_PHASES - 1), "ready");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),   cmocka_unit_test(test_versions), cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_cmdline), cmocka_unit_test(test_initrd),   cmocka_unit_test(test_bad),
        cmocka_unit_test(test_phases),  cmocka_unit_test(test_magic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
