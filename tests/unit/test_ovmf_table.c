/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "ovmf_table.h"

static void put(struct writer *w, const char *data, const uint8_t *guid)
{
    writer_str(w, data);
    writer_le16(w, (uint16_t) (strlen(data) + 18));
    writer_bytes(w, span_of(guid, OVMF_GUID_SIZE));
}

static const uint8_t reset[OVMF_GUID_SIZE] = {0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f,
                                              0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e};
static const uint8_t table_guid[OVMF_GUID_SIZE] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                                   0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};

/* A file with count entries, and a size field that is off by `off`. */
static size_t make(uint8_t *buf, size_t cap, size_t count, int off)
{
    struct writer w = writer_of(buf, cap);

    writer_zeros(&w, 100);
    for (size_t i = 0; i < count; i++)
        put(&w, i % 2 ? "ab" : "", reset);
    writer_le16(&w, (uint16_t) ((int) (w.len - 100) + 18 + off));
    writer_bytes(&w, span_of(table_guid, OVMF_GUID_SIZE));
    writer_zeros(&w, 32);
    assert_false(w.bad);
    return w.len;
}

static void test_good(void **state)
{
    static uint8_t buf[4096];
    size_t len = make(buf, sizeof buf, 2, 0);
    struct ovmf_table t;
    struct err err = {0};
    char text[OVMF_GUID_TEXT];

    (void) state;
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), 0);
    assert_int_equal(t.count, 2);
    assert_true(span_eq_str(t.entries[0].data, "ab"));
    assert_int_equal(t.entries[0].offset, 118);
    assert_int_equal(t.entries[1].data.len, 0);
    ovmf_guid_text(t.entries[0].guid, text);
    assert_string_equal(text, "00f771de-1a7e-4fcb-890e-68c77e2fb44e");
    assert_string_equal(ovmf_guid_name(t.entries[0].guid), "SEV_ES_RESET_BLOCK");
    assert_null(ovmf_guid_name(table_guid));
    len = make(buf, sizeof buf, 0, 0);
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), 0);
    assert_int_equal(t.count, 0);
}

static void test_bad(void **state)
{
    static uint8_t buf[8192];
    struct ovmf_table t = {.count = 99};
    struct err err = {0};
    size_t len = make(buf, sizeof buf, OVMF_ENTRIES_MAX, 0);

    (void) state;
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), 0);
    t.count = 99;
    len = make(buf, sizeof buf, OVMF_ENTRIES_MAX + 1, 0);
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 64", "count");
    len = make(buf, sizeof buf, 2, 1);
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), -1);
    test_check_err(&err, ERR_FORMAT, "cut short", "one more byte");
    len = make(buf, sizeof buf, 2, -1);
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), -1);
    test_check_err(&err, ERR_FORMAT, "cut short", "one byte less");
    len = make(buf, sizeof buf, 2, 4000);
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), -1);
    test_check_err(&err, ERR_FORMAT, "does not fit", "longer than the file");
    len = make(buf, sizeof buf, 0, -1);
    assert_int_equal(ovmf_table_read(span_of(buf, len), &t, &err), -1);
    test_check_err(&err, ERR_FORMAT, "does not fit", "smaller than itself");
    assert_int_equal(ovmf_table_read(span_of(buf, 49), &t, &err), -1);
    test_check_err(&err, ERR_FORMAT, "too few", "short file");
    assert_int_equal(ovmf_table_read(span_of(buf, 100), &t, &err), -1);
    test_check_err(&err, ERR_MISSING, "no table", "no table");
    assert_int_equal(t.count, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
