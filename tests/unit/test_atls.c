/* SPDX-License-Identifier: GPL-2.0-or-later */
/* atls: nonces, report data, certificates. */
#include "atls.h"

#include "hash.h"
#include "x509.h"
#include "x509_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1760000000
#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static const uint8_t nonce[ATLS_NONCE_SIZE] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                               11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                               22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const uint8_t oid_snp[] = {0x2b, 0xcd, 0x2d, 0x02, 0x01};
static const uint8_t oid_tdx[] = {0x2b, 0xcd, 0x2d, 0x02, 0x02};
static const uint8_t oid_insecure[] = {0x2b, 0xcd, 0x2d, 0x02, 0x63};
static const uint8_t oid_other[] = {0x2b, 0xcd, 0x2d, 0x03, 0x01};
static struct ecc_pair key;
static struct err err;

static int setup(void **state)
{
    (void) state;
    return ecc_generate(ECC_CURVE_P256, &key, &err);
}

static void test_alpn_encode(void **state)
{
    char alpn[ATLS_ALPN_SIZE];
    (void) state;
    assert_int_equal(atls_alpn_encode(nonce, alpn, &err), 0);
    assert_string_equal(alpn, "atls:v1:nonce:" HEX ",h2");
}

static const struct {
    const char *alpn;
    enum err_code code; /* ERR_NONE: accepted */
    const char *text;
} alpns[] = {
    {"atls:v1:nonce:" HEX ",h2",                                                          ERR_NONE,    ""                                     },
    {"h2,atls:v1:nonce:" HEX,                                                             ERR_NONE,    ""                                     },
    {"http/1.1,atls:v1:nonce:" HEX ",h2",                                                 ERR_NONE,    ""                                     },
    {"",                                                                                  ERR_MISSING, "aTLS: no nonce in ALPN"               },
    {"h2",                                                                                ERR_MISSING, "aTLS: no nonce in ALPN"               },
    {",,h2",                                                                              ERR_MISSING, "aTLS: no nonce in ALPN"               },
    {"atls:v1:nonce:" HEX,                                                                ERR_FORMAT,  "aTLS: ALPN does not offer \"h2\""     },
    {"atls:v1:nonce:" HEX ",h2c",                                                         ERR_FORMAT,  "aTLS: ALPN does not offer \"h2\""     },
    {"atls:v1:nonce:" HEX ",atls:v1:nonce:" HEX ",h2",                                    ERR_FORMAT,  "aTLS: two nonces in ALPN"             },
    {"atls:v2:nonce:" HEX ",h2",                                                          ERR_FORMAT,  "aTLS: ALPN name is of another version"},
    {"atls,h2",                                                                           ERR_FORMAT,  "aTLS: ALPN name is of another version"},
    {"atls:v1:nonce:" HEX "00,h2",                                                        ERR_FORMAT,  "aTLS: nonce in ALPN"                  },
    {"atls:v1:nonce:,h2",                                                                 ERR_FORMAT,  "aTLS: nonce in ALPN"                  },
    {"atls:v1:nonce:" HEX " ,h2",                                                         ERR_FORMAT,  "aTLS: nonce in ALPN"                  },
    {"atls:v1:nonce:AA0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,h2", ERR_FORMAT,
     "aTLS: nonce in ALPN"                                                                                                                    },
};

static void check(int rc, enum err_code code, const char *text)
{
    if (code == ERR_NONE && rc == 0)
        return;
    if (rc != -1 || err.code != code || strncmp(err.text, text, strlen(text)) != 0)
        fail_msg("expected %s \"%s\", found %d %s \"%s\"", err_code_name(code), text, rc,
                 err_code_name(err.code), rc == 0 ? "" : err.text);
}

static void test_alpn_decode(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(alpns) / sizeof(alpns[0]); i++) {
        uint8_t got[ATLS_NONCE_SIZE] = {0xee};
        int rc = atls_alpn_decode(span_str(alpns[i].alpn), got, &err);
        check(rc, alpns[i].code, alpns[i].text);
        if (rc == 0)
            assert_memory_equal(got, nonce, sizeof(nonce));
        else
            assert_int_equal(got[0], 0xee);
    }
}

