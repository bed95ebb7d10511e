/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TDX from end to end: the agent's own client, with quotes that a quoting enclave of ours signs, joins the
 * real Coordinator in both dialects; and a refusal for each reference value and each piece of collateral,
 * which must be named on both sides. */
#include "join.h"
#include "service.h"
#include "session.h"
#include "tdx_evidence.h"
#include "tdx_forge.h"

#include <sys/stat.h>
#include <unistd.h>

#define ZEROS_47                                                                                             \
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define MANIFEST_SIZE 4096

/* Fits forge_plain with no_owner and config_id; rows change one place of it. */
static const char manifest_text[] =
    "{\"Policies\":{\"1111111111111111111111111111111111111111111111111111111111111111\":"
    "{\"SANs\":[\"web\"],\"WorkloadSecretID\":\"tests/web\"}},\"ReferenceValues\":{\"tdx\":[{"
    "\"MinTCBEvaluationDataNumber\":18,\"MrTd\":\"02" ZEROS_47 "\",\"MrSeam\":\"01" ZEROS_47 "\","
    "\"Rtmrs\":[\"06" ZEROS_47 "\",\"07" ZEROS_47 "\",\"08" ZEROS_47 "\",\"09" ZEROS_47 "\"],"
    "\"Xfam\":\"e700000000000000\",\"AllowedPIIDs\":[\"cccd0000000000000000000000000000\"],"
    "\"MemoryIntegrity\":false,\"SMTDisabled\":false,\"StaticPlatform\":false}]}}";
static const uint8_t config_id[TDX_REG_SIZE] = {
    0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
    0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
static const uint8_t event_head[RATLS_HEAD_SIZE] = {0xe1};
static char dir[] = "/tmp/nacre-collateral-XXXXXX";
static struct forged intel; /* one for all: its keys do not change */

/* The files of the folder, from intel.set. */
static const struct {
    const char *name;
    size_t offset; /* of the span in struct tdx_collateral */
} files[] = {
    {"tdx-root.crl",                   offsetof(struct tdx_collateral, root_crl)         },
    {"tdx-pck-platform.crl",           offsetof(struct tdx_collateral, pck_crl)          },
    {"tdx-tcb-info-90c06f000000.json", offsetof(struct tdx_collateral, tcb_info)         },
    {"tdx-tcb-info-90c06f000000.pem",  offsetof(struct tdx_collateral, tcb_info_chain)   },
    {"tdx-qe-identity.json",           offsetof(struct tdx_collateral, qe_identity)      },
    {"tdx-qe-identity.pem",            offsetof(struct tdx_collateral, qe_identity_chain)},
};

static void path_of(size_t file, char path[100])
{
    (void) snprintf(path, 100, "%s/%s", dir, files[file].name);
}

static void write_files(void)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        const struct span *bytes = (const void *) ((const uint8_t *) &intel.set.collateral + files[i].offset);
        char path[100];

        path_of(i, path);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes->data, 1, bytes->len, f), bytes->len);
        assert_int_equal(fclose(f), 0);
    }
}

static void remove_files(void)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[100];

        path_of(i, path);
        (void) unlink(path);
    }
}

/* Everything anew, under the same keys. */
static void make_intel(const struct forge *how)
{
    memset(intel.pck_pem, 0, sizeof intel.pck_pem);
    forge_make(&intel, how);
}

static struct forge plain(void)
{
    struct forge how = forge_plain;

    how.no_owner = true;
    how.mr_config_id = config_id;
    return how;
}

static int group_setup(void **state)
{
    const struct forge how = plain();

    (void) state;
    if (mkdtemp(dir) == NULL)
        return -1;
    forge_open(&intel);
    make_intel(&how);
    return 0;
}

static int group_teardown(void **state)
{
    (void) state;
    remove_files();
    return rmdir(dir);
}

/* The machine of a row, and what the guest does wrong. */
struct guest {
    struct forge how;
    bool stale;  /* shows a quote for another connection */
    bool padded; /* bytes behind the quote, as services leave them */
};

/* PCK chain and keys stay; body and signatures are new. */
static int give_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                         struct err *err)
{
    struct guest *g = ctx;
    static struct forged machine;
    uint8_t data[ATLS_REPORT_DATA_SIZE];

    (void) err;
    memcpy(data, report_data, sizeof data);
    data[0] ^= g->stale;
    g->how.report_data = data;
    memcpy(machine.keys, intel.keys, sizeof machine.keys);
    forge_quote(&machine, &g->how, span_str((const char *) intel.pck_pem));
    writer_bytes(w, machine.set.quote);
    if (g->padded)
        writer_zeros(w, 70);
    return 0;
}

