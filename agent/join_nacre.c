/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre/1 after the handshake: first the Coordinator's evidence, then ours, then the calls. Nothing of ours
 * but a nonce goes to a Coordinator that is not the one that the policy pins by its evidence. */
#include "join_parts.h"

#include "pem.h"
#include "secret.h"
#include "x509.h"

#include <stdlib.h>
#include <string.h>

#define JOIN_MESH_CA_MAX 4096 /* bytes of a mesh CA in DER; ours have under 800 */

int join_nacre_note(struct join *j, struct span spki, struct err *err)
{
    if (spki.len > sizeof(j->peer_spki))
        return err_set(err, ERR_LIMIT, 0, "nacre/1: the Coordinator's key has %zu bytes", spki.len);
    memcpy(j->peer_spki, spki.data, spki.len);
    j->peer_spki_len = spki.len;
    return 0;
}

static int send_hello(struct join *j, struct err *err)
{
    struct ratls_msg hello = {.type = RATLS_HELLO};
    if (ratls_link_open(&j->link, j->tls, RATLS_CLIENT, err) < 0)
        return -1;
    memcpy(hello.nonce, j->nonce, sizeof(hello.nonce));
    return ratls_link_send(&j->link, &hello, err);
}

static int send_evidence(struct join *j, struct err *err)
{
    uint8_t report_data[RATLS_REPORT_DATA_SIZE];
    struct ratls_msg msg = {.type = RATLS_CLIENT_EVIDENCE};
    memcpy(msg.head, j->config.event_head, sizeof(msg.head));
    memcpy(j->link.binding.head, j->config.event_head, sizeof(msg.head));
    if (ratls_link_report_data(&j->link, RATLS_CLIENT, span_of(j->spki, j->spki_len), report_data, err) < 0)
        return -1;
    AUTO_FREE uint8_t *evidence = malloc(RATLS_EVIDENCE_MAX);
    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, RATLS_EVIDENCE_MAX);
    if (join_own_evidence(j, report_data, &w, &msg.kind, err) < 0)
        return -1;
    msg.evidence = writer_span(&w);
    if (w.len == 0)
        msg.kind = RATLS_NO_TEE;
    return ratls_link_send(&j->link, &msg, err);
}

static int take_evidence(struct join *j, const struct ratls_msg *msg, struct err *err)
{
    uint8_t report_data[RATLS_REPORT_DATA_SIZE];
    struct span spki = span_of(j->peer_spki, j->peer_spki_len);
    if (ratls_link_report_data(&j->link, RATLS_SERVER, spki, report_data, err) < 0 ||
        join_check_evidence(j, msg->kind == RATLS_TDX, msg->evidence, report_data, err) < 0)
        return -1;
    return send_evidence(j, err);
}

/* --- calls ------------------------------------------------------------------------------------------ */

int join_nacre_mesh_ca(struct join *j, struct span pem, struct err *err)
{
    uint8_t der[JOIN_MESH_CA_MAX];
    struct writer w = writer_of(der, sizeof(der));
    struct span one;
    struct x509 cert;
    if (pem_next(&pem, PEM_LABEL_CERTIFICATE, &w, &one, err) < 0 || x509_parse(one, &cert, err) < 0 ||
        ecc_public_from_spki(cert.spki, &j->mesh_key, err) < 0)
        return err_prefix(err, "mesh CA");
    return 0;
}

static int send_volume(struct join *j, struct err *err)
{
    const struct join_leases *l = &j->config.leases;
    uint8_t body[EPOCH_CALL_MAX];
    struct writer w = writer_of(body, sizeof(body));
    struct epoch_call call = {
        .op = l->op,
        .volume = span_str(l->volumes[j->result.volume_count].name),
        .expected = l->volumes[j->result.volume_count].expected,
        .ttl_s = l->ttl_s,
    };
    memcpy(call.holder, l->holder, sizeof(call.holder));
    if (epoch_call_encode(&call, &w, err) < 0)
        return -1;
    const struct ratls_msg msg = {.type = RATLS_REQUEST, .method = RATLS_VOLUME, .body = writer_span(&w)};
    j->asked = RATLS_VOLUME;
    return ratls_link_send(&j->link, &msg, err);
}

/* Ask what has not been asked yet: the certificate, or the time in its place, then each volume. Returns 0, 1
 * when nothing is left, or -1 with *err set. */
