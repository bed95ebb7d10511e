/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_test.h"

#include "snp_cert_table.h"

#define ENTRY 24

static void test_round_trip(void **state)
{
    static uint8_t buf[SNP_CERT_TABLE_MAX];
    struct snp_loaded l;
    struct snp_chain got;
    struct err err;

    (void) state;
    test_load(&case_genoa, &l);
    for (unsigned which = 0; which < 32; which++) {
        struct writer w = writer_of(buf, sizeof buf);
        struct snp_chain in = {0};

        if (which & 1)
            in.vcek = l.chain.vcek;
        if (which & 2)
            in.vlek = l.chain.vcek;
        if (which & 4)
            in.ask = l.chain.ask;
        if (which & 8)
            in.ark = l.chain.ark;
        if (which & 16)
            in.crl = l.chain.ask;
        snp_cert_table_write(&in, &w);
        assert_false(w.bad);
        assert_int_equal(snp_cert_table_parse(writer_span(&w), &got, &err), 0);
        assert_true(span_eq(got.vcek, in.vcek) && span_eq(got.vlek, in.vlek) && span_eq(got.ask, in.ask) &&
                    span_eq(got.ark, in.ark) && span_eq(got.crl, in.crl));
    }
}

static void test_empty(void **state)
{
    static const uint8_t zero_entry[ENTRY];
    struct snp_chain got = {
        .ask = {zero_entry, 1}
    };
    struct err err;

    (void) state;
    assert_int_equal(snp_cert_table_parse(span_of(NULL, 0), &got, &err), 0);
    assert_int_equal(got.ask.len, 0);
    assert_int_equal(snp_cert_table_parse(span_of(zero_entry, sizeof zero_entry), &got, &err), 0);
}

/* GUID in the order of its text, as real hosts write it. */
static const uint8_t vcek[16] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
static const uint8_t unknown[16] = {1};

struct entry {
    const uint8_t *guid;
    uint32_t offset, length;
};

static size_t build(const struct entry *entries, size_t count, bool closed, uint8_t *buf, size_t cap)
{
    struct writer w = writer_of(buf, cap);

    for (size_t i = 0; i < count; i++) {
        writer_bytes(&w, span_of(entries[i].guid, 16));
        writer_le32(&w, entries[i].offset);
        writer_le32(&w, entries[i].length);
    }
    if (closed)
        writer_zeros(&w, ENTRY);
    while (w.len < cap)
        writer_u8(&w, 0x30);
    return w.len;
}

static void test_refusals(void **state)
{
    static const struct {
        const char *label;
        struct entry entries[2];
        size_t count;
        bool closed;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"good",             {{vcek, 100, 28}},                1, true,  ERR_NONE,   ""          },
        {"unknown skipped",  {{unknown, 999999, 5}},           1, true,  ERR_NONE,   ""          },
        {"over the end",     {{vcek, 100, 29}},                1, true,  ERR_FORMAT, "not inside"},
        {"begins behind",    {{vcek, 129, 1}},                 1, true,  ERR_FORMAT, "not inside"},
        {"wraps",            {{vcek, 0xffffffff, 2}},          1, true,  ERR_FORMAT, "not inside"},
        {"huge",             {{vcek, 100, 0xffffffff}},        1, true,  ERR_FORMAT, "not inside"},
        {"no bytes",         {{vcek, 100, 0}},                 1, true,  ERR_FORMAT, "not inside"},
        {"twice",            {{vcek, 100, 1}, {vcek, 100, 1}}, 2, true,  ERR_FORMAT, "twice"     },
        {"not DER",          {{vcek, 0, 16}},                  1, true,  ERR_FORMAT, "not DER"   },
        {"no closing entry", {{unknown, 1, 1}},                1, false, ERR_FORMAT, "closing"   },
    };
    struct snp_chain got;
    struct err err = {0};

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[128];
        size_t len =
            build(rows[i].entries, rows[i].count, rows[i].closed, buf, rows[i].closed ? sizeof buf : ENTRY);
        int rc = snp_cert_table_parse(span_of(buf, len), &got, &err);

        if ((rc == 0) != (rows[i].code == ERR_NONE))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
}

static void test_limits(void **state)
{
    static uint8_t buf[SNP_CERT_TABLE_MAX + 1];
    struct snp_chain got;
    struct err err;

    (void) state;
    for (size_t i = 0; i < 17; i++)
        buf[i * ENTRY] = 1; /* GUIDs we do not know */
    assert_int_equal(snp_cert_table_parse(span_of(buf, SNP_CERT_TABLE_MAX), &got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "16 entries", "entries");
    buf[16 * ENTRY] = 0;
    assert_int_equal(snp_cert_table_parse(span_of(buf, SNP_CERT_TABLE_MAX), &got, &err), 0);
    assert_int_equal(snp_cert_table_parse(span_of(buf, sizeof buf), &got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "32768", "bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
