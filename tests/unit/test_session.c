/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Coordinator against the agent's own client, in memory, with reports that softpsp signs: joins, and a
 * refusal for each reference value, which must be named on both sides. */
#include "ecc_sec1.h"
#include "grpc.h"
#include "join.h"
#include "mesh_recover.h"
#include "parser_test.h"
#include "pem.h"
#include "psp_report.h"
#include "psp_state.h"
#include "service.h"
#include "session.h"
#include "snp_evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define MANIFEST_TEXT_SIZE 8192
#define ROUNDS_MAX 64

static const uint8_t event_head[RATLS_HEAD_SIZE] = {0xe1, 0xe2, 0xe3};
static char psp_dir[] = "/tmp/nacre-psp-XXXXXX";
static struct psp_state psp;
static int64_t now_s;

/* A manifest that fits the reports of setup_psp; rows change one place of it. */
static const char manifest_text[] =
    "{\"Policies\": {\"1111111111111111111111111111111111111111111111111111111111111111\":"
    " {\"SANs\": [\"web\", \"127.0.0.1\"], \"WorkloadSecretID\": \"tests/web\"}},"
    " \"ReferenceValues\": {\"snp\": [{\"ProductName\": \"Genoa\", \"TrustedMeasurement\":"
    " \"222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222\","
    " \"MinimumTCB\": {\"BootloaderVersion\": 10, \"TEEVersion\": 0, \"SNPVersion\": 28, "
    "\"MicrocodeVersion\": 88},"
    " \"GuestPolicy\": {\"ABIMinor\": 0, \"ABIMajor\": 0, \"SMT\": true, \"MigrateMA\": false, \"Debug\": "
    "false,"
    " \"SingleSocket\": false, \"CXLAllowed\": false, \"MemAES256XTS\": false, \"RAPLDis\": false,"
    " \"CipherTextHidingDRAM\": false, \"PageSwapDisable\": false},"
    " \"PlatformInfo\": {\"SMTEnabled\": false, \"TSMEEnabled\": false, \"ECCEnabled\": true, "
    "\"RAPLDisabled\": false,"
    " \"CiphertextHidingDRAMEnabled\": false, \"AliasCheckComplete\": true, \"TIOEnabled\": false},"
    " \"MinimumMitigationVector\": 0, \"AllowedChipIDs\": []}]}}";

/* The secure processor of a row, and what the guest does wrong. */
struct guest {
    struct psp_options options;
    struct psp_vm vm;
    bool no_evidence;
    bool stale;   /* shows a report for another connection's nonce */
    bool garbage; /* shows bytes that are no evidence */
    bool no_chain;
};

static int give_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                         struct err *e)
{
    struct guest *g = ctx;
    uint8_t data[SNP_REPORT_DATA_SIZE];
    uint8_t report[SNP_REPORT_SIZE];
    const struct snp_chain none = {0};

    if (g->no_evidence)
        return 0;
    if (g->garbage) {
        writer_str(w, "garbage");
        return 0;
    }
    memcpy(data, report_data, sizeof data);
    data[0] ^= g->stale;
    if (psp_report_make(&g->vm, 0, data, report, e) < 0)
        return -1;
    return snp_evidence_encode(span_of(report, sizeof report), g->no_chain ? &none : &psp.chain,
                               SNP_PRODUCT_GENOA, w, e);
}

static void say(const char *line)
{
    print_message("%s\n", line);
}

static int group_setup(void **state)
{
    struct err err;

    (void) state;
    now_s = (int64_t) time(NULL);
    if (mkdtemp(psp_dir) == NULL)
        return -1;
    if (psp_state_open(psp_dir, SNP_PRODUCT_GENOA, say, &psp, &err) < 0) {
        say(err.text);
        return -1;
    }
    return 0;
}

static int group_teardown(void **state)
{
    static const char *const names[] = {"ark.key", "ask.key", "vcek.key", "ark.pem", "ask.pem", "vcek.pem"};
    char path[64];

    (void) state;
    psp_state_wipe(&psp);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void) snprintf(path, sizeof path, "%s/%s", psp_dir, names[i]);
        (void) remove(path);
    }
    (void) remove(psp_dir);
    return 0;
}

