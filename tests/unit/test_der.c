/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "der.h"
#include "der_time.h"
#include "parser_test.h"

static void test_elements(void **state)
{
    static const struct {
        const char *label;
        uint8_t bytes[8];
        size_t len;
        const char *text; /* NULL: accepted */
    } rows[] = {
        {"empty sequence",     {0x30, 0x00},                   2, NULL       },
        {"one byte",           {0x04, 0x01, 0xaa},             3, NULL       },
        {"nothing",            {0},                            0, "the end"  },
        {"tag alone",          {0x30},                         1, "length"   },
        {"tag 0",              {0x00, 0x00},                   2, "tag 0x00" },
        {"high tag number",    {0x1f, 0x81, 0x00},             3, "tag 0x1f" },
        {"indefinite length",  {0x30, 0x80, 0x00, 0x00},       4, "length"   },
        {"long form of 1",     {0x04, 0x81, 0x01, 0xaa},       4, "length"   },
        {"long form of 127",   {0x04, 0x81, 0x7f, 0xaa},       4, "length"   },
        {"two bytes for 255",  {0x04, 0x82, 0x00, 0xff},       4, "length"   },
        {"three length bytes", {0x04, 0x83, 0x01, 0x00, 0x00}, 5, "length"   },
        {"length 0xff",        {0x04, 0xff},                   2, "length"   },
        {"length cut",         {0x04, 0x82, 0x01},             3, "length"   },
        {"body cut",           {0x04, 0x03, 1, 2},             4, "cut short"},
        {"long body cut",      {0x04, 0x81, 0x80, 1, 2},       5, "cut short"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reader r = reader_of(span_of(rows[i].bytes, rows[i].len));
        struct der got = {0};
        struct err err = {0};
        int rc = der_any(&r, "thing", &got, &err);

        if ((rc == 0) != (rows[i].text == NULL))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0) {
            test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].label);
            assert_int_equal(got.tag, 0);
        } else {
            assert_int_equal(got.whole.len, rows[i].len);
            assert_true(reader_done(&r));
        }
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *label;
        uint8_t bytes[12];
        size_t len;
        uint64_t value;
        enum err_code code;
    } rows[] = {
        {"0",            {2, 1, 0},                                         3,  0,          ERR_NONE  },
        {"127",          {2, 1, 0x7f},                                      3,  127,        ERR_NONE  },
        {"128",          {2, 2, 0, 0x80},                                   4,  128,        ERR_NONE  },
        {"2^64 - 1",     {2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255}, 11, UINT64_MAX, ERR_NONE  },
        {"2^64",         {2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0},                 11, 0,          ERR_LIMIT },
        {"-1",           {2, 1, 0xff},                                      3,  0,          ERR_FORMAT},
        {"no byte",      {2, 0},                                            2,  0,          ERR_FORMAT},
        {"leading zero", {2, 2, 0, 0x7f},                                   4,  0,          ERR_FORMAT},
        {"another type", {4, 1, 0},                                         3,  0,          ERR_FORMAT},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reader r = reader_of(span_of(rows[i].bytes, rows[i].len));
        uint64_t v = 77;
        struct err err = {0};

        if (der_get_u64(&r, "n", &v, &err) < 0)
            assert_true(v == 77);
        else
            assert_true(v == rows[i].value);
        if (err.code != rows[i].code)
            fail_msg("%s: %s", rows[i].label, err.text);
        if (rows[i].code == ERR_NONE) {
            uint8_t buf[16];
            struct writer w = writer_of(buf, sizeof buf);

            der_put_u64(&w, v);
            assert_true(span_eq(writer_span(&w), span_of(rows[i].bytes, rows[i].len)));
        }
    }
}

