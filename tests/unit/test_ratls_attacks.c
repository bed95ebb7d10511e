/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attacks of docs/formats/ratls.md against both ends of nacre/1: each must be refused, and each has
 * beside it what an honest peer does in the same place. Reports are softpsp's, so "genuine" but for the test
 * root. */
#include "join.h"
#include "psp_report.h"
#include "psp_state.h"
#include "ratls_link.h"
#include "session.h"
#include "snp_evidence.h"
#include "snp_test.h"
#include "x509_write.h"

#define NOW CLOCK_2026
#define MEASUREMENT                                                                                          \
    "222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222"

static const char manifest_text[] =
    "{\"Policies\": {\"1111111111111111111111111111111111111111111111111111111111111111\":"
    " {\"SANs\": [\"web\"], \"WorkloadSecretID\": \"tests/web\"}},"
    " \"ReferenceValues\": {\"snp\": [{\"ProductName\": \"Genoa\", \"TrustedMeasurement\": \"" MEASUREMENT
    "\","
    " \"MinimumTCB\": {\"BootloaderVersion\": 10, \"TEEVersion\": 0, \"SNPVersion\": 28, "
    "\"MicrocodeVersion\": 88},"
    " \"GuestPolicy\": {\"ABIMinor\": 0, \"ABIMajor\": 0, \"SMT\": true, \"MigrateMA\": false, \"Debug\": "
    "false, \"SingleSocket\": false, \"CXLAllowed\": false, \"MemAES256XTS\": false, \"RAPLDis\": false,"
    " \"CipherTextHidingDRAM\": false, \"PageSwapDisable\": false},"
    " \"PlatformInfo\": {\"SMTEnabled\": false, \"TSMEEnabled\": false, \"ECCEnabled\": true, "
    "\"RAPLDisabled\": false, \"CiphertextHidingDRAMEnabled\": false, \"AliasCheckComplete\": true, "
    "\"TIOEnabled\": false},"
    " \"MinimumMitigationVector\": 0, \"AllowedChipIDs\": [%s]}]}}";

#define OTHER_CHIP                                                                                           \
    "\"11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"   \
    "111111111111111111111111111111\""

static struct psp_state psp;
static struct psp_options options;
static struct psp_vm vm;
static struct service service;
static struct session *session;
static struct err err;
static uint8_t evidence[RATLS_EVIDENCE_MAX];

static void quiet(const char *line)
{
    (void) line;
}

/* Genuine evidence of a good guest over these 64 bytes. */
static struct span report_over(const uint8_t *report_data)
{
    uint8_t report[SNP_REPORT_SIZE];
    struct writer w = writer_of(evidence, sizeof evidence);

    assert_int_equal(psp_report_make(&vm, 0, report_data, report, &err), 0);
    assert_int_equal(
        snp_evidence_encode(span_of(report, sizeof report), &psp.chain, SNP_PRODUCT_GENOA, &w, &err), 0);
    return writer_span(&w);
}

static void make_service(const char *chips)
{
    char text[4096];

    (void) snprintf(text, sizeof text, manifest_text, chips);
    memset(&service, 0, sizeof service);
    service.seed.seed.len = MESH_SECRET_SEED_SIZE;
    service.seed.salt.len = MESH_SECRET_SALT_SIZE;
    service.trust.roots[0] =
        (struct fileio_bytes){.data = malloc(psp.chain.ark.len), .len = psp.chain.ark.len};
    memcpy(service.trust.roots[0].data, psp.chain.ark.data, psp.chain.ark.len);
    service.trust.root_count = 1;
    service.trust.no_collateral = true;
    if (service_start(&service, span_str(text), "manifest.json", NOW, &err) < 0)
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    (void) state;
    if (psp_state_open("tests/vectors/psp", SNP_PRODUCT_GENOA, quiet, &psp, &err) < 0)
        fail_msg("%s", err.text);
    options = (struct psp_options){.product = SNP_PRODUCT_GENOA, .guest_policy = 0x30000, .vmpl = -1};
    memset(options.host_data, 0x11, sizeof options.host_data);
    vm = (struct psp_vm){.options = &options, .state = &psp};
    memset(vm.measurement, 0x22, sizeof vm.measurement);
    make_service("");
    session = session_new(&service, SESSION_MESH, NOW, &err);
    assert_non_null(session);
    return 0;
}

