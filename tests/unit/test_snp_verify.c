/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snp_verify with real reports: which check refuses what. */
#include "snp_test.h"

#include "hash.h"

/* Verify and check the outcome: refused by exactly this row (SNP_CHECK_COUNT: accepted). */
static void expect_row(const struct snp_loaded *l, const struct snp_expect *e, enum snp_check row,
                       enum err_code code, const char *text, const char *label)
{
    struct snp_verdict v;
    struct err err = {0};
    int rc = snp_verify(span_of(l->report, SNP_REPORT_SIZE), &l->chain, e, &v, &err);

    if (row == SNP_CHECK_COUNT) {
        if (rc != 0)
            fail_msg("%s: %s", label, err.text);
        for (int i = 0; i < SNP_CHECK_COUNT; i++)
            assert_int_equal(v.rows[i].result, SNP_PASSED);
        return;
    }
    if (rc == 0)
        fail_msg("%s: accepted", label);
    test_check_err(&err, code, text, label);
    if (v.rows[row].result != SNP_REFUSED || !strstr(v.rows[row].text, text))
        fail_msg("%s: row %s has result %d, text \"%s\"", label, snp_check_name(row),
                 (int) v.rows[row].result, v.rows[row].text);
    if (strncmp(err.text, snp_check_name(row), strlen(snp_check_name(row))) != 0)
        fail_msg("%s: \"%s\" does not name the row %s", label, err.text, snp_check_name(row));
    for (int i = 0; i < SNP_CHECK_COUNT; i++) {
        bool after = row < SNP_CHECK_REPORT_DATA && i > (int) row;

        if (i != (int) row)
            assert_int_equal(v.rows[i].result, after ? SNP_NOT_RUN : SNP_PASSED);
    }
}

static void test_genuine(void **state)
{
    static const struct snp_case *const good[] = {&case_milan,    &case_dstack,   &case_genoa,
                                                  &case_vlek,     &case_azure,    &case_azure_v0,
                                                  &case_azure_v1, &case_azure_v2, &case_azure_genoa};

    (void) state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct snp_loaded l;
        struct snp_expect e;

        test_load(good[i], &l);
        e = test_expect(good[i], &l);
        expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", good[i]->name);
        l.chain.ark = span_of(NULL, 0); /* the root need not come along */
        expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", good[i]->name);
    }
}

static void test_debug(void **state)
{
    struct snp_loaded l;
    struct snp_expect e;

    (void) state;
    test_load(&case_debug, &l);
    e = test_expect(&case_debug, &l);
    expect_row(&l, &e, SNP_CHECK_POLICY, ERR_DENIED, "debug is not allowed", "debug");
    e.policy.allowed |= SNP_POLICY_DEBUG;
    expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", "debug allowed");
}

static const uint8_t p384_order[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
                                     0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73};

/* Each field of the report, each signature half, each certificate: one bit. */
static void test_flipped_bits(void **state)
{
    static const struct {
        const char *label;
        unsigned offset;
        enum snp_check row;
    } rows[] = {
        {"version",      0x000, SNP_CHECK_FORMAT   },
        {"policy smt",   0x00a, SNP_CHECK_SIGNATURE},
        {"family id",    0x010, SNP_CHECK_SIGNATURE},
        {"report data",  0x050, SNP_CHECK_SIGNATURE},
        {"measurement",  0x090, SNP_CHECK_SIGNATURE},
        {"host data",    0x0c0, SNP_CHECK_SIGNATURE},
        {"report id",    0x15f, SNP_CHECK_SIGNATURE},
        {"chip id",      0x1a0, SNP_CHECK_CERT_CHIP},
        {"reported tcb", 0x187, SNP_CHECK_CERT_TCB },
        {"launch tcb",   0x1f7, SNP_CHECK_SIGNATURE},
        {"r",            0x2a0, SNP_CHECK_SIGNATURE},
        {"r top",        0x2cf, SNP_CHECK_SIGNATURE},
        {"s",            0x2e8, SNP_CHECK_SIGNATURE},
        {"s top",        0x317, SNP_CHECK_SIGNATURE},
    };
    struct snp_loaded l;
    struct snp_expect e;

    (void) state;
    test_load(&case_dstack, &l);
    e = test_expect(&case_dstack, &l);
    for (size_t i = 0; i < COUNT(rows); i++) {
        l.report[rows[i].offset] ^= 1;
        expect_row(&l, &e, rows[i].row, rows[i].row == SNP_CHECK_FORMAT ? ERR_FORMAT : ERR_DENIED, "",
                   rows[i].label);
        l.report[rows[i].offset] ^= 1;
    }
    memset(l.report + 0x2a0, 0, 48);
    expect_row(&l, &e, SNP_CHECK_SIGNATURE, ERR_DENIED, "", "r is 0");
    memset(l.report + 0x2a0, 0xff, 48);
    expect_row(&l, &e, SNP_CHECK_SIGNATURE, ERR_DENIED, "", "r is above n");
    test_load(&case_dstack, &l);
    memset(l.report + 0x2e8, 0, 48);
    expect_row(&l, &e, SNP_CHECK_SIGNATURE, ERR_DENIED, "", "s is 0");
    memset(l.report + 0x2e8, 0xff, 48);
    expect_row(&l, &e, SNP_CHECK_SIGNATURE, ERR_DENIED, "", "s is above n");
    for (size_t at = 0x2a0; at <= 0x2e8; at += 0x48) {
        test_load(&case_dstack, &l);
        for (size_t i = 0; i < sizeof p384_order; i++)
            l.report[at + i] = p384_order[sizeof p384_order - 1 - i];
        expect_row(&l, &e, SNP_CHECK_SIGNATURE, ERR_DENIED, "", "r or s is n");
    }
}

