/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parser_test.h"

#include "wire.h"

static uint8_t buf[WIRE_MESSAGE_MAX + 1];
static uint8_t zeros[WIRE_PAYLOAD_MAX];

static struct wire_msg start_msg(void)
{
    struct wire_msg m = {.type = WIRE_START};

    m.start = (struct wire_start){
        .job = WIRE_JOB_AGENT,
        .time_floor_s = 0x1122334455667788,
        .event_head = {0xe1, 0xe2},
        .policy = span_str("{}"),
        .secret = span_of(zeros, 64)
    };
    return m;
}

static struct wire_msg certificates_msg(void)
{
    struct wire_msg m = {.type = WIRE_CERTIFICATES};

    m.certificates = (struct wire_certificates){
        .time_s = 1764000000,
        .epoch_count = 2,
        .epochs = {3, UINT64_MAX},
        .mesh_ca_pem = span_str("mesh"),
        .cert_chain_pem = span_str("chain"),
        .key_pem = span_str("key"),
        .root_ca_pem = span_str("root")
    };
    return m;
}

static struct wire_msg failed_msg(void)
{
    struct wire_msg m = {.type = WIRE_FAILED};

    m.failed = (struct wire_failed){ERR_SYS, 5, span_str("cannot read")};
    return m;
}

static struct wire_msg reply_msg(size_t report, size_t aux)
{
    struct wire_msg m = {.type = WIRE_REPORT_REPLY};

    m.report_reply = (struct wire_report_reply){span_of(zeros, report), span_of(zeros, aux)};
    return m;
}

static struct span encode(const struct wire_msg *m)
{
    struct writer w = writer_of(buf, sizeof(buf));
    struct err err = {0};

    if (wire_encode(m, &w, &err) < 0)
        fail_msg("%s", err.text);
    return writer_span(&w);
}