static int next_call(struct join *j, struct err *err)
{
    bool first = j->link.calls == 0;
    bool volumes_left = j->result.volume_count < j->config.leases.count;
    if (volumes_left && (!first || j->config.mesh_ca.len > 0))
        return send_volume(j, err);
    if (!first)
        return join_complete(j);
    j->asked = j->config.mesh_ca.len > 0 ? RATLS_TIME : RATLS_NEW_MESH_CERT;
    const struct ratls_msg request = {.type = RATLS_REQUEST, .method = j->asked};
    return ratls_link_send(&j->link, &request, err);
}

/* The result borrows from a copy: the connection goes on. */
static int take_certificate(struct join *j, const struct ratls_msg *msg, struct err *err)
{
    j->answer = malloc(msg->body.len + 1);
    if (j->answer == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for an answer");
    j->answer_len = msg->body.len;
    memcpy(j->answer, msg->body.data, msg->body.len);
    if (join_take_answer(j, span_of(j->answer, j->answer_len), msg->time_s, err) < 0)
        return -1;
    return join_nacre_mesh_ca(j, j->result.mesh_ca, err);
}

static int take_volume(struct join *j, struct span body, struct err *err)
{
    struct join_volume *v = &j->result.volumes[j->result.volume_count];
    v->name = j->config.leases.volumes[j->result.volume_count].name;
    if (epoch_answer_decode(body, &v->answer, err) < 0)
        return err_prefix(err, "volume %s", v->name);
    j->result.volume_count++;
    return 0;
}

/* The time is only worth something under the mesh CA that the pins have proven; and on a connection without
 * a certificate its signature is what proves the Coordinator, so it comes before the body. */
static int take_time(struct join *j, const struct ratls_msg *msg, struct err *err)
{
    struct ratls_time time;
    if (ratls_link_time(&j->link, span_of(j->spki, j->spki_len), &time, err) < 0)
        return -1;
    time.time_s = msg->time_s;
    memcpy(time.signature, msg->signature, sizeof(time.signature));
    if (ratls_time_check(&time, &j->mesh_key, err) < 0)
        return -1;
    if (time.time_s >= j->result.time.time_s)
        j->result.time = time;
    return 0;
}

static int check_floor(const struct join *j, uint64_t time_s, struct err *err)
{
    if (j->config.floor_s > 0 && time_s < (uint64_t) j->config.floor_s)
        return err_set(err, ERR_DENIED, 0, "the Coordinator's clock says %llu, which is before %lld",
                       (unsigned long long) time_s, (long long) j->config.floor_s);
    return 0;
}

static int take_answer(struct join *j, const struct ratls_msg *msg, struct err *err)
{
    if (check_floor(j, msg->time_s, err) < 0)
        return -1;
    if (j->asked == RATLS_NEW_MESH_CERT && take_certificate(j, msg, err) < 0)
        return -1;
    if (take_time(j, msg, err) < 0)
        return -1;
    if (j->asked == RATLS_VOLUME && take_volume(j, msg->body, err) < 0)
        return -1;
    if (j->asked == RATLS_TIME && msg->body.len > 0)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: the answer to TIME has a body");
    return next_call(j, err);
}

/* Returns 0, 1 when the result is complete, or -1 with *err set. */
static int take_message(struct join *j, const struct ratls_msg *msg, struct err *err)
{
    switch (msg->type) {
    case RATLS_SERVER_EVIDENCE:
        return take_evidence(j, msg, err);
    case RATLS_ACCEPTED:
        return next_call(j, err);
    case RATLS_ANSWER:
        return take_answer(j, msg, err);
    case RATLS_REFUSED:
        return err_set(err, ERR_DENIED, 0, "%.*s", (int) msg->text.len, (const char *) msg->text.data);
    case RATLS_HELLO:
    case RATLS_CLIENT_EVIDENCE:
    case RATLS_REQUEST:
        break;
    }
    return err_set(err, ERR_FORMAT, 0, "nacre/1: %s from a server", ratls_type_name(msg->type));
}

int join_nacre_step(struct join *j, struct err *err)
{
    struct ratls_msg msg;
    if (j->link.in == NULL && send_hello(j, err) < 0)
        return -1;
    int rc = ratls_link_receive(&j->link, &msg, err);
    while (rc == 1 && (rc = take_message(j, &msg, err)) == 0)
        rc = ratls_link_receive(&j->link, &msg, err);
    return rc;
}