static uint8_t *writable(struct snp_loaded *l, struct span cert)
{
    return l->certs + (cert.data - l->certs);
}

static void test_certificates(void **state)
{
    struct snp_loaded l, other;
    struct snp_expect e;
    struct writer w;
    static uint8_t buf[8192];

    (void) state;
    test_load(&case_dstack, &l);
    e = test_expect(&case_dstack, &l);
    writable(&l, l.chain.ask)[l.chain.ask.len - 1] ^= 1; /* its signature */
    expect_row(&l, &e, SNP_CHECK_INTERMEDIATE, ERR_DENIED, "does not verify", "tampered ASK");
    test_load(&case_dstack, &l);
    writable(&l, l.chain.vcek)[l.chain.vcek.len - 600] ^= 1; /* inside the HWID */
    expect_row(&l, &e, SNP_CHECK_LEAF, ERR_DENIED, "does not verify", "tampered VCEK");
    test_load(&case_dstack, &l);
    writable(&l, l.chain.ark)[l.chain.ark.len - 1] ^= 1;
    expect_row(&l, &e, SNP_CHECK_ROOT, ERR_DENIED, "not the expected root", "tampered ARK");
    test_load(&case_dstack, &l);
    l.chain.ask = span_of(NULL, 0);
    expect_row(&l, &e, SNP_CHECK_INTERMEDIATE, ERR_MISSING, "ASK", "no ASK");
    l.chain.vcek = span_of(NULL, 0);
    expect_row(&l, &e, SNP_CHECK_SIGNER, ERR_MISSING, "VCEK", "no VCEK");
    test_load(&case_dstack, &l);
    l.chain.vlek = l.chain.vcek; /* in the wrong place */
    l.chain.vcek = span_of(NULL, 0);
    expect_row(&l, &e, SNP_CHECK_SIGNER, ERR_MISSING, "VCEK", "VCEK handed over as VLEK");

    test_load(&case_dstack, &l);
    test_load(&case_milan, &other);
    l.chain.vcek = other.chain.vcek; /* another machine of the same kind */
    expect_row(&l, &e, SNP_CHECK_CERT_TCB, ERR_DENIED, "the certificate is for", "another machine's VCEK");
    test_load(&case_genoa, &other);
    l.chain.vcek = other.chain.vcek;
    expect_row(&l, &e, SNP_CHECK_LEAF, ERR_DENIED, "issuer", "Genoa's VCEK under Milan's ASK");
    l.chain = other.chain;
    expect_row(&l, &e, SNP_CHECK_ROOT, ERR_DENIED, "not the expected root", "Genoa's chain");
    e.product = SNP_PRODUCT_GENOA;
    expect_row(&l, &e, SNP_CHECK_PRODUCT, ERR_DENIED, "expected Genoa, found Milan",
               "Milan's report as Genoa's");

    test_load(&case_azure, &l);
    e = test_expect(&case_azure, &l);
    w = writer_of(buf, sizeof buf);
    l.chain.vcek = test_cert("trustee-vcek", "vcek-invalid-legacy.der", 0, &w);
    expect_row(&l, &e, SNP_CHECK_LEAF, ERR_DENIED, "does not verify", "made by hand, old form");
    l.chain.vcek = test_cert("trustee-vcek", "vcek-invalid-new.der", 0, &w);
    expect_row(&l, &e, SNP_CHECK_LEAF, ERR_DENIED, "does not verify", "made by hand, new form");
}

