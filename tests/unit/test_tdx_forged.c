/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdx_verify under a test root: what no recorded machine shows. */
#include "tdx_forge.h"

/* forge_plain with changes */
#define FORGE(...)                                                                                           \
    ({                                                                                                       \
        struct forge how_ = forge_plain;                                                                     \
        struct forge *f = &how_;                                                                             \
        __VA_ARGS__;                                                                                         \
        how_;                                                                                                \
    })

static struct forged lab;

static int open_lab(void **state)
{
    (void) state;
    forge_open(&lab);
    return 0;
}

static void make(struct forge how)
{
    forge_make(&lab, &how);
}

static void expect(struct forge how, enum tdx_check row, const char *text, const char *label)
{
    make(how);
    lab.set.expect.advisories.any = row == TDX_CHECK_TCB_STATUS; /* one row at a time */
    tdx_expect_row(&lab.set, row, ERR_DENIED, text, label);
}

static void accept(struct forge how, const char *label)
{
    expect(how, TDX_CHECK_COUNT, "", label);
}

static void test_plain(void **state)
{
    (void) state;
    accept(forge_plain, "version 4");
    accept(FORGE(f->body = FORGE_V5_1_0), "version 5, TDX 1.0");
    accept(FORGE(f->body = FORGE_V5_1_5), "version 5, TDX 1.5");
    accept(FORGE(f->processor_ca = true), "Processor CA");
    accept(FORGE(f->comps[0] = 200; f->pce_svn = 300; f->tee_svn[2] = 9; f->qe_svn = 9),
           "newer than all levels");
    lab.set.expect.test_root.len = 0;
    tdx_expect_row(&lab.set, TDX_CHECK_PCK_CHAIN, ERR_DENIED, "not the expected root",
                   "Intel's root expected");
    make(forge_plain);
    lab.set.expect.test_root = forge_der(&lab, FORGE_CA);
    tdx_expect_row(&lab.set, TDX_CHECK_PCK_CHAIN, ERR_DENIED, "not the expected root",
                   "another root expected");
}

static void test_wrong_signer(void **state)
{
    (void) state;
    expect(FORGE(f->qe_key = FORGE_CA), TDX_CHECK_QE_SIGNATURE, "does not verify",
           "QE report by another key");
    expect(FORGE(f->auth_key = FORGE_CA), TDX_CHECK_ATTESTATION_KEY, "not about this",
           "another attestation key");
    expect(FORGE(f->info_key = FORGE_PCK), TDX_CHECK_TCB_INFO, "does not verify", "TCB info by the PCK");
    expect(FORGE(f->info_key = FORGE_ROOT), TDX_CHECK_TCB_INFO, "does not verify", "TCB info by the root");
    expect(FORGE(f->root_crl_key = FORGE_CA), TDX_CHECK_ROOT_CRL, "does not verify", "root CRL by the CA");
    expect(FORGE(f->pck_crl_key = FORGE_ROOT), TDX_CHECK_PCK_CRL, "does not verify", "PCK CRL by the root");
    expect(FORGE(f->pck_name = "nacre test SGX TCB Signing"), TDX_CHECK_PCK_CHAIN, "common name",
           "PCK's name");
}

static void test_signer(void **state)
{
    char text[8192];
    struct span chain;

    (void) state;
    expect(FORGE(f->signer_until_s = FORGE_NOW - 1), TDX_CHECK_TCB_INFO,
           "signer: certificate 1 of 2: certificate is valid", "expired");
    accept(FORGE(f->signer_until_s = FORGE_NOW), "last second");
    make(forge_plain);
    chain = lab.set.collateral.tcb_info_chain;
    (void) snprintf(text, sizeof text, "%.*s\n", (int) chain.len, (const char *) chain.data);
    lab.set.collateral.qe_identity_chain = span_str(text);
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "the same chain in other bytes");
    lab.set.collateral.qe_identity_chain = span_of(lab.pck_pem, chain.len);
    tdx_expect_row(&lab.set, TDX_CHECK_QE_IDENTITY, ERR_FORMAT, "signer: ", "half of a PCK chain");
}