static int teardown(void **state)
{
    (void) state;
    session_free(session);
    service_free(&service);
    psp_state_wipe(&psp);
    return 0;
}

/* --- a TLS client or server that does what a row wants ------------------------------------------------ */

struct raw {
    struct ecc_pair key;
    uint8_t spki_bytes[ECC_SPKI_MAX];
    struct span spki;
    uint8_t der[ATLS_CERTIFICATE_MAX];
    struct span certificate;
    uint8_t peer_spki_bytes[ECC_SPKI_MAX];
    struct span peer_spki;
    struct tls *tls;
    struct ratls_link link;
    int (*certificate_call)(void *ctx, const struct tls_hello *hello, struct span *certificate,
                            struct err *e); /* NULL: on_certificate */
};

static int on_verify(void *ctx, struct span certificate, struct err *e)
{
    struct raw *r = ctx;
    struct atls_peer peer;

    if (atls_peer_parse(certificate, NOW, &peer, e) < 0)
        return -1;
    memcpy(r->peer_spki_bytes, peer.spki.data, peer.spki.len);
    r->peer_spki = span_of(r->peer_spki_bytes, peer.spki.len);
    return 0;
}

static int on_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate, struct err *e)
{
    struct raw *r = ctx;

    (void) hello;
    (void) e;
    *certificate = r->certificate;
    return 0;
}

/* A certificate of r's key; ext NULL: none. */
static void make_certificate(struct raw *r, const struct x509_ext *ext)
{
    uint8_t name[64];
    struct writer name_w = writer_of(name, sizeof name);
    struct writer w = writer_of(r->der, sizeof r->der);
    const struct x509_signer signer = x509_signer_ecc(&r->key);

    x509_put_name_cn(&name_w, "Contrast");
    const struct x509_template t = {.serial = span_str("\1"),
                                    .issuer = writer_span(&name_w),
                                    .subject = writer_span(&name_w),
                                    .not_before_s = NOW - 60,
                                    .not_after_s = NOW + 60,
                                    .spki = r->spki,
                                    .extensions = ext,
                                    .extension_count = ext == NULL ? 0 : 1};
    assert_int_equal(x509_write(&t, &signer, &w, &err), 0);
    r->certificate = writer_span(&w);
}

static void make_key(struct raw *r)
{
    struct writer w = writer_of(r->spki_bytes, sizeof r->spki_bytes);

    memset(r, 0, sizeof *r);
    assert_int_equal(ecc_generate(ECC_CURVE_P256, &r->key, &err), 0);
    ecc_public_to_spki(&r->key.pub, &w);
    r->spki = writer_span(&w);
    make_certificate(r, NULL);
}

static void raw_open(struct raw *r, bool server, enum tls_versions versions, const char *alpn)
{
    uint8_t ca[1024];
    uint8_t nonce[ATLS_NONCE_SIZE] = {0};
    struct writer w = writer_of(ca, sizeof ca);

    assert_int_equal(atls_ca_certificate(&r->key, nonce, &w, &err), 0);
    const struct tls_config config = {
        .versions = versions,
        .alpn = alpn,
        .key = &r->key,
        .placeholder = writer_span(&w),
        .ca_certificate = writer_span(&w),
        .calls = {on_verify, r->certificate_call != NULL ? r->certificate_call : on_certificate, r}
    };
    r->tls = server ? tls_server(&config, &err) : tls_client(&config, &err);
    assert_non_null(r->tls);
}

static void raw_close(struct raw *r)
{
    ratls_link_close(&r->link);
    tls_free(r->tls);
}

/* Both ends of a connection in our hands. */
static void connect_raw(struct raw *client, struct raw *server)
{
    int done = 0;

    for (int i = 0; i < 20 && done < 2; i++) {
        int a = tls_handshake(client->tls, &err);
        assert_int_equal(tls_feed(server->tls, tls_output(client->tls), &err), 0);
        tls_sent(client->tls, tls_output(client->tls).len);
        int b = tls_handshake(server->tls, &err);
        assert_int_equal(tls_feed(client->tls, tls_output(server->tls), &err), 0);
        tls_sent(server->tls, tls_output(server->tls).len);
        done = a + b;
    }
    assert_int_equal(done, 2);
}

/* As far as the bytes allow; whether it worked shows later. */
static void shake(struct raw *r)
{
    struct err ignored;

    if (*tls_version(r->tls) == '\0' && tls_handshake(r->tls, &ignored) < 0)
        tls_feed_end(r->tls);
}

