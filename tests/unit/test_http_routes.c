/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the Coordinator answers over HTTP, without a socket: evidence by softpsp, verified as a data owner
 * would. */
#include "http_routes.h"

#include "attest_json.h"
#include "b64.h"
#include "json.h"
#include "metrics.h"
#include "psp_report.h"
#include "psp_state.h"
#include "snp_evidence.h"
#include "store.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define NONCE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define ANSWER_MAX 65536
#define NOW_MS 100000

static const char manifest_path[] = "tests/vectors/manifest/small.json";
static char psp_dir[] = "/tmp/nacre-psp-XXXXXX";
static struct psp_state psp;
static struct psp_options options = {.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
static struct metrics counts;
static struct service service;
static struct http_routes routes;
static uint8_t asked[SNP_REPORT_DATA_SIZE]; /* the last report data */
static bool broken;                         /* the secure processor gives nothing */

static int give_evidence(void *ctx, const uint8_t report_data[SNP_REPORT_DATA_SIZE], struct writer *w,
                         struct err *err)
{
    struct psp_vm vm = {.options = &options, .state = &psp};
    uint8_t report[SNP_REPORT_SIZE];

    (void) ctx;
    memcpy(asked, report_data, sizeof asked);
    if (broken)
        return err_set(err, ERR_TIMEOUT, 0, "no report");
    if (psp_report_make(&vm, 0, report_data, report, err) < 0)
        return -1;
    return snp_evidence_encode(span_of(report, sizeof report), &psp.chain, SNP_PRODUCT_GENOA, w, err);
}

static void say(const char *line)
{
    print_message("%s\n", line);
}

static int group_setup(void **state)
{
    struct err err;

    (void) state;
    return mkdtemp(psp_dir) == NULL ? -1 : psp_state_open(psp_dir, SNP_PRODUCT_GENOA, say, &psp, &err);
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
    return remove(psp_dir);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void) st;
    (void) kind;
    (void) at;
    return remove(path);
}

