/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_certs: what AMD's leaf certificates say, and certificates of our own that say it wrongly. */
#include "snp_test.h"
#include "x509_write.h"

static void leaf_of(const char *folder, const char *file, struct snp_leaf *leaf)
{
    static uint8_t buf[4096];
    struct writer w = writer_of(buf, sizeof buf);
    struct x509 cert;
    struct err err;

    assert_int_equal(x509_parse(test_cert(folder, file, 0, &w), &cert, &err), 0);
    if (snp_certs_leaf(&cert, leaf, &err) < 0)
        fail_msg("%s: %s", folder, err.text);
}

static void test_real(void **state)
{
    struct snp_leaf leaf;

    (void) state;
    leaf_of("dstack", "vcek.pem", &leaf);
    assert_int_equal(leaf.signer, SNP_SIGNER_VCEK);
    assert_int_equal(leaf.product, SNP_PRODUCT_MILAN); /* "Milan-B0" */
    assert_int_equal(leaf.tcb.boot_loader, 4);
    assert_int_equal(leaf.tcb.snp, 0x17);
    assert_int_equal(leaf.tcb.microcode, 0xd5); /* two content bytes */
    assert_int_equal(leaf.hwid.len, 64);
    leaf_of("virtee-turin", "vcek.der", &leaf);
    assert_int_equal(leaf.product, SNP_PRODUCT_TURIN);
    assert_int_equal(leaf.hwid.len, 8);
    assert_memory_equal(leaf.hwid.data, "\x1e\x55\x0a\x8e\xe5\xcf\x9f\x4d", 8);
    leaf_of("trustee-vlek", "vlek.der", &leaf);
    assert_int_equal(leaf.signer, SNP_SIGNER_VLEK);
    assert_true(span_eq_str(leaf.csp_id, "CN=cc-us-east-2.amazonaws.com"));
    assert_int_equal(leaf.hwid.len, 0);
}

static void test_turin_chain(void **state)
{
    static uint8_t buf[8192];
    struct writer w = writer_of(buf, sizeof buf);
    struct x509 leaf, ask, ark;
    struct err err;

    (void) state;
    assert_int_equal(x509_parse(test_cert("virtee-turin", "vcek.der", 0, &w), &leaf, &err), 0);
    assert_int_equal(x509_parse(test_cert("roots", "turin_ask_ark_asvk.pem", 0, &w), &ask, &err), 0);
    assert_int_equal(x509_parse(snp_certs_ark(SNP_PRODUCT_TURIN), &ark, &err), 0);
    assert_int_equal(x509_check_issued(&leaf, &ask, 0, &err), 0);
    assert_int_equal(x509_check_issued(&ask, &ark, 1, &err), 0);
    assert_int_equal(x509_check_issued(&ark, &ark, 0, &err), 0);
    assert_int_equal(x509_check_time(&leaf, CLOCK_2026, &err), 0);
}

/* Extensions of a certificate in the making: id is what follows AMD's arc; without one: another arc's. */
struct ext {
    uint8_t id[2];
    uint8_t id_len;
    const char *value;
    size_t len;
};
#define SPL(n, v)                                                                                            \
    {                                                                                                        \
        {3, n}, 2, "\x02\x01" v, 3                                                                           \
    }
#define HWID64                                                                                               \
    {                                                                                                        \
        {4}, 1, "0123456789012345678901234567890123456789012345678901234567890123", 64                       \
    }
#define EXT_MAX 16

static const struct ext good[] = {
    {{1}, 1, "\x02\x01\x00",  3},
    {{2}, 1, "\x16\x05Genoa", 7},
    SPL(1, "\x0a"),
    SPL(2, "\x00"),
    SPL(3, "\x17"),
    SPL(4, "\x00"),
    SPL(5, "\x00"),
    SPL(6, "\x00"),
    SPL(7, "\x00"),
    SPL(8, "\x19"),
    HWID64,
};