/* Carry between the client and the session until nothing waits. -1: the session's error, in err. */
static int carry(struct raw *r)
{
    for (;;) {
        struct span out = tls_output(r->tls);
        int rc = 0;

        if (out.len > 0)
            rc = session_input(session, out, &err);
        tls_sent(r->tls, out.len);
        struct span in = session_output(session);
        if (rc < 0)
            return -1;
        if (out.len == 0 && in.len == 0)
            return 0;
        if (in.len > 0)
            assert_int_equal(tls_feed(r->tls, in, &err), 0);
        session_sent(session, in.len);
        shake(r);
    }
}

/* The handshake with the session. Returns carry's result. */
static int meet(struct raw *r)
{
    shake(r);
    return carry(r);
}

/* Handshake, HELLO, SERVER_EVIDENCE. */
static struct ratls_msg begin(struct raw *r)
{
    struct ratls_msg msg = {
        .type = RATLS_HELLO, .nonce = {1, 2, 3}
    };

    if (r->tls == NULL)
        raw_open(r, false, TLS_ANY, RATLS_ALPN);
    if (meet(r) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(ratls_link_open(&r->link, r->tls, RATLS_CLIENT, &err), 0);
    assert_int_equal(ratls_link_send(&r->link, &msg, &err), 0);
    assert_int_equal(carry(r), 0);
    assert_int_equal(ratls_link_receive(&r->link, &msg, &err), 1);
    assert_int_equal(msg.type, RATLS_SERVER_EVIDENCE);
    return msg;
}

/* Send this evidence; NULL: the session accepts, else it refuses with this text. */
static void claim(struct raw *r, struct span bytes, const char *refusal)
{
    struct ratls_msg msg = {.type = RATLS_CLIENT_EVIDENCE, .kind = RATLS_SNP, .evidence = bytes};

    memcpy(msg.head, r->link.binding.head, sizeof msg.head);
    assert_int_equal(ratls_link_send(&r->link, &msg, &err), 0);
    assert_int_equal(carry(r), 0);
    assert_int_equal(ratls_link_receive(&r->link, &msg, &err), 1);
    if (refusal == NULL) {
        if (msg.type != RATLS_ACCEPTED)
            fail_msg("%s", session_reason(session));
        return;
    }
    assert_int_equal(msg.type, RATLS_REFUSED);
    assert_true(session_answered(session));
    assert_int_not_equal(session_status(session), GRPC_OK);
    if (memmem(msg.text.data, msg.text.len, refusal, strlen(refusal)) == NULL)
        fail_msg("expected %s: %.*s", refusal, (int) msg.text.len, (const char *) msg.text.data);
}

static void own_report_data(struct raw *r, uint8_t *out)
{
    assert_int_equal(ratls_link_report_data(&r->link, RATLS_CLIENT, r->spki, out, &err), 0);
}

/* --- against the Coordinator --------------------------------------------------------------------------- */

/* Both have accepted. */
static void be_accepted(struct raw *r)
{
    uint8_t data[RATLS_REPORT_DATA_SIZE];

    make_key(r);
    (void) begin(r);
    own_report_data(r, data);
    claim(r, report_over(data), NULL);
}

/* One call. */
static struct ratls_msg call(struct raw *r, enum ratls_method method, struct span body)
{
    struct ratls_msg msg = {.type = RATLS_REQUEST, .method = method, .body = body};

