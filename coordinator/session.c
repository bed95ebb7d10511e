/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_parts.h"

#include "metrics.h"
#include "rng.h"
#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is nacre/1 among these names, joined by commas? */
static bool names_nacre(struct span alpn)
{
    const char *name = "," RATLS_ALPN ",";
    char text[TLS_ALPN_LIST_MAX + 3];
    struct writer w = writer_of(text, sizeof text);

    writer_u8(&w, ',');
    writer_bytes(&w, alpn);
    writer_str(&w, ",");
    return !w.bad && memmem(text, w.len, name, strlen(name)) != NULL;
}

/* aTLS: our evidence for this key and the client's nonce, if we have a TEE. */
static int add_evidence(struct session *s, const uint8_t client_nonce[ATLS_NONCE_SIZE], struct writer *w,
                        struct err *err)
{
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t report_data[ATLS_REPORT_DATA_SIZE];
    struct writer key = writer_of(spki, sizeof spki);

    if (s->service->evidence == NULL)
        return 0;
    ecc_public_to_spki(&s->key.pub, &key);
    if (key.bad)
        return err_set(err, ERR_LIMIT, 0, "own key does not fit");
    if (atls_report_data(writer_span(&key), client_nonce, report_data, err) < 0)
        return -1;
    return service_evidence_message(s->service, report_data, w, err);
}

/* aTLS: the client's nonce, by the current form or, where the operator allows it, by the older one. */
static int take_nonce(const struct session *s, const struct tls_hello *hello, uint8_t nonce[ATLS_NONCE_SIZE],
                      struct err *err)
{
    struct err why;

    if (atls_alpn_decode(hello->alpn, nonce, &why) == 0)
        return 0;
    if (why.code != ERR_MISSING || !s->service->accept_sni_nonce) {
        *err = why;
        return -1;
    }
    return atls_server_name_decode(hello->alpn, hello->server_name, nonce, err);
}

/* Our certificate for this connection, once the client's ALPN names tell its dialect. aTLS: the evidence in
 * it answers to the client's nonce. */
static int give_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate,
                            struct err *err)
{
    struct session *s = ctx;
    uint8_t client_nonce[ATLS_NONCE_SIZE];
    struct atls_template t = {.key = &s->key, .now_s = s->now_s};
    size_t evidence_max = s->service->evidence != NULL ? ATLS_EVIDENCE_MAX : 0;
    AUTO_FREE uint8_t *evidence = malloc(evidence_max + 1);
    uint8_t *made = malloc(evidence_max + SESSION_CERTIFICATE_MAX);
    struct writer e = writer_of(evidence, evidence != NULL ? evidence_max : 0);
    struct writer w = writer_of(made, evidence_max + SESSION_CERTIFICATE_MAX);

    free(s->certificate);
    s->certificate = made;
    if (evidence == NULL || made == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for a certificate");
    s->nacre = span_eq_str(hello->alpn, RATLS_ALPN);
    if (!s->nacre && names_nacre(hello->alpn))
        return err_set(err, ERR_FORMAT, 0, "ALPN: nacre/1 beside other names: two dialects");
    if (!s->nacre &&
        (take_nonce(s, hello, client_nonce, err) < 0 || add_evidence(s, client_nonce, &e, err) < 0))
        return -1;
    t.kind = s->service->evidence_kind == RATLS_TDX ? ATLS_TDX : ATLS_SNP;
    t.evidence = writer_span(&e);
    if (rng_bytes(t.serial, sizeof t.serial, err) < 0 || atls_certificate(&t, &w, err) < 0)
        return -1;
    *certificate = writer_span(&w);
    return 0;
}

/* The peer's certificate must have the right form; what its evidence says is told in the answer to its call.
 */
static int take_certificate(void *ctx, struct span certificate, struct err *err)
{
    struct session *s = ctx;
    struct atls_peer peer;

    if (s->kind == SESSION_USER)
        return session_user_note(s, certificate, err);
    if (atls_peer_parse(certificate, s->now_s, &peer, err) < 0)
        return -1;
    if (s->nacre)
        return session_nacre_note(s, &peer, err);
    s->have_peer = true;
    if (s->generation == NULL) {
        s->peer = (struct examine_peer){.key = peer.key, .status = GRPC_FAILED_PRECONDITION};
        (void) snprintf(s->peer.reason, sizeof s->peer.reason, "%s", service_unready(s->service));
        return 0;
    }
    examine_atls(&s->generation->manifest, &s->service->trust, &peer, s->nonce, s->now_s, &s->peer);
    return 0;
}

static int make_tls(struct session *s, struct err *err)
{
    uint8_t ca[SESSION_CERTIFICATE_MAX];
    struct writer w = writer_of(ca, sizeof ca);

    if (ecc_generate(ECC_CURVE_P256, &s->key, err) < 0 || rng_bytes(s->nonce, sizeof s->nonce, err) < 0 ||
        atls_ca_certificate(&s->key, s->nonce, &w, err) < 0)
        return -1;
    const struct tls_config config = {
        .versions = TLS_ANY,
        .alpn = RATLS_ALPN "," ATLS_ALPN_H2,
        .key = &s->key,
        .ca_certificate = writer_span(&w),
        .certificate_optional = s->kind == SESSION_USER,
        .server_name = s->service->accept_sni_nonce,
        .calls = {.verify = take_certificate, .certificate = give_certificate, .ctx = s},
    };
    s->tls = tls_server(&config, err);
    return s->tls == NULL ? -1 : 0;
}

struct session *session_new(struct service *service, enum session_kind kind, int64_t now_s, struct err *err)
{
    struct session *s = calloc(1, sizeof *s);