static void edit(char text[MANIFEST_SIZE], const char *from, const char *to)
{
    char *changed = test_replace(text, from, to);

    assert_true((size_t) snprintf(text, MANIFEST_SIZE, "%s", changed) < MANIFEST_SIZE);
    free(changed);
}

enum trust { TRUST_DIR, TRUST_NO_ROOT, TRUST_NONE };

static void make_service(struct service *s, const char *text, enum trust trust)
{
    const struct span root = forge_der(&intel, FORGE_ROOT);
    struct err err;

    memset(s, 0, sizeof *s);
    s->seed.seed.len = MESH_SECRET_SEED_SIZE;
    s->seed.salt.len = MESH_SECRET_SALT_SIZE;
    memset(s->seed.seed.bytes, 5, MESH_SECRET_SEED_SIZE);
    s->trust.roots[0] = (struct fileio_bytes){.data = malloc(root.len), .len = root.len};
    memcpy(s->trust.roots[0].data, root.data, root.len);
    s->trust.root_count = 1;
    s->trust.no_collateral = trust == TRUST_NONE;
    const struct collateral_roots roots = {.roots = s->trust.roots, .count = 1};
    if (trust != TRUST_NONE) {
        s->trust.collateral = collateral_open(dir, &roots, FORGE_NOW, &err);
        if (s->trust.collateral == NULL)
            fail_msg("%s", err.text);
    }
    if (trust == TRUST_NO_ROOT) { /* forgotten once the files are loaded */
        fileio_free(&s->trust.roots[0]);
        s->trust.root_count = 0;
    }
    if (service_start(s, span_str(text), "manifest.json", FORGE_NOW, &err) < 0)
        fail_msg("%s", err.text);
}

static void make_pin(const struct service *s, enum policy_protocol protocol, struct policy_coordinator *pin)
{
    AUTO_SECRET scalar = {0};
    AUTO_ECC_PAIR root = {0};
    struct err err;

    *pin = (struct policy_coordinator){.has_root_ca_key = true, .protocol = protocol};
    assert_int_equal(mesh_secret_root_ca_key(&s->seed, &scalar, &err), 0);
    assert_int_equal(ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &root, &err), 0);
    assert_int_equal(mesh_ca_key_digest(&root.pub, pin->root_ca_key_sha256, &err), 0);
}

struct talk {
    struct session *session;
    struct join *join;
    int joined, served;
    struct err join_err, session_err;
};

/* Carry the bytes between the two until neither has more to say. */
static void run(struct talk *t)
{
    for (int round = 0; round < 1000 && t->joined == 0 && t->served == 0; round++) {
        t->joined = join_step(t->join, &t->join_err);
        struct span out = join_output(t->join);
        if (out.len > 0) {
            t->served = session_input(t->session, out, &t->session_err);
            join_sent(t->join, out.len);
        }
        struct span in = session_output(t->session);
        if (in.len > 0 && t->joined == 0) {
            assert_int_equal(join_feed(t->join, in, &t->join_err), 0);
            session_sent(t->session, in.len);
        }
    }
}

static void start(struct talk *t, struct service *s, const struct policy_coordinator *pin, struct guest *g,
                  int64_t now_s)
{
    static const enum ratls_kind shown = RATLS_TDX;
    const struct join_config config = {.coordinator = pin,
                                       .now_s = FORGE_NOW,
                                       .event_head = event_head,
                                       .evidence = give_evidence,
                                       .shown_kind = &shown,
                                       .ctx = g};
    struct err err;

    memset(t, 0, sizeof *t);
    t->session = session_new(s, SESSION_MESH, now_s, &err);
    t->join = join_new(&config, &err);
    assert_true(t->session != NULL && t->join != NULL);
}

static void end(struct talk *t)
{
    session_free(t->session);
    join_free(t->join);
}

