/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ovmf: the footer and the metadata of a small file with the structure of a real one, and every way to break
 * it. */
#include "ovmf.h"
#include "parser_test.h"

#define FIRMWARE "tests/vectors/ovmf/kernel-hashes.fd"
#define META_FROM_END 0x400

static uint8_t file[8192];

static void load(const char *path)
{
    size_t len;
    char *data = test_slurp(path, &len);

    assert_int_equal(len, sizeof file);
    memcpy(file, data, len);
    free(data);
}

static void test_good(void **state)
{
    static const struct ovmf_section want[] = {
        {0x800000, 0x9000, OVMF_SEC_MEM      },
        {0x80a000, 0x3000, OVMF_SEC_MEM      },
        {0x80d000, 0x1000, OVMF_SECRETS      },
        {0x80e000, 0x1000, OVMF_CPUID        },
        {0x80f000, 0x1000, OVMF_SVSM_CAA     },
        {0x811000, 0xf000, OVMF_SEC_MEM      },
        {0x810000, 0x1000, OVMF_KERNEL_HASHES},
    };
    struct ovmf o;
    struct err err;

    (void) state;
    load(FIRMWARE);
    assert_int_equal(ovmf_parse(span_of(file, sizeof file), &o, &err), 0);
    assert_true(o.has_reset_eip);
    assert_int_equal(o.reset_eip, 0x80b004);
    assert_int_equal(o.hash_table_gpa, 0x810c00);
    assert_true(o.has_kernel_hashes);
    assert_false(o.has_tdx_metadata);
    assert_int_equal(o.section_count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(o.sections[i].gpa, want[i].gpa);
        assert_int_equal(o.sections[i].size, want[i].size);
        assert_int_equal(o.sections[i].type, want[i].type);
    }
    load("tests/vectors/ovmf/no-kernel-hashes.fd");
    assert_int_equal(ovmf_parse(span_of(file, sizeof file), &o, &err), 0);
    assert_false(o.has_kernel_hashes);
    assert_int_equal(o.hash_table_gpa, 0);
}

/* One byte of the file changed; offsets count from its end. */
static const struct {
    const char *label;
    unsigned from_end;
    uint8_t value;
    enum err_code code;
    const char *text;
} rows[] = {
    {"table GUID",           48,                          0,    ERR_MISSING, "no table of GUIDs"    },
    {"table size too large", 49,                          0xff, ERR_FORMAT,  "does not fit"         },
    {"table size too small", 50,                          17,   ERR_FORMAT,  "does not fit"         },
    {"last entry too large", 68,                          0xff, ERR_FORMAT,  "does not fit"         },
    {"last entry too small", 68,                          17,   ERR_FORMAT,  "does not fit"         },
    {"metadata signature",   META_FROM_END,               'B',  ERR_FORMAT,  "no SEV metadata"      },
    {"metadata length",      META_FROM_END - 4,           1,    ERR_FORMAT,  "version 1, 7 sections"},
    {"metadata version",     META_FROM_END - 8,           2,    ERR_FORMAT,  "version 2"            },
    {"no sections",          META_FROM_END - 12,          0,    ERR_FORMAT,  "0 sections"           },
    {"33 sections",          META_FROM_END - 12,          33,   ERR_FORMAT,  "33 sections"          },
    {"section not aligned",  META_FROM_END - 16,          1,    ERR_FORMAT,  "not whole pages"      },
    {"section size",         META_FROM_END - 20,          1,    ERR_FORMAT,  "not whole pages"      },
    {"section too large",    META_FROM_END - 23,          0x05, ERR_LIMIT,   "at most"              },
    {"section type 5",       META_FROM_END - 24,          5,    ERR_FORMAT,  "type 0x5"             },
    {"section type 0x110",   META_FROM_END - 25,          1,    ERR_FORMAT,  "type 0x101"           },
    {"secrets of two pages", META_FROM_END - 16 - 24 - 5, 0x20, ERR_FORMAT,  "one page"             },
    {"two pages for hashes", META_FROM_END - 16 - 24 - 8, 0x10, ERR_FORMAT,  "second page"          },
    {"sections overlap",     META_FROM_END - 16 - 12 - 1, 0x80, ERR_FORMAT,  "overlap section 0"    },
};

static void test_broken(void **state)
{
    struct ovmf o, untouched;
    struct err err;

    (void) state;
    memset(&o, 7, sizeof o);
    memset(&untouched, 7, sizeof untouched);
    for (size_t i = 0; i < COUNT(rows); i++) {
        load(FIRMWARE);
        file[sizeof file - rows[i].from_end] = rows[i].value;
        if (ovmf_parse(span_of(file, sizeof file), &o, &err) == 0)
            fail_msg("%s: accepted", rows[i].label);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
        assert_memory_equal(&o, &untouched, sizeof o);
    }
}

static void test_metadata_outside(void **state)
{
    struct ovmf o;
    struct err err;
    size_t at = 0;

    (void) state;
    load(FIRMWARE);
    /* the data of the SEV metadata entry: 0x400, u16 22, GUID dc886566-... */
    for (size_t i = 0; i + 8 < sizeof file; i++) {
        if (memcmp(file + i, "\x00\x04\x00\x00\x16\x00\x66\x65", 8) == 0)
            at = i;
    }
    assert_int_not_equal(at, 0);
    file[at + 2] = 1; /* 0x10400 */
    assert_int_equal(ovmf_parse(span_of(file, sizeof file), &o, &err), -1);
    test_check_err(&err, ERR_FORMAT, "outside the file", "offset");
    file[at + 1] = 0;
    file[at + 2] = 0;
    file[at] = 15;
    assert_int_equal(ovmf_parse(span_of(file, sizeof file), &o, &err), -1);
    test_check_err(&err, ERR_FORMAT, "outside the file", "offset");
}

static void test_lengths(void **state)
{
    static uint8_t zeros[OVMF_PAGE];
    struct ovmf o;
    struct err err;

    (void) state;
    for (size_t len = 0; len < 50; len++) {
        assert_int_equal(ovmf_parse(span_of(zeros, len), &o, &err), -1);
        test_check_err(&err, ERR_FORMAT, "too few", "short file");
    }
    assert_int_equal(ovmf_parse(span_of(zeros, sizeof zeros), &o, &err), -1);
    test_check_err(&err, ERR_MISSING, "0xfd0", "no table");
    assert_int_equal(ovmf_parse(span_of(zeros, OVMF_SIZE_MAX + 1ul), &o, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most", "too long");
    load(FIRMWARE);
    for (size_t cut = 16; cut < sizeof file; cut += 16) /* the end is missing */
        assert_int_equal(ovmf_parse(span_of(file, sizeof file - cut), &o, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_metadata_outside),
        cmocka_unit_test(test_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
