/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_evidence against messages that go-tdx-guest made from the same quotes: tests/vectors/tdx/evidence. */
#include "tdx_evidence.h"
#include "tdx_forge.h"
#include "tdx_qe.h"

static const struct {
    const char *message, *quote;
    size_t padding; /* bytes behind the quote, which stand in the message's field 5 */
} cases[] = {
    {"evidence/v4.pb",      "v4.bin",             70  },
    {"evidence/debug.pb",   "debug.bin",          0   },
    {"evidence/spr-e4.pb",  "verify/spr-e4.bin",  39  },
    {"evidence/cos-113.pb", "verify/cos-113.bin", 3065},
};

static struct tdx_evidence got;

static void drop(struct span s)
{
    free((void *) (uintptr_t) s.data);
}

static void test_decode(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span message = tdx_load(cases[i].message), quote = tdx_load(cases[i].quote);
        struct err err;

        if (tdx_evidence_decode(message, &got, &err) < 0)
            fail_msg("%s: %s", cases[i].message, err.text);
        assert_int_equal(got.len, quote.len - cases[i].padding);
        assert_memory_equal(got.quote, quote.data, got.len);
        drop(message);
        drop(quote);
    }
}

/* Without the padding our bytes are go-tdx-guest's. */
static void test_encode(void **state)
{
    static uint8_t buf[TDX_EVIDENCE_MAX];

    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span message = tdx_load(cases[i].message), quote = tdx_load(cases[i].quote);
        size_t extra = cases[i].padding == 0 ? 0 : cases[i].padding + (cases[i].padding < 128 ? 2 : 3);
        struct writer w = writer_of(buf, sizeof buf);
        struct err err;

        if (tdx_evidence_encode(quote, &w, &err) < 0)
            fail_msg("%s: %s", cases[i].quote, err.text);
        assert_true(span_eq(writer_span(&w), span_sub(message, 0, message.len - extra)));
        drop(message);
        drop(quote);
    }
}

/* The quote that comes out is the one that verifies. */
static void test_verifies(void **state)
{
    struct span message = tdx_load("evidence/v4.pb");
    struct tdx_set s;
    struct err err;

    (void) state;
    assert_int_equal(tdx_evidence_decode(message, &got, &err), 0);
    tdx_open(&s, "v4.bin", "2025-06", "tcb_info.json", CLOCK_2025_06);
    drop(s.quote);
    s.quote = span_of(got.quote, got.len);
    tdx_expect_row(&s, TDX_CHECK_COUNT, ERR_NONE, "", "decoded");
    s.quote.data = NULL;
    tdx_close(&s);
    drop(message);
}