static void test_revoked(void **state)
{
    (void) state;
    expect(FORGE(f->pck_lists = 1 + FORGE_PCK), TDX_CHECK_PCK_CRL,
           "PCK: certificate with the serial number 03 was revoked", "PCK");
    expect(FORGE(f->root_lists = 1 + FORGE_CA), TDX_CHECK_ROOT_CRL,
           "PCK CA: certificate with the serial number 02", "CA");
    expect(FORGE(f->root_lists = 1 + FORGE_TCB), TDX_CHECK_TCB_INFO,
           "signer: certificate with the serial number 04", "TCB signer");
    accept(FORGE(f->root_lists = 100; f->pck_lists = 100), "others");
}

/* The worst of platform, module and QE decides, whatever the others are. */
static void test_status(void **state)
{
    (void) state;
    for (int i = 0; i < TDX_STATUS_COUNT; i++) {
        const char *name = tdx_status_name((enum tdx_status) i);
        const struct forge hows[] = {FORGE(f->platform = name), FORGE(f->module = name), FORGE(f->qe = name)};

        for (size_t k = 0; k < COUNT(hows); k++) {
            static struct tdx_verdict v;
            struct err err;

            if (i == TDX_STATUS_UP_TO_DATE) {
                accept(hows[k], name);
                continue;
            }
            expect(hows[k], TDX_CHECK_TCB_STATUS, name, name);
            lab.set.expect.accepted = TDX_ACCEPT(TDX_STATUS_COUNT) - 1 - TDX_ACCEPT(TDX_STATUS_REVOKED) -
                                      (i < TDX_STATUS_REVOKED ? TDX_ACCEPT(i) : 0);
            tdx_expect_row(&lab.set, TDX_CHECK_TCB_STATUS, ERR_DENIED, name, name); /* all but this */
            if (i == TDX_STATUS_REVOKED)
                continue;
            lab.set.expect.accepted = TDX_ACCEPT(i);
            tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", name);
            assert_int_equal(tdx_verify(lab.set.quote, &lab.set.collateral, &lab.set.expect, &v, &err), 0);
            assert_int_equal(v.status, i);
        }
    }
    /* two that are not good: both must be accepted */
    make(FORGE(f->platform = "ConfigurationNeeded"; f->module = "OutOfDate"));
    lab.set.expect.accepted = TDX_ACCEPT(TDX_STATUS_OUT_OF_DATE);
    tdx_expect_row(&lab.set, TDX_CHECK_TCB_STATUS, ERR_DENIED, "platform is ConfigurationNeeded",
                   "one accepted");
    lab.set.expect.accepted |= TDX_ACCEPT(TDX_STATUS_CONFIGURATION_NEEDED);
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "both accepted");
}

static void test_advisories(void **state)
{
    static const char *const names[] = {"INTEL-SA-00002", "INTEL-SA-00003"};

    (void) state;
    accept(FORGE(f->advisories = "[\"INTEL-SA-00002\"]"), "at a level that is up to date");
    make(FORGE(f->platform = "SWHardeningNeeded"; f->advisories = "[\"INTEL-SA-00002\",\"INTEL-SA-00003\"]"));
    lab.set.expect.accepted = TDX_ACCEPT(TDX_STATUS_SW_HARDENING_NEEDED);
    tdx_expect_row(&lab.set, TDX_CHECK_ADVISORIES, ERR_DENIED, "found INTEL-SA-00002 (of 2)", "empty list");
    lab.set.expect.advisories = (struct tdx_advisories){names, 1, false};
    tdx_expect_row(&lab.set, TDX_CHECK_ADVISORIES, ERR_DENIED, "found INTEL-SA-00003", "one is not listed");
    lab.set.expect.advisories.count = 2;
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "both listed");
    lab.set.expect.advisories = (struct tdx_advisories){.any = true};
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "any");
}

