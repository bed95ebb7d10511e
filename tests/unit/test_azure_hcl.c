/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_test.h"

#include "azure_hcl.h"
#include "hash.h"
#include "tdx_quote.h"

#define VECTORS "tests/vectors/azure_hcl/"
#define REPORT_AT 32
#define DATA_AT (REPORT_AT + 1184)
#define CLAIMS_AT AZURE_HCL_CLAIMS_OFFSET

static char *load_hcl(const char *name)
{
    char path[100];
    size_t len;
    char *data;

    (void) snprintf(path, sizeof path, VECTORS "%s/hcl.bin", name);
    data = test_slurp(path, &len);
    assert_int_equal(len, AZURE_HCL_MAX);
    return data;
}

static void read_good(const char *data, struct azure_hcl *hcl, struct azure_hcl_claims *claims)
{
    struct err err = {0};

    if (azure_hcl_parse(span_of(data, AZURE_HCL_MAX), hcl, &err) < 0 ||
        azure_hcl_read_claims(hcl, claims, &err) < 0)
        fail_msg("%s", err.text);
}

/* The SNP report in it is genuine, AMD's chain and all. */
static void test_snp(void **state)
{
    static const struct {
        const struct snp_case *machine;
        uint32_t version;
        size_t claims_len;
        uint8_t modulus[2], user_data;
    } rows[] = {
        {&case_azure_v0,    1, 1110, {0x98, 0x74}, 0   },
        {&case_azure_v1,    1, 1110, {0x98, 0x74}, 0   },
        {&case_azure_v2,    1, 1110, {0x99, 0x42}, 0x98},
        {&case_azure_genoa, 2, 1200, {0xbf, 0x9a}, 0   },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *data = load_hcl(rows[i].machine->name);
        struct azure_hcl hcl;
        struct azure_hcl_claims claims;
        struct snp_loaded l;
        struct snp_verdict verdict;
        struct snp_expect expect;
        struct err err = {0};

        read_good(data, &hcl, &claims);
        assert_int_equal(hcl.version, rows[i].version);
        assert_int_equal(hcl.tee, AZURE_HCL_SNP);
        assert_int_equal(hcl.report.len, SNP_REPORT_SIZE);
        assert_int_equal(hcl.claims.len, rows[i].claims_len);
        assert_memory_equal(claims.ak_modulus, rows[i].modulus, 2);
        assert_true(claims.has_user_data);
        assert_int_equal(claims.user_data[0], rows[i].user_data);

        test_load(rows[i].machine, &l);
        assert_true(span_eq(hcl.report, span_of(l.report, SNP_REPORT_SIZE)));
        assert_int_equal(snp_report_parse(hcl.report, &l.parsed, &err), 0);
        assert_true(span_eq(hcl.report_data, span_of(l.parsed.report_data, SNP_REPORT_DATA_SIZE)));
        expect = test_expect(rows[i].machine, &l);
        expect.family_ids.any = expect.image_ids.any = expect.report_ids.any = true;
        if (snp_verify(hcl.report, &l.chain, &expect, &verdict, &err) < 0)
            fail_msg("%s: %s", rows[i].machine->name, err.text);
        free(data);
    }
}

/* A TD's report vouches for nothing outside its machine: the quote made from it has the same report data. */
static void test_tdx(void **state)
{
    char *data = load_hcl("tdx");
    char *quote_data;
    struct azure_hcl hcl;
    struct azure_hcl_claims claims;
    struct tdx_quote quote;
    struct err err = {0};
    size_t len;

    (void) state;
    read_good(data, &hcl, &claims);
    assert_int_equal(hcl.version, 2);
    assert_int_equal(hcl.tee, AZURE_HCL_TDX);
    assert_int_equal(hcl.report.len, AZURE_HCL_TDX_SIZE);
    assert_int_equal(hcl.claims.len, 1201);
    assert_int_equal(claims.ak_modulus[0], 0xc8);
    quote_data = test_slurp("tests/vectors/tdx/verify/azure.bin", &len);
    assert_int_equal(tdx_quote_parse(span_of(quote_data, len), &quote, &err), 0);
    assert_true(span_eq(hcl.report_data, span_of(quote.report_data, TDX_REPORT_DATA_SIZE)));
    free(quote_data);
    free(data);
}

/* One bit of every byte: refused, unless it is the hardware report's own, which its signature holds. */
static void test_flipped_bits(void **state)
{
    char *data = load_hcl("azure-v2");
    const size_t report_data = REPORT_AT + 0x50;

    (void) state;
    for (size_t at = 0; at < AZURE_HCL_MAX; at++) {
        const bool in_report = at >= REPORT_AT && at < DATA_AT;
        struct azure_hcl hcl;
        struct azure_hcl_claims claims;
        struct err err = {0};
        int rc;

        data[at] = (char) (data[at] ^ 1 << at % 8);
        rc = azure_hcl_parse(span_of(data, AZURE_HCL_MAX), &hcl, &err);
        if (in_report)
            assert_int_equal(rc, 0);
        if (rc == 0 && (!in_report || (at >= report_data && at < report_data + 64))) {
            assert_int_equal(azure_hcl_read_claims(&hcl, &claims, &err), -1);
            test_check_err(&err, ERR_DENIED, "SHA-256 of the claims", "claims");
        }
        if (!in_report && err.code == ERR_NONE)
            fail_msg("byte %zu", at);
        data[at] = (char) (data[at] ^ 1 << at % 8);
    }
    free(data);
}

