/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's calls over nacre/1 against a Coordinator that does what a row wants: signed times that are not
 * what they should be, answers that are none, replays; and what the calls look like from the other end. */
#include "join.h"
#include "mesh_ca.h"
#include "meshapi.h"
#include "pem.h"
#include "ratls_link.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1760000000
#define CALLS_MAX 16
#define VOLUMES 2

/* What the server does wrong. */
enum fault {
    FAULT_NONE,
    FAULT_OTHER_KEY,    /* signs with a key that is not the mesh CA's */
    FAULT_OTHER_NONCE,  /* signs another connection's server nonce */
    FAULT_OTHER_CLIENT, /* signs for another client's key */
    FAULT_OTHER_TIME,   /* says another time than it signs */
    FAULT_NO_SIGNATURE,
    FAULT_EARLY,    /* its clock is before the floor */
    FAULT_REPLAY,   /* time and signature of an earlier connection's answer */
    FAULT_BODY,     /* answers to the volume calls with bytes that are none */
    FAULT_TIME_BODY /* answers to TIME with a body */
};

struct server {
    enum fault fault;
    unsigned from_call; /* the fault comes with this call */
    struct ecc_pair root;
    struct ecc_pair key;
    struct mesh_ca ca;
    uint8_t certificate[ATLS_CERTIFICATE_MAX];
    size_t certificate_len;
    struct ecc_public peer;
    uint8_t peer_spki[ECC_SPKI_MAX];
    size_t peer_spki_len;
    struct tls *tls;
    struct ratls_link link;
    unsigned calls;
    enum ratls_method methods[CALLS_MAX];
    struct epoch_call volumes[CALLS_MAX];
    char names[CALLS_MAX][EPOCH_NAME_MAX + 1];
    struct ratls_msg last; /* the answer that FAULT_REPLAY repeats */
};

static struct server server;
static struct policy_coordinator coordinator;
static struct join_config config;
static struct join *join;
static struct err err;
static char mesh_pem[2048];

static int on_verify(void *ctx, struct span certificate, struct err *e)
{
    struct server *s = ctx;
    struct atls_peer peer;
    if (atls_peer_parse(certificate, NOW, &peer, e) < 0)
        return -1;
    s->peer = peer.key;
    memcpy(s->peer_spki, peer.spki.data, peer.spki.len);
    s->peer_spki_len = peer.spki.len;
    return 0;
}

static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *e)
{
    struct server *s = ctx;
    (void) hello;
    (void) e;
    *certificate = span_of(s->certificate, s->certificate_len);
    return 0;
}

static void server_start(void)
{
    uint8_t ca[1024];
    uint8_t nonce[ATLS_NONCE_SIZE] = {0};
    struct writer w = writer_of(ca, sizeof(ca));
    struct writer own = writer_of(server.certificate, sizeof(server.certificate));
    const struct atls_template t = {.key = &server.key, .now_s = NOW, .serial = {1}};
    ratls_link_close(&server.link);
    tls_free(server.tls);
    server.calls = 0;
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &server.key, &err), 0);
    assert_int_equal(atls_ca_certificate(&server.key, nonce, &w, &err), 0);
    assert_int_equal(atls_certificate(&t, &own, &err), 0);
    server.certificate_len = own.len;
    const struct tls_config tls = {
        .versions = TLS_ONLY_13,
        .alpn = RATLS_ALPN,
        .key = &server.key,
        .ca_certificate = writer_span(&w),
        .calls = {on_verify, on_certificate, &server}
    };
    server.tls = tls_server(&tls, &err);
    assert_non_null(server.tls);
}

/* --- answers ---------------------------------------------------------------------------------------- */

static size_t put_pem(char *out, size_t cap, const struct mesh_ca_cert *cert)
{
    struct writer w = writer_of(out, cap);
    pem_put(&w, PEM_LABEL_CERTIFICATE, span_of(cert->der, cert->len));
    assert_false(w.bad);
    return w.len;
}

static void put_certificates(struct writer *body)
{
    static uint8_t der[MESH_CA_LEAF_MAX];
    static char chain[32768];
    char root[2048];
    const struct san san = {.kind = SAN_DNS, .text = span_str("web")};
    const struct mesh_ca_leaf leaf = {
        .key = &server.peer, .sans = &san, .san_count = 1, .serial = {2}, .now_s = NOW};
    struct writer w = writer_of(der, sizeof(der));
    struct writer c = writer_of(chain, sizeof(chain));
    assert_int_equal(mesh_ca_issue(&server.ca, &leaf, &w, &err), 0);
    pem_put(&c, PEM_LABEL_CERTIFICATE, writer_span(&w));
    pem_put(&c, PEM_LABEL_CERTIFICATE, span_of(server.ca.intermediate.der, server.ca.intermediate.len));
    const struct meshapi_response r = {
        .mesh_ca = span_of(mesh_pem, put_pem(mesh_pem, sizeof(mesh_pem), &server.ca.mesh)),
        .cert_chain = writer_span(&c),
        .root_ca = span_of(root, put_pem(root, sizeof(root), &server.ca.root))};
    assert_int_equal(meshapi_response_encode(&r, body, &err), 0);
}

