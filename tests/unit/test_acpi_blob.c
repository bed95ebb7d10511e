/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acpi_blob: processors of a small set of tables, and tables that do not fit. */
#include "acpi_blob.h"
#include "registers_test.h"

static uint8_t blob[256];

/* FACS, then a MADT with three local APICs (one disabled), one x2APIC and an I/O APIC, then zeros. */
static void make_blob(void)
{
    struct writer w = writer_of(blob, sizeof blob);

    writer_str(&w, "FACS");
    writer_le32(&w, 64);
    writer_zeros(&w, 56);
    writer_str(&w, "APIC");
    writer_le32(&w, 44 + 3 * 8 + 16 + 12);
    writer_zeros(&w, 36);
    for (unsigned i = 0; i < 3; i++) {
        writer_u8(&w, 0);
        writer_u8(&w, 8);
        writer_le16(&w, 0x0101);
        writer_le32(&w, i != 1);
    }
    writer_le16(&w, 0x1009);
    writer_zeros(&w, 2);
    writer_le32(&w, 300);
    writer_le32(&w, 1);
    writer_le32(&w, 0);
    writer_le16(&w, 0x0c01);
    writer_zeros(&w, 10);
    writer_zeros(&w, sizeof blob - w.len);
    assert_false(w.bad);
}

static void test_count(void **state)
{
    unsigned count = 0;
    struct err err;

    (void) state;
    make_blob();
    assert_int_equal(acpi_blob_processors(span_of(blob, sizeof blob), &count, &err), 0);
    assert_int_equal(count, 3);
}

static void test_bad(void **state)
{
    static const struct {
        const char *label;
        size_t at;
        size_t size;
        uint64_t value;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"table too long",  4,       4, 257,        ERR_FORMAT,  "ACPI table at 0x0: 0x101"   },
        {"table of 7",      4,       4, 7,          ERR_FORMAT,  "ACPI table at 0x0"          },
        {"table of 2^32-1", 68,      4, UINT32_MAX, ERR_FORMAT,  "ACPI table at 0x40"         },
        {"no MADT",         64,      4, 0x41424344, ERR_MISSING, "no MADT"                    },
        {"short MADT",      68,      4, 40,         ERR_FORMAT,  "MADT at 0x40 is cut short"  },
        {"entry of 1",      108 + 1, 1, 1,          ERR_FORMAT,  "MADT entry at 0x6c: 1 bytes"},
        {"entry of 0",      108 + 1, 1, 0,          ERR_FORMAT,  "MADT entry at 0x6c"         },
        {"entry too long",  108 + 1, 1, 200,        ERR_FORMAT,  "MADT entry at 0x6c"         },
    };
    unsigned count;
    struct err err;

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        make_blob();
        test_put((char *) blob, rows[i].at, rows[i].size, rows[i].value);
        assert_int_equal(acpi_blob_processors(span_of(blob, sizeof blob), &count, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
    assert_int_equal(acpi_blob_processors(span_of(blob, 0), &count, &err), -1);
    assert_int_equal(acpi_blob_processors(span_of(blob, ACPI_BLOB_MAX + 1), &count, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most", "too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