/* The leaf tells what the quote said. */
static void check_leaf(const struct talk *t)
{
    static const struct {
        uint8_t number, first;
        size_t size;
    } claims[] = {
        {6,  0x93, 16},
        {9,  0x01, 48},
        {14, 0x02, 48},
        {15, 0x11, 48},
        {18, 0x06, 48},
        {21, 0x09, 48},
    };
    static uint8_t der[MESH_CA_LEAF_MAX];
    struct writer w = writer_of(der, sizeof der);
    struct span pem = join_result(t->join)->cert_chain, one;
    struct x509 leaf;
    struct err err;

    assert_int_equal(pem_next(&pem, PEM_LABEL_CERTIFICATE, &w, &one, &err), 0);
    assert_int_equal(x509_parse(one, &leaf, &err), 0);
    for (size_t i = 0; i < COUNT(claims); i++) {
        const uint8_t oid[] = {0x2b, 0xcd, 0x2d, 0x02, 0x02, claims[i].number};
        struct x509_ext ext;

        assert_int_equal(x509_find_ext(&leaf, span_of(oid, sizeof oid), &ext, &err), 0);
        assert_int_equal(ext.value.len, claims[i].size + 2);
        assert_true(ext.value.data[0] == DER_OCTET_STRING && ext.value.data[2] == claims[i].first);
    }
}

static void test_joins(void **state)
{
    static const struct {
        enum policy_protocol protocol;
        enum forge_body body;
        bool padded;
    } rows[] = {
        {POLICY_NACRE_1,  FORGE_V4,     false},
        {POLICY_NACRE_1,  FORGE_V4,     true },
        {POLICY_NACRE_1,  FORGE_V5_1_0, false},
        {POLICY_NACRE_1,  FORGE_V5_1_5, true },
        {POLICY_CONTRAST, FORGE_V4,     false},
        {POLICY_CONTRAST, FORGE_V4,     true },
    };
    struct service s;

    (void) state;
    write_files();
    make_service(&s, manifest_text, TRUST_DIR);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct guest g = {.how = plain(), .padded = rows[i].padded};
        struct policy_coordinator pin;
        struct talk t;

        g.how.body = rows[i].body;
        make_pin(&s, rows[i].protocol, &pin);
        start(&t, &s, &pin, &g, FORGE_NOW);
        run(&t);
        if (t.joined != 1)
            fail_msg("row %zu: join: %s; session: %s %s", i, t.join_err.text, t.session_err.text,
                     session_reason(t.session));
        assert_int_equal(join_result(t.join)->secret.len, 64);
        const struct examine_peer *peer = session_peer(t.session);
        assert_int_equal(peer->kind, EXAMINE_TDX);
        assert_memory_equal(peer->host_data, config_id, sizeof peer->host_data);
        assert_null(peer->check);
        check_leaf(&t);
        end(&t);
    }
    service_free(&s);
}

/* Contrast's message has no place for a quote of version 5: the guest says so, and asks for nothing. */
static void test_version_5_contrast(void **state)
{
    struct guest g = {.how = plain()};
    struct policy_coordinator pin;
    struct service s;
    struct talk t;

    (void) state;
    write_files();
    make_service(&s, manifest_text, TRUST_DIR);
    make_pin(&s, POLICY_CONTRAST, &pin);
    g.how.body = FORGE_V5_1_5;
    start(&t, &s, &pin, &g, FORGE_NOW);
    run(&t);
    assert_int_equal(t.joined, -1);
    assert_non_null(strstr(t.join_err.text, "carries quotes of version 4, this has 5"));
    end(&t);
    service_free(&s);
}

/* What both sides say about a guest. */
static void refuse(const char *manifest, enum trust trust, struct guest *g, int64_t now_s,
                   enum grpc_status status, const char *says)
{
    for (int i = 0; i < 2; i++) {
        enum policy_protocol protocol = i == 0 ? POLICY_NACRE_1 : POLICY_CONTRAST;
        struct policy_coordinator pin;
        struct service s;
        struct talk t;

        make_service(&s, manifest, trust);
        make_pin(&s, protocol, &pin);
        start(&t, &s, &pin, g, now_s);
        run(&t);
        if (t.joined != -1 || session_status(t.session) != status ||
            strstr(session_reason(t.session), says) == NULL || strstr(t.join_err.text, says) == NULL)
            fail_msg("dialect %d, \"%s\": joined %d \"%s\", status %d \"%s\", %s", i, says, t.joined,
                     t.join_err.text, (int) session_status(t.session), session_reason(t.session),
                     t.session_err.text);
        assert_int_equal(t.join_err.code, ERR_DENIED);
        assert_non_null(session_peer(t.session)->check);
        end(&t);
        service_free(&s);
    }
}