static void make_guest(struct guest *g)
{
    memset(g, 0, sizeof *g);
    g->options = (struct psp_options){.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
    memset(g->options.host_data, 0x11, sizeof g->options.host_data);
    g->vm = (struct psp_vm){.options = &g->options, .state = &psp};
    memset(g->vm.measurement, 0x22, sizeof g->vm.measurement);
}

/* A Coordinator with this manifest, which knows the test root unless root is false. */
static void make_service(struct service *s, const char *text, bool root)
{
    struct err err;

    memset(s, 0, sizeof *s);
    s->seed.seed.len = MESH_SECRET_SEED_SIZE;
    s->seed.salt.len = MESH_SECRET_SALT_SIZE;
    memset(s->seed.seed.bytes, 5, MESH_SECRET_SEED_SIZE);
    s->trust.no_collateral = true;
    if (root) {
        s->trust.roots[0] =
            (struct fileio_bytes){.data = malloc(psp.chain.ark.len), .len = psp.chain.ark.len};
        memcpy(s->trust.roots[0].data, psp.chain.ark.data, psp.chain.ark.len);
        s->trust.root_count = 1;
    }
    if (service_start(s, span_str(text), "manifest.json", now_s, &err) < 0)
        fail_msg("%s", err.text);
}

static void make_pin(const struct service *s, struct policy_coordinator *pin)
{
    AUTO_SECRET scalar = {0};
    AUTO_ECC_PAIR root = {0};
    struct err err;

    *pin = (struct policy_coordinator){.has_root_ca_key = true};
    assert_int_equal(mesh_secret_root_ca_key(&s->seed, &scalar, &err), 0);
    assert_int_equal(ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &root, &err), 0);
    assert_int_equal(mesh_ca_key_digest(&root.pub, pin->root_ca_key_sha256, &err), 0);
}

struct talk {
    struct session *session;
    struct join *join;
    int joined;             /* join_step's last result */
    struct err join_err;    /* when it is -1 */
    int served;             /* session_input's last result */
    struct err session_err; /* when it is -1 */
};

/* Carry the bytes between the two, step of them at a time, until neither has more to say. */
static void run(struct talk *t, size_t step)
{
    for (int round = 0; round < 100000 && t->joined == 0 && t->served == 0; round++) {
        t->joined = join_step(t->join, &t->join_err);
        struct span out = join_output(t->join);
        if (out.len > 0) {
            size_t len = out.len < step ? out.len : step;

            t->served = session_input(t->session, span_of(out.data, len), &t->session_err);
            join_sent(t->join, len);
        }
        struct span in = session_output(t->session);
        if (in.len > 0 && t->joined == 0) {
            size_t len = in.len < step ? in.len : step;

            assert_int_equal(join_feed(t->join, span_of(in.data, len), &t->join_err), 0);
            session_sent(t->session, len);
        }
    }
    if (t->joined == 0)
        t->joined = join_step(t->join, &t->join_err);
    /* The guest's goodbye. */
    struct span out = join_output(t->join);
    if (t->joined == 1 && t->served == 0 && out.len > 0)
        t->served = session_input(t->session, out, &t->session_err);
}

static void start(struct talk *t, struct service *s, const struct policy_coordinator *pin, struct guest *g,
                  enum tls_versions versions)
{
    const struct join_config config = {.coordinator = pin,
                                       .now_s = now_s,
                                       .versions = versions,
                                       .event_head = event_head,
                                       .evidence = give_evidence,
                                       .evidence_kind = RATLS_SNP,
                                       .ctx = g};
    struct err err;

    memset(t, 0, sizeof *t);
    t->session = session_new(s, SESSION_MESH, now_s, &err);
    assert_non_null(t->session);
    t->join = join_new(&config, &err);
    assert_non_null(t->join);
}

static void end(struct talk *t)
{
    session_free(t->session);
    join_free(t->join);
}

static void check_joined(struct talk *t, const struct service *s)
{
    AUTO_SECRET want = {0};
    struct err err;

    if (t->joined != 1)
        fail_msg("join: %s; session: %s %s", t->join_err.text, t->session_err.text,
                 session_reason(t->session));
    const struct join_result *r = join_result(t->join);
    assert_true(span_eq(r->root_ca, generation_pem_span(&s->current->root_pem)));
    assert_true(span_eq(r->mesh_ca, generation_pem_span(&s->current->mesh_pem)));
    assert_int_equal(mesh_secret_workload(&s->seed, span_str("tests/web"), &want, &err), 0);
    assert_true(span_eq(r->secret, secret_span(&want)));
    assert_int_equal(session_status(t->session), GRPC_OK);
    assert_true(session_answered(t->session));
    assert_true(span_eq_str(s->current->manifest.policies[0].sans[0].text, "web"));
}

