/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdvf, tdx_mrtd, tdx_hob: a firmware with OVMF's layout, every way to break its metadata, and what follows
 * from it. */
#include "ovmf.h"
#include "tdx_hob.h"
#include "tdx_mrtd.h"
#include "registers_test.h"

#define META (0x5000 - TDX_FROM_END)
#define ROW(n) (META + 16 + 32 * (n))

static void load(char **data, struct span *file)
{
    size_t len;

    *data = test_slurp(TDX_FIRMWARE, &len);
    *file = span_of(*data, len);
}

static void test_good(void **state)
{
    char *data;
    struct span file;
    struct ovmf ovmf;
    struct tdvf t;
    struct err err;

    (void) state;
    load(&data, &file);
    assert_int_equal(ovmf_parse(file, &ovmf, &err), 0);
    assert_true(ovmf.has_tdx_metadata);
    assert_int_equal(ovmf.tdx_from_end, TDX_FROM_END);
    assert_int_equal(tdvf_parse(file, ovmf.tdx_from_end, &t, &err), 0);
    assert_int_equal(t.count, 6);
    assert_int_equal(t.sections[0].type, TDVF_BFV);
    assert_true(t.sections[0].extend);
    assert_int_equal(t.sections[0].gpa, 0xffffc000);
    assert_int_equal(t.sections[0].offset, 0x1000);
    assert_int_equal(tdvf_find(&t, TDVF_HOB)->gpa, 0x809000);
    assert_null(tdvf_find(&t, TDVF_TEMP)); /* three of them */
    assert_null(tdvf_find(&t, TDVF_PAYLOAD));
    free(data);
}

/* One number of the metadata changed. */
static const struct {
    const char *label;
    size_t at;
    size_t size;
    uint64_t value;
    enum err_code code;
    const char *text;
} rows[] = {
    {"signature",              META,        1, 'X',        ERR_FORMAT, "no TDX metadata (TDVF) at 0x4800"},
    {"length",                 META + 4,    4, 207,        ERR_FORMAT, "207 bytes"                       },
    {"version 2",              META + 8,    4, 2,          ERR_FORMAT, "version 2"                       },
    {"no sections",            META + 12,   4, 0,          ERR_FORMAT, "0 sections"                      },
    {"65 sections",            META + 12,   4, 65,         ERR_FORMAT, "65 sections"                     },
    {"2^32 - 1 sections",      META + 12,   4, UINT32_MAX, ERR_FORMAT, "4294967295 sections"             },
    {"data behind the file",   ROW(0),      4, 0x5001,     ERR_FORMAT, "do not fit in the file"          },
    {"data past the file",     ROW(0),      4, 0x1001,     ERR_FORMAT, "0x4000 bytes of data at 0x1001"  },
    {"more data than section", ROW(1) + 4,  4, 0x1001,     ERR_FORMAT, "do not fit"                      },
    {"volume without data",    ROW(1) + 4,  4, 0,          ERR_FORMAT, "without data"                    },
    {"address not aligned",    ROW(2) + 8,  8, 0x810001,   ERR_FORMAT, "not whole pages"                 },
    {"size not whole pages",   ROW(2) + 16, 8, 0x10001,    ERR_FORMAT, "not whole pages"                 },
    {"size 0",                 ROW(2) + 16, 8, 0,          ERR_FORMAT, "section at 0x4850"               },
    {"address too high",       ROW(2) + 8,  8, 1ull << 52, ERR_LIMIT,  "pass 2^52"                       },
    {"address and size wrap",  ROW(2) + 16, 8, ~0xfffull,  ERR_LIMIT,  "pass 2^52"                       },
    {"type 7",                 ROW(2) + 24, 4, 7,          ERR_FORMAT, "type 7"                          },
    {"attribute 4",            ROW(2) + 28, 4, 4,          ERR_FORMAT, "attributes 0x4"                  },
    {"measured and augmented", ROW(0) + 28, 4, 3,          ERR_FORMAT, "both measured"                   },
    {"measured memory",        ROW(2) + 28, 4, 1,          ERR_FORMAT, "has data or is measured"         },
    {"memory with data",       ROW(2) + 4,  4, 1,          ERR_FORMAT, "has data or is measured"         },
    {"overlap",                ROW(3) + 8,  8, 0x80a000,   ERR_FORMAT, "sections 3 and 4 overlap"        },
    {"too much memory",        ROW(2) + 16, 8, 0x10000000, ERR_LIMIT,  "more than 0x10000000 bytes"      },
};