static void put_volume(struct writer *body, struct span request)
{
    struct epoch_call call;
    const struct epoch_answer a = {.status = EPOCH_OK, .epoch = 40 + server.calls, .left_s = 900};
    if (epoch_call_decode(request, &call, &err) < 0)
        fail_msg("%s", err.text);
    server.volumes[server.calls] = call;
    (void) snprintf(server.names[server.calls], EPOCH_NAME_MAX + 1, "%.*s", (int) call.volume.len,
                    (const char *) call.volume.data);
    assert_int_equal(epoch_answer_encode(&a, body, &err), 0);
}

/* The time of this answer, with its fault. */
static void put_time(struct ratls_msg *msg, enum fault fault)
{
    AUTO_ECC_PAIR other = {0};
    struct ratls_time t;
    assert_int_equal(ratls_link_time(&server.link, span_of(server.peer_spki, server.peer_spki_len), &t, &err),
                     0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &other, &err), 0);
    t.time_s = fault == FAULT_EARLY ? NOW - 1000 : NOW + server.calls;
    t.nonce_s[0] ^= fault == FAULT_OTHER_NONCE;
    t.client[0] ^= fault == FAULT_OTHER_CLIENT;
    assert_int_equal(ratls_time_sign(&t, fault == FAULT_OTHER_KEY ? &other : &server.ca.key, &err), 0);
    msg->time_s = t.time_s + (fault == FAULT_OTHER_TIME);
    if (fault != FAULT_NO_SIGNATURE)
        memcpy(msg->signature, t.signature, sizeof(msg->signature));
    if (fault == FAULT_REPLAY) {
        msg->time_s = server.last.time_s;
        memcpy(msg->signature, server.last.signature, sizeof(msg->signature));
    }
    server.last = *msg;
}

static void answer(const struct ratls_msg *request)
{
    static uint8_t bytes[MESHAPI_RESPONSE_MAX];
    struct writer body = writer_of(bytes, sizeof(bytes));
    struct ratls_msg msg = {.type = RATLS_ANSWER};
    enum fault fault = server.calls >= server.from_call ? server.fault : FAULT_NONE;
    server.methods[server.calls] = request->method;
    if (request->method == RATLS_NEW_MESH_CERT)
        put_certificates(&body);
    if (request->method == RATLS_VOLUME)
        put_volume(&body, request->body);
    if (request->method == RATLS_VOLUME && fault == FAULT_BODY)
        bytes[0] = 99;
    if (request->method == RATLS_TIME && fault == FAULT_TIME_BODY)
        writer_u8(&body, 0);
    msg.body = writer_span(&body);
    put_time(&msg, fault);
    server.calls++;
    assert_int_equal(ratls_link_send(&server.link, &msg, &err), 0);
}

static void server_take(const struct ratls_msg *msg)
{
    struct ratls_msg evidence = {.type = RATLS_SERVER_EVIDENCE};
    const struct ratls_msg accepted = {.type = RATLS_ACCEPTED};
    if (msg->type == RATLS_HELLO) {
        assert_int_equal(rng_bytes(evidence.nonce, sizeof(evidence.nonce), &err), 0);
        assert_int_equal(ratls_link_bind(&server.link, evidence.nonce, &err), 0);
        assert_int_equal(ratls_link_send(&server.link, &evidence, &err), 0);
    } else if (msg->type == RATLS_CLIENT_EVIDENCE) {
        assert_int_equal(ratls_link_send(&server.link, &accepted, &err), 0);
    } else {
        answer(msg);
    }
}

static void server_step(void)
{
    struct ratls_msg msg;
    struct err ignored;
    if (server.link.in == NULL) {
        if (tls_handshake(server.tls, &ignored) != 1)
            return;
        assert_int_equal(ratls_link_open(&server.link, server.tls, RATLS_SERVER, &err), 0);
    }
    while (ratls_link_receive(&server.link, &msg, &ignored) == 1)
        server_take(&msg);
}

/* --- the guest -------------------------------------------------------------------------------------- */

static int give_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                         struct err *e)
{
    (void) ctx;
    (void) report_data;
    (void) e;
    writer_str(w, "evidence");
    return 0;
}

