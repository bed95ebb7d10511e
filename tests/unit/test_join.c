/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join: the agent's attempt against a Coordinator in memory, good and bad, over TLS 1.3 and 1.2. */
#include "join.h"

#include "hash.h"
#include "mesh_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW MESH_SERVER_NOW

static struct mesh_server server;
static struct policy_coordinator coordinator;
static struct join_config config;
static struct join *join;
static struct err err;
static uint8_t report_data[ATLS_REPORT_DATA_SIZE];
static unsigned reports;
static const char *evidence_text;

static int give_evidence(void *ctx, const uint8_t data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                         struct err *e)
{
    (void) ctx;
    memcpy(report_data, data, sizeof(report_data));
    reports++;
    if (evidence_text == NULL)
        return err_set(e, ERR_HELPER, 0, "no report");
    writer_str(w, evidence_text);
    return 0;
}

static int setup(void **state)
{
    (void) state;
    memset(&coordinator, 0, sizeof(coordinator));
    memset(&err, 0, sizeof(err));
    reports = 0;
    evidence_text = "evidence";
    mesh_server_open(&server, NOW);
    coordinator.has_root_ca_key = true;
    coordinator.protocol = POLICY_CONTRAST;
    mesh_server_pin(&server, coordinator.root_ca_key_sha256);
    config = (struct join_config){.coordinator = &coordinator, .now_s = NOW, .evidence = give_evidence};
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    join_free(join);
    join = NULL;
    mesh_server_close(&server);
    return 0;
}

static void carry(void)
{
    struct span out = join_output(join);
    if (out.len > 0 && tls_feed(server.tls, out, &err) < 0)
        abort();
    join_sent(join, out.len);
    out = tls_output(server.tls);
    if (out.len > 0 && join_feed(join, out, &err) < 0)
        abort();
    tls_sent(server.tls, out.len);
}

/* What join_step says in the end; err is then set if that is -1. */
static int run(void)
{
    int rc = 0;
    int server_rc = 0;
    mesh_server_start(&server);
    join = join_new(&config, &err);
    assert_non_null(join);
    for (int i = 0; i < 100 && rc == 0; i++) {
        rc = join_step(join, &err);
        carry();
        if (server_rc == 0)
            server_rc = mesh_server_step(&server);
        carry();
        if (server_rc < 0)
            join_feed_end(join);
    }
    return rc;
}

static void check_joined(void)
{
    uint8_t expected[ATLS_REPORT_DATA_SIZE];
    int rc = run();
    if (rc != 1)
        fail_msg("join: %d %s; server: %s", rc, err.text, server.err.text);
    const struct join_result *r = join_result(join);
    assert_int_equal(reports, 1);
    assert_int_equal(atls_report_data(server.peer.spki, server.nonce, expected, &err), 0);
    assert_memory_equal(report_data, expected, sizeof(expected));
    assert_true(span_eq_str(server.peer.evidence, "evidence"));
    assert_int_equal(r->secret.len, MESHAPI_SECRET_SIZE);
    assert_int_equal(r->secret.data[0], 0x5e);
    struct ecc_pair key;
    assert_int_equal(ecc_pair_from_pem(r->key, &key, &err), 0);
    assert_true(ecc_public_eq(&key.pub, &server.peer.key));
    assert_memory_equal(r->mesh_ca.data, "-----BEGIN CERTIFICATE", 22);
    assert_memory_equal(r->cert_chain.data, "-----BEGIN CERTIFICATE", 22);
    assert_memory_equal(r->root_ca.data, "-----BEGIN CERTIFICATE", 22);
}

static void test_joins_13(void **state)
{
    (void) state;
    config.versions = TLS_ONLY_13;
    check_joined();
}

static void test_joins_12(void **state)
{
    (void) state;
    server.versions = TLS_ONLY_12;
    check_joined();
}

static void test_no_secret(void **state)
{
    (void) state;
    server.secret_len = 0;
    assert_int_equal(run(), 1);
    assert_int_equal(join_result(join)->secret.len, 0);
}

static void refused(enum err_code code, const char *text)
{
    int rc = run();
    if (rc != -1 || err.code != code || strstr(err.text, text) == NULL)
        fail_msg("expected %s \"%s\", found %d %s \"%s\"", err_code_name(code), text, rc,
                 err_code_name(err.code), err.text);
}

static void test_wrong_root(void **state)
{
    (void) state;
    coordinator.root_ca_key_sha256[31] ^= 1;
    refused(ERR_DENIED, "root CA key: expected ");
}

static void test_foreign_root(void **state)
{
    static struct mesh_server other;
    (void) state;
    mesh_server_open(&other, NOW);
    server.root_of = &other.ca;
    mesh_server_pin(&other, coordinator.root_ca_key_sha256); /* the pinned root, but the chain is another's */
    refused(ERR_DENIED, "intermediate: ");
    mesh_server_close(&other);
}

static void test_foreign_mesh(void **state)
{
    static struct mesh_server other;
    (void) state;
    mesh_server_open(&other, NOW);
    server.mesh_of = &other.ca;
    refused(ERR_DENIED, "mesh CA: has not the intermediate's key and name");
    mesh_server_close(&other);
}