static void remove_tree(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static int setup(void **state)
{
    struct fileio_bytes text;
    struct err err;

    (void) state;
    counts = (struct metrics){.start_s = 1};
    service = (struct service){.metrics = &counts, .evidence = give_evidence, .evidence_kind = RATLS_SNP};
    routes = (struct http_routes){.service = &service};
    broken = false;
    service.seed.seed.len = MESH_SECRET_SEED_SIZE;
    service.seed.salt.len = MESH_SECRET_SALT_SIZE;
    memset(service.seed.seed.bytes, 5, MESH_SECRET_SEED_SIZE);
    if (fileio_read(manifest_path, 65536, &text, &err) < 0)
        return -1;
    int rc = service_start(&service, fileio_span(&text), manifest_path, time(NULL), &err);
    fileio_free(&text);
    return rc;
}

static int teardown(void **state)
{
    (void) state;
    service_free(&service);
    return 0;
}

static struct http_reply ask(enum limits_door door, const char *method, const char *path, const char *body)
{
    const struct http_request request = {.door = door,
                                         .method = method,
                                         .path = path,
                                         .content_type = "application/json",
                                         .body = span_str(body),
                                         .now_ms = NOW_MS};
    struct http_reply reply;

    assert_int_equal(http_routes_answer(&routes, &request, &reply), 0);
    assert_non_null(reply.body);
    return reply;
}

/* The answer's status; its code must be this one. */
static void refused(const char *body, unsigned status, const char *code)
{
    struct http_reply reply = ask(LIMITS_HTTP, "POST", "/attest", body);
    char start[128];

    (void) snprintf(start, sizeof start, "{\"version\":\"nacre\",\"status_code\":%u,\"code\":\"%s\",", status,
                    code);
    assert_int_equal(reply.status, status);
    assert_memory_equal(reply.body, start, strlen(start));
    free(reply.body);
}

/* The base 64 value of a key; false when it is not there. */
static struct span value_of(const struct json *at, const char *key, uint8_t *buf, size_t cap)
{
    struct json member;
    struct span text;
    struct err err;
    size_t len = 0;

    assert_int_equal(json_get(at, key, &member, &err), 0);
    assert_int_equal(json_string(&member, ANSWER_MAX, &text, &err), 0);
    assert_int_equal(b64_decode(text, buf, cap, &len, &err), 0);
    return span_of(buf, len);
}

/* A data owner's view: everything that the report binds follows from the answer and our nonce. */
static void test_attest(void **state)
{
    static uint8_t evidence_bytes[ANSWER_MAX];
    uint8_t root[4096], mesh[4096], nonce[TRANSITION_NONCE_SIZE], expected[TRANSITION_REPORT_DATA_SIZE];
    struct snp_evidence evidence;
    struct snp_report report;
    AUTO_JSON_DOC doc = {0};
    struct err err;

    (void) state;
    struct http_reply reply = ask(LIMITS_HTTP, "POST", "/attest", "{\"nonce\":\"" NONCE "\"}");
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.type, "application/json");
    assert_int_equal(json_doc_parse(span_of(reply.body, reply.len), "answer", ANSWER_MAX, &doc, &err), 0);
    const struct json at = json_root(&doc);
    const struct span ev = value_of(&at, "raw_attestation_doc", evidence_bytes, sizeof evidence_bytes);
    assert_int_equal(attest_json_request_decode(span_str("{\"nonce\":\"" NONCE "\"}"), nonce, &err), 0);
    const struct transition_attest bound = {.nonce = span_of(nonce, sizeof nonce),
                                            .digest = service.current->latest.digest,
                                            .root_pem = value_of(&at, "root_ca", root, sizeof root),
                                            .mesh_pem = value_of(&at, "mesh_ca", mesh, sizeof mesh)};
    assert_int_equal(transition_report_data(&bound, expected, &err), 0);
    assert_int_equal(snp_evidence_decode(ev, &evidence, &err), 0);
    assert_int_equal(snp_report_parse(span_of(evidence.report, SNP_REPORT_SIZE), &report, &err), 0);
    assert_memory_equal(report.report_data, expected, sizeof expected);
    assert_int_equal(counts.values[METRICS_EVIDENCE], 1);
    free(reply.body);
}

/* How many items a list of the answer has, and that item i is these bytes. */
static void check_item(const struct json *at, const char *key, size_t i, struct span want)
{
    static uint8_t bytes[ANSWER_MAX];
    struct json list, item;
    struct span text;
    struct err err;
    size_t len;

    assert_int_equal(json_get(at, key, &list, &err), 0);
    bool more = json_first(&list, &item);
    for (size_t n = 0; more && n < i; n++)
        more = json_next(&item);
    assert_int_equal(more, want.data != NULL);
    if (!more)
        return;
    assert_int_equal(json_string(&item, ANSWER_MAX, &text, &err), 0);
    assert_int_equal(b64_decode(text, bytes, sizeof bytes, &len, &err), 0);
    assert_true(span_eq(span_of(bytes, len), want));
}

/* Make this text the current manifest, on disk. */
static void advance(struct span text)
{
    struct err err;
    struct service_change change = {
        .seed = &service.seed,
        .g = service_generation(&service, &service.seed, text, "manifest", time(NULL), &err),
    };

    assert_non_null(change.g);
    if (service_advance(&service, &change, &err) < 0)
        fail_msg("%s", err.text);
}

/* Two manifests in a store: both are told, oldest first, and the chain of their digests
 * is what the report binds. */