static void test_joins(void **state)
{
    static const struct {
        enum policy_protocol protocol;
        enum tls_versions versions;
        size_t step;
    } rows[] = {
        {POLICY_CONTRAST, TLS_ANY,     65536},
        {POLICY_CONTRAST, TLS_ONLY_13, 1000 },
        {POLICY_CONTRAST, TLS_ONLY_12, 7    },
        {POLICY_NACRE_1,  TLS_ANY,     65536},
        {POLICY_NACRE_1,  TLS_ONLY_12, 1000 }, /* it takes 1.3 all the same */
        {POLICY_NACRE_1,  TLS_ONLY_13, 7    },
    };
    struct policy_coordinator pin;
    struct service s;
    struct guest g;

    (void) state;
    make_service(&s, manifest_text, true);
    make_pin(&s, &pin);
    make_guest(&g);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct talk t;
        bool nacre = rows[i].protocol == POLICY_NACRE_1;

        pin.protocol = rows[i].protocol;
        start(&t, &s, &pin, &g, rows[i].versions);
        run(&t, rows[i].step);
        check_joined(&t, &s);
        assert_string_equal(session_protocol(t.session), nacre ? "nacre/1" : "contrast");
        assert_true(session_issued(t.session));
        assert_int_equal(join_result(t.join)->time.time_s, nacre ? now_s : 0);
        assert_int_equal(session_peer(t.session)->has_event_head, nacre);
        if (nacre)
            assert_memory_equal(session_peer(t.session)->event_head, event_head, sizeof event_head);
        end(&t);
    }
    service_free(&s);
}

/* A Coordinator that attests itself, to a guest that pins its reference values and no key: good evidence,
 * then evidence for another connection, another measurement, none. Both dialects. */
static void test_own_evidence(void **state)
{
    struct row {
        const char *says; /* NULL: joined */
        bool stale, other, none;
    };
    static const struct row rows[] = {
        {NULL,          false, false, false},
        {"report data", true,  false, false},
        {"measurement", false, true,  false},
        {"shows none",  false, false, true },
    };
    (void) state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i / 2];
        struct policy_coordinator pin = {.reference_count = 1, .protocol = (enum policy_protocol)(i % 2)};
        struct service s;
        struct guest g, own;
        struct talk t;
        struct err err;

        make_service(&s, manifest_text, true);
        make_guest(&g);
        make_guest(&own);
        memset(pin.references[0].measurement, row->other ? 0x23 : 0x22, POLICY_MEASUREMENT_SIZE);
        own.stale = row->stale;
        if (!row->none)
            s.evidence = give_evidence;
        s.evidence_ctx = &own;
        s.evidence_kind = RATLS_SNP;
        const struct join_config config = {.coordinator = &pin,
                                           .now_s = now_s,
                                           .event_head = event_head,
                                           .test_root = psp.chain.ark,
                                           .evidence = give_evidence,
                                           .evidence_kind = RATLS_SNP,
                                           .ctx = &g};
        memset(&t, 0, sizeof t);
        t.session = session_new(&s, SESSION_MESH, now_s, &err);
        t.join = join_new(&config, &err);
        assert_non_null(t.join);
        run(&t, 4000);
        if (row->says == NULL) {
            check_joined(&t, &s);
        } else {
            assert_int_equal(t.joined, -1);
            assert_int_equal(t.join_err.code, ERR_DENIED);
            assert_non_null(strstr(t.join_err.text, row->says));
        }
        end(&t);
        service_free(&s);
    }
}

/* One change of the manifest or of the guest, and what both sides must then say. */
struct refusal {
    const char *from; /* in the manifest; NULL: no change */
    const char *to;
    void (*guest)(struct guest *g);
    bool no_root;
    enum grpc_status status;
    const char *says;
};

static void guest_measurement(struct guest *g)
{
    g->vm.measurement[47] ^= 1;
}
static void guest_policy(struct guest *g)
{
    g->options.guest_policy |= SNP_POLICY_DEBUG;
}
static void guest_vmpl(struct guest *g)
{
    g->options.vmpl = 1;
}
static void guest_host_data(struct guest *g)
{
    g->options.host_data[0] ^= 1;
}
static void guest_stale(struct guest *g)
{
    g->stale = true;
}
static void guest_signature(struct guest *g)
{
    g->options.corrupt_signature = true;
}
static void guest_no_evidence(struct guest *g)
{
    g->no_evidence = true;
}
static void guest_garbage(struct guest *g)
{
    g->garbage = true;
}
static void guest_no_chain(struct guest *g)
{
    g->no_chain = true;
}

