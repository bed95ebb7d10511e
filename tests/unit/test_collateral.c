/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collateral folder: which files it takes, what is told about the others, what happens when it changes,
 * and how a machine's evidence is judged with it: Intel's own for a recorded quote, OpenSSL's lists for SNP.
 */
#include "crl_test.h"
#include "examine.h"
#include "snp_evidence.h"
#include "tdx_forge.h"

#include <dirent.h>
#include <unistd.h>

#define RECORDED "tests/vectors/tdx/verify/2025-06/"
#define ZEROS_32 "0000000000000000000000000000000000000000000000000000000000000000"

static char dir[] = "/tmp/nacre-collateral-XXXXXX";
static const struct collateral_roots no_roots;

static void put_bytes(const char *name, struct span bytes)
{
    char path[300], temporary[310];

    (void) snprintf(path, sizeof path, "%s/%s", dir, name);
    (void) snprintf(temporary, sizeof temporary, "%s.tmp", path);
    FILE *f = fopen(temporary, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(temporary, path), 0);
}

static void put(const char *name, const char *from)
{
    size_t len;
    char *data = test_slurp(from, &len);

    put_bytes(name, span_of(data, len));
    free(data);
}

static void drop(const char *name)
{
    char path[300];

    (void) snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(unlink(path), 0);
}

