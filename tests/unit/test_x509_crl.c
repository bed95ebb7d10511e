/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x509_crl with Intel's lists and with lists that OpenSSL made in AMD's form (tests/vectors/crl). */
#include "parser_test.h"
#include "pem.h"
#include "x509_crl.h"

#define INTEL "tests/vectors/tdx/verify/"
#define AMD "tests/vectors/crl/"
#define NOW 1798761600 /* 2027-01-01 */
#define CLOCK_2025_06 1750550400

static struct span load(const char *path)
{
    size_t len;
    char *data = test_slurp(path, &len);

    return span_of(data, len);
}

static void drop(struct span file)
{
    free((void *) (uintptr_t) file.data);
}

static struct x509 parse_cert(struct span der)
{
    struct x509 cert;
    struct err err;

    if (x509_parse(der, &cert, &err) < 0)
        fail_msg("%s", err.text);
    return cert;
}

static struct x509_crl parse(struct span der)
{
    struct x509_crl crl;
    struct err err;

    if (x509_crl_parse(der, &crl, &err) < 0)
        fail_msg("%s", err.text);
    return crl;
}

/* Intel's root, from a chain in the collateral. */
static void test_intel(void **state)
{
    static uint8_t der[8192];
    struct span pem = load(INTEL "2025-06/signer.pem"), rest = pem, signer_der, root_der;
    struct span root_crl_der = load(INTEL "2025-06/root.crl"), pck_crl_der = load(INTEL "2025-06/pck.crl");
    struct writer w = writer_of(der, sizeof der);
    struct x509 signer, root, revoked;
    struct x509_crl crl;
    struct err err;

    (void) state;
    assert_int_equal(pem_next(&rest, PEM_LABEL_CERTIFICATE, &w, &signer_der, &err), 0);
    assert_int_equal(pem_next(&rest, PEM_LABEL_CERTIFICATE, &w, &root_der, &err), 0);
    signer = parse_cert(signer_der);
    root = parse_cert(root_der);
    crl = parse(root_crl_der);
    assert_int_equal(crl.entries.len, 0);
    assert_int_equal(x509_crl_check(&crl, &root, CLOCK_2025_06, &err), 0);
    assert_int_equal(x509_crl_check_not_listed(&crl, &signer, &err), 0);
    assert_int_equal(x509_crl_check(&crl, &signer, CLOCK_2025_06, &err), -1);
    test_check_err(&err, ERR_DENIED, "issuer is not the name", "another CA");
    assert_int_equal(x509_crl_check(&crl, &root, crl.next_update_s + 1, &err), -1);
    test_check_err(&err, ERR_DENIED, "valid from 2025-03-20T11:21:57Z to 2026-04-03T11:21:57Z", "over");
    assert_int_equal(x509_crl_check(&crl, &root, crl.this_update_s - 1, &err), -1);
    test_check_err(&err, ERR_DENIED, "the time is 2025-03-20T11:21:56Z", "to come");
    assert_int_equal(x509_crl_check(&crl, &root, crl.this_update_s, &err), 0);
    assert_int_equal(x509_crl_check(&crl, &root, crl.next_update_s, &err), 0);

    crl = parse(pck_crl_der);
    assert_true(crl.entries.len > 1000);
    revoked = signer;
    revoked.serial =
        span_of("\x6f\xc3\x4e\x50\x23\xe7\x28\x92\x34\x35\xd6\x1a\xa4\xb8\x3c\x61\x81\x66\xad\x35", 20);
    assert_int_equal(x509_crl_check_not_listed(&crl, &revoked, &err), -1);
    test_check_err(&err, ERR_DENIED,
                   "6fc34e5023e728923435d61aa4b83c618166ad35 was revoked on 2025-06-19T10:00:35Z",
                   "first of the list");
    /* a number with the top bit set has a zero in front, in list and certificate */
    revoked.serial =
        span_of("\x00\xef\xae\x6e\x97\x15\xfc\xa1\x3b\x87\xe3\x33\xe8\x26\x1e\xd6\xd9\x90\xa9\x26\xad", 21);
    assert_int_equal(x509_crl_check_not_listed(&crl, &revoked, &err), -1);
    drop(pem);
    drop(root_crl_der);
    drop(pck_crl_der);
}