#define CHIP                                                                                                 \
    "\"AllowedChipIDs\": [\"1111111111111111111111111111111111111111111111111111111111111111"                \
    "1111111111111111111111111111111111111111111111111111111111111111\"]"

static const struct refusal refusals[] = {
    {NULL,                                            NULL,                                           guest_measurement, false, GRPC_PERMISSION_DENIED, "snp[0]: measurement: expected 2222"  },
    {"\"222222",                                      "\"222223",                                     NULL,              false, GRPC_PERMISSION_DENIED, "snp[0]: measurement: expected 222223"},
    {NULL,                                            NULL,                                           guest_policy,      false, GRPC_PERMISSION_DENIED, "snp[0]: guest policy"                },
    {"\"SMT\": true",                                 "\"SMT\": false",                               NULL,              false, GRPC_PERMISSION_DENIED, "snp[0]: guest policy"                },
    {"\"PageSwapDisable\": false",                    "\"PageSwapDisable\": true",                    NULL,              false, GRPC_PERMISSION_DENIED,
     "snp[0]: guest policy"                                                                                                                                                                   },
    {"\"ABIMinor\": 0",                               "\"ABIMinor\": 31",                             NULL,              false, GRPC_PERMISSION_DENIED, "snp[0]: guest policy"                },
    {"\"MicrocodeVersion\": 88",                      "\"MicrocodeVersion\": 89",                     NULL,              false, GRPC_PERMISSION_DENIED,
     "snp[0]: reported tcb"                                                                                                                                                                   },
    {"\"BootloaderVersion\": 10",                     "\"BootloaderVersion\": 11",                    NULL,              false, GRPC_PERMISSION_DENIED,
     "snp[0]: reported tcb"                                                                                                                                                                   },
    {NULL,                                            NULL,                                           guest_vmpl,        false, GRPC_PERMISSION_DENIED, "snp[0]: vmpl: expected 0, found 1"   },
    {NULL,                                            NULL,                                           guest_host_data,   false, GRPC_PERMISSION_DENIED, "host data: 10111111"                 },
    {NULL,                                            NULL,                                           guest_stale,       false, GRPC_PERMISSION_DENIED, "snp[0]: report data"                 },
    {"\"ECCEnabled\": true, \"RAPLDisabled\": false", "\"ECCEnabled\": true, \"RAPLDisabled\": true", NULL,
     false,                                                                                                                     GRPC_PERMISSION_DENIED, "snp[0]: platform info"               },
    {"\"MinimumMitigationVector\": 0",                "\"MinimumMitigationVector\": 1",               NULL,              false, GRPC_PERMISSION_DENIED,
     "snp[0]: mitigation"                                                                                                                                                                     },
    {"\"AllowedChipIDs\": []",                        CHIP,                                           NULL,              false, GRPC_PERMISSION_DENIED, "snp[0]: chip id"                     },
    {"\"ProductName\": \"Genoa\"",                    "\"ProductName\": \"Turin\"",                   NULL,              false, GRPC_PERMISSION_DENIED,
     "product: the manifest has no ReferenceValues.snp entry for Genoa"                                                                                                                       },
    {NULL,                                            NULL,                                           guest_signature,   false, GRPC_UNAUTHENTICATED,   "snp[0]: signature"                   },
    {NULL,                                            NULL,                                           NULL,              true,  GRPC_UNAUTHENTICATED,   "snp[0]: root"                        },
    {NULL,                                            NULL,                                           guest_no_chain,    false, GRPC_UNAUTHENTICATED,   "snp[0]: "                            },
    {NULL,                                            NULL,                                           guest_no_evidence, false, GRPC_UNAUTHENTICATED,   "evidence: there is none"             },
    {NULL,                                            NULL,                                           guest_garbage,     false, GRPC_UNAUTHENTICATED,   "evidence: "                          },
};

/* Replace the first `from` in text, which must be there. */
static void edit(char text[MANIFEST_TEXT_SIZE], const char *from, const char *to)
{
    char rest[MANIFEST_TEXT_SIZE];
    char *at = strstr(text, from);

    assert_non_null(at);
    (void) snprintf(rest, sizeof rest, "%s", at + strlen(from));
    (void) snprintf(at, MANIFEST_TEXT_SIZE - (size_t) (at - text), "%s%s", to, rest);
}