static void empty_dir(void)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    assert_non_null(d);
    while ((e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            drop(e->d_name);
    (void) closedir(d);
}

/* Intel's, as it was in June 2025. */
static void put_recorded(void)
{
    empty_dir();
    put("tdx-root.crl", RECORDED "root.crl");
    put("tdx-pck-platform.crl", RECORDED "pck.crl");
    put("tdx-tcb-info-b0c06f000000.json", RECORDED "tcb_info.json");
    put("tdx-tcb-info-b0c06f000000.pem", RECORDED "signer.pem");
    put("tdx-qe-identity.json", RECORDED "qe_identity.json");
    put("tdx-qe-identity.pem", RECORDED "signer.pem");
}

static int setup(void **state)
{
    (void) state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    (void) state;
    empty_dir();
    return rmdir(dir);
}

/* Exactly count files of this length are in use. */
static void expect_crl(const struct collateral *c, struct span quote, const char *from)
{
    struct tdx_collateral got;
    struct err err;
    size_t len;
    char *data = test_slurp(from, &len);

    if (collateral_tdx(c, quote, &got, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(span_eq(got.root_crl, span_of(data, len)));
    free(data);
}

static void test_found(void **state)
{
    struct span quote = tdx_load("v4.bin"), other = tdx_load("v5.bin");
    struct tdx_collateral got;
    struct err err;

    (void) state;
    put_recorded();
    put_bytes(".hidden", span_str("x"));
    struct collateral *c = collateral_open(dir, &no_roots, CLOCK_2025_06, &err);
    if (c == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(collateral_tdx(c, quote, &got, &err), 0);
    assert_true(got.tcb_info.len > 0 && got.tcb_info_chain.len > 0 && got.qe_identity.len > 0 &&
                got.qe_identity_chain.len > 0 && got.root_crl.len > 0 && got.pck_crl.len > 0);
    assert_int_equal(collateral_tdx(c, other, &got, &err), -1);
    test_check_err(&err, ERR_MISSING, "tdx-tcb-info-90c06f000000.json is missing in the collateral folder",
                   "another FMSPC");
    assert_int_equal(collateral_tdx(c, span_sub(quote, 0, 700), &got, &err), -1);
    collateral_free(c);
    collateral_free(NULL);
    free((void *) (uintptr_t) quote.data);
    free((void *) (uintptr_t) other.data);
}

/* One file more, or in the place of the right one. */
static void test_refused(void **state)
{
    static const struct {
        const char *name, *from;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"tcb-info.json",                  RECORDED "tcb_info.json",                         ERR_FORMAT,
         "tcb-info.json is no name of a collateral file"                                                                           },
        {"tdx-tcb-info-B0C06F000000.json", RECORDED "tcb_info.json",                         ERR_FORMAT,  "is no name"             },
        {"tdx-tcb-info-b0c06f00000.json",  RECORDED "tcb_info.json",                         ERR_FORMAT,  "is no name"             },
        {"tdx-tcb-info-90c06f000000.pem",  RECORDED "root.crl",                              ERR_FORMAT,  "90c06f000000.pem: "     },
        {"tdx-tcb-info-90c06f000000.json", RECORDED "tcb_info.json",                         ERR_MISSING,
         "its signer's chain, the same name with .pem"                                                                             },
        {"tdx-tcb-info-b0c06f000000.json", RECORDED "qe_identity.json",                      ERR_FORMAT,  "b0c06f000000.json: "    },
        {"tdx-tcb-info-b0c06f000000.json", "tests/vectors/tdx/verify/2026-02/tcb_info.json", ERR_FORMAT,
         "about another FMSPC than its name says"                                                                                  },
        {"tdx-qe-identity.json",           RECORDED "tcb_info.json",                         ERR_FORMAT,  "tdx-qe-identity.json: " },
        {"tdx-qe-identity.pem",            RECORDED "tcb_info.json",                         ERR_FORMAT,  ".pem: "                 },
        {"tdx-root.crl",                   RECORDED "pck.crl",                               ERR_DENIED,  "tdx-root.crl: "         },
        {"tdx-root.crl",                   RECORDED "signer.pem",                            ERR_FORMAT,  "tdx-root.crl: "         },
        {"tdx-pck-processor.crl",          RECORDED "signer.pem",                            ERR_FORMAT,  "tdx-pck-processor.crl: "},
        {"snp-genoa.crl",                  "tests/vectors/crl/empty.crl",                    ERR_DENIED,  "snp-genoa.crl: "        },
        {"snp-rome.crl",                   "tests/vectors/crl/empty.crl",                    ERR_FORMAT,  "is no name"             },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err err = {0};

        put_recorded();
        put(rows[i].name, rows[i].from);
        struct collateral *c = collateral_open(dir, &no_roots, CLOCK_2025_06, &err);
        if (c != NULL)
            fail_msg("%s from %s: taken", rows[i].name, rows[i].from);
        test_check_err(&err, rows[i].code, rows[i].says, rows[i].name);
        assert_int_equal(strncmp(err.text, dir, strlen(dir)), 0);
    }
}

static void test_changed_body(void **state)
{
    size_t len;
    char *data = test_slurp(RECORDED "tcb_info.json", &len);
    struct err err;

    (void) state;
    put_recorded();
    char *at = memmem(data, len, "\"pcesvn\":", 9);
    assert_non_null(at);
    at[9] = at[9] == '9' ? '8' : '9';
    put_bytes("tdx-tcb-info-b0c06f000000.json", span_of(data, len));
    assert_null(collateral_open(dir, &no_roots, CLOCK_2025_06, &err));
    assert_non_null(strstr(err.text, "does not verify"));
    free(data);
    assert_null(collateral_open("/nonexistent", &no_roots, CLOCK_2025_06, &err));
    test_check_err(&err, ERR_SYS, "/nonexistent", "no folder");
}

/* Out of date is told, and no reason to end: the evidence will be refused by name. */
static void test_late(void **state)
{
    struct err err;

    (void) state;
    put_recorded();
    struct collateral *c = collateral_open(dir, &no_roots, CLOCK_2026_05, &err);
    assert_non_null(c);
    collateral_free(c);
}

static void test_reload(void **state)
{
    struct span quote = tdx_load("v4.bin");
    struct tdx_collateral got;
    struct err err;
    int64_t now_s = CLOCK_2025_06;

    (void) state;
    put_recorded();
    struct collateral *c = collateral_open(dir, &no_roots, now_s, &err);
    assert_non_null(c);
    expect_crl(c, quote, RECORDED "root.crl");
    put("tdx-root.crl", RECORDED "pck.crl"); /* not by the root */
    collateral_refresh(c, now_s + COLLATERAL_REFRESH_S - 1);
    expect_crl(c, quote, RECORDED "root.crl"); /* too early to look */
    now_s += 2 * COLLATERAL_REFRESH_S;
    collateral_refresh(c, now_s);
    expect_crl(c, quote, RECORDED "root.crl"); /* no good: what was there stays in use */
    put("tdx-root.crl", "tests/vectors/tdx/verify/2026-02/root.crl");
    now_s += 2 * COLLATERAL_REFRESH_S;
    collateral_refresh(c, now_s);
    expect_crl(c, quote, "tests/vectors/tdx/verify/2026-02/root.crl");
    drop("tdx-root.crl");
    collateral_refresh(c, now_s - 1000); /* the clock went back */
    assert_int_equal(collateral_tdx(c, quote, &got, &err), -1);
    test_check_err(&err, ERR_MISSING, "tdx-root.crl is missing", "gone");
    collateral_free(c);
    free((void *) (uintptr_t) quote.data);
}

/* --- a recorded quote of Intel's hardware, through the Coordinator ---------------------------------- */

static const char *hex_of(const uint8_t *bytes, size_t len)
{
    static char text[8][2 * TDX_REG_SIZE + 1];
    static unsigned next;
    char *out = text[next++ % 8];
    struct err err;

    assert_int_equal(hex_encode(span_of(bytes, len), out, sizeof text[0], &err), 0);
    return out;
}

static void manifest_of(const struct tdx_quote *q, char *text, size_t cap)
{
    uint8_t xfam[8];

    for (size_t i = 0; i < sizeof xfam; i++)
        xfam[i] = (uint8_t) (q->xfam >> 8 * i);
    assert_true((size_t) snprintf(
                    text, cap,
                    "{\"Policies\":{\"%s\":{\"SANs\":[\"web\"]}},\"ReferenceValues\":{\"tdx\":[{"
                    "\"MinTCBEvaluationDataNumber\":17,\"MrTd\":\"%s\",\"MrSeam\":\"%s\",\"Rtmrs\":[\"%s\","
                    "\"%s\",\"%s\",\"%s\"],\"Xfam\":\"%s\",\"AllowedPIIDs\":null,\"MemoryIntegrity\":false,"
                    "\"SMTDisabled\":false,\"StaticPlatform\":false}]}}",
                    hex_of(q->mr_config_id, SNP_HOST_DATA_SIZE), hex_of(q->mr_td, TDX_REG_SIZE),
                    hex_of(q->mr_seam, TDX_REG_SIZE), hex_of(q->rtmr[0], TDX_REG_SIZE),
                    hex_of(q->rtmr[1], TDX_REG_SIZE), hex_of(q->rtmr[2], TDX_REG_SIZE),
                    hex_of(q->rtmr[3], TDX_REG_SIZE), hex_of(xfam, sizeof xfam)) < cap);
}

static void test_real_quote(void **state)
{
    struct span quote = tdx_load("v4.bin");
    struct ecc_public key = {0};
    struct examine_trust trust = {0};
    struct examine_peer out;
    struct tdx_quote parsed;
    char text[4096];
    struct manifest m;
    struct err err;

    (void) state;
    put_recorded();
    assert_int_equal(tdx_quote_parse(quote, &parsed, &err), 0);
    manifest_of(&parsed, text, sizeof text);
    if (manifest_parse(span_str(text), "m.json", false, &m, &err) < 0)
        fail_msg("%s", err.text);
    trust.collateral = collateral_open(dir, &no_roots, CLOCK_2025_06, &err);
    assert_non_null(trust.collateral);
    const struct examine_claim claim = {
        .key = &key, .kind = EXAMINE_TDX, .evidence = quote, .report_data = parsed.report_data};
    examine_claim(&m, &trust, &claim, CLOCK_2025_06, &out);
    if (out.status != GRPC_OK)
        fail_msg("%s", out.reason);
    assert_true(out.kind == EXAMINE_TDX && out.quote_len == 632 && out.policy == &m.policies[0]);
    examine_claim(&m, &trust, &claim, CLOCK_2026_05, &out);
    assert_int_equal(out.status, GRPC_UNAUTHENTICATED);
    assert_non_null(strstr(out.reason, "root crl: CRL is valid from"));
    assert_string_equal(out.check, "root crl");
    examine_trust_free(&trust);
    manifest_free(&m);
    free((void *) (uintptr_t) quote.data);
}

/* --- SNP: lists in the folder, with the evidence, or not at all -------------------------------------- */

static const char snp_manifest[] =
    "{\"Policies\":{\"%s\":{\"SANs\":[\"web\"]}},\"ReferenceValues\":{\"snp\":[{\"ProductName\":\"Genoa\","
    "\"TrustedMeasurement\":\"%s\",\"MinimumTCB\":{\"BootloaderVersion\":10,\"TEEVersion\":0,\"SNPVersion\":"
    "28,"
    "\"MicrocodeVersion\":88},\"GuestPolicy\":{\"ABIMinor\":0,\"ABIMajor\":0,\"SMT\":true,\"MigrateMA\":"
    "false,"
    "\"Debug\":false,\"SingleSocket\":false,\"CXLAllowed\":false,\"MemAES256XTS\":false,\"RAPLDis\":false,"
    "\"CipherTextHidingDRAM\":false,\"PageSwapDisable\":false},\"PlatformInfo\":{\"SMTEnabled\":true,"
    "\"TSMEEnabled\":true,\"ECCEnabled\":false,\"RAPLDisabled\":false,\"CiphertextHidingDRAMEnabled\":false,"
    "\"AliasCheckComplete\":false,\"TIOEnabled\":true},\"MinimumMitigationVector\":0,\"AllowedChipIDs\":null}"
    "]}}";

struct list_row {
    const char *folder; /* snp-genoa.crl; "" none; NULL: no folder at all */
    const char *carried;
    bool none;        /* --collateral none */
    const char *says; /* NULL: accepted */
};

static void judge(struct crl_lab *lab, const struct list_row *row, struct examine_peer *out)
{
    static uint8_t buf[SNP_EVIDENCE_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct examine_trust trust = {.no_collateral = row->none};
    struct ecc_public key = {0};
    char text[4096], *owner = NULL;
    struct manifest m;
    struct err err;

    (void) snprintf(text, sizeof text, snp_manifest, hex_of(lab->l.parsed.host_data, SNP_HOST_DATA_SIZE),
                    hex_of(lab->l.parsed.measurement, SNP_MEASUREMENT_SIZE));
    if (manifest_parse(span_str(text), "m.json", false, &m, &err) < 0)
        fail_msg("%s", err.text);
    trust.roots[0] =
        (struct fileio_bytes){.data = malloc(lab->expect.test_root.len), .len = lab->expect.test_root.len};
    memcpy(trust.roots[0].data, lab->expect.test_root.data, trust.roots[0].len);
    trust.root_count = 1;
    empty_dir();
    if (row->folder && row->folder[0])
        put("snp-genoa.crl", row->folder);
    const struct collateral_roots roots = {.roots = trust.roots, .count = 1};
    if (row->folder) {
        trust.collateral = collateral_open(dir, &roots, CRL_NOW, &err);
        if (trust.collateral == NULL)
            fail_msg("%s", err.text);
    }
    lab->l.chain.crl = row->carried ? crl_load(row->carried, &owner) : span_of(NULL, 0);
    assert_int_equal(snp_evidence_encode(span_of(lab->l.report, SNP_REPORT_SIZE), &lab->l.chain,
                                         SNP_PRODUCT_GENOA, &w, &err),
                     0);
    const struct examine_claim claim = {
        .key = &key, .evidence = writer_span(&w), .report_data = lab->l.parsed.report_data};
    examine_claim(&m, &trust, &claim, CRL_NOW, out);
    free(owner);
    examine_trust_free(&trust);
    manifest_free(&m);
}

static void test_snp_lists(void **state)
{
    static const char revoked[] = "revocation: intermediate: certificate with the serial number 020001";
    static const struct list_row rows[] = {
        {CRL_VECTORS "empty.crl",   NULL,          false, NULL                                                           },
        {CRL_VECTORS "empty.crl",   "revoked.crl", false, NULL                                                           }, /* the operator's decides */
        {CRL_VECTORS "revoked.crl", NULL,          false, revoked                                                        },
        {CRL_VECTORS "revoked.crl", "empty.crl",   false, revoked                                                        },
        {CRL_VECTORS "short.crl",   NULL,          false, "revocation: CRL is valid from"                                },
        {"",                        "empty.crl",   false, NULL                                                           },
        {"",                        "revoked.crl", false, revoked                                                        },
        {"",                        "forged.crl",  false, "revocation: CRL: "                                            },
        {"",                        "short.crl",   false, "revocation: CRL is valid from"                                },
        {"",                        NULL,          false, "revocation: snp-genoa.crl is missing in the collateral folder"},
        {NULL,                      NULL,          false, "revocation: there is no list of revoked certificates"         },
        {NULL,                      "empty.crl",   false, NULL                                                           },
        {NULL,                      NULL,          true,  NULL                                                           },
        {NULL,                      "empty.crl",   true,  NULL                                                           },
        {NULL,                      "revoked.crl", true,  revoked                                                        },
    };
    struct crl_lab lab;

    (void) state;
    crl_open(&lab);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct examine_peer out;

        judge(&lab, &rows[i], &out);
        if ((out.status == GRPC_OK) != (rows[i].says == NULL))
            fail_msg("row %zu: %d %s", i, (int) out.status, out.reason);
        if (rows[i].says == NULL)
            continue;
        assert_int_equal(out.status, GRPC_UNAUTHENTICATED);
        if (strstr(out.reason, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, out.reason);
        assert_string_equal(out.check, "revocation");
    }
    crl_close(&lab);
}

/* A VLEK's report, whatever else fits: nothing in a manifest names the cloud provider. */
static void test_vlek(void **state)
{
    static uint8_t buf[SNP_EVIDENCE_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct examine_trust trust = {.no_collateral = true};
    struct ecc_public key = {0};
    struct examine_peer out;
    struct snp_loaded l;
    char text[4096], chips[200];
    struct manifest m;
    struct err err;

    (void) state;
    test_load(&case_vlek, &l);
    (void) snprintf(text, sizeof text, snp_manifest, hex_of(l.parsed.host_data, SNP_HOST_DATA_SIZE),
                    hex_of(l.parsed.measurement, SNP_MEASUREMENT_SIZE));
    (void) snprintf(chips, sizeof chips, "[\"" ZEROS_32 ZEROS_32 "\"]");
    char *milan = test_replace(text, "Genoa", "Milan"), *all = test_replace(milan, "IDs\":null", "IDs\":[]");
    char *listed = test_replace(all, "IDs\":[]", "IDs\":@");
    char *full = test_replace(listed, "@", chips);
    if (manifest_parse(span_str(full), "m.json", false, &m, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(
        snp_evidence_encode(span_of(l.report, SNP_REPORT_SIZE), &l.chain, SNP_PRODUCT_MILAN, &w, &err), 0);
    const struct examine_claim claim = {
        .key = &key, .evidence = writer_span(&w), .report_data = l.parsed.report_data};
    examine_claim(&m, &trust, &claim, CLOCK_2025, &out);
    assert_int_equal(out.status, GRPC_UNAUTHENTICATED);
    assert_non_null(strstr(out.reason, "SHA-256 of CSP_ID: expected one of an empty list"));
    manifest_free(&m);
    free(milan);
    free(all);
    free(listed);
    free(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),     cmocka_unit_test(test_refused), cmocka_unit_test(test_changed_body),
        cmocka_unit_test(test_late),      cmocka_unit_test(test_reload),  cmocka_unit_test(test_real_quote),
        cmocka_unit_test(test_snp_lists), cmocka_unit_test(test_vlek),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