    assert_int_equal(ratls_link_send(&r->link, &msg, &err), 0);
    if (carry(r) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(ratls_link_receive(&r->link, &msg, &err), 1);
    return msg;
}

/* Several calls on one connection, and the client's goodbye. */
static void test_honest(void **state)
{
    struct raw r;

    (void) state;
    be_accepted(&r);
    assert_false(session_served(session));
    for (int i = 0; i < 3; i++) {
        struct ratls_msg msg = call(&r, RATLS_NEW_MESH_CERT, span_of(NULL, 0));
        assert_int_equal(msg.type, RATLS_ANSWER);
        assert_true(msg.time_s == NOW);
        assert_true(session_served(session));
        assert_false(session_answered(session));
    }
    tls_close(r.tls);
    assert_int_equal(carry(&r), 0);
    assert_true(session_answered(session));
    assert_int_equal(session_status(session), GRPC_OK);
    raw_close(&r);
}

/* A client that only goes: in order after an answer, else not. */
static void test_cut(void **state)
{
    static const uint8_t half[] = {0, 0, 0, 1};

    (void) state;
    for (int i = 0; i < 3; i++) {
        struct raw r;

        be_accepted(&r);
        if (i > 0)
            assert_int_equal(call(&r, RATLS_NEW_MESH_CERT, span_of(NULL, 0)).type, RATLS_ANSWER);
        if (i == 2)
            assert_int_equal(tls_write(r.tls, span_of(half, sizeof half), &err), 0);
        assert_int_equal(carry(&r), 0);
        assert_int_equal(session_input(session, span_of(NULL, 0), &err), i == 1 ? 0 : -1);
        assert_int_equal(session_answered(session), i == 1);
        raw_close(&r);
        session_free(session);
        session = session_new(&service, SESSION_MESH, NOW, &err);
    }
}

/* After the last call of a connection nothing is next. */
static void test_calls_limit(void **state)
{
    struct raw r;
    const struct ratls_msg request = {.type = RATLS_REQUEST, .method = RATLS_NEW_MESH_CERT};

    (void) state;
    be_accepted(&r);
    for (int i = 0; i < RATLS_CALLS_MAX; i++) {
        assert_false(session_answered(session));
        assert_int_equal(call(&r, RATLS_NEW_MESH_CERT, span_of(NULL, 0)).type, RATLS_ANSWER);
    }
    assert_true(session_answered(session));
    assert_int_equal(ratls_link_send(&r.link, &request, &err), -1);
    assert_string_equal(err.text, "nacre/1: REQUEST from the client out of turn");
    raw_close(&r);
}

/* Two requests at once; a request after a refusal. */
static void test_calls_out_of_turn(void **state)
{
    static const uint8_t two[] = {0, 0, 0, 1, 5, 1, 0, 0, 0, 1, 5, 1};
    static const uint8_t evidence_again[5 + 50] = {0, 0, 0, 50, 3};
    struct raw r;

    (void) state;
    be_accepted(&r);
    assert_int_equal(tls_write(r.tls, span_of(two, sizeof two), &err), 0);
    assert_int_equal(carry(&r), -1);
    assert_string_equal(err.text, "nacre/1: 6 bytes behind REQUEST, before it was answered");
    raw_close(&r);
    session_free(session);
    session = session_new(&service, SESSION_MESH, NOW, &err);
    be_accepted(&r);
    assert_int_equal(call(&r, RATLS_NEW_MESH_CERT, span_of(NULL, 0)).type, RATLS_ANSWER);
    struct ratls_msg msg = {.type = RATLS_CLIENT_EVIDENCE, .kind = RATLS_SNP, .evidence = span_of(two, 1)};
    assert_int_equal(ratls_link_send(&r.link, &msg, &err), -1);
    assert_int_equal(tls_write(r.tls, span_of(evidence_again, sizeof evidence_again), &err), 0);
    assert_int_equal(carry(&r), -1);
    raw_close(&r);
    session_free(session);
    session = session_new(&service, SESSION_MESH, NOW, &err);
    be_accepted(&r);
    assert_int_equal(call(&r, RATLS_NEW_MESH_CERT, span_of(two, 1)).type, RATLS_REFUSED);
    assert_true(session_answered(session));
    msg = (struct ratls_msg){.type = RATLS_REQUEST, .method = RATLS_NEW_MESH_CERT};
    assert_int_equal(ratls_link_send(&r.link, &msg, &err), -1);
    raw_close(&r);
}

/* Calls that are none, each refused for good; the one for the time, which is signed for this connection. */
static void test_volume_and_time(void **state)
{
    static const struct {
        enum ratls_method method;
        const char *body;
        const char *text;
    } rows[] = {
        {RATLS_VOLUME, "",                                 "epoch: a call of 0 bytes is cut"},
        {RATLS_VOLUME, "\1\4datahhhhhhhhhhhhhhhheeeeeeee", "is cut, or too long"            },
        {RATLS_TIME,   "x",                                "TIME has no body"               },
    };
    struct raw r;
    struct ratls_time t;

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        be_accepted(&r);
        struct ratls_msg msg = call(&r, rows[i].method, span_str(rows[i].body));
        assert_int_equal(msg.type, RATLS_REFUSED);
        if (memmem(msg.text.data, msg.text.len, rows[i].text, strlen(rows[i].text)) == NULL)
            fail_msg("%.*s", (int) msg.text.len, (const char *) msg.text.data);
        raw_close(&r);
        session_free(session);
        session = session_new(&service, SESSION_MESH, NOW, &err);
    }
    be_accepted(&r);
    for (unsigned i = 0; i < 2; i++) {
        session_tick(session, NOW + i, 1000);
        struct ratls_msg msg = call(&r, RATLS_TIME, span_of(NULL, 0));
        assert_int_equal(msg.type, RATLS_ANSWER);
        assert_int_equal(msg.body.len, 0);
        assert_int_equal(msg.time_s, NOW + i);
        assert_int_equal(ratls_link_time(&r.link, r.spki, &t, &err), 0);
        t.time_s = msg.time_s;
        memcpy(t.signature, msg.signature, sizeof t.signature);
        assert_int_equal(ratls_time_check(&t, &service.current->ca.key.pub, &err), 0);
    }
    assert_false(session_issued(session));
    assert_string_equal(session_volumes(session), "");
    raw_close(&r);
}

/* A TDX quote is judged by TDX's entries, of which this manifest has none (test_tdx_join has the others). */
static void test_tdx(void **state)
{
    struct raw r;
    struct ratls_msg msg = {
        .type = RATLS_CLIENT_EVIDENCE, .kind = RATLS_TDX, .evidence = span_of(evidence, 700)};

    (void) state;
    make_key(&r);
    (void) begin(&r);
    assert_int_equal(ratls_link_send(&r.link, &msg, &err), 0);
    assert_int_equal(carry(&r), 0);
    assert_int_equal(ratls_link_receive(&r.link, &msg, &err), 1);
    assert_int_equal(msg.type, RATLS_REFUSED);
    assert_string_equal(session_reason(session), "platform: the manifest has no ReferenceValues.tdx entry");
    raw_close(&r);
}

/* The guest's TLS key has leaked. The attacker ends the guest's connection, opens one of its own with the
 * same key, and hands on nonces and genuine evidence. */
static void test_relay(void **state)
{
    struct raw guest;
    struct raw trap;
    struct raw thief;
    uint8_t data[RATLS_REPORT_DATA_SIZE];
    uint8_t context[2 * RATLS_NONCE_SIZE];

    (void) state;
    make_key(&guest);
    make_key(&trap);
    thief = guest; /* key and certificate */
    thief.spki.data = thief.spki_bytes;
    thief.certificate.data = thief.der;
    raw_open(&guest, false, TLS_ONLY_13, RATLS_ALPN);
    raw_open(&trap, true, TLS_ANY, RATLS_ALPN);
    connect_raw(&guest, &trap);
    (void) begin(&thief);
    struct ratls_binding b = thief.link.binding; /* both nonces are the same on both connections */
    b.role = RATLS_CLIENT;
    b.spki = guest.spki;
    memcpy(context, b.nonce_c, RATLS_NONCE_SIZE);
    memcpy(context + RATLS_NONCE_SIZE, b.nonce_s, RATLS_NONCE_SIZE);
    assert_int_equal(
        tls_export(guest.tls, RATLS_EXPORTER, span_of(context, sizeof context), b.ekm, RATLS_EKM_SIZE, &err),
        0);
    assert_int_equal(ratls_report_data(&b, data, &err), 0);
    claim(&thief, report_over(data), "report data");
    raw_close(&guest);
    raw_close(&trap);
    raw_close(&thief);
}

/* The same theft against aTLS: evidence for the key and the Coordinator's nonce, shown by who has the key. */
static int on_atls_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate,
                               struct err *e)
{
    static const uint8_t oid[] = {0x2b, 0xcd, 0x2d, 0x02, 0x01};
    struct raw *r = ctx;
    uint8_t nonce[ATLS_NONCE_SIZE];
    uint8_t data[ATLS_REPORT_DATA_SIZE];