static void test_history(void **state)
{
    char dir[] = "/tmp/nacre-store-XXXXXX";
    struct fileio_bytes first, second = {0};
    struct transition t = {0};
    uint8_t digest[SHA256_SIZE], root[4096], mesh[4096], nonce[TRANSITION_NONCE_SIZE];
    uint8_t expected[TRANSITION_REPORT_DATA_SIZE];
    AUTO_JSON_DOC doc = {0};
    struct err err;

    (void) state;
    assert_non_null(mkdtemp(dir));
    service.store = store_open(dir, &store_sys_linux, &err);
    assert_non_null(service.store);
    assert_int_equal(fileio_read(manifest_path, 65536, &first, &err), 0);
    second = (struct fileio_bytes){.data = malloc(first.len + 1), .len = first.len + 1};
    memcpy(second.data, first.data, first.len);
    second.data[first.len] = '\n'; /* the same manifest in other bytes */
    advance(fileio_span(&first));
    advance(fileio_span(&second));
    struct http_reply reply = ask(LIMITS_HTTP, "POST", "/attest", "{\"nonce\":\"" NONCE "\"}");
    assert_int_equal(reply.status, 200);
    assert_int_equal(json_doc_parse(span_of(reply.body, reply.len), "answer", ANSWER_MAX, &doc, &err), 0);
    const struct json at = json_root(&doc);
    check_item(&at, "manifests", 0, fileio_span(&first));
    check_item(&at, "manifests", 1, fileio_span(&second));
    check_item(&at, "manifests", 2, span_of(NULL, 0));
    check_item(&at, "policies", 0, span_of(NULL, 0));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(hash_bytes(HASH_SHA256, fileio_span(i == 0 ? &first : &second), t.manifest, &err),
                         0);
        assert_int_equal(transition_digest(&t, digest, &err), 0);
        memcpy(t.previous, digest, sizeof digest);
    }
    assert_int_equal(attest_json_request_decode(span_str("{\"nonce\":\"" NONCE "\"}"), nonce, &err), 0);
    const struct transition_attest bound = {.nonce = span_of(nonce, sizeof nonce),
                                            .digest = digest,
                                            .root_pem = value_of(&at, "root_ca", root, sizeof root),
                                            .mesh_pem = value_of(&at, "mesh_ca", mesh, sizeof mesh)};
    assert_int_equal(transition_report_data(&bound, expected, &err), 0);
    assert_memory_equal(asked, expected, sizeof expected);
    assert_int_equal(counts.values[METRICS_HISTORY_WRITES], 2);
    free(reply.body);
    fileio_free(&first);
    fileio_free(&second);
    store_close(service.store);
    service.store = NULL;
    remove_tree(dir);
}

static void test_refusals(void **state)
{
    (void) state;
    refused("{", 400, "invalid_argument");
    broken = true;
    refused("{\"nonce\":\"" NONCE "\"}", 500, "internal");
    assert_int_equal(counts.values[METRICS_EVIDENCE_ERRORS], 1);
    service.evidence = NULL;
    refused("{\"nonce\":\"" NONCE "\"}", 501, "no_evidence");
    generation_unref(service.current);
    service.current = NULL;
    service.seed.seed.len = 0;
    refused("{\"nonce\":\"" NONCE "\"}", 412, "no_manifest");
}

/* A second's worth at once, then 429 until time has passed. */
static void test_rate(void **state)
{
    const unsigned rate = limits_value(LIMITS_HTTP, LIMITS_ATTESTATIONS);
    unsigned given = 0;

    (void) state;
    for (unsigned i = 0; i < rate + 5; i++) {
        struct http_reply reply = ask(LIMITS_HTTP, "POST", "/attest", "{\"nonce\":\"" NONCE "\"}");

        given += reply.status == 200;
        assert_int_equal(reply.limited, reply.status == 429);
        free(reply.body);
    }
    assert_int_equal(given, rate);
    routes.bucket_ms -= 1000 / rate; /* as if that time had passed */
    struct http_reply reply = ask(LIMITS_HTTP, "POST", "/attest", "{\"nonce\":\"" NONCE "\"}");
    assert_int_equal(reply.status, 200);
    free(reply.body);
}