static void test_server_name_decode(void **state)
{
    static const struct {
        const char *alpn;
        const char *name;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"h2",                    BASE64,             ERR_NONE,    ""                                            },
        {"http/1.1,h2",           BASE64,             ERR_NONE,    ""                                            },
        {"h2",                    "",                 ERR_MISSING, "aTLS: no nonce in ALPN or in the server name"},
        {"",                      BASE64,             ERR_FORMAT,  "aTLS: ALPN does not offer"                   },
        {"http/1.1",              BASE64,             ERR_FORMAT,  "aTLS: ALPN does not offer"                   },
        {"h2,atls:v1:nonce:" HEX, BASE64,             ERR_FORMAT,  "aTLS: a nonce in ALPN beside"                },
        {"h2,atls:v2",            BASE64,             ERR_FORMAT,  "aTLS: a nonce in ALPN beside"                },
        {"h2",                    "coordinator.test", ERR_FORMAT,  "aTLS: nonce in the server name"              },
        {"h2",                    "AAAA",             ERR_FORMAT,  "aTLS: nonce in the server name has 3 bytes"  },
        {"h2",                    "=" BASE64,         ERR_FORMAT,  "aTLS: nonce in the server name"              },
        {"h2",                    BASE64 "AAAA",      ERR_FORMAT,  "aTLS: nonce in the server name"              },
    };
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t got[ATLS_NONCE_SIZE] = {0xee};
        int rc = atls_server_name_decode(span_str(rows[i].alpn), span_str(rows[i].name), got, &err);
        check(rc, rows[i].code, rows[i].text);
        assert_int_equal(rc == 0 ? memcmp(got, nonce, sizeof(nonce)) : got[0] - 0xee, 0);
    }
}

static const struct {
    const char *names[3];
    enum err_code code;
    const char *text;
} names[] = {
    {{"/CN=" BASE64},                                          ERR_NONE,    ""                                               },
    {{NULL},                                                   ERR_MISSING, "aTLS: no nonce from the server"                 },
    {{"/CN=" BASE64, "/CN=" BASE64},                           ERR_FORMAT,  "aTLS: 2 acceptable CA names, expected exactly 1"},
    {{"/CN=" BASE64, "/CN=x", "/CN=y"},                        ERR_FORMAT,  "aTLS: 3 acceptable CA names"                    },
    {{""},                                                     ERR_FORMAT,  "aTLS: acceptable CA name does not begin"        },
    {{"/O=" BASE64},                                           ERR_FORMAT,  "aTLS: acceptable CA name does not begin"        },
    {{"/O=x/CN=" BASE64},                                      ERR_FORMAT,  "aTLS: acceptable CA name does not begin"        },
    {{"/CN=" BASE64 "/O=x"},                                   ERR_FORMAT,  "aTLS: nonce in the acceptable CA name"          },
    {{"/CN=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9="},
     ERR_FORMAT,                                                            "aTLS: nonce in the acceptable CA name"          },
    {{"/CN=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"},
     ERR_FORMAT,                                                            "aTLS: nonce in the acceptable CA name"          },
    {{"/CN=AAECAwQF"},                                         ERR_FORMAT,  "aTLS: nonce from the server has 6 bytes"        },
    {{"/CN=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAAAA"},
     ERR_LIMIT,                                                             "aTLS: nonce in the acceptable CA name"          },
};

static void test_name_decode(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct span spans[3];
        size_t count = 0;
        for (; count < 3 && names[i].names[count] != NULL; count++)
            spans[count] = span_str(names[i].names[count]);
        uint8_t got[ATLS_NONCE_SIZE] = {0xee};
        int rc = atls_name_decode(spans, count, got, &err);
        check(rc, names[i].code, names[i].text);
        if (rc == 0)
            assert_memory_equal(got, nonce, sizeof(nonce));
        else
            assert_int_equal(got[0], 0xee);
    }
}

static void test_ca_certificate(void **state)
{
    uint8_t der[1024];
    struct writer w = writer_of(der, sizeof(der));
    struct x509 cert;
    (void) state;
    assert_int_equal(atls_ca_certificate(&key, nonce, &w, &err), 0);
    assert_int_equal(x509_parse(writer_span(&w), &cert, &err), 0);
    assert_true(span_eq_str(cert.subject_cn, BASE64));
    assert_true(span_eq(cert.subject, cert.issuer));
    assert_int_equal(cert.subject.len, 57); /* SEQUENCE, SET, SEQUENCE, OID, PrintableString of 44 */
    assert_int_equal(x509_check_signature(&cert, cert.spki, &err), 0);
}