/* The intermediate must be the right kind: an ASVK does not issue VCEKs. */
static void test_wrong_intermediate(void **state)
{
    struct snp_loaded l, vlek;
    struct snp_expect e;

    (void) state;
    test_load(&case_dstack, &l);
    test_load(&case_vlek, &vlek);
    e = test_expect(&case_dstack, &l);
    l.chain.ask = vlek.chain.ask;
    expect_row(&l, &e, SNP_CHECK_INTERMEDIATE, ERR_DENIED, "SEV-Milan", "ASVK for a VCEK");
    l.chain.ask = l.chain.ark;
    expect_row(&l, &e, SNP_CHECK_INTERMEDIATE, ERR_DENIED, "SEV-Milan", "ARK as ASK");
}

static void test_dates(void **state)
{
    struct snp_loaded l;
    struct snp_expect e;

    (void) state;
    test_load(&case_vlek, &l);
    e = test_expect(&case_vlek, &l);
    e.now_s = CLOCK_2026;
    expect_row(&l, &e, SNP_CHECK_DATES, ERR_DENIED, "2025-12-10", "VLEK expired");
    e.now_s = INT64_C(1733868860); /* one second before its notBefore */
    expect_row(&l, &e, SNP_CHECK_DATES, ERR_DENIED, "leaf", "VLEK not yet valid");
    e.now_s++;
    expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", "VLEK's first second");
    e.now_s = 1;
    expect_row(&l, &e, SNP_CHECK_DATES, ERR_DENIED, "root", "before the root");
}

#define LIST(bytes)                                                                                          \
    (struct snp_list)                                                                                        \
    {                                                                                                        \
        bytes, 1, false                                                                                      \
    }