static void test_foreign_leaf(void **state)
{
    static struct ecc_pair key;
    (void) state;
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &key, &err), 0);
    server.leaf_key = &key;
    refused(ERR_DENIED, "leaf: issued for a key that is not ours");
}

static void test_chain_of_one(void **state)
{
    (void) state;
    server.leaf_only = true;
    refused(ERR_MISSING, "certificate chain: ");
}

static void test_chain_of_three(void **state)
{
    (void) state;
    server.chain_of_three = true;
    refused(ERR_FORMAT, "certificate chain: more than 2 certificates");
}

static void test_leaf_from_the_future(void **state)
{
    (void) state;
    server.leaf_now_s = NOW + 86400;
    refused(ERR_DENIED, "leaf: ");
}

static void test_no_response(void **state)
{
    (void) state;
    server.answer = span_str("\x0a\x01x");
    refused(ERR_MISSING, "mesh API response: CertChain is missing");
}

static void test_permission_denied(void **state)
{
    (void) state;
    server.status = GRPC_PERMISSION_DENIED;
    server.text = "measurement: expected \x1b[31m"
                  "aa, found bb";
    refused(ERR_DENIED, "PermissionDenied: measurement: expected ?[31maa, found bb");
}

static void test_unauthenticated(void **state)
{
    (void) state;
    server.status = GRPC_UNAUTHENTICATED;
    server.text = "stale nonce";
    refused(ERR_DENIED, "Unauthenticated: stale nonce");
}

static void test_unavailable(void **state)
{
    (void) state;
    server.status = GRPC_UNAVAILABLE;
    server.text = "not ready";
    refused(ERR_FORMAT, "Unavailable: not ready");
}

static void test_oversize_response(void **state)
{
    static uint8_t big[GRPC_RESPONSE_MAX];
    (void) state;
    server.answer = span_of(big, sizeof(big));
    refused(ERR_FORMAT, "mesh API response: ");
}

static void test_no_report(void **state)
{
    (void) state;
    evidence_text = NULL;
    refused(ERR_HELPER, "no report");
    assert_int_equal(server.calls, 0);
}

static void test_wants_evidence(void **state)
{
    (void) state;
    coordinator.reference_count = 1;
    refused(ERR_DENIED, "evidence: it shows none, and the policy has reference values");
    assert_int_equal(reports, 0); /* nothing of ours has gone to it */
    assert_int_equal(server.calls, 0);
}

static void test_bad_evidence(void **state)
{
    (void) state;
    coordinator.reference_count = 1;
    server.evidence = span_str("not evidence");
    refused(ERR_DENIED, "evidence: ");
    assert_int_equal(reports, 0);
}

static void test_clock_behind(void **state)
{
    (void) state;
    config.now_s = NOW - 3 * 86400;
    refused(ERR_DENIED, "aTLS: peer's certificate: ");
}

static void test_no_nonce(void **state)
{
    static uint8_t der[1024];
    struct writer w = writer_of(der, sizeof(der));
    const struct atls_template t = {.key = &server.tls_key, .now_s = NOW};
    (void) state;
    assert_int_equal(atls_certificate(&t, &w, &err), 0);
    server.ca_certificate = writer_span(&w); /* its name is "Contrast", which is no nonce */
    refused(ERR_FORMAT, "aTLS: nonce from the server has 6 bytes, expected 32");
    assert_int_equal(reports, 0);
}

static void test_closed_at_once(void **state)
{
    (void) state;
    mesh_server_start(&server);
    join = join_new(&config, &err);
    assert_non_null(join);
    assert_int_equal(join_step(join, &err), 0);
    join_feed_end(join);
    assert_int_equal(join_step(join, &err), -1);
    assert_int_equal(err.code, ERR_FORMAT);
    assert_string_equal(err.text, "tls: handshake: the peer closed the connection");
}

static void test_keys_are_new(void **state)
{
    (void) state;
    assert_int_equal(run(), 1);
    struct ecc_public first = server.peer.key;
    join_free(join);
    grpc_free(server.grpc);
    tls_free(server.tls);
    assert_int_equal(run(), 1);
    assert_false(ecc_public_eq(&first, &server.peer.key));
}

/* nacre/1 with a Coordinator that knows Contrast's dialect only: no join, and no second try in that dialect.
 */
static void test_no_fallback(void **state)
{
    (void) state;
    coordinator.protocol = POLICY_NACRE_1;
    refused(ERR_FORMAT, "tls: handshake: ");
    assert_int_equal(reports, 0);
    assert_int_equal(server.calls, 0);
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_joins_13),          ROW(test_joins_12),
        ROW(test_no_secret),         ROW(test_wrong_root),
        ROW(test_foreign_root),      ROW(test_foreign_mesh),
        ROW(test_foreign_leaf),      ROW(test_chain_of_one),
        ROW(test_chain_of_three),    ROW(test_leaf_from_the_future),
        ROW(test_no_response),       ROW(test_permission_denied),
        ROW(test_unauthenticated),   ROW(test_unavailable),
        ROW(test_oversize_response), ROW(test_no_report),
        ROW(test_wants_evidence),    ROW(test_bad_evidence),
        ROW(test_clock_behind),      ROW(test_no_nonce),
        ROW(test_closed_at_once),    ROW(test_keys_are_new),
        ROW(test_no_fallback),
    };
#undef ROW
    return cmocka_run_group_tests(tests, NULL, NULL);
}