static void to_mr_td(struct guest *g)
{
    g->how.mr_td = 1;
}
static void to_mr_seam(struct guest *g)
{
    g->how.mr_seam = 1;
}
static void to_rtmr0(struct guest *g)
{
    g->how.rtmr[0] = 1;
}
static void to_rtmr3(struct guest *g)
{
    g->how.rtmr[3] = 0x80;
}
static void to_debug(struct guest *g)
{
    g->how.attributes |= TDX_ATTR_DEBUG;
}
static void to_pks(struct guest *g)
{
    g->how.attributes |= TDX_ATTR_PKS;
}
static void to_no_sept(struct guest *g)
{
    g->how.attributes = 0;
}
static void to_xfam(struct guest *g)
{
    g->how.xfam = 0x7;
}
static void to_owner(struct guest *g)
{
    g->how.no_owner = false;
}
static void to_old_module(struct guest *g)
{
    g->how.tee_svn[0] = 4;
}
static void to_no_level(struct guest *g)
{
    g->how.tee_svn[0] = 1;
}
static void to_stale(struct guest *g)
{
    g->stale = true;
}
static void to_other_key(struct guest *g)
{
    g->how.auth_key = FORGE_CA;
}
static void to_debug_qe(struct guest *g)
{
    g->how.qe_attributes |= 2;
}

static const uint8_t other_id[TDX_REG_SIZE] = {0x12};
static void to_other_policy(struct guest *g)
{
    g->how.mr_config_id = other_id;
}

static uint8_t long_id[TDX_REG_SIZE];
static void to_long_id(struct guest *g)
{
    memcpy(long_id, config_id, sizeof long_id);
    long_id[TDX_REG_SIZE - 1] = 1;
    g->how.mr_config_id = long_id;
}