static void test_levels(void **state)
{
    const char *no_level = "no level of the TCB info matches";

    (void) state;
    expect(FORGE(f->comps[7]--), TDX_CHECK_TCB_STATUS, "platform is OutOfDate", "a component");
    expect(FORGE(f->pce_svn--), TDX_CHECK_TCB_STATUS, "platform is OutOfDate",
           "PCESVN; the module is up to date");
    expect(FORGE(f->tee_svn[2]--), TDX_CHECK_TCB_STATUS, "platform is OutOfDate", "TEE TCB SVN 2");
    expect(FORGE(f->comps[0] = 0), TDX_CHECK_TCB_LEVEL, no_level, "below all levels");
    expect(FORGE(f->pce_svn = 4), TDX_CHECK_TCB_LEVEL, no_level, "PCESVN below all levels");
    expect(FORGE(f->tee_svn[0] = 4), TDX_CHECK_TCB_STATUS, "module is OutOfDate", "module");
    expect(FORGE(f->tee_svn[0] = 2), TDX_CHECK_TCB_LEVEL, "no level of the module TDX_03 has SVN 2 or less",
           "module below all");
    expect(FORGE(f->tee_svn[1] = 2), TDX_CHECK_MODULE, "knows no module TDX_02", "unknown module");
    expect(FORGE(f->qe_svn = 3), TDX_CHECK_TCB_LEVEL, "no level of the QE identity has SVN 3 or less",
           "QE below all");
    accept(FORGE(f->tee_svn[0] = 4; f->tee_svn[1] = 1), "the identity TDX_01");
    /* no major version: the module's SVN counts among the components */
    accept(FORGE(f->tee_svn[1] = 0), "TDX 1.0 module");
    expect(FORGE(f->tee_svn[1] = 0; f->tee_svn[0] = 4), TDX_CHECK_TCB_STATUS, "platform is OutOfDate",
           "its SVN");
}

/* TEE_TCB_SVN is from the launch, TEE_TCB_SVN_2 of now: both must be good. */
static void test_two_svns(void **state)
{
    (void) state;
    expect(FORGE(f->body = FORGE_V5_1_5; f->tee_svn_2[0] = 4), TDX_CHECK_TCB_STATUS, "module is OutOfDate",
           "now");
    expect(FORGE(f->body = FORGE_V5_1_5; f->tee_svn[0] = 4), TDX_CHECK_TCB_STATUS, "module is OutOfDate",
           "launch");
    expect(FORGE(f->body = FORGE_V5_1_5; f->tee_svn_2[1] = 9), TDX_CHECK_MODULE, "TDX_09",
           "unknown module now");
    expect(FORGE(f->body = FORGE_V5_1_5; f->tee_svn_2[2] = 0), TDX_CHECK_TCB_STATUS, "platform is OutOfDate",
           "platform now");
    accept(FORGE(f->tee_svn_2[0] = 0), "not there in version 4");
}

static void test_debug(void **state)
{
    static struct tdx_verdict v;
    struct err err;

    (void) state;
    make(FORGE(f->attributes |= TDX_ATTR_DEBUG));
    assert_int_equal(tdx_verify(lab.set.quote, &lab.set.collateral, &lab.set.expect, &v, &err), -1);
    test_check_err(&err, ERR_DENIED, "debug: the host may debug this TD", "debug");
    assert_int_equal(v.rows[TDX_CHECK_DEBUG].result, TDX_REFUSED);
    assert_int_equal(v.rows[TDX_CHECK_ATTRIBUTES].result, TDX_REFUSED);
    lab.set.expect.attributes.allowed |= TDX_ATTR_DEBUG;
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "debug allowed");
}