static void check_refusal(const struct refusal *row, enum policy_protocol protocol)
{
    char text[MANIFEST_TEXT_SIZE];
    struct policy_coordinator pin;
    struct service s;
    struct guest g;
    struct talk t;

    (void) snprintf(text, sizeof text, "%s", manifest_text);
    if (row->from != NULL)
        edit(text, row->from, row->to);
    make_service(&s, text, !row->no_root);
    make_pin(&s, &pin);
    pin.protocol = protocol;
    make_guest(&g);
    if (row->guest != NULL)
        row->guest(&g);
    start(&t, &s, &pin, &g, TLS_ANY);
    run(&t, 65536);
    if (t.joined != -1 || t.join_err.code != ERR_DENIED || session_status(t.session) != row->status ||
        strstr(session_reason(t.session), row->says) == NULL || strstr(t.join_err.text, row->says) == NULL)
        fail_msg("%s (protocol %d): join %d %s: %s; session %s: %s", row->says, (int) protocol, t.joined,
                 err_code_name(t.join_err.code), t.join_err.text,
                 grpc_status_name((int) session_status(t.session)), session_reason(t.session));
    end(&t);
    service_free(&s);
}

static void test_refusals(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        check_refusal(&refusals[i], POLICY_CONTRAST);
        check_refusal(&refusals[i], POLICY_NACRE_1);
    }
}

/* Two entries: the second accepts; when neither does, both are named. */
static void test_entries(void **state)
{
    static const char second[] = ", {\"ProductName\": \"Genoa\", \"TrustedMeasurement\":"
                                 " \"33";
    char text[MANIFEST_TEXT_SIZE];
    const char *entry = strstr(manifest_text, "{\"ProductName\"");
    size_t head = (size_t) (strstr(manifest_text, "]}}") - manifest_text);
    struct policy_coordinator pin;
    struct service s;
    struct guest g;
    struct talk t;

    (void) state;
    (void) snprintf(text, sizeof text, "%.*s%s%s", (int) head, manifest_text, second,
                    strstr(entry, "\"2222") + strlen("\"22"));
    for (int i = 0; i < 2; i++) {
        make_service(&s, text, true);
        make_pin(&s, &pin);
        make_guest(&g);
        g.vm.measurement[0] = i == 0 ? 0x33 : 0x44;
        start(&t, &s, &pin, &g, TLS_ANY);
        run(&t, 65536);
        if (i == 0)
            check_joined(&t, &s);
        assert_int_equal(t.joined, i == 0 ? 1 : -1);
        assert_int_equal(strstr(session_reason(t.session), "snp[0]: measurement") != NULL, i == 1);
        assert_int_equal(strstr(session_reason(t.session), "snp[1]: measurement") != NULL, i == 1);
        end(&t);
        service_free(&s);
    }
}

static void test_garbage(void **state)
{
    struct service s;
    struct err err;
    uint8_t zeros[1024] = {0};

    (void) state;
    make_service(&s, manifest_text, true);
    struct session *session = session_new(&s, SESSION_MESH, now_s, &err);
    assert_non_null(session);
    assert_int_equal(session_input(session, span_of("GET / HTTP/1.1\r\n\r\n", 18), &err), -1);
    assert_null(session_peer(session));
    session_free(session);
    session = session_new(&s, SESSION_MESH, now_s, &err);
    assert_int_equal(session_input(session, span_of(NULL, 0), &err), -1); /* closed at once */
    session_free(session);
    session = session_new(&s, SESSION_MESH, now_s, &err);
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < 2 * SESSION_INPUT_MAX; n += sizeof zeros)
        rc = session_input(session, span_of(zeros, sizeof zeros), &err);
    assert_int_equal(rc, -1);
    session_free(session);
    session_free(NULL);
    service_free(&s);
}

/* The guest's own check: a Coordinator with another seed is not the pinned one. */
static void test_other_seed(void **state)
{
    struct policy_coordinator pin;
    struct service s;
    struct guest g;
    struct talk t;

    (void) state;
    make_service(&s, manifest_text, true);
    make_pin(&s, &pin);
    make_guest(&g);
    pin.root_ca_key_sha256[0] ^= 1;
    start(&t, &s, &pin, &g, TLS_ANY);
    run(&t, 65536);
    assert_int_equal(t.joined, -1);
    assert_int_equal(t.join_err.code, ERR_DENIED);
    end(&t);
    service_free(&s);
}

