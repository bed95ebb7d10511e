/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_evidence against messages that go-sev-guest made from the same reports: tests/vectors/snp/evidence. */
#include "snp_test.h"

#include "protobuf.h"
#include "snp_evidence.h"

static const struct {
    const struct snp_case *c;
    bool same_bytes; /* without extras, our encoding is go-sev-guest's */
} cases[] = {
    {&case_milan,  true },
    {&case_dstack, false},
    {&case_genoa,  true },
    {&case_vlek,   true },
};

static struct span load_message(const char *name, char **owner)
{
    char path[200];
    size_t len;

    (void) snprintf(path, sizeof path, SNP_VECTORS "evidence/%s.pb", name);
    *owner = test_slurp(path, &len);
    return span_of(*owner, len);
}

static void test_decode(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct snp_loaded l;
        struct snp_evidence got;
        struct err err;
        char *owner;

        test_load(cases[i].c, &l);
        if (snp_evidence_decode(load_message(cases[i].c->name, &owner), &got, &err) < 0)
            fail_msg("%s: %s", cases[i].c->name, err.text);
        assert_memory_equal(got.report, l.report, SNP_REPORT_SIZE);
        assert_true(span_eq(got.chain.vcek, l.chain.vcek));
        assert_true(span_eq(got.chain.vlek, l.chain.vlek));
        assert_true(span_eq(got.chain.ask, l.chain.ask));
        assert_true(span_eq(got.chain.ark, l.chain.ark));
        assert_int_equal(got.product, cases[i].c->product);
        free(owner);
    }
}

static void test_encode(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        static uint8_t buf[SNP_EVIDENCE_MAX];
        struct writer w = writer_of(buf, sizeof buf);
        struct snp_loaded l;
        struct snp_evidence got;
        struct err err;
        char *owner;
        struct span theirs = load_message(cases[i].c->name, &owner);

        test_load(cases[i].c, &l);
        assert_int_equal(
            snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &l.chain, cases[i].c->product, &w, &err),
            0);
        assert_int_equal(span_eq(writer_span(&w), theirs), cases[i].same_bytes);
        assert_int_equal(snp_evidence_decode(writer_span(&w), &got, &err), 0);
        assert_memory_equal(got.report, l.report, SNP_REPORT_SIZE);
        free(owner);
    }
}

static void test_report_alone(void **state)
{
    uint8_t buf[2048];
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_chain none = {0};
    struct snp_loaded l;
    struct snp_evidence got;
    struct err err;

    (void) state;
    test_load(&case_genoa, &l);
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &none, SNP_PRODUCT_UNKNOWN, &w, &err), 0);
    assert_int_equal(snp_evidence_decode(writer_span(&w), &got, &err), 0);
    assert_memory_equal(got.report, l.report, SNP_REPORT_SIZE);
    assert_int_equal(got.chain.vcek.len + got.chain.ask.len + got.chain.ark.len + got.chain.vlek.len, 0);
    assert_int_equal(got.product, SNP_PRODUCT_UNKNOWN);
}

/* The version 5 mitigation vectors survive, and numbers keep all their bits. */
static void test_version_5(void **state)
{
    uint8_t buf[2048];
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_chain none = {0};
    struct snp_loaded l;
    struct snp_evidence got;
    struct err err;

    (void) state;
    test_load(&case_genoa, &l);
    l.parsed.version = 5;
    l.parsed.launch_mit_vector = UINT64_MAX;
    l.parsed.current_mit_vector = UINT64_C(1) << 63;
    l.parsed.cpu_family = 0x1a;
    l.parsed.cpu_model = 0x11;
    l.parsed.cpu_stepping = 15;
    snp_report_write(&l.parsed, l.report);
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &none, SNP_PRODUCT_TURIN, &w, &err), 0);
    assert_int_equal(snp_evidence_decode(writer_span(&w), &got, &err), 0);
    assert_memory_equal(got.report, l.report, SNP_REPORT_SIZE);
}