/* The bytes of docs/formats/wire.md. */
static void test_bytes(void **state)
{
    static const uint8_t start[] = {1,    0,    0,    0,    132,  0,    0,    0,    1,    0,
                                    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0xe1, 0xe2};
    static const uint8_t parts[] = {2, 0, 0, 0, '{', '}', 64, 0, 0, 0};
    static const uint8_t done[] = {5, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t failed[] = {6, 0, 0, 0, 8, 0, 0, 0, 1, 0, 5, 0, 0, 0, 'n', 'o'};
    struct wire_msg m = start_msg();

    (void) state;
    assert_int_equal(encode(&m).len, 140);
    assert_memory_equal(buf, start, sizeof(start));
    assert_true(span_is_zero(span_of(buf + sizeof(start), 46)));
    assert_memory_equal(buf + 66, parts, sizeof(parts));
    m = (struct wire_msg){.type = WIRE_DONE};
    assert_int_equal(encode(&m).len, sizeof(done));
    assert_memory_equal(buf, done, sizeof(done));
    m = failed_msg();
    m.failed.text = span_str("no");
    assert_int_equal(encode(&m).len, sizeof(failed));
    assert_memory_equal(buf, failed, sizeof(failed));
}

static void test_round_trip(void **state)
{
    struct wire_msg in[8] = {start_msg(),          {.type = WIRE_REPORT_REQUEST},
                             reply_msg(1184, 0),   certificates_msg(),
                             {.type = WIRE_DONE},  failed_msg(),
                             {.type = WIRE_READY}, reply_msg(0, 0)};
    struct wire_msg out;
    struct err err = {0};

    (void) state;
    memset(in[1].report_request.report_data, 0x5a, WIRE_REPORT_DATA_SIZE);
    for (size_t i = 0; i < COUNT(in); i++) {
        const struct span bytes = encode(&in[i]);
        uint8_t copy[4096];
        struct writer w = writer_of(copy, sizeof(copy));

        assert_int_equal(wire_decode(bytes, &out, &err), 0);
        assert_int_equal(out.type, in[i].type);
        assert_int_equal(wire_encode(&out, &w, &err), 0);
        assert_true(span_eq(writer_span(&w), bytes));
    }
    assert_int_equal(wire_decode(encode(&in[0]), &out, &err), 0);
    assert_int_equal(out.start.job, WIRE_JOB_AGENT);
    assert_true(out.start.time_floor_s == 0x1122334455667788);
    assert_int_equal(out.start.event_head[1], 0xe2);
    assert_true(span_eq_str(out.start.policy, "{}"));
    assert_int_equal(out.start.secret.len, 64);
    assert_int_equal(wire_decode(encode(&in[3]), &out, &err), 0);
    assert_true(span_eq_str(out.certificates.key_pem, "key"));
    assert_true(span_eq_str(out.certificates.root_ca_pem, "root"));
    assert_int_equal(out.certificates.time_s, 1764000000);
    assert_int_equal(out.certificates.epoch_count, 2);
    assert_true(out.certificates.epochs[0] == 3 && out.certificates.epochs[1] == UINT64_MAX);
    assert_int_equal(wire_decode(encode(&in[5]), &out, &err), 0);
    assert_int_equal(out.failed.code, ERR_SYS);
    assert_int_equal(out.failed.sys_errno, 5);
    assert_true(span_eq_str(out.failed.text, "cannot read"));
}

/* The largest message of each type fits the payload. */
static void test_largest(void **state)
{
    struct wire_msg m = start_msg();
    const struct span pem = span_of(zeros, WIRE_PEM_MAX);

    (void) state;
    m.start.policy = span_of(zeros, WIRE_POLICY_MAX);
    assert_int_equal(encode(&m).len, WIRE_HEADER_SIZE + 18 + WIRE_EVENT_HEAD_SIZE + WIRE_POLICY_MAX + 64);
    m = reply_msg(WIRE_REPORT_MAX, WIRE_AUX_MAX);
    assert_true(encode(&m).len <= WIRE_MESSAGE_MAX);
    m.type = WIRE_CERTIFICATES;
    m.certificates = (struct wire_certificates){.epoch_count = WIRE_EPOCHS_MAX,
                                                .mesh_ca_pem = pem,
                                                .cert_chain_pem = pem,
                                                .key_pem = pem,
                                                .root_ca_pem = pem,
                                                .workload_secret = span_of(zeros, 64)};
    assert_true(encode(&m).len <= WIRE_MESSAGE_MAX);
}

static void check_encode_fails(const struct wire_msg *m, enum err_code code, const char *part)
{
    struct writer w = writer_of(buf, sizeof(buf));
    struct err err = {0};

    writer_u8(&w, 7);
    assert_int_equal(wire_encode(m, &w, &err), -1);
    test_check_err(&err, code, part, part);
    assert_int_equal(w.len, 1);
    assert_false(w.bad);
}

static void test_encode_bad(void **state)
{
    struct wire_msg m = start_msg();
    struct writer w = writer_of(buf, 91);
    struct err err = {0};

    (void) state;
    assert_int_equal(wire_encode(&m, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "START: no room for 140 bytes", "room");
    m.start.secret.len = 63;
    check_encode_fails(&m, ERR_LIMIT, "START: the secret has 63 bytes, expected 0 or 64");
    m = start_msg();
    m.start.policy.len = 0;
    check_encode_fails(&m, ERR_LIMIT, "START: policy has 0 bytes, expected 1..65536");
    m.start.policy = span_of(zeros, WIRE_POLICY_MAX + 1);
    check_encode_fails(&m, ERR_LIMIT, "START: policy has 65537 bytes");
    m = start_msg();
    m.start.job = (enum wire_job) 5;
    check_encode_fails(&m, ERR_FORMAT, "START: no job has number 5");
    m = reply_msg(0, 1);
    check_encode_fails(&m, ERR_LIMIT, "REPORT_REPLY: auxblob has 1 bytes, expected 0..0");
    m = reply_msg(WIRE_REPORT_MAX + 1, 0);
    check_encode_fails(&m, ERR_LIMIT, "REPORT_REPLY: report has 32769 bytes, expected 0..32768");
    m = reply_msg(1, WIRE_AUX_MAX + 1);
    check_encode_fails(&m, ERR_LIMIT, "REPORT_REPLY: auxblob has 32769 bytes");
    m = certificates_msg();
    m.certificates.key_pem.len = 0;
    check_encode_fails(&m, ERR_LIMIT, "CERTIFICATES: key has 0 bytes");
    m = certificates_msg();
    m.certificates.workload_secret = span_of(zeros, 65);
    check_encode_fails(&m, ERR_LIMIT, "CERTIFICATES: the secret has 65 bytes");
    m = certificates_msg();
    m.certificates.epoch_count = WIRE_EPOCHS_MAX + 1;
    check_encode_fails(&m, ERR_LIMIT, "CERTIFICATES: 9 epochs, at most 8");
    m = certificates_msg();
    m.certificates.time_s = WIRE_TIME_MAX_S + 1;
    check_encode_fails(&m, ERR_FORMAT, "CERTIFICATES: a time after the year 9999");
    m = failed_msg();
    m.failed.code = ERR_NONE;
    check_encode_fails(&m, ERR_FORMAT, "FAILED: no error has code 0");
    m.failed.code = (enum err_code) 8;
    check_encode_fails(&m, ERR_FORMAT, "FAILED: no error has code 8");
    m.failed.code = ERR_FORMAT;
    check_encode_fails(&m, ERR_FORMAT, "FAILED: errno 5 with code format");
    m = failed_msg();
    m.failed.sys_errno = 4096;
    check_encode_fails(&m, ERR_FORMAT, "FAILED: errno 4096");
    m = failed_msg();
    m.failed.text = span_str("two\nlines");
    check_encode_fails(&m, ERR_FORMAT, "FAILED: byte 3 of the text is not printable");
    m.failed.text = span_of(NULL, 0);
    check_encode_fails(&m, ERR_LIMIT, "FAILED: text has 0 bytes");
    m.type = (enum wire_type) 8;
    check_encode_fails(&m, ERR_FORMAT, "no message has type 8");
}

struct bad_row {
    const char *label;
    size_t len;
    uint8_t bytes[24];
    enum err_code code;
    const char *part;
};

static const struct bad_row bad[] = {
    {"empty",             0,  {0},                                                     ERR_FORMAT, "a message of 0 bytes"                           },
    {"no header",         7,  {5},                                                     ERR_FORMAT, "a message of 7 bytes"                           },
    {"type 0",            8,  {0},                                                     ERR_FORMAT, "no message has type 0"                          },
    {"type 8",            8,  {8},                                                     ERR_FORMAT, "no message has type 8"                          },
    {"type 0x105",        8,  {5, 1},                                                  ERR_FORMAT, "no message has type 261"                        },
    {"reserved",          8,  {5, 0, 1, 0},                                            ERR_FORMAT, "DONE: reserved field is 1"                      },
    {"length over",       8,  {5, 0, 0, 0, 1},                                         ERR_FORMAT, "DONE: length says 1 bytes, 0 came"              },
    {"length under",      9,  {5},                                                     ERR_FORMAT, "DONE: length says 0 bytes, 1 came"              },
    {"huge",              8,  {5, 0, 0, 0, 1, 0, 2, 0},                                ERR_LIMIT,  "DONE: a payload of 131073 bytes, at most 131072"},
    {"DONE with payload", 9,  {5, 0, 0, 0, 1, 0, 0, 0, 0},                             ERR_FORMAT, "do not fill the payload"                        },
    {"short request",     10, {2, 0, 0, 0, 2},                                         ERR_FORMAT, "REPORT_REQUEST: the parts do not fill"          },
    {"part over the end", 16, {3, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0},        ERR_FORMAT, "do not fill"                                    },
    {"part of 4 GB",      16, {3, 0, 0, 0, 8, 0, 0, 0, 255, 255, 255, 255},            ERR_FORMAT, "do not fill"                                    },
    {"aux, no report",
     17,                      {3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
     ERR_LIMIT,                                                                                    "REPORT_REPLY: auxblob has 1 bytes"              },
    {"9 epochs",          20, {4, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9},    ERR_FORMAT, "do not fill"                                    },
    {"after the parts",
     18,                      {3, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 9},
     ERR_FORMAT,                                                                                   "do not fill"                                    },
    {"FAILED code 0",     15, {6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'x'},         ERR_FORMAT, "no error has code 0"                            },
    {"FAILED no text",    14, {6, 0, 0, 0, 6, 0, 0, 0, 1},                             ERR_LIMIT,  "FAILED: text has 0 bytes"                       },
    {"FAILED errno",      15, {6, 0, 0, 0, 7, 0, 0, 0, 1, 0, 255, 255, 255, 255, 'x'}, ERR_FORMAT, "errno -1"                                       },
    {"FAILED escape",     15, {6, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 27},          ERR_FORMAT, "not printable"                                  },
};

static void test_decode_bad(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct wire_msg out, before;
        struct err err = {0};

        memset(&out, 0xa5, sizeof(out));
        memcpy(&before, &out, sizeof(out));
        assert_int_equal(wire_decode(span_of(bad[i].bytes, bad[i].len), &out, &err), -1);
        test_check_err(&err, bad[i].code, bad[i].part, bad[i].label);
        assert_memory_equal(&out, &before, sizeof(out));
    }
}

/* No prefix of a message is a message. */
static void test_cut(void **state)
{
    struct wire_msg m = certificates_msg();
    const struct span bytes = encode(&m);
    struct wire_msg out;
    struct err err = {0};

    (void) state;
    for (size_t n = 0; n < bytes.len; n++)
        assert_int_equal(wire_decode(span_of(bytes.data, n), &out, &err), -1);
    assert_int_equal(wire_decode(bytes, &out, &err), 0);
}

/* A story of messages by their numbers; the last one is refused with this text, or all pass (part NULL).
 * 0 is the end of the stream. */
struct story_row {
    enum wire_job job;
    const char *story;
    const char *part;
};

static const struct story_row stories[] = {
    {WIRE_JOB_AGENT,    "2247",      NULL                                                             },
    {WIRE_JOB_AGENT,    "247224224", NULL                                                             },
    {WIRE_JOB_AGENT,    "7222",      NULL                                                             }, /* it joins nobody */
    {WIRE_JOB_AGENT,    "226",       NULL                                                             },
    {WIRE_JOB_AGENT,    "2476",      NULL                                                             },
    {WIRE_JOB_AGENT,    "6",         NULL                                                             },
    {WIRE_JOB_AGENT,    "4",         "job agent: message CERTIFICATES came out of turn"               },
    {WIRE_JOB_AGENT,    "242",       "job agent: message REPORT_REQUEST came out of turn"             },
    {WIRE_JOB_AGENT,    "244",       "job agent: message CERTIFICATES came out of turn"               },
    {WIRE_JOB_AGENT,    "27",        "job agent: message READY came out of turn"                      },
    {WIRE_JOB_AGENT,    "2477",      "job agent: message READY came out of turn"                      },
    {WIRE_JOB_AGENT,    "245",       "job agent: message DONE is not for this job to send"            },
    {WIRE_JOB_AGENT,    "2472462",   "came after the end"                                             },
    {WIRE_JOB_AGENT,    "62",        "came after the end"                                             },
    {WIRE_JOB_AGENT,    "1",         "job agent: message START is not for this job to send"           },
    {WIRE_JOB_AGENT,    "3",         "job agent: message REPORT_REPLY is not for this job to send"    },
    {WIRE_JOB_AGENT,    "0",         "job agent ended without a word"                                 },
    {WIRE_JOB_AGENT,    "2470",      "job agent ended without a word"                                 },
    {WIRE_JOB_AGENT,    "60",        "job agent failed"                                               },
    {WIRE_JOB_VOLUMES,  "50",        NULL                                                             },
    {WIRE_JOB_VOLUMES,  "2",         "job volumes: message REPORT_REQUEST is not for this job to send"},
    {WIRE_JOB_VOLUMES,  "4",         "job volumes: message CERTIFICATES is not for this job to send"  },
    {WIRE_JOB_VOLUMES,  "0",         "job volumes ended without a word"                               },
    {WIRE_JOB_IMAGE,    "50",        NULL                                                             },
    {WIRE_JOB_IMAGE,    "56",        "job image: message FAILED came after the end"                   },
    {WIRE_JOB_IMAGE,    "60",        "job image failed"                                               },
    {WIRE_JOB_LAUNCH,   "0",         NULL                                                             },
    {WIRE_JOB_LAUNCH,   "60",        "job launch failed"                                              },
    {WIRE_JOB_LAUNCH,   "5",         "job launch: message DONE is not for this job to send"           },
    {(enum wire_job) 9, "5",         "job unknown: message DONE is not for this job to send"          },
};

static int tell(struct wire_progress *p, char step, struct err *err)
{
    return step == '0' ? wire_accept_eof(p, err) : wire_accept(p, (enum wire_type)(step - '0'), err);
}

static void test_stories(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct wire_progress p = WIRE_PROGRESS(stories[i].job);
        const size_t last = strlen(stories[i].story) - 1;
        struct wire_progress before;
        struct err err = {0};

        for (size_t n = 0; n < last; n++)
            assert_int_equal(tell(&p, stories[i].story[n], &err), 0);
        memcpy(&before, &p, sizeof(p));
        assert_int_equal(tell(&p, stories[i].story[last], &err), stories[i].part ? -1 : 0);
        if (!stories[i].part)
            continue;
        test_check_err(&err, ERR_HELPER, stories[i].part, stories[i].story);
        assert_memory_equal(&p, &before, sizeof(p));
    }
}

static void test_report_limit(void **state)
{
    struct wire_progress p = WIRE_PROGRESS(WIRE_JOB_AGENT);
    struct err err = {0};

    (void) state;
    for (int i = 0; i < WIRE_REPORTS_MAX; i++)
        assert_int_equal(wire_accept(&p, WIRE_REPORT_REQUEST, &err), 0);
    assert_int_equal(wire_accept(&p, WIRE_REPORT_REQUEST, &err), -1);
    test_check_err(&err, ERR_HELPER, "came too often", "reports");
    wire_new_period(&p); /* before READY there is no period */
    assert_int_equal(wire_accept(&p, WIRE_REPORT_REQUEST, &err), -1);
}

static void test_periods(void **state)
{
    static const struct {
        enum wire_type type;
        int max;
    } rows[] = {
        {WIRE_REPORT_REQUEST, WIRE_REPORTS_MAX },
        {WIRE_CERTIFICATES,   WIRE_RENEWALS_MAX},
    };
    struct wire_progress p = WIRE_PROGRESS(WIRE_JOB_AGENT);
    struct err err = {0};

    (void) state;
    assert_int_equal(wire_accept(&p, WIRE_REPORT_REQUEST, &err), 0);
    assert_int_equal(wire_accept(&p, WIRE_CERTIFICATES, &err), 0);
    assert_int_equal(wire_accept(&p, WIRE_READY, &err), 0);
    for (int period = 0; period < 3; period++) {
        for (size_t i = 0; i < COUNT(rows); i++) {
            for (int n = 0; n < rows[i].max; n++)
                assert_int_equal(wire_accept(&p, rows[i].type, &err), 0);
            assert_int_equal(wire_accept(&p, rows[i].type, &err), -1);
            test_check_err(&err, ERR_HELPER, "came too often", "period");
        }
        wire_new_period(&p);
    }
}

static void test_names(void **state)
{
    (void) state;
    assert_string_equal(wire_type_name(WIRE_REPORT_REPLY), "REPORT_REPLY");
    assert_string_equal(wire_type_name((enum wire_type) 0), "unknown");
    assert_string_equal(wire_type_name((enum wire_type) 8), "unknown");
    assert_string_equal(wire_job_name(WIRE_JOB_IMAGE), "image");
    assert_string_equal(wire_job_name((enum wire_job) 5), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),      cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_largest),    cmocka_unit_test(test_encode_bad),
        cmocka_unit_test(test_decode_bad), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_stories),    cmocka_unit_test(test_report_limit),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_periods),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