static void test_paths(void **state)
{
    static const struct {
        enum limits_door door;
        const char *method;
        const char *path;
        unsigned status;
        const char *route;
    } rows[] = {
        {LIMITS_METRICS, "GET",  "/probe/startup",   200, "/probe/startup"  },
        {LIMITS_METRICS, "HEAD", "/probe/liveness",  200, "/probe/liveness" },
        {LIMITS_METRICS, "GET",  "/probe/readiness", 200, "/probe/readiness"},
        {LIMITS_METRICS, "GET",  "/metrics",         200, "/metrics"        },
        {LIMITS_METRICS, "POST", "/metrics",         405, "/metrics"        },
        {LIMITS_METRICS, "GET",  "/metrics/",        404, "other"           },
        {LIMITS_METRICS, "POST", "/attest",          404, "other"           },
        {LIMITS_HTTP,    "GET",  "/attest",          405, "/attest"         },
        {LIMITS_HTTP,    "HEAD", "/attest",          405, "/attest"         },
        {LIMITS_HTTP,    "GET",  "/capabilities",    200, "/capabilities"   },
        {LIMITS_HTTP,    "GET",  "/metrics",         404, "other"           },
        {LIMITS_HTTP,    "GET",  "",                 404, "other"           },
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_reply reply = ask(rows[i].door, rows[i].method, rows[i].path, "");

        assert_int_equal(reply.status, rows[i].status);
        assert_string_equal(reply.route, rows[i].route);
        assert_int_equal(reply.allow != NULL, reply.status == 405);
        free(reply.body);
    }
}

static void test_not_ready(void **state)
{
    (void) state;
    generation_unref(service.current);
    service.current = NULL;
    struct http_reply reply = ask(LIMITS_METRICS, "GET", "/probe/readiness", "");
    assert_int_equal(reply.status, 503);
    assert_memory_equal(reply.body, "not ready: this Coordinator has no manifest yet", 47);
    free(reply.body);
    reply = ask(LIMITS_METRICS, "GET", "/probe/liveness", "");
    assert_int_equal(reply.status, 200);
    free(reply.body);
    assert_int_equal(counts.values[METRICS_READY], 0);
}

/* More names than there is room for: the last place takes the rest. */
static void test_full_tables(void **state)
{
    static char names[2 * METRICS_CHECKS_MAX][8];
    uint64_t sum = 0;

    (void) state;
    for (size_t i = 0; i < 2 * METRICS_CHECKS_MAX; i++) {
        (void) snprintf(names[i], sizeof names[i], "c%zu", i);
        metrics_refused_check(&counts, names[i]);
        metrics_http(&counts, names[i], 200);
    }
    for (size_t i = 0; i < METRICS_CHECKS_MAX; i++)
        sum += counts.checks[i].count;
    assert_int_equal(sum, 2 * METRICS_CHECKS_MAX);
    assert_string_equal(counts.checks[METRICS_CHECKS_MAX - 1].name, "other");
    metrics_refused_check(NULL, "x");
    metrics_add(NULL, METRICS_EPOCHS, 1);
}

/* Whatever the numbers are, the text fits; and a buffer that is too small is an error. */
static void test_text_fits(void **state)
{
    static uint8_t buf[METRICS_TEXT_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct metrics_process process;
    struct err err;

    (void) state;
    memset(&counts, 0xff, sizeof counts);
    for (size_t i = 0; i < METRICS_CHECKS_MAX; i++)
        counts.checks[i].name = "a name of a check that is rather long";
    for (size_t i = 0; i < METRICS_HTTP_MAX; i++)
        counts.http[i].path = "/probe/readiness";
    memset(&process, 0xff, sizeof process);
    assert_int_equal(metrics_text(&counts, &process, &w, &err), 0);
    w = writer_of(buf, 1000);
    assert_int_equal(metrics_text(&counts, &process, &w, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    counts = (struct metrics){0};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_attest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_history, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_ready, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_text_fits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