static void test_encode_refusals(void **state)
{
    static uint8_t buf[SNP_EVIDENCE_MAX];
    uint8_t big[SNP_EVIDENCE_CERT_MAX + 1] = {0x30};
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_chain none = {0}, large = {.ask = span_of(big, sizeof big)};
    struct snp_loaded l;
    struct err err;

    (void) state;
    test_load(&case_genoa, &l);
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &large, SNP_PRODUCT_GENOA, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "certificate", "large certificate");
    assert_int_equal(snp_evidence_encode(span_of(l.report, 1183), &none, SNP_PRODUCT_GENOA, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "1184", "short report");
    l.report[0x18a] = 16;
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &none, SNP_PRODUCT_GENOA, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "stepping 16", "stepping");
    assert_int_equal(w.len, 0);
    l.report[0x18a] = 2;
    w = writer_of(buf, 100);
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &none, SNP_PRODUCT_GENOA, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "does not fit", "small buffer");
    assert_int_equal(w.len, 0);
}

/* A message made of parts: report fields, then more. */
struct parts {
    uint8_t report[4096];
    uint8_t all[16384];
    struct writer in_report;
    struct writer out;
};

static void begin(struct parts *p, const struct snp_loaded *l, int leave_out)
{
    static uint8_t buf[2048];
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_chain none = {0};
    struct protobuf_field f;
    struct reader r;
    struct err err;

    assert_int_equal(
        snp_evidence_encode(span_of(l->report, SNP_REPORT_SIZE), &none, SNP_PRODUCT_UNKNOWN, &w, &err), 0);
    r = reader_of(writer_span(&w));
    assert_int_equal(protobuf_next(&r, &f, &err), 1);
    r = reader_of(f.bytes);
    p->in_report = writer_of(p->report, sizeof p->report);
    p->out = writer_of(p->all, sizeof p->all);
    while (protobuf_next(&r, &f, &err) == 1) {
        if ((int) f.number == leave_out)
            continue;
        if (f.wire == PROTOBUF_BYTES)
            protobuf_put_bytes(&p->in_report, f.number, f.bytes);
        else
            protobuf_put_number(&p->in_report, f.number, f.value);
    }
}

static void refused(struct parts *p, enum err_code code, const char *text, const char *label)
{
    struct snp_evidence got = {0}, untouched = {0};
    struct err err;

    protobuf_put_message(&p->out, 1, writer_span(&p->in_report));
    assert_false(p->out.bad || p->in_report.bad);
    if (snp_evidence_decode(writer_span(&p->out), &got, &err) == 0)
        fail_msg("%s: accepted", label);
    test_check_err(&err, code, text, label);
    assert_memory_equal(&got, &untouched, sizeof got);
}