/* Its message without the map "extras", in which there is no list but the word CRL. */
static size_t without_extras(struct span message, uint8_t *out, size_t cap)
{
    struct writer w = writer_of(out, cap);
    struct snp_evidence e;
    struct err err;

    assert_int_equal(snp_evidence_decode(message, &e, &err), 0);
    e.chain.crl.len = 0;
    assert_int_equal(snp_evidence_encode(span_of(e.report, sizeof e.report), &e.chain, e.product, &w, &err),
                     0);
    return w.len;
}

/* A real machine's evidence, under AMD's own root: everything fits but the report data, which was for another
 * verifier. Milan, so its chip is named. */
static void test_real_machine(void **state)
{
    static const char *const edits[][2] = {
        {"\"Genoa\"",                                                                                        "\"Milan\""                },
        {"222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222",
         "7f51e17f72a04d5422cb2c00998166536019a217376f3aa45a630e59c805a599847ff250dbffcd07e1ba639771d6f05d"                             },
        {"\"BootloaderVersion\": 10",                                                                        "\"BootloaderVersion\": 4" },
        {"\"SNPVersion\": 28",                                                                               "\"SNPVersion\": 23"       },
        {"\"MicrocodeVersion\": 88",                                                                         "\"MicrocodeVersion\": 213"},
        {"\"SMTEnabled\": false",                                                                            "\"SMTEnabled\": true"     },
    };
    char text[MANIFEST_TEXT_SIZE];
    uint8_t file[8192], evidence[8192];
    uint8_t nonce[ATLS_NONCE_SIZE] = {0};
    struct examine_peer out;
    struct service s;
    FILE *f = fopen("tests/vectors/snp/evidence/dstack.pb", "rb");
    const int64_t then_s = 1795500000; /* November 2026 */

    (void) state;
    assert_non_null(f);
    struct atls_peer peer = {.spki = span_str("a key"),
                             .evidence = span_of(file, fread(file, 1, sizeof file, f))};
    (void) fclose(f);
    (void) snprintf(text, sizeof text, "%s", manifest_text);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
        edit(text, edits[i][0], edits[i][1]);
    edit(text, "\"AllowedChipIDs\": []", CHIP);
    make_service(&s, text, true);
    examine_atls(&s.current->manifest, &s.trust, &peer, nonce, then_s, &out);
    assert_int_equal(out.status, GRPC_UNAUTHENTICATED); /* what comes along counts, needed or not */
    assert_non_null(strstr(out.reason, "revocation: CRL"));
    peer.evidence = span_of(evidence, without_extras(peer.evidence, evidence, sizeof evidence));
    examine_atls(&s.current->manifest, &s.trust, &peer, nonce, then_s, &out);
    assert_int_equal(out.status, GRPC_PERMISSION_DENIED);
    assert_non_null(strstr(out.reason, "chip id: ")); /* not the one that is allowed */
    assert_non_null(strstr(out.reason, "report data: "));
    assert_null(strstr(out.reason, "measurement"));
    assert_null(strstr(out.reason, "tcb"));
    assert_null(strstr(out.reason, "platform"));
    assert_null(strstr(out.reason, "policy"));
    examine_atls(&s.current->manifest, &s.trust, &peer, nonce, 1500000000,
                 &out); /* in 2017 nobody had this certificate */
    assert_int_equal(out.status, GRPC_UNAUTHENTICATED);
    assert_non_null(strstr(out.reason, "date"));
    evidence[100] ^= 1;
    examine_atls(&s.current->manifest, &s.trust, &peer, nonce, then_s, &out);
    assert_int_equal(out.status, GRPC_UNAUTHENTICATED);
    service_free(&s);
}

/* How long a hundred joins take, both sides in one process: for the reader, not a test. */
static void test_time(void **state)
{
    struct policy_coordinator pin;
    struct timespec a;
    struct timespec b;
    struct service s;
    struct guest g;
    int n = getenv("NACRE_BENCH") != NULL ? 100 : 1;

    (void) state;
    make_service(&s, manifest_text, true);
    make_pin(&s, &pin);
    make_guest(&g);
    (void) clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < n; i++) {
        struct talk t;

        start(&t, &s, &pin, &g, TLS_ANY);
        run(&t, 65536);
        assert_int_equal(t.joined, 1);
        end(&t);
    }
    (void) clock_gettime(CLOCK_MONOTONIC, &b);
    double ms = (double) (b.tv_sec - a.tv_sec) * 1e3 + (double) (b.tv_nsec - a.tv_nsec) / 1e6;
    print_message("%d joins in %.1f ms, guest and Coordinator together\n", n, ms);
    service_free(&s);
}

