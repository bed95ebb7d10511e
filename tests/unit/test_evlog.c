/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "evlog.h"
#include "hex.h"

static struct evlog log_a; /* large: not on the stack */
static struct evlog log_b;
static uint8_t zeros[EVLOG_DATA_MAX + 1];

/* Heads made with Python's hashlib from the formula of docs/formats/evlog.md. */
static const struct {
    enum evlog_type type;
    const char *data;
    size_t len;
    const char *head;
} chain[] = {
    {EVLOG_INITDATA,
     "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18"
     "\x19\x1a\x1b"
     "\x1c\x1d\x1e\x1f",                   32, "8990a98738304745e6c9e04c0ed190e701c80924738347e3d61ccd2eb132f14987cfc48af031652d2aeff06a52de2551"},
    {EVLOG_ARGV,        "/bin/true\0-x\0", 13,
     "5b496ac55d2f553f5a1ea0360a6e712c839f6efdf8be07bd15761f48bab3ec0318fabbbc2a7bc14e8880500a9e84368a"                                          },
    {EVLOG_DEBUG,       "\0",              1,
     "7c23525c42f6f3ad3273673afddd4f3be7947677be828451ea0c1e87741f09303b00eeccbf5b30f2249d99f495dc11be"                                          },
    {EVLOG_COORDINATOR, "",                0,
     "539c858df54cc8a94de59a7f6760d99717d21bca5f17e318c9fe77345ccf1914e2ebcbdd0862d2090b3d7b6510192ed1"                                          },
};

static void check_head(const uint8_t head[SHA384_SIZE], const char *want)
{
    char text[2 * SHA384_SIZE + 1];
    struct err err = {0};

    assert_int_equal(hex_encode(span_of(head, SHA384_SIZE), text, sizeof(text), &err), 0);
    assert_string_equal(text, want);
}

static void fill(struct evlog *log)
{
    struct err err = {0};

    evlog_start(log);
    for (size_t i = 0; i < COUNT(chain); i++)
        assert_int_equal(evlog_append(log, chain[i].type, span_of(chain[i].data, chain[i].len), &err), 0);
}

static void test_chain(void **state)
{
    struct err err = {0};

    (void) state;
    evlog_start(&log_a);
    assert_true(span_is_zero(span_of(log_a.head, SHA384_SIZE)));
    for (size_t i = 0; i < COUNT(chain); i++) {
        assert_int_equal(evlog_append(&log_a, chain[i].type, span_of(chain[i].data, chain[i].len), &err), 0);
        check_head(log_a.head, chain[i].head);
    }
    assert_int_equal(log_a.count, COUNT(chain));
    assert_int_equal(evlog_records(&log_a).len, 4 * 8 + 32 + 13 + 1);
}

static void test_replay(void **state)
{
    uint8_t head[SHA384_SIZE];
    struct err err = {0};
    struct evlog_record record;
    struct span rest;

    (void) state;
    fill(&log_a);
    assert_int_equal(evlog_replay(evlog_records(&log_a), head, &err), 0);
    assert_memory_equal(head, log_a.head, SHA384_SIZE);
    rest = evlog_records(&log_a);
    for (size_t i = 0; i < COUNT(chain); i++) {
        assert_int_equal(evlog_next(&rest, &record, &err), 0);
        assert_int_equal(record.type, chain[i].type);
        assert_true(span_eq(record.data, span_of(chain[i].data, chain[i].len)));
    }
    assert_int_equal(rest.len, 0);
    assert_int_equal(evlog_replay(span_of(NULL, 0), head, &err), 0);
    assert_true(span_is_zero(span_of(head, SHA384_SIZE)));
}

/* Any changed bit of the records gives another head, or is no log at all. */
static void test_flip(void **state)
{
    uint8_t head[SHA384_SIZE];
    struct err err = {0};

    (void) state;
    fill(&log_a);
    for (size_t i = 0; i < 8 * log_a.len; i++) {
        log_a.records[i / 8] ^= (uint8_t) (1u << (i % 8));
        if (evlog_replay(evlog_records(&log_a), head, &err) == 0)
            assert_memory_not_equal(head, log_a.head, SHA384_SIZE);
        log_a.records[i / 8] ^= (uint8_t) (1u << (i % 8));
    }
}

static void test_bad_records(void **state)
{
    static const struct {
        uint8_t bytes[12];
        size_t len;
        enum err_code code;
        const char *part;
    } rows[] = {
        {{1},                            1,  ERR_FORMAT, "cut inside a record"                 },
        {{1, 0, 0, 0, 0, 0, 0},          7,  ERR_FORMAT, "cut inside a record"                 },
        {{1, 0, 0, 0, 1},                8,  ERR_FORMAT, "cut inside a record"                 },
        {{0},                            8,  ERR_FORMAT, "no record has type 0"                },
        {{9},                            8,  ERR_FORMAT, "no record has type 9"                },
        {{1, 0, 0, 1},                   8,  ERR_FORMAT, "no record has type 16777217"         },
        {{1, 0, 0, 0, 1, 32},            8,  ERR_LIMIT,  "a record of 8193 bytes, at most 8192"},
        {{8, 0, 0, 0, 1, 0, 0, 0, 7, 1}, 10, ERR_FORMAT, "cut inside a record"                 },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t head[SHA384_SIZE] = {9};
        struct err err = {0};

        assert_int_equal(evlog_replay(span_of(rows[i].bytes, rows[i].len), head, &err), -1);
        test_check_err(&err, rows[i].code, rows[i].part, rows[i].part);
        assert_int_equal(head[0], 9);
    }
}

static void check_refused(enum evlog_type type, size_t len, enum err_code code, const char *part)
{
    struct err err = {0};

    memcpy(&log_b, &log_a, sizeof(log_a));
    assert_int_equal(evlog_append(&log_a, type, span_of(zeros, len), &err), -1);
    test_check_err(&err, code, part, part);
    assert_int_equal(log_a.count, log_b.count);
    assert_int_equal(log_a.len, log_b.len);
    assert_memory_equal(log_a.head, log_b.head, SHA384_SIZE);
}

static void test_limits(void **state)
{
    uint8_t head[SHA384_SIZE];
    struct err err = {0};

    (void) state;
    evlog_start(&log_a);
    check_refused((enum evlog_type) 0, 0, ERR_FORMAT, "no record has type 0");
    check_refused((enum evlog_type) 9, 0, ERR_FORMAT, "no record has type 9");
    check_refused(EVLOG_ARGV, EVLOG_DATA_MAX + 1, ERR_LIMIT, "8193 bytes of type 4 after 0 records");
    assert_int_equal(evlog_append(&log_a, EVLOG_ARGV, span_of(zeros, EVLOG_DATA_MAX), &err), 0);
    check_refused(EVLOG_ARGV, EVLOG_DATA_MAX, ERR_LIMIT, "full, 8192 bytes more do not fit");
    evlog_start(&log_a);
    for (int i = 0; i < EVLOG_RECORDS_MAX; i++)
        assert_int_equal(evlog_append(&log_a, EVLOG_DEBUG, span_of(zeros, 1), &err), 0);
    check_refused(EVLOG_DEBUG, 1, ERR_LIMIT, "after 64 records");
    assert_int_equal(evlog_replay(evlog_records(&log_a), head, &err), 0);
    memcpy(log_a.records + log_a.len, log_a.records, 9);
    log_a.len += 9;
    assert_int_equal(evlog_replay(evlog_records(&log_a), head, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 64 records", "replay");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),       cmocka_unit_test(test_replay), cmocka_unit_test(test_flip),
        cmocka_unit_test(test_bad_records), cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