/* A connection with this config. Returns what join_step says; *why is set with -1. */
static int run(struct err *why)
{
    int rc = 0;
    join_free(join);
    server_start();
    join = join_new(&config, &err);
    if (join == NULL)
        fail_msg("%s", err.text);
    for (int i = 0; i < 40 && rc == 0; i++) {
        rc = join_step(join, why);
        struct span out = join_output(join);
        assert_int_equal(tls_feed(server.tls, out, &err), 0);
        join_sent(join, out.len);
        server_step();
        out = tls_output(server.tls);
        assert_int_equal(join_feed(join, out, &err), 0);
        tls_sent(server.tls, out.len);
    }
    return rc;
}

static int setup(void **state)
{
    static const uint8_t head[RATLS_HEAD_SIZE] = {9};
    const struct mesh_ca_serials serials = {{1}, {2}, {3}};
    AUTO_ECC_PAIR mesh = {0};
    (void) state;
    memset(&server, 0, sizeof(server));
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &server.root, &err), 0);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &mesh, &err), 0);
    assert_int_equal(mesh_ca_make(&server.root, &mesh, &serials, false, NOW, &server.ca, &err), 0);
    coordinator = (struct policy_coordinator){.has_root_ca_key = true};
    assert_int_equal(mesh_ca_key_digest(&server.root.pub, coordinator.root_ca_key_sha256, &err), 0);
    config = (struct join_config){
        .coordinator = &coordinator,
        .now_s = NOW,
        .floor_s = NOW - 100,
        .event_head = head,
        .evidence = give_evidence,
        .evidence_kind = RATLS_SNP,
        .leases = {.op = EPOCH_ACQUIRE,
                   .ttl_s = 900,
                   .holder = {7},
                   .count = VOLUMES,
                   .volumes = {{.name = "data"}, {.name = "logs"}}},
    };
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    join_free(join);
    join = NULL;
    ratls_link_close(&server.link);
    tls_free(server.tls);
    mesh_ca_wipe(&server.ca);
    return 0;
}

/* The mesh CA of a join that worked, for the connections after it. */
static void join_first(void)
{
    struct err why = {0};
    if (run(&why) != 1)
        fail_msg("%s", why.text);
    config.mesh_ca = span_of(mesh_pem, join_result(join)->mesh_ca.len);
}

static void test_join(void **state)
{
    struct err why = {0};
    (void) state;
    if (run(&why) != 1)
        fail_msg("%s", why.text);
    const struct join_result *r = join_result(join);
    assert_int_equal(server.calls, 3);
    assert_int_equal(server.methods[0], RATLS_NEW_MESH_CERT);
    assert_int_equal(server.methods[1], RATLS_VOLUME);
    assert_string_equal(server.names[1], "data");
    assert_string_equal(server.names[2], "logs");
    assert_int_equal(server.volumes[1].op, EPOCH_ACQUIRE);
    assert_int_equal(server.volumes[1].ttl_s, 900);
    assert_int_equal(server.volumes[2].holder[0], 7);
    assert_int_equal(r->volume_count, 2);
    assert_string_equal(r->volumes[0].name, "data");
    assert_true(r->volumes[0].answer.epoch == 41 && r->volumes[1].answer.epoch == 42);
    assert_int_equal(r->volumes[1].answer.left_s, 900);
    /* The certificates are what they were, though the connection went on. */
    assert_true(span_eq(r->mesh_ca, span_str(mesh_pem)) ||
                memcmp(r->mesh_ca.data, mesh_pem, r->mesh_ca.len) == 0);
    assert_true(r->cert_chain.len > 100 &&
                memcmp(r->cert_chain.data, "-----BEGIN CERTIFICATE-----", 27) == 0);
    /* The latest time, which its keeper can show to others. */
    assert_true(r->time.time_s == NOW + 2);
    assert_int_equal(ratls_time_check(&r->time, &server.ca.key.pub, &err), 0);
}

static void test_leases_only(void **state)
{
    struct err why = {0};
    (void) state;
    join_first();
    config.leases.op = EPOCH_ADVANCE;
    config.leases.ttl_s = 0;
    config.leases.volumes[0].expected = 41;
    config.leases.volumes[1].expected = 42;
    if (run(&why) != 1)
        fail_msg("%s", why.text);
    const struct join_result *r = join_result(join);
    assert_int_equal(server.calls, 2);
    assert_int_equal(server.methods[0], RATLS_VOLUME);
    assert_true(server.volumes[0].op == EPOCH_ADVANCE && server.volumes[0].expected == 41);
    assert_true(server.volumes[1].expected == 42);
    assert_int_equal(r->volume_count, 2);
    assert_int_equal(r->mesh_ca.len, 0);
    assert_int_equal(r->secret.len, 0);
    assert_true(r->time.time_s == NOW + 1);
    config.leases.count = 0;
    if (run(&why) != 1)
        fail_msg("%s", why.text);
    assert_int_equal(server.calls, 1);
    assert_int_equal(server.methods[0], RATLS_TIME);
    assert_true(join_result(join)->time.time_s == NOW);
}