struct shown {
    struct ecc_pair key;
    struct guest g;
    uint8_t nonce[ATLS_NONCE_SIZE]; /* the server's */
    uint8_t placeholder[1024];
    uint8_t certificate[ATLS_CERTIFICATE_MAX];
};

/* A client's certificate with evidence over the server's nonce. */
static int show_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *e)
{
    struct shown *c = ctx;
    static uint8_t evidence[ATLS_EVIDENCE_MAX];
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    struct writer key = writer_of(spki, sizeof spki), shows = writer_of(evidence, sizeof evidence);
    struct writer w = writer_of(c->certificate, sizeof c->certificate);

    ecc_public_to_spki(&c->key.pub, &key);
    assert_int_equal(atls_name_decode(hello->names, hello->name_count, c->nonce, e), 0);
    assert_int_equal(atls_report_data(writer_span(&key), c->nonce, report_data, e), 0);
    assert_int_equal(give_evidence(&c->g, report_data, &shows, e), 0);
    const struct atls_template t = {.key = &c->key, .now_s = now_s, .evidence = writer_span(&shows)};
    assert_int_equal(atls_certificate(&t, &w, e), 0);
    *certificate = writer_span(&w);
    return 0;
}

static int take_any(void *ctx, struct span certificate, struct err *e)
{
    (void) ctx;
    (void) certificate;
    (void) e;
    return 0;
}

/* Call Recover as Contrast's Coordinators do; the status, and the answer in *w or the reason in err. */
static int call_recover(struct service *s, struct writer *w, struct err *e)
{
    static struct shown c;
    const uint8_t nonce[ATLS_NONCE_SIZE] = {1};
    char alpn[ATLS_ALPN_SIZE];
    uint8_t plain[TLS_PLAIN_MAX];
    struct writer p = writer_of(c.placeholder, sizeof c.placeholder);

    make_guest(&c.g);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &c.key, e), 0);
    const struct atls_template t = {.key = &c.key, .now_s = now_s};
    assert_int_equal(atls_certificate(&t, &p, e), 0);
    assert_int_equal(atls_alpn_encode(nonce, alpn, e), 0);
    const struct tls_config config = {
        .alpn = alpn,
        .key = &c.key,
        .placeholder = writer_span(&p),
        .calls = {.verify = take_any, .certificate = show_certificate, .ctx = &c}
    };
    AUTO_TLS *tls = tls_client(&config, e);
    AUTO_GRPC *grpc = grpc_client("x:1", MESH_RECOVER_PATH, span_of(NULL, 0), e);
    struct session *session = session_new(s, SESSION_MESH, now_s, e);
    assert_non_null(tls);
    assert_non_null(grpc);
    assert_non_null(session);
    for (int i = 0; i < 1000 && !grpc_finished(grpc); i++) {
        struct span out;
        size_t len = 0;

        if (tls_handshake(tls, e) == 1) {
            while (grpc_send(grpc, &out, e) == 0 && out.len > 0)
                assert_int_equal(tls_write(tls, out, e), 0);
            while (tls_read(tls, plain, sizeof plain, &len, e) == 1)
                assert_int_equal(grpc_receive(grpc, span_of(plain, len), e), 0);
        }
        out = tls_output(tls);
        if (out.len > 0 && session_input(session, out, e) == 0)
            tls_sent(tls, out.len);
        out = session_output(session);
        if (out.len > 0) {
            assert_int_equal(tls_feed(tls, out, e), 0);
            session_sent(session, out.len);
        }
    }
    assert_true(grpc_finished(grpc));
    int status = grpc_status(grpc);
    struct span message;
    if (grpc_response(grpc, &message, e) == 0)
        writer_bytes(w, message);
    session_free(session);
    ecc_wipe(&c.key);
    return status;
}

/* Another Coordinator gets the seed and the mesh CA's key; a workload does not, nor a Coordinator on a
 * machine that the manifest does not know. */