    if (atls_name_decode(hello->names, hello->name_count, nonce, e) < 0 ||
        atls_report_data(r->spki, nonce, data, e) < 0)
        return -1;
    const struct x509_ext ext = {
        .oid = {oid, sizeof oid},
          .value = report_over(data)
    }; /* by the guest */
    make_certificate(r, &ext);
    *certificate = r->certificate;
    return 0;
}

/* Why nacre/1 exists: aTLS cannot tell. */
static void test_relay_atls(void **state)
{
    struct raw thief;
    char alpn[ATLS_ALPN_SIZE];
    uint8_t nonce[ATLS_NONCE_SIZE] = {7};

    (void) state;
    make_key(&thief);
    assert_int_equal(atls_alpn_encode(nonce, alpn, &err), 0);
    thief.certificate_call = on_atls_certificate;
    raw_open(&thief, false, TLS_ONLY_13, alpn);
    assert_int_equal(meet(&thief), 0);
    assert_int_equal(session_peer(session)->status, GRPC_OK);
    raw_close(&thief);
}

/* The Coordinator runs in a TEE; its own evidence comes back, from a machine that the manifest would let in.
 */
static int server_evidence(void *ctx, const uint8_t report_data[SNP_REPORT_DATA_SIZE], struct writer *w,
                           struct err *e)
{
    uint8_t data[SNP_REPORT_DATA_SIZE];