static int parse_with(const struct ext *exts, size_t count, struct snp_leaf *leaf, struct err *err)
{
    static uint8_t oids[EXT_MAX][SNP_CERTS_ARC_SIZE + 2], der[4096];
    static const uint8_t arc[] = SNP_CERTS_ARC;
    struct x509_ext list[EXT_MAX];
    uint8_t name_buf[64], spki_buf[ECC_SPKI_MAX];
    struct writer name = writer_of(name_buf, sizeof name_buf), spki = writer_of(spki_buf, sizeof spki_buf);
    struct writer w = writer_of(der, sizeof der);
    AUTO_ECC_PAIR key = {0};
    struct x509_signer signer;
    struct x509 cert;

    assert_int_equal(ecc_generate(ECC_CURVE_P256, &key, err), 0);
    ecc_public_to_spki(&key.pub, &spki);
    x509_put_name_cn(&name, "x");
    for (size_t i = 0; i < count; i++) {
        memcpy(oids[i], arc, sizeof arc);
        memcpy(oids[i] + sizeof arc, exts[i].id, 2);
        oids[i][0] = exts[i].id_len > 0 ? oids[i][0] : 0x55;
        list[i] = (struct x509_ext){span_of(oids[i], sizeof arc + exts[i].id_len), false,
                                    span_of(exts[i].value, exts[i].len)};
    }
    signer = x509_signer_ecc(&key);
    assert_int_equal(x509_write(&(struct x509_template){.serial = span_of("\x01", 1),
                                                        .issuer = writer_span(&name),
                                                        .subject = writer_span(&name),
                                                        .not_before_s = 0,
                                                        .not_after_s = 1,
                                                        .spki = writer_span(&spki),
                                                        .extensions = list,
                                                        .extension_count = count},
                                &signer, &w, err),
                     0);
    if (x509_parse(writer_span(&w), &cert, err) < 0)
        return -1;
    return snp_certs_leaf(&cert, leaf, err);
}

static void test_made(void **state)
{
    struct snp_leaf leaf;
    struct err err = {0};

    (void) state;
    assert_int_equal(parse_with(good, COUNT(good), &leaf, &err), 0);
    assert_int_equal(leaf.product, SNP_PRODUCT_GENOA);
    assert_int_equal(leaf.tcb.microcode, 0x19);
    for (size_t leave = 0; leave < COUNT(good); leave++) {
        struct ext some[EXT_MAX];
        size_t count = 0;

        for (size_t i = 0; i < COUNT(good); i++) {
            if (i != leave)
                some[count++] = good[i];
        }
        assert_int_equal(parse_with(some, count, &leaf, &err), -1);
    }
}

static void test_wrong(void **state)
{
    static const struct {
        const char *label;
        size_t which; /* of good; COUNT(good): one more */
        struct ext ext;
        const char *text;
    } rows[] = {
        {"structVersion 2",  0,  {{1}, 1, "\x02\x01\x02", 3},        "structVersion"             },
        {"product Rome",     1,  {{2}, 1, "\x16\x04Rome", 6},        "productName"               },
        {"product genoa",    1,  {{2}, 1, "\x16\x05genoa", 7},       "productName"               },
        {"product as UTF8",  1,  {{2}, 1, "\x0c\x05Genoa", 7},       "productName"               },
        {"product and more", 1,  {{2}, 1, "\x16\x05Genoax", 8},      "productName"               },
        {"level 256",        2,  {{3, 1}, 2, "\x02\x02\x01\x00", 4}, "SPL 1"                     },
        {"level -1",         2,  {{3, 1}, 2, "\x02\x01\xff", 3},     "SPL"                       },
        {"level and more",   2,  {{3, 1}, 2, "\x02\x01\x00\x00", 4}, "SPL"                       },
        {"reserved level 1", 5,  {{3, 4}, 2, "\x02\x01\x01", 3},     "reserved"                  },
        {"level 10",         11, {{3, 10}, 2, "\x02\x01\x01", 3},    "not known"                 },
        {"level 0",          11, {{3, 0}, 2, "\x02\x01\x01", 3},     "not known"                 },
        {"fmc on Genoa",     11, {{3, 9}, 2, "\x02\x01\x01", 3},     "fmcSPL"                    },
        {"extension 6",      11, {{6}, 1, "\x02\x01\x01", 3},        "not known"                 },
        {"extension 1.1",    11, {{1, 1}, 2, "\x02\x01\x01", 3},     "not known"                 },
        {"HWID and CSP_ID",  11, {{5}, 1, "\x16\x01x", 3},           "either"                    },
        {"HWID of 8 bytes",  10, {{4}, 1, "01234567", 8},            "expected 64 bytes, found 8"},
        {"product twice",    11, {{2}, 1, "\x16\x05Genoa", 7},       "twice"                     },
        {"not AMD's",        11, {{0}, 0, "\x05\x00", 2},            "that is not AMD's"         },
        {"empty CSP_ID",     10, {{5}, 1, "\x16\x00", 2},            "CSP_ID"                    },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ext some[EXT_MAX];
        struct snp_leaf leaf;
        struct err err = {0};
        size_t count = COUNT(good);

        memcpy(some, good, sizeof good);
        some[rows[i].which] = rows[i].ext;
        if (rows[i].which == count)
            count++;
        if (parse_with(some, count, &leaf, &err) == 0)
            fail_msg("%s: accepted", rows[i].label);
        test_check_err(&err, err.code, rows[i].text, rows[i].label);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real),
        cmocka_unit_test(test_turin_chain),
        cmocka_unit_test(test_made),
        cmocka_unit_test(test_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
