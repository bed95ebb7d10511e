/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre/1 after the handshake: first the Coordinator's evidence, then ours, then one call. Nothing of ours
 * but a nonce goes to a Coordinator that is not the one that the policy pins by its evidence. */
#include "join_parts.h"

#include "secret.h"

#include <stdlib.h>
#include <string.h>

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
    struct ratls_msg msg = {.type = RATLS_CLIENT_EVIDENCE, .kind = j->config.evidence_kind};
    memcpy(msg.head, j->config.event_head, sizeof(msg.head));
    memcpy(j->link.binding.head, j->config.event_head, sizeof(msg.head));
    if (ratls_link_report_data(&j->link, RATLS_CLIENT, span_of(j->spki, j->spki_len), report_data, err) < 0)
        return -1;
    AUTO_FREE uint8_t *evidence = malloc(RATLS_EVIDENCE_MAX);
    if (evidence == NULL)
        return err_set(err, ERR_LIMIT, 0, "no memory for evidence");
    struct writer w = writer_of(evidence, RATLS_EVIDENCE_MAX);
    if (j->config.evidence(j->config.ctx, report_data, &w, err) < 0)
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
    if (msg->kind == RATLS_TDX)
        return err_set(err, ERR_DENIED, 0, "evidence: TDX, which this guest does not judge yet");
    if (ratls_link_report_data(&j->link, RATLS_SERVER, spki, report_data, err) < 0 ||
        join_check_evidence(j, msg->evidence, report_data, err) < 0)
        return -1;
    return send_evidence(j, err);
}

static int take_message(struct join *j, const struct ratls_msg *msg, struct err *err)
{
    const struct ratls_msg request = {.type = RATLS_REQUEST, .method = RATLS_NEW_MESH_CERT};
    switch (msg->type) {
    case RATLS_SERVER_EVIDENCE:
        return take_evidence(j, msg, err);
    case RATLS_ACCEPTED:
        return ratls_link_send(&j->link, &request, err);
    case RATLS_ANSWER:
        return join_take_answer(j, msg->body, msg->time_s, err);
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