    if (s == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "a new session");
        return NULL;
    }
    s->service = service;
    s->generation = service->current == NULL ? NULL : generation_ref(service->current);
    s->kind = kind;
    s->now_s = now_s;
    s->status = GRPC_UNKNOWN;
    s->call = "";
    if (make_tls(s, err) < 0) {
        session_free(s);
        return NULL;
    }
    return s;
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    grpc_free(s->grpc);
    ratls_link_close(&s->link);
    tls_free(s->tls);
    ecc_wipe(&s->key);
    free(s->certificate);
    generation_unref(s->generation);
    free(s);
}

static int open_dialect(struct session *s, struct err *err)
{
    if (s->kind == SESSION_USER)
        return session_user_open(s, err);
    if (!s->have_peer)
        return err_set(err, ERR_DENIED, 0, "the handshake was completed without a client certificate");
    return s->nacre ? session_nacre_open(s, err) : session_contrast_open(s, err);
}

static int step(struct session *s, struct err *err)
{
    if (!s->opened) {
        int done = tls_handshake(s->tls, err);

        if (done <= 0)
            return done;
        if (open_dialect(s, err) < 0)
            return -1;
        s->opened = true;
    }
    return s->nacre ? session_nacre_step(s, err) : session_contrast_step(s, err);
}

void session_tick(struct session *s, int64_t now_s, uint64_t now_ms)
{
    s->now_s = now_s;
    s->now_ms = now_ms;
}

int session_input(struct session *s, struct span bytes, struct err *err)
{
    if (s->answered)
        return 0;
    const size_t max = s->kind == SESSION_USER ? SESSION_USER_INPUT_MAX : SESSION_INPUT_MAX;

    s->input_len += bytes.len;
    if (s->input_len > max)
        return err_set(err, ERR_LIMIT, 0, "the peer sent more than %zu bytes", max);
    if (bytes.len == 0 && session_served(s)) {
        s->answered = true;
        return 0;
    }
    if (bytes.len == 0)
        tls_feed_end(s->tls);
    else if (tls_feed(s->tls, bytes, err) < 0)
        return -1;
    if (step(s, err) < 0)
        return -1;
    if (bytes.len == 0 && !s->answered)
        return err_set(err, ERR_FORMAT, 0, "the peer closed the connection before its call was complete");
    return 0;
}

struct span session_output(const struct session *s)
{
    return tls_output(s->tls);
}

void session_sent(struct session *s, size_t len)
{
    tls_sent(s->tls, len);
}

bool session_answered(const struct session *s)
{
    return s->answered;
}

bool session_served(const struct session *s)
{
    return s->nacre && s->opened && ratls_link_served(&s->link);
}

bool session_opened(const struct session *s)
{
    return s->opened;
}

bool session_admitted(const struct session *s)
{
    return s->have_peer && s->peer.status == GRPC_OK;
}

enum grpc_status session_status(const struct session *s)
{
    return s->status;
}

const char *session_reason(const struct session *s)
{
    return s->reason;
}

const struct examine_peer *session_peer(const struct session *s)
{
    return s->have_peer ? &s->peer : NULL;
}

const char *session_volumes(const struct session *s)
{
    return s->volumes;
}

bool session_issued(const struct session *s)
{
    return s->issued;
}

const char *session_call(const struct session *s)
{
    return s->call;
}

struct span session_user_key(const struct session *s)
{
    return span_of(s->user_spki, s->user_spki_len);
}

const char *session_tls_version(const struct session *s)
{
    return tls_version(s->tls);
}

const char *session_protocol(const struct session *s)
{
    return s->nacre ? RATLS_ALPN : "contrast";
}

static enum metrics_protocol protocol_of(const struct session *s)
{
    if (s->kind == SESSION_USER)
        return METRICS_USERAPI;
    return s->nacre ? METRICS_NACRE : METRICS_CONTRAST;
}

void session_note(struct session *s, enum grpc_status status, const char *reason)
{
    s->status = status;
    (void) snprintf(s->reason, sizeof s->reason, "%s", reason);
    metrics_answer(s->service->metrics, protocol_of(s), status);
    if (status == GRPC_OK && s->kind == SESSION_MESH)
        metrics_set(s->service->metrics, METRICS_LAST_JOIN, (uint64_t) s->now_s);
    if (s->have_peer && s->peer.check != NULL)
        metrics_refused_check(s->service->metrics, s->peer.check);
}