static void test_attributes(void **state)
{
    (void) state;
    expect(FORGE(f->attributes = 0), TDX_CHECK_SEPT_VE, "SEPT_VE_DISABLE is required",
           "without SEPT_VE_DISABLE");
    lab.set.expect.sept_ve_disable_not_required = true;
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "knowingly without");
    expect(FORGE(f->attributes |= TDX_ATTR_PKS), TDX_CHECK_ATTRIBUTES, "supervisor protection keys is not",
           "PKS");
    expect(FORGE(f->attributes |= TDX_ATTR_PERFMON), TDX_CHECK_ATTRIBUTES, "performance monitoring",
           "PERFMON");
    for (int bit = 1; bit < 63; bit++) {
        if (bit == 28 || bit == 30 || bit == 31)
            continue;
        make(FORGE(f->attributes |= UINT64_C(1) << bit));
        lab.set.expect.attributes.allowed = ~UINT64_C(0); /* does not help: nobody knows what it means */
        tdx_expect_row(&lab.set, TDX_CHECK_ATTRIBUTES, ERR_DENIED, "reserved is not allowed", "reserved bit");
    }
    make(FORGE(f->xfam |= UINT64_C(1) << 3));
    lab.set.expect.xfam.allowed = ~UINT64_C(0);
    tdx_expect_row(&lab.set, TDX_CHECK_XFAM, ERR_DENIED, "reserved is not allowed", "XFAM bit 3");
    make(FORGE(f->xfam = 0xe5));
    lab.set.expect.xfam.required = 0;
    tdx_expect_row(&lab.set, TDX_CHECK_XFAM, ERR_DENIED, "x87 or SSE is required", "XFAM without SSE");
}

static void test_service_td(void **state)
{
    static const uint8_t reg[TDX_REG_SIZE] = {0x38}, other[TDX_REG_SIZE] = {0x39};
    struct forge how = FORGE(f->body = FORGE_V5_1_5; f->mr_service_td = 0x38);

    (void) state;
    expect(how, TDX_CHECK_SERVICE_TD, "a service TD can read this TD's memory: expected one of an empty list",
           "none");
    lab.set.expect.mr_service_td = (struct verify_list){other, 1, false};
    tdx_expect_row(&lab.set, TDX_CHECK_SERVICE_TD, ERR_DENIED, "expected 3900", "another");
    lab.set.expect.mr_service_td = (struct verify_list){reg, 1, false};
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "this one");
    accept(FORGE(f->mr_service_td = 0x38), "not there in version 4");
}

static void test_piid(void **state)
{
    static const uint8_t piids[32] = {[16] = 0xcc, [17] = 0xcd};

    (void) state;
    make(forge_plain);
    lab.set.expect.piids = (struct verify_list){piids, 2, false};
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "second of the list");
    lab.set.expect.piids.count = 1;
    tdx_expect_row(&lab.set, TDX_CHECK_PIID, ERR_DENIED, "found cccd00", "another machine");
    make(FORGE(f->processor_ca = true));
    lab.set.expect.piids = (struct verify_list){piids, 1, false}; /* zeros are not "none" */
    tdx_expect_row(&lab.set, TDX_CHECK_PIID, ERR_DENIED, "has none", "without a PIID");
}

/* MemoryIntegrity, SMTDisabled and StaticPlatform of a manifest. */
static void test_configuration(void **state)
{
    (void) state;
    make(forge_plain);
    lab.set.expect.memory_integrity = true;
    tdx_expect_row(&lab.set, TDX_CHECK_MEMORY_INTEGRITY, ERR_DENIED,
                   "expected scalable with integrity, found scalable", "no integrity");
    make(forge_plain);
    lab.set.expect.smt_disabled = true;
    tdx_expect_row(&lab.set, TDX_CHECK_SMT, ERR_DENIED, "says that it is on", "SMT");
    make(forge_plain);
    lab.set.expect.static_platform = true;
    tdx_expect_row(&lab.set, TDX_CHECK_STATIC_PLATFORM, ERR_DENIED, "says that it is on", "dynamic");
    make(FORGE(f->smt = 0; f->dynamic = 1));
    lab.set.expect.smt_disabled = lab.set.expect.static_platform = true;
    tdx_expect_row(&lab.set, TDX_CHECK_SMT, ERR_DENIED, "does not tell", "SMT not told");
    make(FORGE(f->processor_ca = true));
    lab.set.expect.static_platform = true;
    tdx_expect_row(&lab.set, TDX_CHECK_STATIC_PLATFORM, ERR_DENIED, "does not tell", "no configuration");
    make(FORGE(f->memory = 2; f->smt = 1; f->dynamic = 1));
    lab.set.expect.memory_integrity = lab.set.expect.smt_disabled = lab.set.expect.static_platform = true;
    tdx_expect_row(&lab.set, TDX_CHECK_COUNT, ERR_NONE, "", "all three");
}