static void test_lengths(void **state)
{
    char *data = load_hcl("azure-genoa");
    struct azure_hcl hcl = {.version = 99};
    struct err err = {0};

    (void) state;
    for (size_t len = 0; len < CLAIMS_AT + 1200; len++)
        assert_int_equal(azure_hcl_parse(span_of(data, len), &hcl, &err), -1);
    assert_int_equal(azure_hcl_parse(span_of(data, AZURE_HCL_MAX + 1), &hcl, &err), -1);
    test_check_err(&err, ERR_LIMIT, "2600", "too long");
    assert_int_equal(hcl.version, 99);
    assert_int_equal(azure_hcl_parse(span_of(data, CLAIMS_AT + 1200), &hcl, &err), 0); /* without padding */
    assert_int_equal(hcl.version, 2);
    free(data);
}

static void test_edits(void **state)
{
    static const struct {
        const char *label, *name;
        size_t at;
        uint32_t value;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"signature",            "azure-v0", 0,            0x414c4349, ERR_FORMAT, "signature at 0"      },
        {"version 0",            "azure-v0", 4,            0,          ERR_FORMAT, "version at 4"        },
        {"version 3",            "azure-v0", 4,            3,          ERR_FORMAT, "version at 4"        },
        {"size",                 "azure-v0", 8,            2347,       ERR_FORMAT, "size at 8"           },
        {"a key release",        "azure-v0", 12,           1,          ERR_FORMAT, "request type at 12"  },
        {"status",               "azure-v0", 16,           1,          ERR_FORMAT, "status at 16"        },
        {"reserved",             "azure-v0", 28,           1,          ERR_FORMAT, "reserved at 28"      },
        {"data size",            "azure-v0", DATA_AT,      1131,       ERR_FORMAT, "request data of 1131"},
        {"data version 2",       "azure-v0", DATA_AT + 4,  2,          ERR_FORMAT, "request data version"},
        {"a VBS report",         "azure-v0", DATA_AT + 8,  1,          ERR_FORMAT, "report type"         },
        {"SNP given as TDX",     "azure-v0", DATA_AT + 8,  4,          ERR_FORMAT, "TD report type"      },
        {"SHA-384",              "azure-v0", DATA_AT + 12, 2,          ERR_FORMAT, "hash type"           },
        {"no claims",            "azure-v0", DATA_AT + 16, 0,          ERR_LIMIT,  "claims of 0 bytes"   },
        {"claims too long",      "azure-v0", DATA_AT + 16, 1365,       ERR_LIMIT,  "claims of 1365 bytes"},
        {"claims huge",          "azure-v0", DATA_AT + 16, 0xffffffff, ERR_LIMIT,  "expected 1 to 1364"  },
        {"bytes behind",         "azure-v0", 2596,         1,          ERR_FORMAT, "behind the claims"   },
        {"TD report: kind",      "tdx",      REPORT_AT,    0x80,       ERR_FORMAT, "TD report type"      },
        {"behind the TD report", "tdx",      DATA_AT - 4,  1,          ERR_FORMAT, "behind the TD report"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *data = load_hcl(rows[i].name);
        struct writer w = writer_of(data + rows[i].at, 4);
        struct azure_hcl hcl;
        struct err err = {0};

        writer_le32(&w, rows[i].value);
        if (azure_hcl_parse(span_of(data, AZURE_HCL_MAX), &hcl, &err) == 0)
            fail_msg("%s: accepted", rows[i].label);
        test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
        free(data);
    }
}

/* Claims under the right digest, as a paravisor might write them. */
static int read_claims(const char *text, struct azure_hcl_claims *claims, struct err *err)
{
    uint8_t report_data[AZURE_HCL_REPORT_DATA_SIZE] = {0};
    struct azure_hcl hcl = {.claims = span_str(text),
                            .report_data = span_of(report_data, sizeof report_data)};

    assert_int_equal(hash_bytes(HASH_SHA256, hcl.claims, report_data, err), 0);
    return azure_hcl_read_claims(&hcl, claims, err);
}

#define USER_DATA                                                                                            \
    ",\"user-data\":\"982F5C6E45DF0ED3F10B6F60B02F0C8390E281300F3805E2279C16168CD6AE9A"                      \
    "A398F647CAA2338748CD0FD9F5F819EF00000000000000000000000000000000\""