    (void) e;
    memcpy(data, report_data, sizeof data);
    if (ctx != NULL)
        data[0] ^= 1;
    writer_bytes(w, report_over(data));
    return 0;
}

static void test_reflection(void **state)
{
    struct raw r;
    static uint8_t reflected[RATLS_EVIDENCE_MAX];

    (void) state;
    service.evidence = server_evidence;
    service.evidence_kind = RATLS_SNP;
    make_key(&r);
    struct ratls_msg msg = begin(&r);
    assert_int_equal(msg.kind, RATLS_SNP);
    memcpy(reflected, msg.evidence.data, msg.evidence.len);
    claim(&r, span_of(reflected, msg.evidence.len), "report data");
    raw_close(&r);
}

/* A genuine machine, rightly measured, but not one of ours. */
static void test_diversion(void **state)
{
    struct raw r;
    uint8_t data[RATLS_REPORT_DATA_SIZE];

    (void) state;
    session_free(session);
    service_free(&service);
    make_service(OTHER_CHIP);
    session = session_new(&service, SESSION_MESH, NOW, &err);
    make_key(&r);
    (void) begin(&r);
    own_report_data(&r, data);
    claim(&r, report_over(data), "chip id");
    raw_close(&r);
}

/* What the 64 bytes may be made of instead. */
static void stale_server_nonce(struct ratls_binding *b)
{
    b->nonce_s[0] ^= 1;
}
static void stale_client_nonce(struct ratls_binding *b)
{
    b->nonce_c[0] ^= 1;
}
static void other_head(struct ratls_binding *b)
{
    b->head[0] ^= 1;
}
static void other_session(struct ratls_binding *b)
{
    b->ekm[0] ^= 1;
}
static void servers_role(struct ratls_binding *b)
{
    b->role = RATLS_SERVER;
}

static void test_bindings(void **state)
{
    static void (*const changes[])(struct ratls_binding *) = {stale_server_nonce, stale_client_nonce,
                                                              other_head, other_session, servers_role};

    (void) state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct raw r;
        uint8_t data[RATLS_REPORT_DATA_SIZE];

        make_key(&r);
        (void) begin(&r);
        struct ratls_binding b = r.link.binding;
        b.role = RATLS_CLIENT;
        b.spki = r.spki;
        changes[i](&b);
        assert_int_equal(ratls_report_data(&b, data, &err), 0);
        claim(&r, report_over(data), "report data");
        raw_close(&r);
        session_free(session);
        session = session_new(&service, SESSION_MESH, NOW, &err);
    }
}

/* Report data of other schemes, over the right key: no nonce at all, zeros, aTLS's. */
static void test_no_nonce(void **state)
{
    (void) state;
    for (int i = 0; i < 3; i++) {
        struct raw r;
        uint8_t data[RATLS_REPORT_DATA_SIZE] = {0};

        make_key(&r);
        (void) begin(&r);
        if (i == 0)
            assert_int_equal(hash_bytes(HASH_SHA512, r.spki, data, &err), 0);
        if (i == 1)
            assert_int_equal(atls_report_data(r.spki, r.link.binding.nonce_s, data, &err), 0);
        claim(&r, report_over(data), "report data");
        raw_close(&r);
        session_free(session);
        session = session_new(&service, SESSION_MESH, NOW, &err);
    }
}

