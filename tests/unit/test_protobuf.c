/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protobuf: rows of bytes, and what they say or why they are refused. */
#include "protobuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t len;
    int fields;        /* read before the end or the error */
    const char *error; /* NULL: none */
} rows[] = {
    {BYTES(""),                                             0, NULL                                              },
    {BYTES("\x08\x01"),                                     1, NULL                                              },
    {BYTES("\x08\x00"),                                     1, NULL                                              },
    {BYTES("\x08\xac\x02\x12\x02hi"),                       2, NULL                                              },
    {BYTES("\x09\x01\x02\x03\x04\x05\x06\x07\x08"),         1, NULL                                              },
    {BYTES("\x0d\x01\x02\x03\x04"),                         1, NULL                                              },
    {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 1, NULL                                              },
    {BYTES("\xf8\x03\x05"),                                 1, NULL                                              },
    {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), 0, "protobuf: field 1: bad varint"                   },
    {BYTES("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), 0, "protobuf: field 1: bad varint"                   },
    {BYTES("\x08\x81\x00"),                                 0, "protobuf: field 1: bad varint"                   },
    {BYTES("\x08"),                                         0, "protobuf: field 1: bad varint"                   },
    {BYTES("\x88\x00\x01"),                                 0, "protobuf: bad field key"                         },
    {BYTES("\x80"),                                         0, "protobuf: bad field key"                         },
    {BYTES("\x00\x01"),                                     0, "protobuf: field number 0, expected 1 to 63"      },
    {BYTES("\x80\x04\x01"),                                 0, "protobuf: field number 64, expected 1 to 63"     },
    {BYTES("\x0b\x0c"),                                     0, "protobuf: field 1: wire type 3 is not read"      },
    {BYTES("\x0c"),                                         0, "protobuf: field 1: wire type 4 is not read"      },
    {BYTES("\x0f"),                                         0, "protobuf: field 1: wire type 7 is not read"      },
    {BYTES("\x12\x03hi"),                                   0, "protobuf: field 2: 3 bytes announced, 2 are left"},
    {BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0,
     "protobuf: field 2: 18446744073709551615 bytes announced, 0 are left"                                       },
    {BYTES("\x12"),                                         0, "protobuf: field 2: bad length"                   },
    {BYTES("\x09\x01\x02\x03\x04\x05\x06\x07"),             0, "protobuf: field 1: cut short"                    },
    {BYTES("\x08\x01\x0d\x01"),                             1, "protobuf: field 1: cut short"                    },
};

static void test_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reader r = reader_of(span_of(rows[i].bytes, rows[i].len));
        struct protobuf_field field;
        struct err err = {0};
        int fields = 0;
        int rc;
        while ((rc = protobuf_next(&r, &field, &err)) == 1)
            fields++;
        assert_int_equal(fields, rows[i].fields);
        assert_int_equal(rc, rows[i].error == NULL ? 0 : -1);
        assert_string_equal(err.text, rows[i].error == NULL ? "" : rows[i].error);
        assert_int_equal(err.code, rows[i].error == NULL ? ERR_NONE : ERR_FORMAT);
    }
}