static void test_enclave_and_module(void **state)
{
    (void) state;
    expect(FORGE(f->qe_mr_signer = 1), TDX_CHECK_QE, "MRSIGNER: expected dc9e2a7c", "QE's signer");
    expect(FORGE(f->qe_prod_id = 1), TDX_CHECK_QE, "product id: expected 2, found 1", "QE's product");
    expect(FORGE(f->qe_misc = 1), TDX_CHECK_QE, "MISCSELECT", "QE's MISCSELECT");
    expect(FORGE(f->qe_attributes |= 2), TDX_CHECK_QE, "debug enclave", "debug QE");
    expect(FORGE(f->qe_attributes |= 2; f->id_from = "FBFFFFFF"; f->id_to = "F9FFFFFF"), TDX_CHECK_QE,
           "debug enclave", "debug QE where the mask allows it");
    expect(FORGE(f->qe_attributes |= 0x20), TDX_CHECK_QE, "attributes", "QE's attributes");
    expect(FORGE(f->mr_signer_seam = 1), TDX_CHECK_MODULE, "MRSIGNERSEAM", "module's signer");
    expect(FORGE(f->seam_attributes = 1), TDX_CHECK_MODULE, "SEAMATTRIBUTES: expected 0x0, found 0x1",
           "module's attributes");
    expect(FORGE(f->info_from = "pceId\":\"0000"; f->info_to = "pceId\":\"0001"), TDX_CHECK_PLATFORM,
           "PCEID: the TCB info is for 0001", "PCEID");
    expect(FORGE(f->info_from = "90C06F"; f->info_to = "90C06E"), TDX_CHECK_PLATFORM, "FMSPC", "FMSPC");
    accept(FORGE(f->info_from = "90C06F"; f->info_to = "90c06f"), "FMSPC in lower case");
}

static void bad_info(const char *from, const char *to, enum err_code code, const char *text)
{
    struct forge how = FORGE(f->info_from = from; f->info_to = to);

    make(how);
    tdx_expect_row(&lab.set, TDX_CHECK_TCB_INFO, code, text, to);
}

static void bad_id(const char *from, const char *to, enum err_code code, const char *text)
{
    struct forge how = FORGE(f->id_from = from; f->id_to = to);

    make(how);
    tdx_expect_row(&lab.set, TDX_CHECK_QE_IDENTITY, code, text, to);
}