static void test_amd(void **state)
{
    static const struct {
        const char *file;
        const char *ca;
        int64_t now_s;
        const char *text;       /* of the check; NULL: passes */
        const char *ask, *vcek; /* text when listed; NULL: not listed */
    } rows[] = {
        {"empty",   "ark",  NOW,        NULL,                     NULL,                               NULL                   },
        {"other",   "ark",  NOW,        NULL,                     NULL,                               NULL                   },
        {"revoked", "ark",  NOW,        NULL,                     "020001 was revoked on 2024-06-01", NULL                   },
        {"leaf",    "ark",  NOW,        NULL,                     NULL,                               "number 00 was revoked"},
        {"short",   "ark",  NOW,        "the time is 2027-01-01", NULL,                               NULL                   },
        {"empty",   "ark",  1790000000, "the time is 2026-09-21", NULL,                               NULL                   },
        {"forged",  "ark",  NOW,        "CRL: ",                  NULL,                               ""                     },
        {"revoked", "ask",  NOW,        "issuer is not the name", "",                                 NULL                   },
        {"leaf",    "vcek", NOW,        "issuer is not the name", NULL,                               "number 00 was revoked"},
        {"revoked", "mute", NOW,        "may not sign lists",     "",                                 NULL                   },
    };
    struct span ask_der = load(AMD "ask.der"), vcek_der = load(AMD "vcek.der");
    const struct x509 ask = parse_cert(ask_der), vcek = parse_cert(vcek_der);

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[100];
        struct span crl_der, ca_der;
        struct x509_crl crl;
        struct x509 ca;
        struct err err;
        int rc;

        (void) snprintf(path, sizeof path, AMD "%s.crl", rows[i].file);
        crl_der = load(path);
        (void) snprintf(path, sizeof path, AMD "%s.der", rows[i].ca);
        ca_der = load(path);
        crl = parse(crl_der);
        ca = parse_cert(ca_der);
        assert_int_equal(crl.sig, X509_SIG_PSS_SHA384);
        rc = x509_crl_check(&crl, &ca, rows[i].now_s, &err);
        if ((rc == 0) != (rows[i].text == NULL))
            fail_msg("row %zu (%s): %d %s", i, rows[i].file, rc, err.text);
        if (rc < 0)
            test_check_err(&err, ERR_DENIED, rows[i].text, rows[i].file);
        rc = x509_crl_check_not_listed(&crl, &ask, &err);
        assert_int_equal(rc, rows[i].ask ? -1 : 0);
        if (rc < 0)
            test_check_err(&err, ERR_DENIED, rows[i].ask, rows[i].file);
        rc = x509_crl_check_not_listed(&crl, &vcek, &err);
        assert_int_equal(rc, rows[i].vcek ? -1 : 0);
        if (rc < 0)
            test_check_err(&err, ERR_DENIED, rows[i].vcek, rows[i].file);
        drop(crl_der);
        drop(ca_der);
    }
    drop(ask_der);
    drop(vcek_der);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *file;
        const char *text;
    } rows[] = {
        {"partial.crl", "a critical extension is not known"},
        {"delta.crl",   "a critical extension is not known"},
        {"v15.crl",     "signature algorithm"              },
        {"ark.der",     "CRL version"                      }, /* a certificate is no list */
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char path[100];
        struct span der;
        struct x509_crl crl = {0};
        struct err err;

        (void) snprintf(path, sizeof path, AMD "%s", rows[i].file);
        der = load(path);
        assert_int_equal(x509_crl_parse(der, &crl, &err), -1);
        test_check_err(&err, ERR_FORMAT, rows[i].text, rows[i].file);
        assert_null(crl.tbs.data);
        drop(der);
    }
}