static void test_write_and_read(void **state)
{
    uint8_t buf[128];
    struct writer w = writer_of(buf, sizeof(buf));
    static const char expected[] =
        "\x08\xac\x02\x12\x02hi\x1a\x00\x21\x08\x07\x06\x05\x04\x03\x02\x01\x2d\x04\x03\x02"
        "\x01\xf8\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    (void) state;
    protobuf_put_number(&w, 1, 300);
    protobuf_put_number(&w, 1, 0);
    protobuf_put_bytes(&w, 2, span_str("hi"));
    protobuf_put_bytes(&w, 2, span_of(NULL, 0));
    protobuf_put_message(&w, 3, span_of(NULL, 0));
    protobuf_put_fixed64(&w, 4, 0x0102030405060708);
    protobuf_put_fixed64(&w, 4, 0);
    protobuf_put_fixed32(&w, 5, 0x01020304);
    protobuf_put_fixed32(&w, 5, 0);
    protobuf_put_number(&w, 63, UINT64_MAX);
    assert_false(w.bad);
    assert_int_equal(w.len, sizeof(expected) - 1);
    assert_memory_equal(buf, expected, w.len);

    struct reader r = reader_of(writer_span(&w));
    struct protobuf_field f;
    struct err err;
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    assert_true(f.number == 1 && f.wire == PROTOBUF_VARINT && f.value == 300);
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    assert_true(f.number == 2 && f.wire == PROTOBUF_BYTES && span_eq_str(f.bytes, "hi"));
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    assert_true(f.number == 3 && f.wire == PROTOBUF_BYTES && f.bytes.len == 0);
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    assert_true(f.number == 4 && f.wire == PROTOBUF_FIXED64 && f.value == 0x0102030405060708);
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    assert_true(f.number == 5 && f.wire == PROTOBUF_FIXED32 && f.value == 0x01020304);
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    assert_true(f.number == 63 && f.value == UINT64_MAX);
    assert_int_equal(protobuf_next(&r, &f, &err), 0);
}

/* A message written in place is the same as one copied in, whatever its length's size. */
static void test_close(void **state)
{
    static const size_t sizes[] = {0, 1, 127, 128, 300};
    uint8_t a[400], b[400], inner[300];
    (void) state;
    memset(inner, 0x5a, sizeof(inner));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct writer x = writer_of(a, sizeof(a)), y = writer_of(b, sizeof(b));
        protobuf_put_number(&x, 1, 7);
        protobuf_put_number(&y, 1, 7);
        size_t mark = y.len;
        writer_bytes(&y, span_of(inner, sizes[i]));
        protobuf_close(&y, 2, mark);
        protobuf_put_message(&x, 2, span_of(inner, sizes[i]));
        assert_true(!x.bad && !y.bad && span_eq(writer_span(&x), writer_span(&y)));
    }
    struct writer full = writer_of(a, 5);
    writer_bytes(&full, span_of(inner, 4));
    protobuf_close(&full, 1, 0);
    assert_true(full.bad);
}

static void test_wide(void **state)
{
    struct reader r = reader_of(span_of("\xfa\xff\x1f\x01x", 5));
    struct protobuf_field f;
    struct err err;
    (void) state;
    assert_int_equal(protobuf_next(&r, &f, &err), -1);
    r = reader_of(span_of("\xfa\xff\x1f\x01x", 5));
    assert_int_equal(protobuf_next_wide(&r, &f, &err), 1);
    assert_true(f.number == 65535 && span_eq_str(f.bytes, "x"));
    r = reader_of(span_of("\xf8\xff\xff\xff\x1f\x01", 6)); /* 2^30 - 1 */
    assert_int_equal(protobuf_next_wide(&r, &f, &err), -1);
    assert_string_equal(err.text, "protobuf: field number 1073741823, expected 1 to 536870911");
}

static void test_full(void **state)
{
    uint8_t buf[4];
    struct writer w = writer_of(buf, sizeof(buf));
    (void) state;
    protobuf_put_bytes(&w, 1, span_str("abc"));
    assert_true(w.bad);
}

static void test_once(void **state)
{
    struct protobuf_field f = {.number = 63, .wire = PROTOBUF_BYTES};
    uint64_t seen = 0;
    struct err err;
    (void) state;
    assert_int_equal(protobuf_once(&seen, &f, PROTOBUF_VARINT, &err), -1);
    assert_string_equal(err.text, "protobuf: field 63: wire type 2, expected 0");
    assert_int_equal(protobuf_once(&seen, &f, PROTOBUF_BYTES, &err), 0);
    assert_int_equal(protobuf_once(&seen, &f, PROTOBUF_BYTES, &err), -1);
    assert_string_equal(err.text, "protobuf: field 63 is given twice");
    f.number = 1;
    assert_int_equal(protobuf_once(&seen, &f, PROTOBUF_BYTES, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close),          cmocka_unit_test(test_wide), cmocka_unit_test(test_rows),
        cmocka_unit_test(test_write_and_read), cmocka_unit_test(test_full), cmocka_unit_test(test_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