/* Signed by the right key, but not of the form that is known. */
static void test_info_forms(void **state)
{
    (void) state;
    bad_info("\"TDX\"", "\"SGX\"", ERR_FORMAT, "id");
    bad_info("\"version\":3", "\"version\":4", ERR_LIMIT, "version");
    bad_info("\"version\":3", "\"version\":2", ERR_LIMIT, "version");
    bad_info("\"tcbType\":0", "\"tcbType\":1", ERR_LIMIT, "tcbType");
    bad_info("\"tcbType\":0,", "", ERR_MISSING, "tcbType");
    bad_info("\"tcbType\":0", "\"tcbType\":0,\"more\":1", ERR_FORMAT, "more");
    bad_info("\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0", ERR_FORMAT, "");
    bad_info("2026-02-01T00:00:00Z", "2026-02-30T00:00:00Z", ERR_FORMAT, "issueDate");
    bad_info("2026-02-01T00:00:00Z", "2026-02-01T00:00:00z", ERR_FORMAT, "issueDate");
    bad_info("2026-02-01T00:00:00Z", "2026-02-01 00:00:00Z", ERR_FORMAT, "issueDate");
    bad_info("2026-02-01T00:00:00Z", "2026-02-01", ERR_FORMAT, "issueDate");
    bad_info("2026-02-01T00:00:00Z", "2026-02-21T00:00:00Z", ERR_DENIED, "issued 2026-02-21T00:00:00Z");
    bad_info("2026-03-01T00:00:00Z", "2026-02-19T00:00:00Z", ERR_DENIED, "next update 2026-02-19T00:00:00Z");
    bad_info("90C06F000000", "90C06F0000", ERR_FORMAT, "fmspc");
    bad_info("90C06F000000", "90C06F00000000", ERR_FORMAT, "fmspc");
    bad_info("90C06F000000", "90C06F00000x", ERR_FORMAT, "fmspc");
    bad_info("\"sgxtcbcomponents\":[{\"svn\":5},", "\"sgxtcbcomponents\":[", ERR_FORMAT,
             "expected 16 components, found 15");
    bad_info("\"sgxtcbcomponents\":[", "\"sgxtcbcomponents\":[{\"svn\":5},", ERR_LIMIT, "sgxtcbcomponents");
    bad_info("{\"svn\":5}", "{\"svn\":256}", ERR_LIMIT, "svn");
    bad_info("{\"svn\":5}", "{\"svn\":-1}", ERR_FORMAT, "");
    bad_info("{\"svn\":5}", "{\"svn\":\"5\"}", ERR_FORMAT, "svn");
    bad_info("{\"svn\":5}", "{}", ERR_MISSING, "svn");
    bad_info("\"pcesvn\":5", "\"pcesvn\":65536", ERR_LIMIT, "pcesvn");
    bad_info("\"UpToDate\"", "\"uptodate\"", ERR_FORMAT, "tcbStatus");
    bad_info("\"id\":\"TDX_01\"", "\"id\":\"TDX_03\"", ERR_FORMAT, "stands twice");
    bad_info("\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":4294967296", ERR_LIMIT,
             "tcbEvaluationDataNumber");
    bad_info("[\"INTEL-SA-00001\"]", "[1]", ERR_FORMAT, "advisoryIDs");
    bad_info("[\"INTEL-SA-00001\"]", "[\"INTEL-SA-00000000000000000000000000001\"]", ERR_LIMIT,
             "advisoryIDs");
}

static void test_identity_forms(void **state)
{
    (void) state;
    bad_id("\"TD_QE\"", "\"QE\"", ERR_FORMAT, "id");
    bad_id("\"version\":2", "\"version\":3", ERR_LIMIT, "version");
    bad_id("\"isvprodid\":2", "\"isvprodid\":65536", ERR_LIMIT, "isvprodid");
    bad_id("\"isvprodid\":2,", "", ERR_MISSING, "isvprodid");
    bad_id("\"isvprodid\":2", "\"isvprodid\":2,\"x\":0", ERR_FORMAT, "x");
    bad_id("\"tcbLevels\":[", "\"tcbLevels\":[],\"tcbLevels2\":[", ERR_FORMAT, "tcbLevels2");
    bad_id("2026-02-01T00:00:00Z", "2026-02-21T00:00:00Z", ERR_DENIED, "issued 2026-02-21T00:00:00Z");
    bad_id("2026-03-01T00:00:00Z", "2026-02-19T00:00:00Z", ERR_DENIED, "next update 2026-02-19T00:00:00Z");
    bad_id("FFFFFFFF", "FFFFFFF", ERR_FORMAT, "miscselectMask");
}

/* The lower tcbEvaluationDataNumber of the two counts. */
static void test_evaluation(void **state)
{
    const char *from = "\"tcbEvaluationDataNumber\":18", *to = "\"tcbEvaluationDataNumber\":17";

    (void) state;
    make(FORGE(f->id_from = from; f->id_to = to));
    lab.set.expect.evaluation_min = 18;
    tdx_expect_row(&lab.set, TDX_CHECK_EVALUATION, ERR_DENIED, "QE identity: expected at least 18, found 17",
                   "identity");
    make(FORGE(f->info_from = from; f->info_to = to));
    lab.set.expect.evaluation_min = 18;
    tdx_expect_row(&lab.set, TDX_CHECK_EVALUATION, ERR_DENIED, "TCB info: expected at least 18, found 17",
                   "info");
}