static void test_no_evidence(void **state)
{
    struct raw r;
    struct ratls_msg msg = {.type = RATLS_CLIENT_EVIDENCE, .kind = RATLS_NO_TEE};

    (void) state;
    make_key(&r);
    (void) begin(&r);
    assert_int_equal(ratls_link_send(&r.link, &msg, &err), 0);
    assert_int_equal(carry(&r), 0);
    assert_int_equal(ratls_link_receive(&r.link, &msg, &err), 1);
    assert_int_equal(msg.type, RATLS_REFUSED);
    raw_close(&r);
}

/* The handshake fails, or what follows does, with this text. */
static void check_broken(struct raw *r, const char *text)
{
    int rc = meet(r);
    if (rc != -1 || strstr(err.text, text) == NULL)
        fail_msg("expected %s: %d %s", text, rc, err.text);
    raw_close(r);
}

static void test_evidence_in_certificate(void **state)
{
    static const uint8_t oid[] = {0x2b, 0xcd, 0x2d, 0x02, 0x01};

    (void) state;
    for (int critical = 0; critical < 2; critical++) {
        struct raw r;
        const struct x509_ext ext = {
            .oid = {oid, sizeof oid},
              .critical = critical == 1, .value = {oid, sizeof oid}
        };

        make_key(&r);
        make_certificate(&r, &ext);
        raw_open(&r, false, TLS_ONLY_13, RATLS_ALPN);
        check_broken(&r, critical ? "Critical extension" : "nacre/1: evidence in the client's certificate");
        session_free(session);
        session = session_new(&service, SESSION_MESH, NOW, &err);
    }
}

static void test_versions_and_names(void **state)
{
    static const struct {
        enum tls_versions versions;
        const char *alpn;
        const char *text;
    } rows[] = {
        {TLS_ONLY_12, "nacre/1",                                                                      "nacre/1: TLS 1.2, expected 1.3"},
        {TLS_ONLY_13, "nacre/1,h2",                                                                   "two dialects"                  },
        {TLS_ONLY_13, "nacre/2",                                                                      ""                              },
        {TLS_ONLY_13,
         "nacre/1,atls:v1:nonce:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,h2", "two dialects"                  },
        {TLS_ONLY_13,
         "atls:v1:nonce:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,h2,nacre/1", "two dialects"                  },
    };

    (void) state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw r;

        make_key(&r);
        raw_open(&r, false, rows[i].versions, rows[i].alpn);
        check_broken(&r, rows[i].text);
        session_free(session);
        session = session_new(&service, SESSION_MESH, NOW, &err);
    }
}

/* Bytes instead of messages, after a good handshake and, with `begun`, after SERVER_EVIDENCE. */
static void check_bytes(const uint8_t *bytes, size_t len, bool begun, const char *text)
{
    struct raw r;

    make_key(&r);
    if (begun) {
        (void) begin(&r);
    } else {
        raw_open(&r, false, TLS_ONLY_13, RATLS_ALPN);
        assert_int_equal(meet(&r), 0);
    }
    assert_int_equal(tls_write(r.tls, span_of(bytes, len), &err), 0);
    int rc = carry(&r);
    if (rc != -1 || strstr(err.text, text) == NULL)
        fail_msg("expected %s: %d %s", text, rc, err.text);
    raw_close(&r);
    session_free(session);
    session = session_new(&service, SESSION_MESH, NOW, &err);
}

static void test_out_of_turn(void **state)
{
    static const uint8_t request[] = {0, 0, 0, 1, 5, 1};
    static const uint8_t accepted[] = {0, 0, 0, 0, 4};
    static const uint8_t oversized[] = {0, 0, 0x40, 0x32, 3};
    static const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 3};
    uint8_t ahead[5 + 32 + 1] = {0, 0, 0, 32, 1};

    (void) state;
    check_bytes(request, sizeof request, false, "REQUEST from the client out of turn");
    check_bytes(request, sizeof request, true, "REQUEST from the client out of turn");
    check_bytes(accepted, sizeof accepted, true, "ACCEPTED from the client out of turn");
    check_bytes(oversized, sizeof oversized, true, "CLIENT_EVIDENCE has 16434 bytes");
    check_bytes(huge, sizeof huge, true, "CLIENT_EVIDENCE has 4294967295 bytes");
    check_bytes(ahead, sizeof ahead, false, "1 bytes behind HELLO, before it was answered");
}

