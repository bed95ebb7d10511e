/* SPDX-License-Identifier: GPL-2.0-or-later */
/* atls_call: one call to a server in memory, good and bad, over TLS 1.3 and 1.2. */
#include "atls_call.h"

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
static struct atls_call_config config;
static struct atls_call *call;
static struct err err;
static unsigned judged;
static const char *refuse;
static uint8_t report_data[ATLS_REPORT_DATA_SIZE];
static char evidence[64];

static int judge(void *ctx, const struct atls_peer *peer, const uint8_t data[ATLS_REPORT_DATA_SIZE],
                 struct err *e)
{
    assert_ptr_equal(ctx, &server);
    judged++;
    memcpy(report_data, data, sizeof report_data);
    (void) snprintf(evidence, sizeof evidence, "%.*s", (int) peer->evidence.len,
                    peer->evidence.len > 0 ? (const char *) peer->evidence.data : "");
    return refuse != NULL ? err_set(e, ERR_DENIED, 0, "%s", refuse) : 0;
}

static int setup(void **state)
{
    (void) state;
    memset(&err, 0, sizeof err);
    judged = 0;
    refuse = NULL;
    mesh_server_open(&server, NOW);
    server.answer = span_str("the answer");
    config = (struct atls_call_config){.authority = "coordinator:1313",
                                       .path = MESHAPI_NEW_MESH_CERT,
                                       .now_s = NOW,
                                       .verify = judge,
                                       .ctx = &server};
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    atls_call_free(call);
    call = NULL;
    mesh_server_close(&server);
    return 0;
}

static void carry(void)
{
    struct span out = atls_call_output(call);

    if (out.len > 0 && tls_feed(server.tls, out, &err) < 0)
        abort();
    atls_call_sent(call, out.len);
    out = tls_output(server.tls);
    if (out.len > 0 && atls_call_feed(call, out, &err) < 0)
        abort();
    tls_sent(server.tls, out.len);
}

static int run(void)
{
    int rc = 0;
    int server_rc = 0;

    mesh_server_start(&server);
    call = atls_call_new(&config, &err);
    assert_non_null(call);
    for (int i = 0; i < 100 && rc == 0; i++) {
        rc = atls_call_step(call, &err);
        carry();
        if (server_rc == 0)
            server_rc = mesh_server_step(&server);
        carry();
        if (server_rc < 0)
            atls_call_feed_end(call);
    }
    return rc;
}

static void answered(const char *version)
{
    uint8_t expected[ATLS_REPORT_DATA_SIZE];
    uint8_t spki[ECC_SPKI_MAX];
    struct writer w = writer_of(spki, sizeof spki);
    struct span message;
    const int rc = run();

    if (rc != 1)
        fail_msg("call: %d %s; server: %s", rc, err.text, server.err.text);
    assert_int_equal(judged, 1);
    assert_string_equal(atls_call_version(call), version);
    assert_int_equal(atls_call_status(call), GRPC_OK);
    assert_int_equal(atls_call_response(call, &message, &err), 0);
    assert_true(span_eq_str(message, "the answer"));
    ecc_public_to_spki(&server.tls_key.pub, &w);
    assert_int_equal(atls_report_data(writer_span(&w), server.peer_nonce, expected, &err), 0);
    assert_memory_equal(report_data, expected, sizeof expected);
    assert_int_equal(server.peer.evidence.len, 0);
    assert_int_equal(atls_call_step(call, &err), 1); /* again: nothing changes */
}

static void test_13(void **state)
{
    (void) state;
    config.versions = TLS_ONLY_13;
    server.evidence = span_str("evidence");
    answered("1.3");
    assert_string_equal(evidence, "evidence");
}

static void test_12(void **state)
{
    (void) state;
    server.versions = TLS_ONLY_12;
    answered("1.2");
    assert_string_equal(evidence, "");
}

/* A workload owner is known by its key, P-384 as Contrast's tools make it, or P-256. */
static void test_owner(void **state)
{
    static const enum ecc_curve curves[] = {ECC_CURVE_P256, ECC_CURVE_P384};

    for (size_t i = 0; i < 2; i++) {
        struct ecc_pair owner;

        (void) setup(state);
        assert_int_equal(ecc_generate(curves[i], &owner, &err), 0);
        config.key = &owner;
        answered("1.3");
        assert_true(ecc_public_eq(&server.peer.key, &owner.pub));
        (void) teardown(state);
    }
}

static void test_refused_evidence(void **state)
{
    (void) state;
    refuse = "measurement: expected aa, found bb";
    assert_int_equal(run(), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_string_equal(err.text, refuse);
    assert_int_equal(server.calls, 0); /* the request stayed here */
}

static void test_status(void **state)
{
    struct span message;

    (void) state;
    server.status = GRPC_FAILED_PRECONDITION;
    server.text = "not recovered";
    assert_int_equal(run(), 1);
    assert_int_equal(atls_call_status(call), GRPC_FAILED_PRECONDITION);
    assert_int_equal(atls_call_response(call, &message, &err), -1);
    assert_string_equal(err.text, "FailedPrecondition: not recovered");
}

static void test_old_certificate(void **state)
{
    (void) state;
    config.now_s = NOW + 3 * ATLS_LIFETIME_S;
    assert_int_equal(run(), -1);
    assert_non_null(strstr(err.text, "aTLS: peer's certificate: "));
    assert_int_equal(judged, 0);
}

static void test_closed(void **state)
{
    (void) state;
    mesh_server_start(&server);
    call = atls_call_new(&config, &err);
    assert_non_null(call);
    assert_int_equal(atls_call_step(call, &err), 0);
    atls_call_feed_end(call);
    assert_int_equal(atls_call_step(call, &err), -1);
    assert_string_equal(err.text, "tls: handshake: the peer closed the connection");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_13, setup, teardown),
        cmocka_unit_test_setup_teardown(test_12, setup, teardown),
        cmocka_unit_test(test_owner),
        cmocka_unit_test_setup_teardown(test_refused_evidence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