static void test_encode_refuses(void **state)
{
    static uint8_t buf[TDX_EVIDENCE_MAX];
    struct span v4 = tdx_load("v4.bin"), v5 = tdx_load("v5.bin");
    struct writer w = writer_of(buf, sizeof buf), small = writer_of(buf, 100);
    struct err err;

    (void) state;
    assert_int_equal(tdx_evidence_encode(v5, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "carries quotes of version 4, this has 5", "version 5");
    assert_int_equal(tdx_evidence_encode(span_sub(v4, 0, 700), &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "signature data", "cut short");
    assert_int_equal(w.len, 0);
    assert_int_equal(tdx_evidence_encode(v4, &small, &err), -1);
    test_check_err(&err, ERR_LIMIT, "does not fit into 100 bytes", "no room");
    assert_int_equal(small.len, 0);
    drop(v4);
    drop(v5);
}

/* A message in the making: the parts of evidence/debug.pb, which has no padding. */
static uint8_t text[TDX_EVIDENCE_MAX + 1];
static struct writer message_of(const char *name)
{
    struct span message = tdx_load(name);
    struct writer w = writer_of(text, sizeof text);

    writer_bytes(&w, message);
    drop(message);
    return w;
}

static void refuse(const struct writer *w, enum err_code code, const char *says)
{
    struct err err = {0};

    got.len = 4711;
    if (tdx_evidence_decode(writer_span(w), &got, &err) == 0)
        fail_msg("%s: accepted", says);
    test_check_err(&err, code, says, says);
    assert_int_equal(strncmp(err.text, "evidence: ", 10), 0);
    assert_int_equal(got.len, 4711);
}

static void test_trailer(void **state)
{
    static const uint8_t extension[] = {0xfa, 0xff, 0x1f, 3, 0x0a, 1, 'x'};
    struct writer w = message_of("evidence/debug.pb");
    struct err err;

    (void) state;
    for (int i = 0; i < TDX_EVIDENCE_EXTENSIONS_MAX; i++)
        writer_bytes(&w, span_of(extension, sizeof extension));
    assert_int_equal(tdx_evidence_decode(writer_span(&w), &got, &err), 0);
    assert_int_equal(got.len, 4936);
    writer_bytes(&w, span_of(extension, sizeof extension));
    refuse(&w, ERR_LIMIT, "more than 8 extensions");

    w = message_of("evidence/debug.pb");
    writer_bytes(&w, span_str("\x2a\x02{}")); /* field 5 */
    assert_int_equal(tdx_evidence_decode(writer_span(&w), &got, &err), 0);
    assert_int_equal(got.len, 4936);
}

static void append_and_refuse(const char *bytes, size_t len, enum err_code code, const char *says)
{
    struct writer w = message_of("evidence/debug.pb");

    writer_bytes(&w, span_of(bytes, len));
    refuse(&w, code, says);
}

static void test_bad_top(void **state)
{
    struct writer w;

    (void) state;
    append_and_refuse("\x32\x00", 2, ERR_FORMAT, "field 6 is not known");
    append_and_refuse("\xf8\xff\x1f\x01", 4, ERR_FORMAT, "field 65535 is not known"); /* no bytes */
    append_and_refuse("\x0a\x00", 2, ERR_FORMAT, "field 1 is given twice");
    append_and_refuse("\x18\x05", 2, ERR_FORMAT, "field 3 is given twice");
    append_and_refuse("\x28\x05", 2, ERR_FORMAT, "field 5: wire type 0");
    append_and_refuse("\x2a", 1, ERR_FORMAT, "bad length");
    w = message_of("evidence/v4.pb");
    writer_bytes(&w, span_str("\x2a\x02{}"));
    refuse(&w, ERR_FORMAT, "field 5 is given twice");
    w.len = sizeof text;
    refuse(&w, ERR_LIMIT, "17001 bytes, at most 17000");
    w.len = 0;
    refuse(&w, ERR_MISSING, "header, body or signed data is missing");
}

/* Change bytes of evidence/debug.pb that stand there once. */
static const struct {
    const char *label, *from, *to; /* hex */
    enum err_code code;
    const char *says;
} rows[] = {
    {"version 5",          "08041002",       "08051002",       ERR_FORMAT, ""                            },
    {"key type",           "08041002",       "08041003",       ERR_FORMAT, "key type"                    },
    {"header: unknown",    "22020000",       "42020000",       ERR_FORMAT, "header: field 8 is not known"},
    {"header: double",     "22020000",       "2a020000",       ERR_FORMAT, "header: protobuf: field 5"   },
    {"header: wire type",  "188101",         "1a8101",         ERR_FORMAT, "header: "                    },
    {"signed data size",   "18cc2122f121",   "18cd2122f121",   ERR_FORMAT, "size of signed data"         },
    {"certification kind", "080610c620",     "080510c620",     ERR_FORMAT, "kind of certification data"  },
    {"certification size", "080610c620",     "080610c720",     ERR_FORMAT, "size of certification data"  },
    {"chain kind",         "080510de1c",     "080610de1c",     ERR_FORMAT, "kind of inner"               },
    {"chain size",         "080510de1c",     "080510df1c",     ERR_FORMAT, "size of inner"               },
    {"auth size",          "08201220000102", "08211220000102", ERR_FORMAT, "size of auth data"           },
    {"auth: unknown",      "08201220000102", "08201a20000102", ERR_FORMAT, "field 3 is not known"        },
};

static void test_bad_rows(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct writer w = message_of("evidence/debug.pb");
        uint8_t from[16], to[16];
        size_t len = strlen(rows[i].from) / 2, at = 0;
        struct err err;

        assert_int_equal(hex_decode(span_str(rows[i].from), from, len, &err), 0);
        assert_int_equal(hex_decode(span_str(rows[i].to), to, len, &err), 0);
        while (memcmp(text + at, from, len) != 0)
            if (++at + len > w.len)
                fail_msg("%s: not found", rows[i].label);
        memcpy(text + at, to, len);
        refuse(&w, rows[i].code, rows[i].says);
    }
}

/* Cut anywhere it is refused; a flipped bit is refused, or gives other bytes. */
static void test_mutations(void **state)
{
    struct writer w = message_of("evidence/debug.pb");
    size_t len = w.len;
    struct span quote = tdx_load("debug.bin");

    (void) state;
    for (size_t i = 0; i < len; i += 16) {
        struct err err = {0};

        w.len = i;
        assert_int_equal(tdx_evidence_decode(writer_span(&w), &got, &err), -1);
        assert_int_not_equal(err.code, ERR_NONE);
    }
    w.len = len;
    for (size_t i = 0; i < len; i++) {
        struct err err;

        text[i] ^= 1;
        if (tdx_evidence_decode(writer_span(&w), &got, &err) == 0)
            assert_false(span_eq(span_of(got.quote, got.len), quote));
        text[i] ^= 1;
    }
    drop(quote);
}

/* Parts of other sizes than real machines show. */
static void test_forged(void **state)
{
    static struct forged lab;
    static uint8_t buf[TDX_EVIDENCE_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct err err;

    (void) state;
    forge_open(&lab);
    forge_make(&lab, &forge_plain);
    assert_int_equal(tdx_evidence_encode(lab.set.quote, &w, &err), 0);
    assert_int_equal(tdx_evidence_decode(writer_span(&w), &got, &err), 0);
    assert_true(span_eq(span_of(got.quote, got.len), lab.set.quote));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),   cmocka_unit_test(test_encode),
        cmocka_unit_test(test_verifies), cmocka_unit_test(test_trailer),
        cmocka_unit_test(test_bad_top),  cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_bad_rows), cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_forged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
