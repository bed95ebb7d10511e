/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsers below tdx_verify, with input that does not get past the ones above them: ecdsa_raw, the bodies
 * of collateral, chains, signature data. */
#include "hash.h"
#include "pem.h"
#include "tdx_qe.h"
#include "tdx_test.h"
#include "x509_write.h"

static void test_raw(void **state)
{
    static const uint8_t bytes[64] = {1}, digest[32] = {2};
    uint8_t spki[ECC_SPKI_MAX], sig_bytes[64], point[64];
    struct writer w = writer_of(spki, sizeof spki);
    struct ecc_pair p256, p384;
    struct ecc_public key = {0};
    struct ecc_sig sig;
    struct err err;

    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &p256, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &p384, &err), 0);
    memcpy(point, p256.pub.x, 32);
    memcpy(point + 32, p256.pub.y, 32);
    assert_int_equal(ecdsa_raw_key(span_of(point, 63), &key, &err), -1);
    test_check_err(&err, ERR_FORMAT, "expected 64 bytes, found 63", "short key");
    assert_int_equal(ecdsa_raw_key(span_of(bytes, 64), &key, &err), -1);
    test_check_err(&err, ERR_FORMAT, "not on the curve", "no point");
    assert_int_equal(key.curve, 0);
    assert_int_equal(ecdsa_raw_key(span_of(point, 64), &key, &err), 0);
    assert_true(ecc_public_eq(&key, &p256.pub));
    ecc_public_to_spki(&p384.pub, &w);
    assert_int_equal(ecdsa_raw_key_from_spki(writer_span(&w), &key, &err), -1);
    test_check_err(&err, ERR_FORMAT, "P-256", "P-384");
    assert_int_equal(ecdsa_raw_key_from_spki(span_of(bytes, 64), &key, &err), -1);

    assert_int_equal(hash_bytes(HASH_SHA256, span_of(bytes, 64), sig_bytes, &err), 0);
    assert_int_equal(ecc_sign(&p256, span_of(sig_bytes, 32), &sig, &err), 0);
    memcpy(sig_bytes, sig.r, 32);
    memcpy(sig_bytes + 32, sig.s, 32);
    assert_int_equal(ecdsa_raw_verify(&p256.pub, span_of(sig_bytes, 64), span_of(bytes, 64), &err), 0);
    assert_int_equal(ecdsa_raw_verify(&p256.pub, span_of(sig_bytes, 63), span_of(bytes, 64), &err), -1);
    test_check_err(&err, ERR_FORMAT, "expected 64 bytes, found 63", "short signature");
    assert_int_equal(ecdsa_raw_verify(&p256.pub, span_of(sig_bytes, 64), span_of(digest, 32), &err), -1);
    test_check_err(&err, ERR_DENIED, "does not verify", "other bytes");
}

#define SIG                                                                                                  \
    "\"signature\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"                       \
    "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\""

static void test_bodies(void **state)
{
    static const struct {
        const char *text;
        const char *value; /* NULL: refused */
        const char *error;
    } rows[] = {
        {"{\"k\":{}," SIG "}",                                      "{}",                         ""                                },
        {"{" SIG ",\"k\":{}}",                                      "{}",                         ""                                },
        {" {\t\"k\" :\n{ \"a\" : [ {} , \"}\" ] } , " SIG "\r\n} ", "{ \"a\" : [ {} , \"}\" ] }", ""                                },
        {"{\"k\":{\"a\":\"\\\"}\"}," SIG "}",                       "{\"a\":\"\\\"}\"}",          ""                                },
        {"{\"k\":{\"a\":\"\\\\\"}," SIG "}",                        "{\"a\":\"\\\\\"}",           ""                                },
        {"{\"k\":{}," SIG "}{}",                                    NULL,                         "2 bytes too many"                },
        {"{\"k\":{}," SIG ",}",                                     NULL,                         "expected \"}\""                  },
        {"{\"k\":{}}",                                              NULL,                         "expected \",\""                  },
        {"{" SIG "}",                                               NULL,                         "expected \",\""                  },
        {"{" SIG "," SIG "}",                                       NULL,                         "each once"                       },
        {"{\"k\":{},\"k\":{}}",                                     NULL,                         "each once"                       },
        {"{\"k\":[]," SIG "}",                                      NULL,                         "expected an object"              },
        {"{\"k\":null," SIG "}",                                    NULL,                         "expected an object"              },
        {"{\"k\"{}," SIG "}",                                       NULL,                         "expected \":\""                  },
        {"{k:{}," SIG "}",                                          NULL,                         "expected \"\"\""                 },
        {"{\"k\":{," SIG,                                           NULL,                         "without an end"                  },
        {"{\"k\":{}," SIG,                                          NULL,                         "expected \"}\""                  },
        {"{\"k\":{}," SIG "}}",                                     NULL,                         "closes nothing"                  },
        {"{\"k\":{},\"signature\":1}",                              NULL,                         "expected \"\"\""                 },
        {"{\"k\":{},\"signature\":\"00\"}",                         NULL,                         "expected 128 hex digits, found 2"},
        {"{\"k\":{},\"signature\":",                                NULL,                         "expected \"\"\""                 },
        {"{\"k\":{\"a\":\"b",                                       NULL,                         "without an end"                  },
        {"[]",                                                      NULL,                         "expected \"{\""                  },
        {"{}",                                                      NULL,                         "expected \"\"\""                 },
        {"",                                                        NULL,                         "not given"                       },
        {"\xef\xbb\xbf{\"k\":{}," SIG "}",                          NULL,                         "no place in JSON"                },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tdx_signed part = {0};
        struct err err;
        int rc = tdx_collateral_split(span_str(rows[i].text), "body", "k", &part, &err);

        if ((rc == 0) != (rows[i].value != NULL))
            fail_msg("%s: %d %s", rows[i].text, rc, err.text);
        if (rc < 0) {
            test_check_err(&err, rows[i].text[0] ? ERR_FORMAT : ERR_MISSING, rows[i].error, rows[i].text);
            assert_null(part.value.data);
        } else {
            assert_true(span_eq_str(part.value, rows[i].value));
            assert_int_equal(part.signature[63], 0xff);
        }
    }
}