/* Each fault in the first answer of a join, in its last one, and in the first of a connection for leases. */
static const struct {
    enum fault fault;
    enum err_code code;
    const char *text;
} faults[] = {
    {FAULT_OTHER_KEY,    ERR_DENIED, "nacre/1: signed time"                                               },
    {FAULT_OTHER_NONCE,  ERR_DENIED, "nacre/1: signed time"                                               },
    {FAULT_OTHER_CLIENT, ERR_DENIED, "nacre/1: signed time"                                               },
    {FAULT_OTHER_TIME,   ERR_DENIED, "nacre/1: signed time"                                               },
    {FAULT_NO_SIGNATURE, ERR_DENIED, "nacre/1: signed time"                                               },
    {FAULT_REPLAY,       ERR_DENIED, "nacre/1: signed time"                                               },
    {FAULT_EARLY,        ERR_DENIED, "the Coordinator's clock says 1759999000, which is before 1759999900"},
};

static void check_fault(enum fault fault, unsigned from_call, enum err_code code, const char *text)
{
    struct err why = {0};
    server.fault = fault;
    server.from_call = from_call;
    int rc = run(&why);
    if (rc != -1 || why.code != code || strstr(why.text, text) == NULL)
        fail_msg("fault %d at call %u: %d %s: %s", (int) fault, from_call, rc, err_code_name(why.code),
                 why.text);
    assert_int_equal(join_result(join)->volume_count, from_call > 0 ? from_call - 1 : 0);
    assert_int_equal(join_step(join, &why), -1); /* it stays so */
    server.fault = FAULT_NONE;
}

static void test_faults(void **state)
{
    (void) state;
    join_first();
    const struct span mesh_ca = config.mesh_ca;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        config.mesh_ca = span_of(NULL, 0);
        check_fault(faults[i].fault, 0, faults[i].code, faults[i].text);
        if (faults[i].fault != FAULT_REPLAY) /* within a connection the last one is of this connection */
            check_fault(faults[i].fault, 2, faults[i].code, faults[i].text);
        config.mesh_ca = mesh_ca;
        check_fault(faults[i].fault, 0, faults[i].code, faults[i].text);
    }
}

static void test_bodies(void **state)
{
    (void) state;
    join_first();
    config.mesh_ca = span_of(NULL, 0);
    check_fault(FAULT_BODY, 1, ERR_FORMAT, "volume data: epoch: status 99");
    config.mesh_ca = span_of(mesh_pem, strlen(mesh_pem));
    config.leases.count = 0;
    check_fault(FAULT_TIME_BODY, 0, ERR_FORMAT, "the answer to TIME has a body");
}

/* Another mesh CA than the one we know, as after a new manifest: the guest has to join again. */
static void test_other_mesh_ca(void **state)
{
    const struct mesh_ca_serials serials = {{4}, {5}, {6}};
    AUTO_ECC_PAIR mesh = {0};
    struct err why = {0};
    (void) state;
    join_first();
    mesh_ca_wipe(&server.ca);
    assert_int_equal(ecc_generate(ECC_CURVE_P384, &mesh, &err), 0);
    assert_int_equal(mesh_ca_make(&server.root, &mesh, &serials, false, NOW, &server.ca, &err), 0);
    assert_int_equal(run(&why), -1);
    assert_int_equal(why.code, ERR_DENIED);
    config.mesh_ca = span_of(NULL, 0);
    if (run(&why) != 1)
        fail_msg("%s", why.text);
}

static void refuse_config(const char *text)
{
    struct join *j = join_new(&config, &err);
    if (j != NULL || strstr(err.text, text) == NULL)
        fail_msg("expected %s: %s", text, j != NULL ? "a join" : err.text);
}

static void test_config(void **state)
{
    static const char other[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    struct err why = {0};
    (void) state;
    config.mesh_ca = span_str(other);
    refuse_config("mesh CA: ");
    coordinator.protocol = POLICY_CONTRAST;
    refuse_config("Contrast's dialect has no leases");
    coordinator.protocol = POLICY_NACRE_1;
    config.mesh_ca = span_of(NULL, 0);
    config.leases.count = POLICY_VOLUMES_MAX + 1;
    refuse_config("leases on 9 volumes");
    config.leases.count = 1;
    config.leases.ttl_s = 1; /* is refused when it is asked */
    assert_int_equal(run(&why), -1);
    assert_non_null(strstr(why.text, "acquire for 1 s"));
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_join),   ROW(test_leases_only),   ROW(test_faults),
        ROW(test_bodies), ROW(test_other_mesh_ca), ROW(test_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