/* --- against the guest -----------------------------------------------------------------------------------
 */

static unsigned reports;

static int guest_evidence(void *ctx, const uint8_t report_data[ATLS_REPORT_DATA_SIZE], struct writer *w,
                          struct err *e)
{
    reports++;
    return server_evidence(ctx, report_data, w, e);
}

/* A guest that pins the Coordinator's evidence. */
static void make_pin(struct policy_coordinator *pin)
{
    *pin = (struct policy_coordinator){.protocol = POLICY_NACRE_1, .reference_count = 1};
    memset(pin->references[0].measurement, 0x22, POLICY_MEASUREMENT_SIZE);
}

/* A guest with this pin against the session. NULL: it joins; else it must refuse with this text. */
static void check_guest(const struct policy_coordinator *pin, int64_t now_s, const char *text)
{
    static const uint8_t head[RATLS_HEAD_SIZE] = {9};
    const struct join_config config = {.coordinator = pin,
                                       .now_s = now_s,
                                       .event_head = head,
                                       .test_root = psp.chain.ark,
                                       .evidence = guest_evidence,
                                       .evidence_kind = RATLS_SNP};
    struct join *join = join_new(&config, &err);
    struct err why = {0};
    int rc = 0;

    assert_non_null(join);
    reports = 0;
    for (int i = 0; i < 20 && rc == 0; i++) {
        struct span in = session_output(session);

        if (in.len > 0)
            assert_int_equal(join_feed(join, in, &err), 0);
        session_sent(session, in.len);
        rc = join_step(join, &why);
        struct span out = join_output(join);
        if (rc >= 0 && out.len > 0 && session_input(session, out, &err) < 0)
            fail_msg("%s", err.text);
        join_sent(join, out.len);
    }
    if (text == NULL ? rc != 1 : rc != -1 || strstr(why.text, text) == NULL)
        fail_msg("expected %s: %d %s", text == NULL ? "a join" : text, rc, why.text);
    join_free(join);
    session_free(session);
    session = session_new(&service, SESSION_MESH, NOW, &err);
}

static void test_guest(void **state)
{
    struct policy_coordinator pin;
    static uint8_t stale = 1;

    (void) state;
    make_pin(&pin);
    check_guest(&pin, NOW, "evidence: it shows none, and the policy has reference values");
    assert_int_equal(reports, 0); /* nothing of ours went to it */
    service.evidence = server_evidence;
    service.evidence_kind = RATLS_SNP;
    check_guest(&pin, NOW, NULL);
    service.evidence_ctx = &stale;
    check_guest(&pin, NOW, "evidence: report data");
    assert_int_equal(reports, 0);
    service.evidence_ctx = NULL;
    service.evidence_kind = RATLS_TDX;
    check_guest(&pin, NOW, "evidence: TDX, which a guest cannot judge: it has no collateral");
    assert_int_equal(reports, 0);
    service.evidence_kind = RATLS_SNP;
    pin.references[0].measurement[0] ^= 1;
    check_guest(&pin, NOW, "evidence: measurement");
    pin.references[0].measurement[0] ^= 1;
    pin.references[0].chip_count = 1; /* a chip of zeros */
    check_guest(&pin, NOW, "evidence: chip id");
}

/* The host's clock is behind: the answer's time counts for the dates of what was issued, in nacre/1 only. */
static void test_time(void **state)
{
    struct policy_coordinator pin;
    const int64_t late_s = NOW - MESH_CA_BACK_S - 60;

    (void) state;
    make_pin(&pin);
    service.evidence = server_evidence;
    service.evidence_kind = RATLS_SNP;
    check_guest(&pin, late_s, NULL);
    pin = (struct policy_coordinator){.protocol = POLICY_CONTRAST};
    check_guest(&pin, late_s, "valid");
}

int main(void)
{
#define ROW(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_honest),
        ROW(test_cut),
        ROW(test_calls_limit),
        ROW(test_calls_out_of_turn),
        ROW(test_tdx),
        ROW(test_volume_and_time),
        ROW(test_relay),
        ROW(test_relay_atls),
        ROW(test_reflection),
        ROW(test_diversion),
        ROW(test_bindings),
        ROW(test_no_nonce),
        ROW(test_no_evidence),
        ROW(test_evidence_in_certificate),
        ROW(test_versions_and_names),
        ROW(test_out_of_turn),
        ROW(test_guest),
        ROW(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
