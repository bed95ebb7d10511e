/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccel: logs of real guests lead to the registers of their quotes; every way to break a log. */
#include "ccel.h"
#include "tdx_quote.h"
#include "registers_test.h"

static void test_real(void **state)
{
    static const struct {
        const char *name;
        size_t events;
    } logs[] = {
        {"cos",         43},
        {"dstack",      28},
        {"dstack-lite", 29},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(logs); i++) {
        char path[64];
        size_t log_len, quote_len, count = 0;
        char *log, *quote;
        uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE];
        struct tdx_quote q;
        struct ccel walk;
        struct ccel_event event;
        struct err err;
        bool more = true;

        (void) snprintf(path, sizeof path, "tests/vectors/ccel/%s.bin", logs[i].name);
        log = test_slurp(path, &log_len);
        (void) snprintf(path, sizeof path, "tests/vectors/tdx/%s.bin", logs[i].name);
        quote = test_slurp(path, &quote_len);
        assert_int_equal(tdx_quote_parse(span_of(quote, quote_len), &q, &err), 0);
        assert_int_equal(ccel_replay(span_of(log, log_len), rtmr, &err), 0);
        assert_memory_equal(rtmr, q.rtmr, sizeof rtmr);
        assert_int_equal(ccel_open(span_of(log, log_len), &walk, &err), 0);
        while (ccel_next(&walk, &event, &more, &err) == 0 && more)
            count++;
        assert_int_equal(count, logs[i].events);
        assert_int_equal(walk.count, logs[i].events);
        free(log);
        free(quote);
    }
}

/* A log of three events in front of 64 bytes of fill: separator at 0x41, action, no action. */
static uint8_t log_bytes[512];
static size_t log_len;
#define FILL 64

static void put_event(struct writer *w, uint32_t index, uint32_t type, const char *data, bool bound)
{
    uint8_t digest[SHA384_SIZE] = {1};
    struct err err;

    if (bound)
        assert_int_equal(hash_bytes(HASH_SHA384, span_str(data), digest, &err), 0);
    writer_le32(w, index);
    writer_le32(w, type);
    writer_le32(w, 1);
    writer_le16(w, 0x0c);
    writer_bytes(w, span_of(digest, sizeof digest));
    writer_le32(w, (uint32_t) strlen(data));
    writer_str(w, data);
}

static void make_log(void)
{
    struct writer w = writer_of(log_bytes, sizeof log_bytes);

    writer_le32(&w, 1);
    writer_le32(&w, CCEL_NO_ACTION);
    writer_zeros(&w, 20);
    writer_le32(&w, 33);
    writer_str(&w, "Spec ID Event03");
    writer_zeros(&w, 9);
    writer_le32(&w, 1);
    writer_le16(&w, 0x0c);
    writer_le16(&w, 48);
    writer_u8(&w, 0);
    put_event(&w, 1, CCEL_SEPARATOR, "abcd", true);
    put_event(&w, 2, (uint32_t) CCEL_ACTION, "action", false);
    put_event(&w, 0, CCEL_NO_ACTION, "", false);
    assert_false(w.bad);
    memset(log_bytes + w.len, 0xff, FILL);
    log_len = w.len + FILL;
}

static void test_walk(void **state)
{
    struct ccel log;
    struct ccel_event e;
    bool more, bound;
    struct err err;

    (void) state;
    make_log();
    assert_int_equal(ccel_open(span_of(log_bytes, log_len), &log, &err), 0);
    assert_int_equal(ccel_next(&log, &e, &more, &err), 0);
    assert_int_equal(e.offset, 0x41);
    assert_int_equal(e.index, 1);
    assert_true(e.extends && span_eq_str(e.data, "abcd"));
    assert_int_equal(ccel_event_bound(&e, &bound, &err), 0);
    assert_true(bound);
    assert_int_equal(ccel_next(&log, &e, &more, &err), 0);
    assert_int_equal(ccel_event_bound(&e, &bound, &err), 0);
    assert_false(bound);
    assert_int_equal(ccel_next(&log, &e, &more, &err), 0);
    assert_true(more && !e.extends);
    assert_int_equal(ccel_next(&log, &e, &more, &err), 0);
    assert_false(more);
}