static void test_bool_bits(void **state)
{
    static const uint8_t yes[] = {1, 1, 0xff}, no[] = {1, 1, 0}, odd[] = {1, 1, 1}, two[] = {1, 2, 0, 0};
    static const uint8_t bits[] = {3, 2, 0, 0xaa}, unused[] = {3, 2, 1, 0xaa}, none[] = {3, 0};
    struct reader r;
    struct span got;
    bool v = false;
    struct err err;

    (void) state;
    r = reader_of(span_of(yes, sizeof yes));
    assert_int_equal(der_get_bool(&r, "b", &v, &err), 0);
    assert_true(v);
    r = reader_of(span_of(no, sizeof no));
    assert_int_equal(der_get_bool(&r, "b", &v, &err), 0);
    assert_false(v);
    r = reader_of(span_of(odd, sizeof odd));
    assert_int_equal(der_get_bool(&r, "b", &v, &err), -1);
    r = reader_of(span_of(two, sizeof two));
    assert_int_equal(der_get_bool(&r, "b", &v, &err), -1);
    r = reader_of(span_of(bits, sizeof bits));
    assert_int_equal(der_get_bits(&r, "bits", &got, &err), 0);
    assert_int_equal(got.len, 1);
    r = reader_of(span_of(unused, sizeof unused));
    assert_int_equal(der_get_bits(&r, "bits", &got, &err), -1);
    r = reader_of(span_of(none, sizeof none));
    assert_int_equal(der_get_bits(&r, "bits", &got, &err), -1);
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        bool generalized;
        int64_t unix_s;
        bool good;
    } rows[] = {
        {"700101000000Z",     false, 0,                     true },
        {"491231235959Z",     false, INT64_C(2524607999),   true },
        {"500101000000Z",     false, INT64_C(-631152000),   true },
        {"20500101000000Z",   true,  INT64_C(2524608000),   true },
        {"99991231235959Z",   true,  INT64_C(253402300799), true },
        {"20240229120000Z",   true,  INT64_C(1709208000),   true },
        {"261124231000Z",     false, INT64_C(1795561800),   true },
        {"20230229120000Z",   true,  0,                     false}, /* no such day */
        {"21000229120000Z",   true,  0,                     false},
        {"20241301120000Z",   true,  0,                     false},
        {"20240001120000Z",   true,  0,                     false},
        {"20240100120000Z",   true,  0,                     false},
        {"20240101240000Z",   true,  0,                     false},
        {"20240101006000Z",   true,  0,                     false},
        {"20240101000060Z",   true,  0,                     false},
        {"19490101000000Z",   true,  0,                     false},
        {"240101000000",      false, 0,                     false},
        {"240101000000ZZ",    false, 0,                     false},
        {"2401010000Z",       false, 0,                     false},
        {"240101000000+0100", false, 0,                     false},
        {"20240101000000.5Z", true,  0,                     false},
        {"2a0101000000Z",     false, 0,                     false},
        {"",                  false, 0,                     false},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t got = 77;
        struct err err;
        int rc = der_time_parse(span_str(rows[i].text), rows[i].generalized, &got, &err);

        if ((rc == 0) != rows[i].good || got != (rows[i].good ? rows[i].unix_s : 77))
            fail_msg("%s: %d %lld", rows[i].text, rc, (long long) got);
        if (rows[i].good && der_time_is_generalized(got) == rows[i].generalized) {
            uint8_t buf[20];
            struct writer w = writer_of(buf, sizeof buf);

            der_time_put(&w, got);
            assert_true(span_eq_str(writer_span(&w), rows[i].text));
        }
    }
}

/* Every day of four centuries, and back. */
static void test_calendar(void **state)
{
    (void) state;
    for (int64_t day = DER_TIME_MIN / 86400; day <= DER_TIME_MIN / 86400 + 146097; day++) {
        uint8_t buf[20];
        struct writer w = writer_of(buf, sizeof buf);
        int64_t t = day * 86400 + 3661, got = 0;
        struct err err;

        der_time_put(&w, t);
        assert_false(w.bad);
        assert_int_equal(der_time_parse(writer_span(&w), der_time_is_generalized(t), &got, &err), 0);
        assert_true(got == t);
    }
}

static void test_time_text(void **state)
{
    char out[DER_TIME_TEXT_SIZE];
    uint8_t buf[20];
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    der_time_text(INT64_C(1795561800), out);
    assert_string_equal(out, "2026-11-24T23:10:00Z");
    der_time_text(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59Z");
    der_time_text(INT64_MIN, out);
    assert_string_equal(out, "1950-01-01T00:00:00Z");
    der_time_put(&w, DER_TIME_MAX + 1);
    assert_true(w.bad);
}

/* Lengths around the borders of the long forms, nested. */
static void test_writer(void **state)
{
    static const size_t lens[] = {0, 1, 127, 128, 129, 255, 256, 257, 4000, 65535 - 4 - 4};
    static uint8_t body[65536], buf[65536 + 16];

    (void) state;
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t) (i * 31);
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct writer w = writer_of(buf, sizeof buf);
        size_t outer = der_open(&w, DER_SEQUENCE);
        struct reader r;
        struct der got;
        struct err err;

        der_put(&w, DER_OCTET_STRING, span_of(body, lens[i]));
        der_close(&w, outer);
        assert_false(w.bad);
        r = reader_of(writer_span(&w));
        assert_int_equal(der_get(&r, DER_SEQUENCE, "outer", &got, &err), 0);
        assert_true(reader_done(&r));
        r = reader_of(got.body);
        assert_int_equal(der_get(&r, DER_OCTET_STRING, "inner", &got, &err), 0);
        assert_true(reader_done(&r));
        assert_true(span_eq(got.body, span_of(body, lens[i])));
    }
    struct writer w = writer_of(buf, sizeof buf);
    der_put(&w, DER_OCTET_STRING, span_of(body, 65536));
    assert_true(w.bad); /* longer than DER_MAX */
    for (size_t cap = 0; cap < 133; cap++) {
        w = writer_of(buf, cap);
        der_put(&w, DER_OCTET_STRING, span_of(body, 130));
        assert_true(w.bad);
        assert_true(w.len <= cap);
    }
}

static void test_uint(void **state)
{
    static const uint8_t zeros[] = {0, 0, 0}, high[] = {0, 0x80}, low[] = {0, 0, 0x7f};
    uint8_t buf[16];
    struct writer w = writer_of(buf, sizeof buf);

    (void) state;
    der_put_uint(&w, span_of(zeros, sizeof zeros));
    der_put_uint(&w, span_of(high, sizeof high));
    der_put_uint(&w, span_of(low, sizeof low));
    assert_memory_equal(buf, "\x02\x01\x00\x02\x02\x00\x80\x02\x01\x7f", 10);
    assert_int_equal(w.len, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements), cmocka_unit_test(test_numbers),  cmocka_unit_test(test_bool_bits),
        cmocka_unit_test(test_times),    cmocka_unit_test(test_calendar), cmocka_unit_test(test_time_text),
        cmocka_unit_test(test_writer),   cmocka_unit_test(test_uint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