static void test_body_limit(void **state)
{
    char *text = calloc(1, TDX_COLLATERAL_JSON_MAX + 2);
    struct tdx_signed part;
    struct err err;

    (void) state;
    assert_non_null(text);
    memset(text, ' ', TDX_COLLATERAL_JSON_MAX + 1);
    assert_int_equal(tdx_collateral_split(span_str(text), "body", "k", &part, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most 262144", "long");
    free(text);
}

static void test_hex(void **state)
{
    uint8_t out[2] = {9, 9};
    struct err err;

    (void) state;
    assert_int_equal(tdx_collateral_hex(span_str("aBCd"), out, 2, &err), 0);
    assert_memory_equal(out, "\xab\xcd", 2);
    assert_int_equal(tdx_collateral_hex(span_str("abc"), out, 2, &err), -1);
    assert_int_equal(tdx_collateral_hex(span_str("abcG"), out, 2, &err), -1);
    assert_int_equal(tdx_collateral_hex(span_str("abc`"), out, 2, &err), -1);
    assert_int_equal(tdx_collateral_hex(span_str("abc@"), out, 2, &err), -1);
    assert_memory_equal(out, "\xab\xcd", 2);
}

/* A certificate that signs itself: P-384, or P-256 with any name. */
static struct span make_cert(const char *name, enum ecc_curve curve, uint8_t *buf, size_t cap)
{
    uint8_t cn[128], spki[ECC_SPKI_MAX], basic[16];
    struct writer nw = writer_of(cn, sizeof cn), sw = writer_of(spki, sizeof spki),
                  bw = writer_of(basic, sizeof basic);
    struct writer w = writer_of(buf, cap);
    struct x509_signer signer;
    struct ecc_pair key;
    struct err err;

    assert_int_equal(ecc_generate(curve, &key, &err), 0);
    signer = x509_signer_ecc(&key);
    x509_put_name_cn(&nw, name);
    ecc_public_to_spki(&key.pub, &sw);
    x509_put_basic_constraints(&bw, true, -1);
    const struct x509_ext ext = {x509_oid_basic_constraints(), true, writer_span(&bw)};
    assert_int_equal(x509_write(&(struct x509_template){.serial = span_of("\x01", 1),
                                                        .issuer = writer_span(&nw),
                                                        .subject = writer_span(&nw),
                                                        .not_before_s = 0,
                                                        .not_after_s = CLOCK_2026_05,
                                                        .spki = writer_span(&sw),
                                                        .extensions = &ext,
                                                        .extension_count = 1},
                                &signer, &w, &err),
                     0);
    return writer_span(&w);
}

static void test_chains(void **state)
{
    static struct tdx_pck_chain chain;
    static uint8_t der[2048], pem[8192];
    struct writer w = writer_of(pem, sizeof pem);
    struct span root;
    struct tdx_pck pck;
    struct err err;

    (void) state;
    assert_int_equal(tdx_pck_chain_read(span_str(""), TDX_PCK_CHAIN_MAX + 1, &chain, &err), -1);
    test_check_err(&err, ERR_LIMIT, "at most 3", "four");
    root = make_cert("nacre test SGX Root CA", ECC_CURVE_P384, der, sizeof der);
    pem_put(&w, PEM_LABEL_CERTIFICATE, root);
    assert_int_equal(tdx_pck_chain_read(writer_span(&w), 1, &chain, &err), 0);
    assert_int_equal(tdx_pck_chain_check(&chain, root, &tdx_pck_test, &err), -1);
    test_check_err(&err, ERR_MISSING, "chain of 1 certificates", "the root alone");
    assert_int_equal(tdx_pck_read(&chain.certs[0], &pck, &err), -1);
    test_check_err(&err, ERR_MISSING, "SGX extension", "no extension");
    pem_put(&w, PEM_LABEL_CERTIFICATE, root);
    assert_int_equal(tdx_pck_chain_read(writer_span(&w), 2, &chain, &err), 0);
    assert_int_equal(tdx_pck_chain_check(&chain, root, &tdx_pck_test, &err), -1);
    test_check_err(&err, ERR_DENIED, "expected ECDSA with SHA-256", "SHA-384");
    assert_int_equal(tdx_pck_chain_check(&chain, root, &tdx_pck_intel, &err), -1);
    test_check_err(&err, ERR_DENIED, "Intel SGX Root CA", "the test root's name under Intel's");
    w.len = 0;
    pem_put(&w, "PRIVATE KEY", root);
    assert_int_equal(tdx_pck_chain_read(writer_span(&w), 1, &chain, &err), -1);
    test_check_err(&err, ERR_FORMAT, "certificate 1 of 1", "another label");
    assert_int_equal(chain.count, 0);
}

/* Signature data of these lengths; the sizes in it are consistent but for what the row says. */
static struct span signature_data(uint32_t outer, uint16_t auth, uint32_t inner, size_t bytes, uint8_t *buf,
                                  size_t cap)
{
    struct writer w = writer_of(buf, cap);

    writer_le32(&w, (uint32_t) bytes);
    writer_zeros(&w, 128);
    writer_le16(&w, 6);
    writer_le32(&w, outer);
    writer_zeros(&w, 384 + 64);
    writer_le16(&w, auth);
    writer_zeros(&w, auth);
    writer_le16(&w, 5);
    writer_le32(&w, inner);
    assert_false(w.bad);
    return span_of(buf, 4 + bytes);
}

static void test_signature_data(void **state)
{
    static uint8_t buf[32768];
    const size_t fixed = 128 + 6 + 384 + 64 + 2 + 6;
    const struct {
        const char *label;
        uint32_t outer;
        uint16_t auth;
        uint32_t inner;
        size_t bytes;
        enum err_code code;
        const char *text; /* NULL: accepted */
    } rows[] = {
        {"nothing inside",              456,         0,    0,     fixed,         ERR_NONE,   NULL                          },
        {"auth of 1024",                456 + 1024,  1024, 0,     fixed + 1024,  ERR_NONE,   NULL                          },
        {"auth of 1025",                456 + 1025,  1025, 0,     fixed + 1025,  ERR_FORMAT,
         "auth data of 1025 bytes, at most 1024"                                                                           },
        {"chain of 16384",              456 + 16384, 0,    16384, fixed + 16384, ERR_NONE,   NULL                          },
        {"chain of 16385",              456 + 16385, 0,    16385, fixed + 16385, ERR_LIMIT,  "16385 bytes, at most 16384"  },
        {"report cut",                  384,         0,    0,     134 + 384,     ERR_FORMAT, "the QE's report is cut short"},
        {"no room for the auth length", 449,         0,    0,     134 + 449,     ERR_FORMAT, "the QE's report is cut short"},
        {"no inner data",               455,         0,    0,     134 + 455,     ERR_FORMAT, "type 5 is cut short"         },
        {"auth longer than the rest",   456,         7,    0,     fixed,         ERR_FORMAT,
         "auth data of 7 bytes, at most 1024 and 6"                                                                        },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tdx_qe qe = {0};
        struct err err;
        struct span data;
        int rc;

        memset(buf, 0, sizeof buf);
        data = signature_data(rows[i].outer, rows[i].auth, rows[i].inner, rows[i].bytes, buf, sizeof buf);
        rc = tdx_qe_parse(data, 0, &qe, &err);
        if ((rc == 0) != (rows[i].text == NULL))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0)
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
    }
    struct tdx_qe qe;
    struct err err;
    assert_int_equal(tdx_qe_parse(span_of(buf, 3), 0, &qe, &err), -1);
    test_check_err(&err, ERR_FORMAT, "there is no signature data", "three bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw), cmocka_unit_test(test_bodies), cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_hex), cmocka_unit_test(test_chains), cmocka_unit_test(test_signature_data),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
