/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre/1 after the handshake. Our evidence, if we have a TEE, goes out before the guest's comes in; nothing
 * but a refusal follows when the guest's is not good. */
#include "session_parts.h"

#include "epochs.h"
#include "metrics.h"
#include "rng.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int session_nacre_note(struct session *s, const struct atls_peer *peer, struct err *err)
{
    if (peer->evidence.len > 0)
        return err_set(err, ERR_DENIED, 0, "nacre/1: evidence in the client's certificate");
    if (peer->spki.len > sizeof s->peer_spki)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: the client's key has %zu bytes", peer->spki.len);
    memcpy(s->peer_spki, peer->spki.data, peer->spki.len);
    s->peer_spki_len = peer->spki.len;
    s->peer = (struct examine_peer){.key = peer->key, .status = GRPC_UNAUTHENTICATED};
    s->peer_key = peer->key;
    s->have_peer = true;
    return 0;
}

int session_nacre_open(struct session *s, struct err *err)
{
    return ratls_link_open(&s->link, s->tls, RATLS_SERVER, err);
}

static int own_evidence(struct session *s, struct writer *w, struct err *err)
{
    uint8_t spki[ECC_SPKI_MAX];
    uint8_t report_data[RATLS_REPORT_DATA_SIZE];
    struct writer key = writer_of(spki, sizeof spki);

    if (s->service->evidence == NULL)
        return 0;
    ecc_public_to_spki(&s->key.pub, &key);
    if (key.bad)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: own key does not fit");
    if (ratls_link_report_data(&s->link, RATLS_SERVER, writer_span(&key), report_data, err) < 0)
        return -1;
    return service_evidence(s->service, report_data, w, err);
}

static int show_evidence(struct session *s, struct err *err)
{
    struct ratls_msg msg = {.type = RATLS_SERVER_EVIDENCE};

    if (rng_bytes(msg.nonce, sizeof msg.nonce, err) < 0 || ratls_link_bind(&s->link, msg.nonce, err) < 0)
        return -1;
    AUTO_FREE uint8_t *evidence = malloc(RATLS_EVIDENCE_MAX);
    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, RATLS_EVIDENCE_MAX);
    if (own_evidence(s, &w, err) < 0)
        return -1;
    msg.evidence = writer_span(&w);
    msg.kind = w.len > 0 ? s->service->evidence_kind : RATLS_NO_TEE;
    return ratls_link_send(&s->link, &msg, err);
}

/* The last message is queued. */
static void end(struct session *s)
{
    s->answered = true;
    tls_close(s->tls);
}

static int refuse(struct session *s, enum grpc_status status, const char *reason, struct err *err)
{
    char text[RATLS_TEXT_MAX];
    struct ratls_msg msg = {.type = RATLS_REFUSED};
    size_t len = strnlen(reason, sizeof text);

    for (size_t i = 0; i < len; i++)
        text[i] = (char) (reason[i] >= ' ' && reason[i] <= '~' ? reason[i] : '?');
    msg.text = span_of(text, len);
    session_note(s, status, reason);
    if (ratls_link_send(&s->link, &msg, err) < 0)
        return -1;
    end(s);
    return 0;
}

static int judge(struct session *s, const struct ratls_msg *msg, struct err *err)
{
    uint8_t report_data[RATLS_REPORT_DATA_SIZE];
    const struct examine_claim claim = {.key = &s->peer_key,
                                        .kind = msg->kind == RATLS_TDX ? EXAMINE_TDX : EXAMINE_SNP,
                                        .evidence = msg->evidence,
                                        .report_data = report_data};
    const struct ratls_msg accepted = {.type = RATLS_ACCEPTED};

    if (s->generation == NULL) /* no refusal, which would be final: the guest shall try again */
        return err_set(err, ERR_MISSING, 0, "%s", service_unready(s->service));
    if (ratls_link_report_data(&s->link, RATLS_CLIENT, span_of(s->peer_spki, s->peer_spki_len), report_data,
                               err) < 0)
        return -1;
    examine_claim(&s->generation->manifest, &s->service->trust, &claim, s->now_s, &s->peer);
    if (s->peer.status != GRPC_OK)
        return refuse(s, s->peer.status, s->peer.reason, err);
    s->peer.has_event_head = true;
    memcpy(s->peer.event_head, msg->head, sizeof s->peer.event_head);
    return ratls_link_send(&s->link, &accepted, err);
}

/* Send body, and what time it is. */
static int send_answer(struct session *s, struct span body, struct err *err)
{
    struct ratls_msg msg = {.type = RATLS_ANSWER, .time_s = (uint64_t) s->now_s, .body = body};
    struct ratls_time time;

    if (ratls_link_time(&s->link, span_of(s->peer_spki, s->peer_spki_len), &time, err) < 0)
        return -1;
    time.time_s = msg.time_s;
    if (ratls_time_sign(&time, &s->generation->ca.key, err) < 0)
        return -1;
    memcpy(msg.signature, time.signature, sizeof msg.signature);
    if (ratls_link_send(&s->link, &msg, err) < 0)
        return -1;
    s->status = GRPC_OK;
    if (s->link.state == RATLS_AT_END)
        end(s);
    return 0;
}