/* The SGX extension: parts missing, double, of another size. */
static void test_extension_forms(void **state)
{
    static const struct {
        const char *label, *from, *to;
        enum err_code code;
        const char *text;
    } rows[] = {
        {"FMSPC twice",        "f84d010d0103",         "f84d010d0104",         ERR_FORMAT, "FMSPC: expected 6 bytes, found 2"},
        {"PPID again",         "f84d010d01060410",     "f84d010d01010410",     ERR_FORMAT,
         "part 1 is not known or stands twice"                                                                               },
        {"part 8",             "f84d010d0107",         "f84d010d0108",         ERR_FORMAT, "part 8 is not known"             },
        {"component twice",    "f84d010d010202",       "f84d010d010201",       ERR_FORMAT,
         "TCB part 1 is not known or stands twice"                                                                           },
        {"component 19",       "f84d010d010202",       "f84d010d010213",       ERR_FORMAT, "TCB part 19"                     },
        {"another arc",        "f84d010d010203",       "f84d010e010203",       ERR_FORMAT, "Intel's arc"                     },
        {"PCESVN negative",    "f84d010d01021102010b", "f84d010d01021102018b", ERR_FORMAT, "PCESVN"                          },
        {"PCEID no octets",    "f84d010d01030402",     "f84d010d01030502",     ERR_FORMAT, "PCEID"                           },
        {"type no ENUMERATED", "f84d010d01050a01",     "f84d010d01050201",     ERR_FORMAT, "SGX type"                        },
        {"type 3",             "f84d010d01050a0101",   "f84d010d01050a0103",   ERR_FORMAT, "SGX type: expected 0 to 2"       },
        {"configuration 4",    "f84d010d010703",       "f84d010d010704",       ERR_FORMAT, "configuration part 4"            },
        {"SMT twice",          "f84d010d010702",       "f84d010d010703",       ERR_FORMAT, "configuration part 3"            },
        {"SMT no BOOLEAN",     "f84d010d0107030101",   "f84d010d0107030201",   ERR_FORMAT, "configuration"                   },
    };

    (void) state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        make(FORGE(f->ext_from = rows[i].from; f->ext_to = rows[i].to));
        tdx_expect_row(&lab.set, TDX_CHECK_PCK_EXTENSION, rows[i].code, rows[i].text, rows[i].label);
    }
    make(FORGE(f->drop_part = 100));
    tdx_expect_row(&lab.set, TDX_CHECK_PCK_EXTENSION, ERR_MISSING, "SGX extension: ", "no extension");
    make(FORGE(f->drop_part = 1));
    tdx_expect_row(&lab.set, TDX_CHECK_PCK_EXTENSION, ERR_MISSING, "a part is missing", "no PPID");
    make(FORGE(f->drop_part = 4));
    tdx_expect_row(&lab.set, TDX_CHECK_PCK_EXTENSION, ERR_MISSING, "a part is missing", "no FMSPC");
    for (unsigned i = 1; i <= 18; i++) {
        make(FORGE(f->drop_tcb = i));
        tdx_expect_row(&lab.set, TDX_CHECK_PCK_EXTENSION, ERR_MISSING, "a part of the TCB is missing",
                       "TCB part");
    }
    make(FORGE(f->pce_svn = 65536));
    tdx_expect_row(&lab.set, TDX_CHECK_PCK_EXTENSION, ERR_FORMAT, "PCESVN: expected 0 to 65535, found 65536",
                   "PCESVN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),         cmocka_unit_test(test_wrong_signer),
        cmocka_unit_test(test_revoked),       cmocka_unit_test(test_signer),
        cmocka_unit_test(test_status),        cmocka_unit_test(test_advisories),
        cmocka_unit_test(test_levels),        cmocka_unit_test(test_two_svns),
        cmocka_unit_test(test_debug),         cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_service_td),    cmocka_unit_test(test_piid),
        cmocka_unit_test(test_configuration), cmocka_unit_test(test_enclave_and_module),
        cmocka_unit_test(test_info_forms),    cmocka_unit_test(test_identity_forms),
        cmocka_unit_test(test_evaluation),    cmocka_unit_test(test_extension_forms),
    };

    return cmocka_run_group_tests(tests, open_lab, NULL);
}