static void test_decode_refusals(void **state)
{
    static const struct {
        const char *label;
        int leave_out;
        uint32_t number;
        uint64_t value;
        enum err_code code;
        const char *text;
    } numbers[] = {
        {"field 32",             -1, 32, 1,           ERR_FORMAT,  "field 32"     },
        {"version twice",        -1, 1,  3,           ERR_FORMAT,  ""             },
        {"version left out",     1,  0,  0,           ERR_FORMAT,  "version"      },
        {"version 4",            1,  1,  4,           ERR_FORMAT,  "version"      },
        {"version above 32 bit", 1,  1,  0x100000003, ERR_FORMAT,  "does not fit" },
        {"build 256",            21, 21, 256,         ERR_FORMAT,  "does not fit" },
        {"report data missing",  11, 0,  0,           ERR_MISSING, "field 11"     },
        {"signature missing",    28, 0,  0,           ERR_MISSING, "field 28"     },
        {"bytes as a number",    11, 11, 5,           ERR_FORMAT,  ""             },
        {"cpuid reserved bits",  29, 29, 0x1000,      ERR_FORMAT,  "cpuid1eax_fms"},
        {"cpuid high bits",      29, 29, 0x10000000,  ERR_FORMAT,  "cpuid1eax_fms"},
        {"cpuid not canonical",  29, 29, 0x00a00100,  ERR_FORMAT,  "cpuid1eax_fms"},
        {"cpuid family 270",     29, 29, 0x0ff00f00,  ERR_FORMAT,  "cpuid1eax_fms"},
        {"reserved signer bits", 10, 10, 0x20,        ERR_FORMAT,  "signer"       },
        {"mit vector in v3",     -1, 30, 1,           ERR_FORMAT,  "reserved"     },
        {"policy bit 17",        3,  3,  0x10000,     ERR_FORMAT,  "guest policy" },
    };
    static uint8_t eight[8];
    struct snp_loaded l;
    struct parts p;
    struct snp_evidence got;
    struct err err;

    (void) state;
    test_load(&case_genoa, &l);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        begin(&p, &l, numbers[i].leave_out);
        if (numbers[i].number != 0)
            protobuf_put_number(&p.in_report, numbers[i].number, numbers[i].value);
        refused(&p, numbers[i].code, numbers[i].text, numbers[i].label);
    }
    begin(&p, &l, 11);
    protobuf_put_bytes(&p.in_report, 11, span_of(eight, sizeof eight));
    refused(&p, ERR_FORMAT, "expected 64 bytes, found 8", "short report data");
    begin(&p, &l, -1);
    protobuf_put_number(&p.out, 4, 1);
    refused(&p, ERR_FORMAT, "", "field 4 of the message");
    begin(&p, &l, -1);
    protobuf_put_message(&p.out, 1, writer_span(&p.in_report));
    refused(&p, ERR_FORMAT, "", "two reports");
    assert_int_equal(snp_evidence_decode(span_of(NULL, 0), &got, &err), -1);
    test_check_err(&err, ERR_MISSING, "report", "empty");
    assert_int_equal(snp_evidence_decode(span_of(p.all, SNP_EVIDENCE_MAX + 1), &got, &err), -1);
    test_check_err(&err, ERR_LIMIT, "17000", "too long");
}