static void test_report_data(void **state)
{
    uint8_t got[ATLS_REPORT_DATA_SIZE];
    uint8_t expected[SHA512_SIZE];
    static const char joined[] =
        "the key \0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31\32"
        "\33\34\35\36\37";
    (void) state;
    assert_int_equal(atls_report_data(span_str("the key "), nonce, got, &err), 0);
    assert_int_equal(hash_bytes(HASH_SHA512, span_of(joined, 40), expected, &err), 0);
    assert_memory_equal(got, expected, sizeof(expected));
}

static void test_certificate(void **state)
{
    static uint8_t der[ATLS_CERTIFICATE_MAX];
    static uint8_t evidence[ATLS_EVIDENCE_MAX + 1];
    static const size_t sizes[] = {0, 1, 5000, ATLS_EVIDENCE_MAX};
    struct atls_template t = {.key = &key, .now_s = NOW, .serial = {0xff}};
    (void) state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct writer w = writer_of(der, sizeof(der));
        struct atls_peer peer;
        struct x509 cert;
        t.evidence = span_of(evidence, sizes[i]);
        assert_int_equal(atls_certificate(&t, &w, &err), 0);
        assert_int_equal(x509_parse(writer_span(&w), &cert, &err), 0);
        assert_true(span_eq_str(cert.subject_cn, "Contrast"));
        assert_int_equal(cert.not_before_s, NOW - 7200);
        assert_int_equal(cert.not_after_s, NOW + 7200);
        assert_int_equal(cert.serial.len, ATLS_SERIAL_SIZE);
        assert_false(cert.has_key_usage || cert.has_basic_constraints);
        assert_int_equal(atls_peer_parse(writer_span(&w), NOW, &peer, &err), 0);
        assert_true(span_eq(peer.evidence, t.evidence));
        assert_true(ecc_public_eq(&peer.key, &key.pub));
        assert_int_equal(peer.spki.len, 91);
    }
    struct writer w = writer_of(der, sizeof(der));
    t.evidence = span_of(evidence, sizeof(evidence));
    check(atls_certificate(&t, &w, &err), ERR_LIMIT, "aTLS: 16385 bytes of evidence, at most 16384");
}

/* --- peers' certificates that are refused ---------------------------------------------------------- */

struct bad {
    const char *what;
    struct x509_ext extensions[2];
    size_t extension_count;
    bool other_issuer;
    bool other_signer;
    int64_t now_s;
    enum err_code code;
    const char *text;
};

static void write_bad(const struct bad *bad, struct writer *w)
{
    uint8_t subject[64];
    uint8_t issuer[64];
    uint8_t spki[ECC_SPKI_MAX];
    struct ecc_pair other;
    struct writer subject_w = writer_of(subject, sizeof(subject));
    struct writer issuer_w = writer_of(issuer, sizeof(issuer));
    struct writer spki_w = writer_of(spki, sizeof(spki));
    x509_put_name_cn(&subject_w, "Contrast");
    x509_put_name_cn(&issuer_w, bad->other_issuer ? "Else" : "Contrast");
    ecc_public_to_spki(&key.pub, &spki_w);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &other, &err), 0);
    const struct x509_template t = {
        .serial = span_of("\x05", 1),
        .issuer = writer_span(&issuer_w),
        .subject = writer_span(&subject_w),
        .not_before_s = NOW - 60,
        .not_after_s = NOW + 60,
        .spki = writer_span(&spki_w),
        .extensions = bad->extensions,
        .extension_count = bad->extension_count,
    };
    struct x509_signer signer = x509_signer_ecc(bad->other_signer ? &other : &key);
    assert_int_equal(x509_write(&t, &signer, w, &err), 0);
}

#define EXT(oid, critical, value)                                                                            \
    {                                                                                                        \
        {(oid), sizeof(oid)}, (critical),                                                                    \
        {                                                                                                    \
            (const uint8_t *) (value), sizeof(value) - 1                                                     \
        }                                                                                                    \
    }