/* Every bit counts: the list does not parse, or its signature or issuer is wrong. */
static void test_every_bit(void **state)
{
    struct span der = load(INTEL "2025-06/root.crl"), pem = load(INTEL "2025-06/signer.pem"), rest = pem;
    static uint8_t certs[8192], copy[1024];
    struct writer w = writer_of(certs, sizeof certs);
    struct span cert;
    struct x509 root;
    struct x509_crl crl;
    struct err err;

    (void) state;
    assert_int_equal(pem_next(&rest, PEM_LABEL_CERTIFICATE, &w, &cert, &err), 0);
    assert_int_equal(pem_next(&rest, PEM_LABEL_CERTIFICATE, &w, &cert, &err), 0);
    root = parse_cert(cert);
    assert_true(der.len < sizeof copy);
    memcpy(copy, der.data, der.len);
    for (size_t at = 0; at < der.len; at++) {
        copy[at] ^= (uint8_t) (1 << at % 8);
        if (x509_crl_parse(span_of(copy, der.len), &crl, &err) == 0)
            assert_int_equal(x509_crl_check(&crl, &root, CLOCK_2025_06, &err), -1);
        copy[at] ^= (uint8_t) (1 << at % 8);
    }
    for (size_t len = 0; len < der.len; len++)
        assert_int_equal(x509_crl_parse(span_of(copy, len), &crl, &err), -1);
    copy[der.len] = 0;
    assert_int_equal(x509_crl_parse(span_of(copy, der.len + 1), &crl, &err), -1);
    test_check_err(&err, ERR_FORMAT, "1 bytes too many", "trailing");
    assert_int_equal(x509_crl_parse(span_of(certs, X509_CRL_MAX + 1), &crl, &err), -1);
    test_check_err(&err, ERR_LIMIT, "65535", "long");
    drop(der);
    drop(pem);
}

/* A list of these parts behind the issuer's name; its signature is empty. */
static struct span make(struct span next_update, struct span entries, struct span extensions)
{
    static uint8_t buf[131072];
    struct writer w = writer_of(buf, sizeof buf);
    size_t outer = der_open(&w, DER_SEQUENCE), tbs = der_open(&w, DER_SEQUENCE);

    der_put_u64(&w, 1);
    writer_bytes(&w, x509_algorithm(X509_SIG_ECDSA_SHA256));
    der_put(&w, DER_SEQUENCE, span_of(NULL, 0));
    der_put_time(&w, 0);
    writer_bytes(&w, next_update);
    writer_bytes(&w, entries);
    writer_bytes(&w, extensions);
    der_close(&w, tbs);
    writer_bytes(&w, x509_algorithm(X509_SIG_ECDSA_SHA256));
    der_put_bits(&w, span_str("x"));
    der_close(&w, outer);
    assert_false(w.bad);
    return writer_span(&w);
}

#define HEX(text) span_of(text, sizeof(text) - 1)
#define TIME                                                                                                 \
    "\x17\x0d"                                                                                               \
    "700101000000Z"