static void test_expectations(void **state)
{
    static const uint8_t other[SNP_CHIP_ID_SIZE] = {1};
    struct snp_loaded l;
    struct snp_expect good, e;

    (void) state;
    test_load(&case_dstack, &l);
    good = test_expect(&case_dstack, &l);
#define REFUSED(change, row, code, text)                                                                     \
    do {                                                                                                     \
        e = good;                                                                                            \
        change;                                                                                              \
        expect_row(&l, &e, row, code, text, #change);                                                        \
    } while (0)
    /* left out: an error, never "any" */
    REFUSED(e.now_s = 0, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "time");
    REFUSED(e.product = SNP_PRODUCT_UNKNOWN, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "product");
    REFUSED(e.report_data.len = 0, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "report data");
    REFUSED(e.report_data.len = 63, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "report data");
    REFUSED(e.policy.set = false, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "guest policy");
    REFUSED(e.policy.allowed = 0, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "guest policy");
    REFUSED(e.platform_info.set = false, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "platform info");
    REFUSED(e.tcb.set = false, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "TCB");
    REFUSED(e.launch_tcb.set = false, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "TCB");
    REFUSED(e.host_data.count = SNP_LIST_MAX + 1, SNP_CHECK_EXPECTATIONS, ERR_LIMIT, "entries");
    /* an empty list matches nothing */
    REFUSED(e.measurements.count = 0, SNP_CHECK_MEASUREMENT, ERR_DENIED, "empty list");
    REFUSED(e.host_data.count = 0, SNP_CHECK_HOST_DATA, ERR_DENIED, "empty list");
    REFUSED(e.chip_ids.count = 0, SNP_CHECK_CHIP_ID, ERR_DENIED, "empty list");
    REFUSED(e.id_key_digests.count = 0, SNP_CHECK_ID_KEY, ERR_DENIED, "empty list");
    REFUSED(e.author_key_digests.any = false, SNP_CHECK_AUTHOR_KEY, ERR_DENIED, "empty list");
    REFUSED(e.family_ids.any = false, SNP_CHECK_FAMILY_ID, ERR_DENIED, "empty list");
    REFUSED(e.image_ids.any = false, SNP_CHECK_IMAGE_ID, ERR_DENIED, "empty list");
    REFUSED(e.report_ids.any = false, SNP_CHECK_REPORT_ID, ERR_DENIED, "empty list");
    REFUSED(e.firmware.set = false, SNP_CHECK_EXPECTATIONS, ERR_MISSING, "minimum firmware version");
    REFUSED(e.author_key_digests = LIST(l.parsed.author_key_digest), SNP_CHECK_COUNT, ERR_NONE, "");
    REFUSED(e.family_ids = LIST(l.parsed.family_id), SNP_CHECK_COUNT, ERR_NONE, "");
    REFUSED(e.image_ids = LIST(l.parsed.image_id), SNP_CHECK_COUNT, ERR_NONE, "");
    REFUSED(e.report_ids = LIST(l.parsed.report_id), SNP_CHECK_COUNT, ERR_NONE, "");
    REFUSED(e.author_key_digests = LIST(other), SNP_CHECK_AUTHOR_KEY, ERR_DENIED, "expected 01000000");
    REFUSED(e.family_ids = LIST(other), SNP_CHECK_FAMILY_ID, ERR_DENIED, "expected 01000000");
    REFUSED(e.image_ids = LIST(other), SNP_CHECK_IMAGE_ID, ERR_DENIED, "expected 01000000");
    REFUSED(e.report_ids = LIST(other), SNP_CHECK_REPORT_ID, ERR_DENIED, "found ab942f03");
    REFUSED((e.firmware.min = (struct snp_version){.build = 30, .minor = 55, .major = 1}), SNP_CHECK_FIRMWARE,
            ERR_DENIED, "at least 1.55.30, found 1.55.29");
    REFUSED((e.firmware.min = (struct snp_version){.build = 29, .minor = 55, .major = 1}), SNP_CHECK_COUNT,
            ERR_NONE, "");
    /* another value: the text tells both */
    REFUSED(e.measurements.entries = other, SNP_CHECK_MEASUREMENT, ERR_DENIED,
            "expected 01000000000000000000000000000000..., found 7f51e17f72a04d5422cb2c0099816653");
    REFUSED(e.host_data.entries = other, SNP_CHECK_HOST_DATA, ERR_DENIED, "found 783f0057");
    REFUSED(e.chip_ids.entries = other, SNP_CHECK_CHIP_ID, ERR_DENIED, "expected 01000000");
    REFUSED(e.id_key_digests.entries = other, SNP_CHECK_ID_KEY, ERR_DENIED, "expected 01000000");
    REFUSED(e.report_data = span_of(other, 64), SNP_CHECK_REPORT_DATA, ERR_DENIED, "another nonce");
    REFUSED(e.vmpl = 1, SNP_CHECK_VMPL, ERR_DENIED, "expected 1, found 0");
    REFUSED(e.policy.allowed = SNP_POLICY_MUST_BE_ONE, SNP_CHECK_POLICY, ERR_DENIED, "SMT is not allowed");
    REFUSED(e.policy.required |= SNP_POLICY_SINGLE_SOCKET, SNP_CHECK_POLICY, ERR_DENIED,
            "single socket is required");
    REFUSED(e.policy_abi_minor = 1, SNP_CHECK_POLICY, ERR_DENIED, "at least 0.1, found 0.0");
    REFUSED(e.policy_abi_major = 1, SNP_CHECK_POLICY, ERR_DENIED, "at least 1.0, found 0.0");
    REFUSED(e.platform_info.allowed = 0x24, SNP_CHECK_PLATFORM_INFO, ERR_DENIED, "SMT is not allowed");
    REFUSED(e.platform_info.required = SNP_PLATFORM_CIPHERTEXT_HIDING_EN, SNP_CHECK_PLATFORM_INFO, ERR_DENIED,
            "ciphertext hiding is required");
    REFUSED(e.guest_svn_min = 1, SNP_CHECK_GUEST_SVN, ERR_DENIED, "at least 1, found 0");
    REFUSED(e.mit_vector_min = 1, SNP_CHECK_MIT_VECTOR, ERR_DENIED, "0x1");
    REFUSED(e.tcb.tcb.snp = 0x18, SNP_CHECK_REPORTED_TCB, ERR_DENIED, "snp 24");
    REFUSED(e.tcb.tcb.boot_loader = 5, SNP_CHECK_REPORTED_TCB, ERR_DENIED, "bootloader 5");
    REFUSED(e.launch_tcb.tcb.microcode = 0xd6, SNP_CHECK_LAUNCH_TCB, ERR_DENIED, "microcode 214");
    REFUSED(e.tcb.tcb.snp = 0x17, SNP_CHECK_COUNT, ERR_NONE, "");
    REFUSED(e.platform_info.required = SNP_PLATFORM_ALIAS_CHECK_COMPLETE, SNP_CHECK_COUNT, ERR_NONE, "");
#undef REFUSED
}

static void test_lists(void **state)
{
    struct snp_loaded l;
    struct snp_expect e;
    uint8_t two[2 * SNP_MEASUREMENT_SIZE] = {9};

    (void) state;
    test_load(&case_dstack, &l);
    e = test_expect(&case_dstack, &l);
    memcpy(two + SNP_MEASUREMENT_SIZE, l.parsed.measurement, SNP_MEASUREMENT_SIZE);
    e.measurements = (struct snp_list){two, 2, false};
    expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", "the second of two");
    two[SNP_MEASUREMENT_SIZE] ^= 1;
    expect_row(&l, &e, SNP_CHECK_MEASUREMENT, ERR_DENIED, "one of 2 values", "none of two");
    e.measurements = (struct snp_list){NULL, 0, true};
    expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", "knowingly any");
}

static void test_provisional_firmware(void **state)
{
    struct snp_loaded l;
    struct snp_expect e;

    (void) state;
    test_load(&case_azure, &l);
    e = test_expect(&case_azure, &l);
    e.provisional_firmware = false;
    expect_row(&l, &e, SNP_CHECK_COMMITTED, ERR_DENIED, "expected the committed bootloader 3",
               "running ahead of committed");
    test_load(&case_dstack, &l);
    e = test_expect(&case_dstack, &l);
    e.provisional_firmware = false;
    expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", "committed");
}

static void test_csp_id(void **state)
{
    const char *csp = "CN=cc-us-east-2.amazonaws.com";
    uint8_t digest[SHA256_SIZE];
    struct snp_loaded l;
    struct snp_expect e;
    struct err err;

    (void) state;
    test_load(&case_vlek, &l);
    e = test_expect(&case_vlek, &l);
    assert_int_equal(hash_bytes(HASH_SHA256, span_str(csp), digest, &err), 0);
    e.csp_ids_sha256 = (struct snp_list){digest, 1, false};
    expect_row(&l, &e, SNP_CHECK_COUNT, ERR_NONE, "", "the cloud we expect");
    digest[0] ^= 1;
    expect_row(&l, &e, SNP_CHECK_CERT_CHIP, ERR_DENIED, "CSP_ID", "another cloud");
    e.csp_ids_sha256 = (struct snp_list){NULL, 0, false};
    expect_row(&l, &e, SNP_CHECK_CERT_CHIP, ERR_DENIED, "empty list", "no cloud expected");
}

/* A VLEK's report: VCEKs do not answer for it, and it comes from VMPL 1. */
static void test_vlek(void **state)
{
    struct snp_loaded l, vcek;
    struct snp_expect e;

    (void) state;
    test_load(&case_vlek, &l);
    e = test_expect(&case_vlek, &l);
    e.vmpl = 0;
    expect_row(&l, &e, SNP_CHECK_VMPL, ERR_DENIED, "expected 0, found 1", "VMPL 1");
    test_load(&case_milan, &vcek);
    l.chain.vcek = l.chain.vlek;
    l.chain.vlek = span_of(NULL, 0);
    expect_row(&l, &e, SNP_CHECK_SIGNER, ERR_MISSING, "VLEK", "VLEK handed over as VCEK");
    l.chain.vlek = vcek.chain.vcek;
    expect_row(&l, &e, SNP_CHECK_LEAF, ERR_DENIED, "SEV-VLEK", "a VCEK as VLEK");
    l.chain.ask = vcek.chain.ask;
    expect_row(&l, &e, SNP_CHECK_INTERMEDIATE, ERR_DENIED, "SEV-VLEK-Milan", "an ASK as ASVK");
}

/* AMD's root is no test root, and AMD's chain does not pass as a test chain. */
static void test_test_root(void **state)
{
    struct snp_loaded l;
    struct snp_expect e;

    (void) state;
    test_load(&case_dstack, &l);
    e = test_expect(&case_dstack, &l);
    e.test_root = l.chain.ark;
    expect_row(&l, &e, SNP_CHECK_ROOT, ERR_DENIED, "nacre test ARK-Milan", "AMD's root as test root");
}

/* AMD's certificates by their fingerprints (first bytes of SHA-256) and serial numbers; each under its root.
 */
static void test_pinned_roots(void **state)
{
    static const struct {
        enum snp_product product;
        const char *file;
        int block; /* 0 ASK, 1 ARK, 2 ASVK */
        uint8_t print[8];
        uint8_t serial[3];
    } rows[] = {
        {SNP_PRODUCT_MILAN,
         "milan_ask_ark_asvk.pem", 1,
         {0x69, 0xd0, 0x63, 0xb4, 0x53, 0x44, 0xd2, 0x6a},
         {1, 0, 0}},
        {SNP_PRODUCT_GENOA,
         "genoa_ask_ark_asvk.pem", 1,
         {0x4c, 0x65, 0x98, 0xd1, 0x9c, 0x18, 0x71, 0x9c},
         {2, 0, 0}},
        {SNP_PRODUCT_TURIN,
         "turin_ask_ark_asvk.pem", 1,
         {0x1f, 0x08, 0x41, 0x61, 0xa4, 0x4b, 0xb6, 0xd9},
         {3, 0, 0}},
        {SNP_PRODUCT_MILAN,
         "milan_ask_ark_asvk.pem", 0,
         {0x67, 0xd3, 0x03, 0xbd, 0x39, 0x05, 0xfd, 0x38},
         {1, 0, 1}},
        {SNP_PRODUCT_GENOA,
         "genoa_ask_ark_asvk.pem", 0,
         {0x54, 0x64, 0x73, 0x8c, 0x15, 0x46, 0xae, 0xd5},
         {2, 0, 2}},
        {SNP_PRODUCT_TURIN,
         "turin_ask_ark_asvk.pem", 0,
         {0x5b, 0x77, 0xef, 0x5f, 0xe7, 0xa7, 0xa0, 0x04},
         {3, 0, 1}},
        {SNP_PRODUCT_MILAN,
         "milan_ask_ark_asvk.pem", 2,
         {0xc5, 0xe0, 0x81, 0xf5, 0x9b, 0x7e, 0xfa, 0xb1},
         {1, 1, 1}},
        {SNP_PRODUCT_GENOA,
         "genoa_ask_ark_asvk.pem", 2,
         {0x19, 0x7e, 0x61, 0x07, 0x43, 0xa9, 0x17, 0xd6},
         {2, 1, 1}},
        {SNP_PRODUCT_TURIN,
         "turin_ask_ark_asvk.pem", 2,
         {0x10, 0x4e, 0x10, 0xa8, 0xbd, 0x06, 0x0a, 0x3c},
         {3, 1, 1}},
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static uint8_t buf[8192];
        struct writer w = writer_of(buf, sizeof buf);
        struct span der = test_cert("roots", rows[i].file, rows[i].block, &w);
        struct span ark = snp_certs_ark(rows[i].product);
        uint8_t digest[SHA256_SIZE];
        struct x509 cert, root;
        struct err err;

        assert_int_equal(hash_bytes(HASH_SHA256, der, digest, &err), 0);
        assert_memory_equal(digest, rows[i].print, sizeof rows[i].print);
        assert_int_equal(x509_parse(der, &cert, &err), 0);
        assert_true(span_eq(cert.serial, span_of(rows[i].serial, sizeof rows[i].serial)));
        assert_int_equal(x509_parse(ark, &root, &err), 0);
        if (rows[i].block == 1)
            assert_true(span_eq(der, ark));
        else
            assert_int_equal(x509_check_issued(&cert, &root, 1, &err), 0);
    }
    assert_int_equal(snp_certs_ark(SNP_PRODUCT_UNKNOWN).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_genuine),
        cmocka_unit_test(test_debug),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_wrong_intermediate),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_expectations),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_provisional_firmware),
        cmocka_unit_test(test_csp_id),
        cmocka_unit_test(test_vlek),
        cmocka_unit_test(test_test_root),
        cmocka_unit_test(test_pinned_roots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