/* One change of the guest or of the manifest. */
static void test_refusals(void **state)
{
    static const struct {
        void (*guest)(struct guest *g);
        const char *from, *to;
        enum grpc_status status;
        const char *says;
    } rows[] = {
        {to_mr_td,        NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: mrtd: expected 0200"                },
        {to_mr_seam,      NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: mrseam: expected 0100"              },
        {to_rtmr0,        NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: rtmr0: expected 0600"               },
        {to_rtmr3,        NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: rtmr3: expected 0900"               },
        {to_debug,        NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: debug: the host may debug this TD"  },
        {to_pks,          NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: td attributes"                      },
        {to_no_sept,      NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: sept ve disable"                    },
        {to_xfam,         NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: xfam"                               },
        {to_owner,        NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: mrowner"                            },
        {to_old_module,   NULL,                        NULL,                       GRPC_PERMISSION_DENIED,
         "tdx[0]: tcb status: expected UpToDate, found OutOfDate"                                                                                       },
        {to_no_level,     NULL,                        NULL,                       GRPC_UNAUTHENTICATED,   "tdx[0]: tcb level"                          },
        {to_stale,        NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "tdx[0]: report data"                        },
        {to_other_key,    NULL,                        NULL,                       GRPC_UNAUTHENTICATED,   "tdx[0]: attestation key"                    },
        {to_debug_qe,     NULL,                        NULL,                       GRPC_UNAUTHENTICATED,   "tdx[0]: quoting enclave"                    },
        {to_other_policy, NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "mrconfigid: 1200"                           },
        {to_long_id,      NULL,                        NULL,                       GRPC_PERMISSION_DENIED, "mrconfigid: expected zeros behind"          },
        {NULL,            "[\"cccd",                   "[\"cdcd",                  GRPC_PERMISSION_DENIED, "tdx[0]: platform instance id: expected cdcd"},
        {NULL,            "\"SMTDisabled\":false",     "\"SMTDisabled\":true",     GRPC_PERMISSION_DENIED,
         "tdx[0]: smt: expected no SMT"                                                                                                                 },
        {NULL,            "\"StaticPlatform\":false",  "\"StaticPlatform\":true",  GRPC_PERMISSION_DENIED,
         "tdx[0]: static platform"                                                                                                                      },
        {NULL,            "\"MemoryIntegrity\":false", "\"MemoryIntegrity\":true", GRPC_PERMISSION_DENIED,
         "tdx[0]: memory integrity"                                                                                                                     },
        {NULL,            "DataNumber\":18",           "DataNumber\":19",          GRPC_PERMISSION_DENIED,
         "tdx[0]: tcb evaluation data number"                                                                                                           },
    };

    (void) state;
    write_files();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct guest g = {.how = plain()};
        char text[MANIFEST_SIZE];

        (void) snprintf(text, sizeof text, "%s", manifest_text);
        if (rows[i].guest)
            rows[i].guest(&g);
        if (rows[i].from)
            edit(text, rows[i].from, rows[i].to);
        refuse(text, TRUST_DIR, &g, FORGE_NOW, rows[i].status, rows[i].says);
    }
}

/* An entry that does not fit does not stand in the way of one that does. */
static void test_second_entry(void **state)
{
    char text[MANIFEST_SIZE];
    struct guest g = {.how = plain()};
    struct policy_coordinator pin;
    struct service s;
    struct talk t;

    (void) state;
    write_files();
    (void) snprintf(text, sizeof text, "%s", manifest_text);
    const char *entry = strstr(manifest_text, "[{") + 1;
    char both[MANIFEST_SIZE];
    (void) snprintf(both, sizeof both, "[%.*s,{", (int) (strlen(entry) - 3), entry);
    edit(text, "[{", both);
    edit(text, "\"MrTd\":\"02", "\"MrTd\":\"22");
    make_service(&s, text, TRUST_DIR);
    make_pin(&s, POLICY_NACRE_1, &pin);
    start(&t, &s, &pin, &g, FORGE_NOW);
    run(&t);
    assert_int_equal(t.joined, 1);
    end(&t);
    service_free(&s);
}

/* Without one of the files nobody joins, and the text says which. */
static void test_missing(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct guest g = {.how = plain()};
        char path[100], says[100];

        write_files();
        path_of(i, path);
        assert_int_equal(unlink(path), 0);
        if (i == 3 || i == 5) { /* a body without its chain does not even load */
            path_of(i - 1, path);
            assert_int_equal(unlink(path), 0);
        }
        (void) snprintf(says, sizeof says, "collateral: %s is missing in the collateral folder",
                        files[i == 3 || i == 5 ? i - 1 : i].name);
        refuse(manifest_text, TRUST_DIR, &g, FORGE_NOW, GRPC_UNAUTHENTICATED, says);
    }
    struct guest g = {.how = plain()};
    refuse(manifest_text, TRUST_NONE, &g, FORGE_NOW, GRPC_UNAUTHENTICATED,
           "collateral: this Coordinator has none");
}

/* Collateral that is there, but does not help. */
static void test_bad_collateral(void **state)
{
    struct forge how = plain();
    struct guest g = {.how = plain()};

    (void) state;
    how.pck_lists = 1 + FORGE_PCK;
    make_intel(&how);
    write_files();
    refuse(manifest_text, TRUST_DIR, &g, FORGE_NOW, GRPC_UNAUTHENTICATED,
           "tdx[0]: pck crl: PCK: certificate with the serial number 03 was revoked");
    how = plain();
    how.root_lists = 1 + FORGE_CA;
    make_intel(&how);
    write_files();
    refuse(manifest_text, TRUST_DIR, &g, FORGE_NOW, GRPC_UNAUTHENTICATED, "tdx[0]: root crl: PCK CA: ");
    how = plain();
    how.info_from = "2026-03-01T00:00:00Z";
    how.info_to = "2026-02-20T01:00:00Z";
    make_intel(&how);
    write_files();
    refuse(manifest_text, TRUST_DIR, &g, FORGE_NOW + 7200, GRPC_UNAUTHENTICATED,
           "tdx[0]: tcb info: issued 2026-02-01T00:00:00Z, next update 2026-02-20T01:00:00Z");
    how = plain();
    make_intel(&how);
    write_files();
    refuse(manifest_text, TRUST_NO_ROOT, &g, FORGE_NOW, GRPC_UNAUTHENTICATED, "tdx[0]: pck chain");
}

/* Another kind of machine than the manifest's. */
static void test_other_kind(void **state)
{
    static const char snp[] =
        "\"snp\":[{\"ProductName\":\"Genoa\",\"TrustedMeasurement\":\"02" ZEROS_47 "\",\"MinimumTCB\":{"
        "\"BootloaderVersion\":0,\"TEEVersion\":0,\"SNPVersion\":0,\"MicrocodeVersion\":0},\"GuestPolicy\":{"
        "\"ABIMinor\":0,\"ABIMajor\":0,\"SMT\":true,\"MigrateMA\":false,\"Debug\":false,\"SingleSocket\":"
        "false,"
        "\"CXLAllowed\":false,\"MemAES256XTS\":false,\"RAPLDis\":false,\"CipherTextHidingDRAM\":false,"
        "\"PageSwapDisable\":false},\"PlatformInfo\":{\"SMTEnabled\":true,\"TSMEEnabled\":true,"
        "\"ECCEnabled\":false,\"RAPLDisabled\":false,\"CiphertextHidingDRAMEnabled\":false,"
        "\"AliasCheckComplete\":false,\"TIOEnabled\":true},\"MinimumMitigationVector\":0,"
        "\"AllowedChipIDs\":null}]}}";
    char text[MANIFEST_SIZE];
    struct guest g = {.how = plain()};

    (void) state;
    write_files();
    (void) snprintf(text, sizeof text, "%.*s%s", (int) (strstr(manifest_text, "\"tdx\"") - manifest_text),
                    manifest_text, snp);
    refuse(text, TRUST_DIR, &g, FORGE_NOW, GRPC_PERMISSION_DENIED,
           "platform: the manifest has no ReferenceValues.tdx entry");
}

/* A Coordinator on TDX: who pins its root CA's key joins; who pins reference values is told why not. */
static void test_own_evidence(void **state)
{
    (void) state;
    write_files();
    for (int i = 0; i < 4; i++) {
        struct guest g = {.how = plain()}, own = {.how = plain()};
        struct policy_coordinator pin;
        struct service s;
        struct talk t;

        make_service(&s, manifest_text, TRUST_DIR);
        s.evidence = give_evidence;
        s.evidence_ctx = &own;
        s.evidence_kind = RATLS_TDX;
        make_pin(&s, i % 2 == 0 ? POLICY_NACRE_1 : POLICY_CONTRAST, &pin);
        pin.reference_count = i < 2 ? 0 : 1;
        start(&t, &s, &pin, &g, FORGE_NOW);
        run(&t);
        if (t.joined != (i < 2 ? 1 : -1))
            fail_msg("%d: join: %s; session: %s %s", i, t.join_err.text, t.session_err.text,
                     session_reason(t.session));
        if (i >= 2)
            assert_non_null(strstr(t.join_err.text, "evidence: TDX, which a guest cannot judge"));
        end(&t);
        service_free(&s);
    }
}

/* aTLS and /attest show the message, nacre/1 the quote; both hold what was asked for. */
static void test_message(void **state)
{
    static uint8_t buf[RATLS_EVIDENCE_MAX];
    static struct tdx_evidence decoded;
    const uint8_t asked[ATLS_REPORT_DATA_SIZE] = {0xa5};
    struct guest own = {.how = plain(), .padded = true};
    struct service s = {.evidence = give_evidence, .evidence_ctx = &own, .evidence_kind = RATLS_TDX};
    struct writer w = writer_of(buf, sizeof buf);
    struct tdx_quote quote;
    struct err err;

    (void) state;
    assert_int_equal(service_evidence_message(&s, asked, &w, &err), 0);
    assert_int_equal(tdx_evidence_decode(writer_span(&w), &decoded, &err), 0);
    assert_int_equal(tdx_quote_parse(span_of(decoded.quote, decoded.len), &quote, &err), 0);
    assert_memory_equal(quote.report_data, asked, sizeof asked);
    own.how.body = FORGE_V5_1_0;
    assert_int_equal(service_evidence_message(&s, asked, &w, &err), -1);
    test_check_err(&err, ERR_FORMAT, "carries quotes of version 4", "version 5");
    w.len = 0;
    assert_int_equal(service_evidence(&s, asked, &w, &err), 0);
    assert_int_equal(tdx_quote_parse(writer_span(&w), &quote, &err), 0);
    assert_memory_equal(quote.report_data, asked, sizeof asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joins),      cmocka_unit_test(test_version_5_contrast),
        cmocka_unit_test(test_refusals),   cmocka_unit_test(test_second_entry),
        cmocka_unit_test(test_missing),    cmocka_unit_test(test_bad_collateral),
        cmocka_unit_test(test_other_kind), cmocka_unit_test(test_own_evidence),
        cmocka_unit_test(test_message),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