/* BootOrder: the digest is over the variable's data, not over the event's. */
static void test_bound_variable(void **state)
{
    uint8_t data[34] = {[16] = 0};
    struct ccel_event e = {.type = (uint32_t) CCEL_VARIABLE_BOOT, .data = span_of(data, sizeof data)};
    bool bound;
    struct err err;

    (void) state;
    data[24] = 2; /* bytes of data */
    data[32] = 7;
    assert_int_equal(hash_bytes(HASH_SHA384, span_of(data + 32, 2), e.digest, &err), 0);
    assert_int_equal(ccel_event_bound(&e, &bound, &err), 0);
    assert_true(bound);
    data[24] = 1; /* one byte is left over */
    assert_int_equal(ccel_event_bound(&e, &bound, &err), 0);
    assert_false(bound);
    data[24] = 2;
    memset(data + 16, 0xff, 8);
    assert_int_equal(ccel_event_bound(&e, &bound, &err), 0);
    assert_false(bound);
}

static const struct {
    const char *label;
    size_t at;
    size_t size;
    uint64_t value;
    const char *text;
} rows[] = {
    {"ACPI table",             0,    4, 0x4c454343, "this is the ACPI table"    },
    {"header's type",          4,    4, 5,          "has type 0x5"              },
    {"header's size",          28,   4, 1000,       "cut short"                 },
    {"header one byte longer", 28,   4, 34,         "its fields end at 33"      },
    {"signature",              0x20, 1, 's',        "Spec ID Event03"           },
    {"no algorithm",           0x38, 4, 0,          "0 algorithms"              },
    {"9 algorithms",           0x38, 4, 9,          "9 algorithms"              },
    {"no SHA-384",             0x3c, 2, 0x0b,       "no SHA-384"                },
    {"SHA-384 of 32 bytes",    0x3e, 2, 32,         "no SHA-384"                },
    {"65-byte algorithm",      0x3e, 2, 65,         "with 65 bytes"             },
    {"register 0",             0x41, 4, 0,          "event at 0x41: register 0" },
    {"register 5",             0x41, 4, 5,          "event at 0x41: register 5" },
    {"no digest",              0x49, 4, 0,          "0 SHA-384 digests"         },
    {"9 digests",              0x49, 4, 9,          "9 digests, at most 8"      },
    {"digest not in header",   0x4d, 2, 0x0b,       "algorithm 0xb at 0x4d"     },
    {"data past the end",      0x7f, 4, 1000,       "event at 0x41 is cut short"},
    {"data of 2^32 - 1",       0x7f, 4, UINT32_MAX, "event at 0x41 is cut short"},
};

static void test_bad(void **state)
{
    uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE];
    struct err err;

    (void) state;
    make_log();
    assert_int_equal(ccel_replay(span_of(log_bytes, log_len), rtmr, &err), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        make_log();
        test_put((char *) log_bytes, rows[i].at, rows[i].size, rows[i].value);
        assert_int_equal(ccel_replay(span_of(log_bytes, log_len), rtmr, &err), -1);
        test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].label);
    }
}

/* Cut anywhere: an error, unless the cut is between two events or in the fill. The last event begins with
 * four zeros, which look like fill. */
static void test_cut(void **state)
{
    uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE];
    size_t good = 0;
    struct err err;

    (void) state;
    make_log();
    for (size_t len = 0; len <= log_len; len++)
        good += ccel_replay(span_of(log_bytes, len), rtmr, &err) == 0;
    assert_int_equal(good, 3 + 1 + FILL + 4);
}

static void test_fill(void **state)
{
    uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE];
    struct err err;

    (void) state;
    make_log();
    memset(log_bytes + log_len - FILL, 0, FILL);
    assert_int_equal(ccel_replay(span_of(log_bytes, log_len), rtmr, &err), 0);
    log_bytes[log_len - 1] = 1; /* no end: an event of register 0 that is not there */
    assert_int_equal(ccel_replay(span_of(log_bytes, log_len), rtmr, &err), -1);
    make_log();
    log_bytes[log_len - 1] = 0;
    assert_int_equal(ccel_replay(span_of(log_bytes, log_len), rtmr, &err), -1);
    assert_int_equal(ccel_replay(span_of(log_bytes, CCEL_LOG_MAX + 1), rtmr, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most", "too large");
}

static void test_names(void **state)
{
    (void) state;
    assert_string_equal(ccel_type_name(0x80000007), "EV_EFI_ACTION");
    assert_string_equal(ccel_type_name(0x8000001), "other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),  cmocka_unit_test(test_walk), cmocka_unit_test(test_bound_variable),
        cmocka_unit_test(test_bad),   cmocka_unit_test(test_cut),  cmocka_unit_test(test_fill),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