static int answer_certificate(struct session *s, struct err *err)
{
    uint8_t *body = malloc(SESSION_RESPONSE_MAX);
    struct err why;
    int rc;

    if (body == NULL)
        return refuse(s, GRPC_RESOURCE_EXHAUSTED, "no memory", err);
    struct writer w = writer_of(body, SESSION_RESPONSE_MAX);
    if (service_new_mesh_cert(s->service, s->generation, &s->peer, s->now_s, &w, &why) < 0)
        rc = refuse(s, GRPC_INTERNAL, why.text, err);
    else
        rc = send_answer(s, writer_span(&w), err);
    if (rc == 0 && s->status == GRPC_OK) {
        s->issued = true;
        session_note(s, GRPC_OK, "");
    }
    secret_wipe_bytes(body, SESSION_RESPONSE_MAX);
    free(body);
    return rc;
}

/* One more entry of the text for the log. */
static void note_volume(struct session *s, const struct epoch_call *call, const struct epoch_answer *a)
{
    size_t len = strlen(s->volumes);

    (void) snprintf(s->volumes + len, sizeof s->volumes - len, "%s%.*s:%s:%s:%llu", len > 0 ? "," : "",
                    (int) call->volume.len, (const char *) call->volume.data, epoch_op_name(call->op),
                    epoch_status_name(a->status), (unsigned long long) a->epoch);
}

static int answer_volume(struct session *s, const struct ratls_msg *request, struct err *err)
{
    struct epoch_answer a = {.status = EPOCH_NO_VOLUMES};
    uint8_t body[EPOCH_ANSWER_SIZE];
    struct writer w = writer_of(body, sizeof body);
    struct epoch_call call;
    struct err why;

    if (epoch_call_decode(request->body, &call, &why) < 0)
        return refuse(s, GRPC_INVALID_ARGUMENT, why.text, err);
    if (s->service->lease_life_s > 0 && call.ttl_s > s->service->lease_life_s)
        call.ttl_s = (uint32_t) s->service->lease_life_s;
    /* A disk that is full is no refusal, which would be final: the guest shall try again. */
    if (s->service->epochs != NULL &&
        epochs_call(s->service->epochs, s->peer.policy->secret_id, &call, s->now_ms, &a, err) < 0)
        return -1;
    note_volume(s, &call, &a);
    metrics_add(s->service->metrics, METRICS_EPOCH_COMMITS, call.op == EPOCH_ADVANCE && a.status == EPOCH_OK);
    metrics_add(s->service->metrics, METRICS_LEASE_CONFLICTS, a.status == EPOCH_HELD);
    if (epoch_answer_encode(&a, &w, err) < 0)
        return -1;
    return send_answer(s, writer_span(&w), err);
}

static int answer(struct session *s, const struct ratls_msg *request, struct err *err)
{
    struct err why;

    if (s->peer.status != GRPC_OK)
        return err_set(err, ERR_DENIED, 0, "nacre/1: a request before the evidence was accepted");
    switch (request->method) {
    case RATLS_NEW_MESH_CERT:
        if (meshapi_request_decode(request->body, &why) < 0)
            return refuse(s, GRPC_INVALID_ARGUMENT, why.text, err);
        return answer_certificate(s, err);
    case RATLS_TIME:
        if (request->body.len > 0)
            return refuse(s, GRPC_INVALID_ARGUMENT, "TIME has no body", err);
        return send_answer(s, span_of(NULL, 0), err);
    case RATLS_VOLUME:
        return answer_volume(s, request, err);
    }
    return refuse(s, GRPC_UNIMPLEMENTED, "no such method", err);
}

static int take_message(struct session *s, const struct ratls_msg *msg, struct err *err)
{
    switch (msg->type) {
    case RATLS_HELLO:
        return show_evidence(s, err);
    case RATLS_CLIENT_EVIDENCE:
        return judge(s, msg, err);
    case RATLS_REQUEST:
        return answer(s, msg, err);
    case RATLS_SERVER_EVIDENCE:
    case RATLS_ACCEPTED:
    case RATLS_ANSWER:
    case RATLS_REFUSED:
        break;
    }
    return err_set(err, ERR_FORMAT, 0, "nacre/1: %s from a client", ratls_type_name(msg->type));
}

int session_nacre_step(struct session *s, struct err *err)
{
    struct ratls_msg msg;
    int rc = 1;

    while (!s->answered && (rc = ratls_link_receive(&s->link, &msg, err)) == 1)
        if (take_message(s, &msg, err) < 0)
            return -1;
    if (rc < 0)
        return -1;
    if (!s->answered && tls_closed(s->tls))
        end(s);
    return 0;
}
