/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include "rng.h"
#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESPONSE_MAX 131072  /* bytes */
#define CERTIFICATE_MAX 1024 /* bytes of a certificate of ours: no evidence in it */

_Static_assert(RESPONSE_MAX >= MESHAPI_RESPONSE_MAX, "an answer fits");

struct session {
    const struct service *service;
    int64_t now_s;
    uint8_t nonce[ATLS_NONCE_SIZE];
    uint8_t certificate[CERTIFICATE_MAX]; /* ours */
    size_t input_len;                     /* bytes taken so far */
    struct tls *tls;
    struct grpc *grpc; /* after the handshake */
    bool have_peer;
    bool answered;
    struct service_peer peer;
    enum grpc_status status; /* of the answer */
    char reason[SERVICE_REASON_MAX];
};

/* Our certificate for this connection. The client's nonce is checked for its form; without a TEE there is no
 * evidence that could answer to it. */
static int give_certificate(void *ctx, const struct tls_hello *hello, struct span *certificate,
                            struct err *err)
{
    struct session *s = ctx;
    uint8_t client_nonce[ATLS_NONCE_SIZE];
    struct atls_template t = {.key = &s->service->tls_key, .now_s = s->now_s};
    struct writer w = writer_of(s->certificate, sizeof s->certificate);

    if (atls_alpn_decode(hello->alpn, client_nonce, err) < 0 ||
        rng_bytes(t.serial, sizeof t.serial, err) < 0 || atls_certificate(&t, &w, err) < 0)
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

    if (atls_peer_parse(certificate, s->now_s, &peer, err) < 0)
        return -1;
    service_examine(s->service, &peer, s->nonce, s->now_s, &s->peer);
    s->have_peer = true;
    return 0;
}

static int make_tls(struct session *s, struct err *err)
{
    uint8_t ca[CERTIFICATE_MAX];
    struct writer w = writer_of(ca, sizeof ca);

    if (rng_bytes(s->nonce, sizeof s->nonce, err) < 0 ||
        atls_ca_certificate(&s->service->tls_key, s->nonce, &w, err) < 0)
        return -1;
    const struct tls_config config = {
        .versions = TLS_ANY,
        .alpn = ATLS_ALPN_H2,
        .key = &s->service->tls_key,
        .ca_certificate = writer_span(&w),
        .calls = {.verify = take_certificate, .certificate = give_certificate, .ctx = s},
    };
    s->tls = tls_server(&config, err);
    return s->tls == NULL ? -1 : 0;
}

struct session *session_new(const struct service *service, int64_t now_s, struct err *err)
{
    struct session *s = calloc(1, sizeof *s);

    if (s == NULL) {
        (void) err_set(err, ERR_SYS, ENOMEM, "a new session");
        return NULL;
    }
    s->service = service;
    s->now_s = now_s;
    s->status = GRPC_UNKNOWN;
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
    tls_free(s->tls);
    free(s);
}

/* The answer is known: note it for the log. */
static int respond(struct session *s, enum grpc_status status, const char *reason, struct span message,
                   struct err *err)
{
    s->status = status;
    (void) snprintf(s->reason, sizeof s->reason, "%s", reason);
    return grpc_respond(s->grpc, status, reason, message, err);
}

static int respond_certificate(struct session *s, struct err *err)
{
    uint8_t *message = calloc(1, RESPONSE_MAX);
    struct err why;
    int rc = -1;

    if (message == NULL)
        return respond(s, GRPC_RESOURCE_EXHAUSTED, "no memory", span_of(NULL, 0), err);
    struct writer w = writer_of(message, RESPONSE_MAX);
    if (service_new_mesh_cert(s->service, &s->peer, s->now_s, &w, &why) < 0)
        rc = respond(s, GRPC_INTERNAL, why.text, span_of(NULL, 0), err);
    else
        rc = respond(s, GRPC_OK, "", writer_span(&w), err);
    secret_wipe_bytes(message, RESPONSE_MAX);
    free(message);
    return rc;
}

static int answer(struct session *s, const char *path, struct span message, struct err *err)
{
    const struct span nothing = span_of(NULL, 0);
    struct err why;

    if (strcmp(path, MESHAPI_NEW_MESH_CERT) != 0)
        return respond(s, GRPC_UNIMPLEMENTED, "this Coordinator serves NewMeshCert only", nothing, err);
    if (meshapi_request_decode(message, &why) < 0)
        return respond(s, GRPC_INVALID_ARGUMENT, why.text, nothing, err);
    if (s->peer.status != GRPC_OK)
        return respond(s, s->peer.status, s->peer.reason, nothing, err);
    return respond_certificate(s, err);
}

/* Hand what gRPC wants to send to TLS. */
static int pump_out(struct session *s, struct err *err)
{
    struct span bytes;

    do {
        if (grpc_send(s->grpc, &bytes, err) < 0)
            return -1;
        if (bytes.len > 0 && tls_write(s->tls, bytes, err) < 0)
            return -1;
    } while (bytes.len > 0);
    if (grpc_finished(s->grpc) && !s->answered) {
        s->answered = true;
        tls_close(s->tls);
    }
    return 0;
}

static int pump_in(struct session *s, struct err *err)
{
    uint8_t plain[TLS_PLAIN_MAX];
    const char *path;
    struct span message;
    size_t len;
    int more = 1;

    while (more > 0 && !s->answered) {
        more = tls_read(s->tls, plain, sizeof plain, &len, err);
        if (more < 0 || (more > 0 && grpc_receive(s->grpc, span_of(plain, len), err) < 0))
            return -1;
        if (grpc_request(s->grpc, &path, &message) && answer(s, path, message, err) < 0)
            return -1;
        if (pump_out(s, err) < 0)
            return -1;
    }
    if (!s->answered && tls_closed(s->tls))
        return err_set(err, ERR_FORMAT, 0, "the peer closed the connection before its call was complete");
    return 0;
}

static int step(struct session *s, struct err *err)
{
    if (s->grpc == NULL) {
        int done = tls_handshake(s->tls, err);

        if (done <= 0)
            return done;
        s->grpc = grpc_server(err);
        if (s->grpc == NULL)
            return -1;
        if (!s->have_peer)
            return err_set(err, ERR_DENIED, 0, "the handshake was completed without a client certificate");
    }
    return pump_in(s, err);
}

int session_input(struct session *s, struct span bytes, struct err *err)
{
    if (s->answered)
        return 0;
    s->input_len += bytes.len;
    if (s->input_len > SESSION_INPUT_MAX)
        return err_set(err, ERR_LIMIT, 0, "the peer sent more than %d bytes", SESSION_INPUT_MAX);
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

enum grpc_status session_status(const struct session *s)
{
    return s->status;
}

const char *session_reason(const struct session *s)
{
    return s->reason;
}

const struct service_peer *session_peer(const struct session *s)
{
    return s->have_peer ? &s->peer : NULL;
}

const char *session_tls_version(const struct session *s)
{
    return tls_version(s->tls);
}