/* The chain and the product beside a good report. */
static void test_other_parts(void **state)
{
    static uint8_t cert[SNP_EVIDENCE_CERT_MAX + 1];
    static const struct {
        const char *label;
        uint32_t part, number;
        size_t len; /* bytes of the field, or 0: value */
        uint64_t value;
        int times;
        enum err_code code; /* ERR_NONE: accepted */
        const char *text;
    } rows[] = {
        {"a certificate",        2, 1, 16,                        0, 1, ERR_NONE,   ""                 },
        {"the same twice",       2, 1, 16,                        0, 2, ERR_FORMAT, ""                 },
        {"too large",            2, 2, SNP_EVIDENCE_CERT_MAX + 1, 0, 1, ERR_LIMIT,  "certificate field"},
        {"a number",             2, 3, 0,                         5, 1, ERR_FORMAT, ""                 },
        {"firmware certificate", 2, 4, 16,                        0, 1, ERR_NONE,   ""                 },
        {"unknown certificate",  2, 5, 16,                        0, 1, ERR_FORMAT, "not known"        },
        {"extras of zeros",      2, 7, 16,                        0, 1, ERR_FORMAT, "extras"           },
        {"product 3",            3, 1, 0,                         3, 1, ERR_NONE,   ""                 },
        {"product 4",            3, 1, 0,                         4, 1, ERR_FORMAT, "product 4"        },
        {"stepping",             3, 2, 0,                         1, 1, ERR_NONE,   ""                 },
        {"product field 4",      3, 4, 0,                         1, 1, ERR_FORMAT, "product field 4"  },
        {"product twice",        3, 1, 0,                         1, 2, ERR_FORMAT, ""                 },
    };
    struct snp_loaded l;

    (void) state;
    test_load(&case_genoa, &l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t buf[6000];
        struct writer w = writer_of(buf, sizeof buf);
        struct snp_evidence got;
        struct parts p;
        struct err err = {0};
        int rc;

        begin(&p, &l, -1);
        protobuf_put_message(&p.out, 1, writer_span(&p.in_report));
        for (int n = 0; n < rows[i].times; n++) {
            if (rows[i].len > 0)
                protobuf_put_bytes(&w, rows[i].number, span_of(cert, rows[i].len));
            else
                protobuf_put_number(&w, rows[i].number, rows[i].value);
        }
        protobuf_put_message(&p.out, rows[i].part, writer_span(&w));
        assert_false(w.bad || p.out.bad);
        rc = snp_evidence_decode(writer_span(&p.out), &got, &err);
        if ((rc == 0) != (rows[i].code == ERR_NONE))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
}

/* Entries of the map "extras": a revocation list under Contrast's key, and whatever else. */
static void test_extras(void **state)
{
    static uint8_t list[SNP_EVIDENCE_CRL_MAX + 1];
    static const char *const crl_key = "00569ee4-e480-4fba-bbf4-45b629901180";
    static const struct {
        const char *label;
        bool ours; /* the CRL's key */
        size_t len;
        int times;
        uint32_t more; /* another field */
        enum err_code code;
        const char *text;
    } rows[] = {
        {"a list",        true,  700,                      1, 0, ERR_NONE,   ""                       },
        {"largest",       true,  SNP_EVIDENCE_CRL_MAX,     1, 0, ERR_NONE,   ""                       },
        {"too large",     true,  SNP_EVIDENCE_CRL_MAX + 1, 1, 0, ERR_LIMIT,  "one revocation list"    },
        {"empty",         true,  0,                        1, 0, ERR_LIMIT,  "one revocation list"    },
        {"two lists",     true,  10,                       2, 0, ERR_LIMIT,  "one revocation list"    },
        {"a host's own",  false, 10,                       8, 0, ERR_NONE,   ""                       },
        {"nine of them",  false, 10,                       9, 0, ERR_LIMIT,  "more than 8 extras"     },
        {"unknown field", true,  10,                       1, 3, ERR_FORMAT, "extras field 3"         },
        {"key twice",     true,  10,                       1, 1, ERR_FORMAT, "extras: protobuf: field"},
    };
    struct snp_loaded l;

    (void) state;
    test_load(&case_genoa, &l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        static uint8_t buf[12000];
        struct writer w = writer_of(buf, sizeof buf);
        struct snp_evidence got;
        struct parts p;
        struct err err = {0};
        int rc;

        begin(&p, &l, -1);
        protobuf_put_message(&p.out, 1, writer_span(&p.in_report));
        for (int n = 0; n < rows[i].times; n++) {
            size_t mark = w.len;

            protobuf_put_bytes(&w, 1, span_str(rows[i].ours ? crl_key : "other"));
            protobuf_put_bytes(&w, 2, span_of(list, rows[i].len));
            if (rows[i].more != 0)
                protobuf_put_bytes(&w, rows[i].more, span_str("x"));
            protobuf_close(&w, 7, mark);
        }
        protobuf_put_message(&p.out, 2, writer_span(&w));
        assert_false(w.bad || p.out.bad);
        rc = snp_evidence_decode(writer_span(&p.out), &got, &err);
        if ((rc == 0) != (rows[i].code == ERR_NONE))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
        else
            assert_int_equal(got.chain.crl.len, rows[i].ours ? rows[i].len : 0);
    }
}

/* A list that the host gave goes out with the evidence. */
static void test_crl_encode(void **state)
{
    static uint8_t buf[SNP_EVIDENCE_MAX], list[SNP_EVIDENCE_CRL_MAX + 1];
    struct writer w = writer_of(buf, sizeof buf);
    struct snp_loaded l;
    struct snp_evidence got;
    struct err err;

    (void) state;
    test_load(&case_genoa, &l);
    l.chain.crl = span_of(list, 777);
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &l.chain, SNP_PRODUCT_GENOA, &w, &err), 0);
    assert_int_equal(snp_evidence_decode(writer_span(&w), &got, &err), 0);
    assert_true(span_eq(got.chain.crl, l.chain.crl) && span_eq(got.chain.ask, l.chain.ask));
    l.chain.crl.len = sizeof list;
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &l.chain, SNP_PRODUCT_GENOA, &w, &err), -1);
    test_check_err(&err, ERR_LIMIT, "revocation list has more than 8192", "too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),          cmocka_unit_test(test_encode),
        cmocka_unit_test(test_report_alone),    cmocka_unit_test(test_version_5),
        cmocka_unit_test(test_encode_refusals), cmocka_unit_test(test_decode_refusals),
        cmocka_unit_test(test_other_parts),     cmocka_unit_test(test_extras),
        cmocka_unit_test(test_crl_encode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