static void test_claims(void **state)
{
    static const struct {
        const char *label, *from, *to;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"as it is",        "{",                "{",                       ERR_NONE,    ""               },
        {"more of the VM",  "\"secure-boot\"",  "\"a\":1,\"secure-boot\"", ERR_NONE,    ""               },
        {"lower case",      "982F5C",           "982f5c",                  ERR_NONE,    ""               },
        {"no user data",    USER_DATA,          "",                        ERR_NONE,    ""               },
        {"unknown member",  "\"keys\"",         "\"extra\":0,\"keys\"",    ERR_FORMAT,  "extra"          },
        {"keys twice",      "\"keys\"",         "\"keys\":[],\"keys\"",    ERR_FORMAT,  "keys"           },
        {"no keys",         "HCLAkPub",         "HCLTransferKey",          ERR_MISSING, "no key HCLAkPub"},
        {"two of them",     "HCLEkPub",         "HCLAkPub",                ERR_FORMAT,  "stands twice"   },
        {"no VM",           "vm-configuration", "user-data",               ERR_FORMAT,  "user-data"      },
        {"in a key",        "\"kty\"",          "\"alg\":\"\",\"kty\"",    ERR_FORMAT,  "alg"            },
        {"not RSA",         "\"RSA\"",          "\"EC\"",                  ERR_FORMAT,  "kty"            },
        {"exponent 3",      "AQAB",             "AwAB",                    ERR_FORMAT,  "AQAB"           },
        {"to encrypt",      "sign",             "encrypt",                 ERR_FORMAT,  "sign"           },
        {"for nothing",     "\"sign\"",         "",                        ERR_FORMAT,  "sign"           },
        {"for two things",  "\"sign\"",         "\"sign\",\"encrypt\"",    ERR_LIMIT,   "key_ops"        },
        {"short modulus",   "mUK7fQ",           "mUK7f",                   ERR_FORMAT,  "341 characters" },
        {"small modulus",   "mUK7fQ",           "eUK7fQ",                  ERR_FORMAT,  "2048 bits"      },
        {"base64",          "P_xj269",          "P/xj269",                 ERR_FORMAT,  "base64url"      },
        {"no base64",       "P_xj269",          "P=xj269",                 ERR_FORMAT,  "n"              },
        {"unused bits",     "UpKQ\"}",          "UpKR\"}",                 ERR_FORMAT,  "n"              },
        {"short user data", "982F5C",           "982F5",                   ERR_FORMAT,  "127 characters" },
        {"no hex",          "982F5C",           "982G5C",                  ERR_FORMAT,  "hex digit at 2" },
        {"bytes behind",    "0000\"}",          "0000\"} x",               ERR_FORMAT,  "HCL claims"     },
    };
    char *data = load_hcl("azure-v2");
    char text[AZURE_HCL_CLAIMS_MAX + 1] = {0};

    (void) state;
    memcpy(text, data + CLAIMS_AT, 1110);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *edited = test_replace(text, rows[i].from, rows[i].to);
        struct azure_hcl_claims claims = {.user_data = {77}};
        struct err err = {0};
        int rc = read_claims(edited, &claims, &err);

        if ((rc == 0) != (rows[i].code == ERR_NONE))
            fail_msg("%s: %d %s", rows[i].label, rc, err.text);
        if (rc < 0) {
            test_check_err(&err, rows[i].code, rows[i].text, rows[i].label);
            assert_int_equal(claims.user_data[0], 77);
        }
        if (rc == 0)
            assert_int_equal(claims.user_data[0], claims.has_user_data ? 0x98 : 0);
        free(edited);
    }
    free(data);
}

/* Another report's claims, and a digest with something behind it. */
static void test_binding(void **state)
{
    char *data = load_hcl("azure-v0");
    char *other = load_hcl("azure-v2");
    struct azure_hcl hcl, hcl2;
    struct azure_hcl_claims claims;
    uint8_t report_data[AZURE_HCL_REPORT_DATA_SIZE];
    struct err err = {0};

    (void) state;
    read_good(data, &hcl, &claims);
    read_good(other, &hcl2, &claims);
    memcpy(report_data, hcl.report_data.data, sizeof report_data);
    hcl.claims = hcl2.claims;
    assert_int_equal(azure_hcl_read_claims(&hcl, &claims, &err), -1);
    test_check_err(&err, ERR_DENIED, "report data", "claims of another");
    hcl2.report_data = span_of(report_data, sizeof report_data);
    memcpy(report_data, other + REPORT_AT + 0x50, sizeof report_data);
    assert_int_equal(azure_hcl_read_claims(&hcl2, &claims, &err), 0);
    report_data[63] = 1;
    assert_int_equal(azure_hcl_read_claims(&hcl2, &claims, &err), -1);
    test_check_err(&err, ERR_DENIED, "report data", "more behind the digest");
    free(data);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snp),     cmocka_unit_test(test_tdx),   cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_edits), cmocka_unit_test(test_claims),
        cmocka_unit_test(test_binding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