static void test_peer_refused(void **state)
{
    const struct bad rows[] = {
        {"good",        {EXT(oid_snp, false, "e")},                 1, false, false, NOW,      ERR_NONE,   ""                                          },
        {"unknown",     {EXT(oid_other, false, "e")},               1, false, false, NOW,      ERR_NONE,   ""                                          },
        {"critical",    {EXT(oid_snp, true, "e")},                  1, false, false, NOW,      ERR_FORMAT, "critical"                                  },
        {"two",
         {EXT(oid_snp, false, "e"), EXT(oid_snp, false, "f")},
         2,                                                            false,
         false,                                                                      NOW,
         ERR_FORMAT,                                                                                       "twice"                                     },
        {"TDX",         {EXT(oid_tdx, false, "e")},                 1, false, false, NOW,      ERR_NONE,   ""                                          },
        {"SNP and TDX",
         {EXT(oid_snp, false, "e"), EXT(oid_tdx, false, "f")},
         2,                                                            false,
         false,                                                                      NOW,
         ERR_DENIED,                                                                                       "evidence of two kinds"                     },
        {"insecure",
         {EXT(oid_insecure, false, "e")},
         1,                                                            false,
         false,                                                                      NOW,
         ERR_DENIED,                                                                                       "evidence of kind insecure is not accepted" },
        {"both",
         {EXT(oid_snp, false, "e"), EXT(oid_insecure, false, "f")},
         2,                                                            false,
         false,                                                                      NOW,
         ERR_DENIED,                                                                                       "evidence of kind insecure is not accepted" },
        {"empty",
         {EXT(oid_snp, false, "")},
         1,                                                            false,
         false,                                                                      NOW,
         ERR_LIMIT,                                                                                        "0 bytes of evidence, expected 1 to 16384"  },
        {"issuer",
         {EXT(oid_snp, false, "e")},
         1,                                                            true,
         false,                                                                      NOW,
         ERR_FORMAT,                                                                                       "not self-signed: issuer and subject differ"},
        {"signature",   {EXT(oid_snp, false, "e")},                 1, false, true,  NOW,      ERR_DENIED, "signature"                                 },
        {"expired",     {EXT(oid_snp, false, "e")},                 1, false, false, NOW + 61, ERR_DENIED, ""                                          },
        {"early",       {EXT(oid_snp, false, "e")},                 1, false, false, NOW - 61, ERR_DENIED, ""                                          },
    };
    (void) state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static uint8_t der[2048];
        struct writer w = writer_of(der, sizeof(der));
        struct atls_peer peer = {
            .spki = {NULL, 77}
        };
        write_bad(&rows[i], &w);
        int rc = atls_peer_parse(writer_span(&w), rows[i].now_s, &peer, &err);
        if (rows[i].code == ERR_NONE && rc == 0) {
            assert_int_equal(peer.kind, strcmp(rows[i].what, "TDX") == 0 ? ATLS_TDX : ATLS_SNP);
            continue;
        }
        if (rc != -1 || err.code != rows[i].code || strstr(err.text, rows[i].text) == NULL ||
            strncmp(err.text, "aTLS: peer's certificate: ", 26) != 0)
            fail_msg("%s: expected %s \"%s\", found %d %s \"%s\"", rows[i].what, err_code_name(rows[i].code),
                     rows[i].text, rc, err_code_name(err.code), err.text);
        assert_int_equal(peer.spki.len, 77);
    }
}

static void test_peer_truncated(void **state)
{
    static uint8_t der[2048];
    struct writer w = writer_of(der, sizeof(der));
    struct atls_peer peer;
    const struct atls_template t = {.key = &key, .now_s = NOW, .evidence = span_str("evidence")};
    (void) state;
    assert_int_equal(atls_certificate(&t, &w, &err), 0);
    for (size_t len = 0; len < w.len; len++)
        assert_int_equal(atls_peer_parse(span_of(der, len), NOW, &peer, &err), -1);
    assert_int_equal(atls_peer_parse(span_of(der, w.len + 1), NOW, &peer, &err), -1);
    for (size_t i = 0; i < w.len; i++) {
        der[i] ^= 1;
        assert_int_equal(atls_peer_parse(writer_span(&w), NOW, &peer, &err), -1);
        der[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpn_encode),        cmocka_unit_test(test_alpn_decode),
        cmocka_unit_test(test_server_name_decode), cmocka_unit_test(test_name_decode),
        cmocka_unit_test(test_ca_certificate),     cmocka_unit_test(test_report_data),
        cmocka_unit_test(test_certificate),        cmocka_unit_test(test_peer_refused),
        cmocka_unit_test(test_peer_truncated),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