static void test_recover_peer(void **state)
{
    static uint8_t answer[MESH_RECOVER_MAX];
    char *with_role = test_replace(manifest_text, "\"SANs\"", "\"Role\": \"coordinator\", \"SANs\"");
    char *other = test_replace(with_role, "222222222222", "222222222223");
    const char *const texts[] = {manifest_text, other, with_role};
    static const int statuses[] = {GRPC_PERMISSION_DENIED, GRPC_PERMISSION_DENIED, GRPC_OK};
    static const char *const says[] = {"your policy has not the role coordinator", "measurement", ""};

    (void) state;
    for (size_t i = 0; i < 3; i++) {
        struct writer w = writer_of(answer, sizeof answer);
        struct service s;
        struct err err = {0};

        make_service(&s, texts[i], true);
        assert_int_equal(call_recover(&s, &w, &err), statuses[i]);
        if (i < 2 && strstr(err.text, says[i]) == NULL)
            fail_msg("%s", err.text);
        if (i == 2) {
            struct mesh_recover m;
            struct ecc_pair key;
            uint8_t der[ECC_SEC1_MAX];
            struct writer d = writer_of(der, sizeof der);
            struct span text;

            assert_int_equal(mesh_recover_decode(writer_span(&w), &m, &err), 0);
            assert_true(span_eq(m.seed, secret_span(&s.seed.seed)) &&
                        span_eq(m.salt, secret_span(&s.seed.salt)));
            assert_true(span_eq_str(m.manifest, with_role));
            assert_int_equal(pem_next(&m.mesh_ca_key, ECC_SEC1_LABEL, &d, &text, &err), 0);
            assert_int_equal(ecc_sec1_decode(text, &key, &err), 0);
            assert_memory_equal(&key, &s.current->ca.key, sizeof key);
        }
        service_free(&s);
    }
    free(with_role);
    free(other);
}

/* A session ends under the generation it began with; the next one has a new mesh CA and the same root CA. */
static void test_rotation(void **state)
{
    static const enum policy_protocol protocols[] = {POLICY_NACRE_1, POLICY_CONTRAST};
    struct service s;
    struct policy_coordinator pin;

    (void) state;
    make_service(&s, manifest_text, true);
    make_pin(&s, &pin);
    for (size_t i = 0; i < 2; i++) {
        struct generation_pem mesh = s.current->mesh_pem;
        struct generation_pem root = s.current->root_pem;
        struct guest g;
        struct talk t;
        struct err err;

        pin.protocol = protocols[i];
        make_guest(&g);
        start(&t, &s, &pin, &g, TLS_ANY);
        assert_int_equal(service_start(&s, span_str(manifest_text), "new.json", now_s, &err), 0);
        assert_int_equal(s.current->references, 1);
        run(&t, 65536);
        assert_int_equal(t.joined, 1);
        assert_true(span_eq(join_result(t.join)->mesh_ca, generation_pem_span(&mesh)));
        assert_false(span_eq(generation_pem_span(&s.current->mesh_pem), generation_pem_span(&mesh)));
        assert_true(span_eq(generation_pem_span(&s.current->root_pem), generation_pem_span(&root)));
        end(&t);
        start(&t, &s, &pin, &g, TLS_ANY);
        run(&t, 65536);
        check_joined(&t, &s);
        end(&t);
    }
    service_free(&s);
}

/* Without a manifest a guest is told to come back: no failure that is final for it. */
static void test_not_ready(void **state)
{
    static const struct {
        enum policy_protocol protocol;
        const char *join;
        const char *session;
    } rows[] = {
        {POLICY_NACRE_1,  "tls: read",                                                "no manifest yet"},
        {POLICY_CONTRAST, "FailedPrecondition: this Coordinator has no manifest yet", ""               },
    };
    struct service s;
    struct policy_coordinator pin;

    (void) state;
    make_service(&s, manifest_text, true);
    make_pin(&s, &pin);
    generation_unref(s.current);
    s.current = NULL;
    for (size_t i = 0; i < 2; i++) {
        struct guest g;
        struct talk t;

        pin.protocol = rows[i].protocol;
        make_guest(&g);
        start(&t, &s, &pin, &g, TLS_ANY);
        run(&t, 65536);
        if (t.served < 0)
            join_feed_end(t.join);
        if (t.joined == 0)
            t.joined = join_step(t.join, &t.join_err);
        assert_int_equal(t.joined, -1);
        assert_int_not_equal(t.join_err.code, ERR_DENIED);
        if (strstr(t.join_err.text, rows[i].join) == NULL)
            fail_msg("%s", t.join_err.text);
        if (t.served < 0)
            assert_non_null(strstr(t.session_err.text, rows[i].session));
        end(&t);
    }
    service_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins),        cmocka_unit_test(test_own_evidence),
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_entries),
        cmocka_unit_test(test_garbage),      cmocka_unit_test(test_other_seed),
        cmocka_unit_test(test_real_machine), cmocka_unit_test(test_time),
        cmocka_unit_test(test_recover_peer), cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_not_ready)};

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