static void test_bad(void **state)
{
    struct tdvf t, before;
    struct err err;

    (void) state;
    memset(&t, 0x5a, sizeof t);
    before = t;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *data;
        struct span file;

        load(&data, &file);
        test_put(data, rows[i].at, rows[i].size, rows[i].value);
        assert_int_equal(tdvf_parse(file, TDX_FROM_END, &t, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
        assert_memory_equal(&t, &before, sizeof t);
        free(data);
    }
}

static void test_place(void **state)
{
    static const uint32_t places[] = {0, 15, 16, 100, 0x5001, UINT32_MAX};
    char *data;
    struct span file;
    struct tdvf t;
    struct err err;

    (void) state;
    load(&data, &file);
    for (size_t i = 0; i < COUNT(places); i++) {
        assert_int_equal(tdvf_parse(file, places[i], &t, &err), -1);
        test_check_err(&err, ERR_FORMAT, "TDX metadata", "another place");
    }
    /* A table that would end behind the file. */
    memmove(data + 0x5000 - 100, data + META, 100);
    assert_int_equal(tdvf_parse(file, 100, &t, &err), -1);
    test_check_err(&err, ERR_FORMAT, "208 bytes", "cut short");
    free(data);
}

static void test_mrtd(void **state)
{
    char *data;
    struct span file;
    struct tdvf t;
    uint8_t single[48], two[48], other[48];
    struct err err;

    (void) state;
    load(&data, &file);
    assert_int_equal(tdvf_parse(file, TDX_FROM_END, &t, &err), 0);
    assert_int_equal(tdx_mrtd(file, &t, TDX_MRTD_SINGLE_PASS, single, &err), 0);
    assert_int_equal(tdx_mrtd(file, &t, TDX_MRTD_TWO_PASS, two, &err), 0);
    test_check_hex(
        single, 48,
        "bd4576e4b28f9dd473ebc2ffef87ee39509e04c2039b363a542f38cbcd5816e4b11ceca8d39b08505032d93f59a6c0e0",
        "single pass");
    test_check_hex(
        two, 48,
        "07567f3b1ea428379b336f7e2de2b06214380c7c0ffac670392d6b28efd1c7622a6e1c10846a316f743b39c90ae4e3ba",
        "two passes");
    /* The variables are not measured, the code is, and so is a page that nothing fills. */
    data[0x10] ^= 1;
    assert_int_equal(tdx_mrtd(file, &t, TDX_MRTD_SINGLE_PASS, other, &err), 0);
    assert_memory_equal(other, single, 48);
    data[0x1010] ^= 1;
    assert_int_equal(tdx_mrtd(file, &t, TDX_MRTD_SINGLE_PASS, other, &err), 0);
    assert_memory_not_equal(other, single, 48);
    data[0x1010] ^= 1;
    t.sections[5].augment = true;
    assert_int_equal(tdx_mrtd(file, &t, TDX_MRTD_SINGLE_PASS, other, &err), 0);
    assert_memory_not_equal(other, single, 48);
    free(data);
}

/* Two digests from real quotes; the rest from the independent implementation. */
static void test_hob(void **state)
{
    static const struct {
        uint64_t memory;
        const char *digest;
    } known[] = {
        {2ull << 30,
         "0b8772e5b0b41b83e6044a68397e02f49fb47066b4fbe4917ea2c45c64f323fdacbb37948f821ebaf8bc9c938ba8a749"},
        {64ull << 30,
         "8ae1e425351df7992c444586eff99d35af3b779aa2b0e981cb4b73bc5b279f2ade19b6a62a203fc3c3bbdaae80af596d"},
    };
    char *data;
    struct span file;
    struct tdvf t;
    uint8_t digest[48], small[16];
    struct writer w = writer_of(small, sizeof small);
    struct err err;

    (void) state;
    load(&data, &file);
    assert_int_equal(tdvf_parse(file, TDX_FROM_END, &t, &err), 0);
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_int_equal(tdx_hob_digest(&t, known[i].memory, digest, &err), 0);
        test_check_hex(digest, 48, known[i].digest, "TD HOB");
    }
    assert_int_equal(tdx_hob_digest(&t, 0, digest, &err), -1);
    test_check_err(&err, ERR_LIMIT, "memory", "no memory");
    assert_int_equal(tdx_hob_digest(&t, TDX_MEMORY_MAX + 1, digest, &err), -1);
    assert_int_equal(tdx_hob_digest(&t, 8 << 20, digest, &err), -1);
    test_check_err(&err, ERR_FORMAT, "behind the memory", "8 MiB");
    assert_int_equal(tdx_hob_build(&t, 2ull << 30, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "no room", "small buffer");
    t.sections[2].type = TDVF_PERM;
    assert_int_equal(tdx_hob_digest(&t, 2ull << 30, digest, &err), -1);
    test_check_err(&err, ERR_FORMAT, "section 2 has type 4", "permanent memory");
    t.sections[2].type = TDVF_HOB;
    assert_int_equal(tdx_hob_digest(&t, 2ull << 30, digest, &err), -1);
    test_check_err(&err, ERR_FORMAT, "expected one TD_HOB", "two lists");
    free(data);
}

/* The list must fit in its page. */
static void test_hob_too_long(void **state)
{
    struct tdvf t = {.count = 60};
    uint8_t digest[48];
    struct err err;

    (void) state;
    for (size_t i = 0; i < t.count; i++)
        t.sections[i] =
            (struct tdvf_section){.gpa = 0x800000 + 0x2000 * i, .size = 0x1000, .type = TDVF_TEMP};
    t.sections[7].type = TDVF_HOB;
    assert_int_equal(tdx_hob_digest(&t, 2ull << 30, digest, &err), -1);
    test_check_err(&err, ERR_LIMIT, "too few for the list", "60 ranges");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_place),
        cmocka_unit_test(test_mrtd), cmocka_unit_test(test_hob), cmocka_unit_test(test_hob_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