static void test_forms(void **state)
{
    const struct {
        const char *label;
        struct span next_update, entries, extensions;
        const char *text; /* NULL: accepted */
    } rows[] = {
        {"plain",                              HEX(TIME), {0},                                            {0},                             NULL              },
        {"one entry",                          HEX(TIME), HEX("\x30\x14\x30\x12\x02\x01\x05" TIME),       {0},                             NULL              },
        {"no nextUpdate",                      {0},       {0},                                            {0},                             "nextUpdate"      },
        {"empty list",                         HEX(TIME), HEX("\x30\x00"),                                {0},                             "there and empty" },
        {"entry of another CA",
         HEX(TIME),
         HEX("\x30\x21\x30\x1f\x02\x01\x05" TIME "\x30\x0b\x30\x09\x06\x03\x55\x1d\x1d\x04\x02\x30\x00"),
         {0},
         "extension 2.5.29.29"                                                                                                                               },
        {"reason, twice",
         HEX(TIME),
         HEX("\x30\x2e\x30\x2c\x02\x01\x05" TIME "\x30\x18\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01"
             "\x30\x0a\x06\x03\x55\x1d\x15\x04\x03\x0a\x01\x01"),
         {0},
         "stands twice"                                                                                                                                      },
        {"entry without a date",               HEX(TIME), HEX("\x30\x05\x30\x03\x02\x01\x05"),            {0},                             "revocationDate"  },
        {"entry with more",
         HEX(TIME),
         HEX("\x30\x16\x30\x14\x02\x01\x05" TIME "\x05\x00"),
         {0},
         "expected DER tag"                                                                                                                                  },
        {"a delta that does not say critical",
         HEX(TIME),
         {0},
         HEX("\xa0\x0e\x30\x0c\x30\x0a\x06\x03\x55\x1d\x1b\x04\x03\x02\x01\x01"),
         "extension 2.5.29.27"                                                                                                                               },
        {"serial number without bytes",
         HEX(TIME),
         HEX("\x30\x13\x30\x11\x02\x00" TIME),
         {0},
         "serial number of 0 bytes"                                                                                                                          },
        {"no extension",                       HEX(TIME), {0},                                            HEX("\xa0\x04\x30\x02\x05\x00"), "expected DER tag"},
        {"no extensions in the list",          HEX(TIME), {0},                                            HEX("\xa0\x02\x30\x00"),         "is empty"        },
        {"context 1",                          HEX(TIME), {0},                                            HEX("\xa1\x02\x30\x00"),         "expected DER tag"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct x509_crl crl;
        struct err err;
        int rc = x509_crl_parse(make(rows[i].next_update, rows[i].entries, rows[i].extensions), &crl, &err);

        if ((rc == 0) != (rows[i].text == NULL))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, strstr(rows[i].text, "0 bytes") ? ERR_LIMIT : ERR_FORMAT, rows[i].text,
                           rows[i].label);
    }
}

static void test_too_many_extensions(void **state)
{
    uint8_t buf[512];
    struct writer w = writer_of(buf, sizeof buf);
    size_t context = der_open(&w, DER_CONTEXT_CONSTRUCTED(0)), list = der_open(&w, DER_SEQUENCE);
    struct x509_crl crl;
    struct err err;

    (void) state;
    for (uint8_t i = 0; i <= X509_CRL_EXTENSIONS_MAX; i++) {
        const uint8_t oid[] = {0x55, 0x1d, (uint8_t) (64 + i)};
        size_t one = der_open(&w, DER_SEQUENCE);

        der_put(&w, DER_OID, span_of(oid, sizeof oid));
        der_put(&w, DER_OCTET_STRING, span_of(NULL, 0));
        der_close(&w, one);
    }
    der_close(&w, list);
    der_close(&w, context);
    assert_int_equal(x509_crl_parse(make(HEX(TIME), HEX(""), writer_span(&w)), &crl, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 16 extensions", "17 extensions");
}

static void test_too_many(void **state)
{
    static uint8_t buf[65536];
    struct writer w = writer_of(buf, sizeof buf);
    size_t list = der_open(&w, DER_SEQUENCE);
    struct x509_crl crl;
    struct err err;

    (void) state;
    for (int i = 0; i <= X509_CRL_ENTRIES_MAX; i++)
        writer_bytes(&w, HEX("\x30\x12\x02\x01\x05" TIME));
    der_close(&w, list);
    assert_false(w.bad);
    assert_int_equal(x509_crl_parse(make(HEX(TIME), writer_span(&w), HEX("")), &crl, &err), -1);
    test_check_err(&err, ERR_LIMIT, "more than 2048 entries", "2049 entries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intel),
        cmocka_unit_test(test_amd),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_too_many_extensions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
