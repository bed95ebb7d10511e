/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ratls_link.h"

#include "secret.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX (RATLS_HEADER_SIZE + RATLS_PAYLOAD_MAX)

int ratls_link_open(struct ratls_link *l, struct tls *tls, enum ratls_role role, struct err *err)
{
    if (strcmp(tls_version(tls), "1.3") != 0)
        return err_set(err, ERR_DENIED, 0, "nacre/1: TLS %s, expected 1.3", tls_version(tls));
    if (!span_eq_str(tls_alpn(tls), RATLS_ALPN))
        return err_set(err, ERR_DENIED, 0, "nacre/1: the peer did not agree to it in ALPN");
    uint8_t *in = malloc(MESSAGE_MAX);
    if (in == NULL)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: no memory for a message");
    *l = (struct ratls_link){.tls = tls, .role = role, .state = RATLS_AT_START, .in = in};
    return 0;
}

void ratls_link_close(struct ratls_link *l)
{
    if (l->in != NULL)
        secret_wipe_bytes(l->in, MESSAGE_MAX);
    free(l->in);
    secret_wipe_bytes(l, sizeof(*l));
}

int ratls_link_bind(struct ratls_link *l, const uint8_t nonce_s[RATLS_NONCE_SIZE], struct err *err)
{
    uint8_t context[2 * RATLS_NONCE_SIZE];
    if (l->state == RATLS_AT_START)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: bound before HELLO");
    memcpy(l->binding.nonce_s, nonce_s, RATLS_NONCE_SIZE);
    memcpy(context, l->binding.nonce_c, RATLS_NONCE_SIZE);
    memcpy(context + RATLS_NONCE_SIZE, nonce_s, RATLS_NONCE_SIZE);
    if (tls_export(l->tls, RATLS_EXPORTER, span_of(context, sizeof(context)), l->binding.ekm, RATLS_EKM_SIZE,
                   err) < 0)
        return -1;
    l->bound = true;
    return 0;
}

bool ratls_link_served(const struct ratls_link *l)
{
    bool between = l->state == RATLS_AT_ACCEPTED || l->state == RATLS_AT_END;
    return l->role == RATLS_SERVER && l->calls > 0 && between && l->in_len == 0;
}

/* Whose turn it is after a message of this type. */
static int next_state(const struct ratls_link *l, enum ratls_role from, enum ratls_type type,
                      enum ratls_state *state, struct err *err)
{
    *state = l->state;
    if (ratls_advance(state, from, type, err) < 0)
        return -1;
    if (type == RATLS_ANSWER && l->calls + 1 == RATLS_CALLS_MAX)
        *state = RATLS_AT_END;
    return 0;
}

/* What a message that has come adds to the binding, or one that goes. */
static int note(struct ratls_link *l, const struct ratls_msg *msg, struct err *err)
{
    if (msg->type == RATLS_ANSWER)
        l->calls++;
    if (msg->type == RATLS_HELLO)
        memcpy(l->binding.nonce_c, msg->nonce, RATLS_NONCE_SIZE);
    if (msg->type == RATLS_CLIENT_EVIDENCE)
        memcpy(l->binding.head, msg->head, RATLS_HEAD_SIZE);
    return msg->type == RATLS_SERVER_EVIDENCE ? ratls_link_bind(l, msg->nonce, err) : 0;
}

int ratls_link_send(struct ratls_link *l, const struct ratls_msg *msg, struct err *err)
{
    enum ratls_state state;
    if (next_state(l, l->role, msg->type, &state, err) < 0)
        return -1;
    uint8_t *out = malloc(MESSAGE_MAX);
    if (out == NULL)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: no memory for a message");
    struct writer w = writer_of(out, MESSAGE_MAX);
    int rc = -1;
    if (ratls_encode(msg, &w, err) == 0 && tls_write(l->tls, writer_span(&w), err) == 0)
        rc = note(l, msg, err);
    secret_wipe_bytes(out, w.len);
    free(out);
    if (rc == 0)
        l->state = state;
    return rc;
}

/* Read until the buffer holds a message. */
static int fill(struct ratls_link *l, struct ratls_msg *msg, size_t *used, struct err *err)
{
    for (;;) {
        int rc = ratls_decode(span_of(l->in, l->in_len), msg, used, err);
        if (rc != 0)
            return rc;
        size_t len = 0;
        rc = tls_read(l->tls, l->in + l->in_len, MESSAGE_MAX - l->in_len, &len, err);
        if (rc < 0)
            return -1;
        l->in_len += len;
        if (rc == 0 && tls_closed(l->tls) && !ratls_link_served(l))
            return err_set(err, ERR_FORMAT, 0, "nacre/1: the peer closed before the exchange was complete");
        if (rc == 0)
            return 0;
    }
}

int ratls_link_receive(struct ratls_link *l, struct ratls_msg *msg, struct err *err)
{
    struct ratls_msg got;
    size_t used = 0;
    int rc = fill(l, &got, &used, err);
    if (rc <= 0)
        return rc;
    if (used != l->in_len)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: %zu bytes behind %s, before it was answered",
                       l->in_len - used, ratls_type_name(got.type));
    enum ratls_role peer = l->role == RATLS_CLIENT ? RATLS_SERVER : RATLS_CLIENT;
    enum ratls_state state;
    if (next_state(l, peer, got.type, &state, err) < 0)
        return -1;
    l->state = state; /* before the export, which wants to know that HELLO is past */
    if (note(l, &got, err) < 0)
        return -1;
    l->in_len = 0;
    *msg = got;
    return 1;
}

int ratls_link_report_data(const struct ratls_link *l, enum ratls_role role, struct span spki,
                           uint8_t out[RATLS_REPORT_DATA_SIZE], struct err *err)
{
    if (!l->bound)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: report data before both nonces");
    struct ratls_binding binding = l->binding;
    binding.role = role;
    binding.spki = spki;
    return ratls_report_data(&binding, out, err);
}

int ratls_link_time(const struct ratls_link *l, struct span spki, struct ratls_time *out, struct err *err)
{
    uint8_t client[SHA384_SIZE];
    if (!l->bound)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: signed time before both nonces");
    if (hash_bytes(HASH_SHA384, spki, client, err) < 0)
        return -1;
    struct ratls_time t = {0};
    memcpy(t.nonce_c, l->binding.nonce_c, sizeof(t.nonce_c));
    memcpy(t.nonce_s, l->binding.nonce_s, sizeof(t.nonce_s));
    memcpy(t.client, client, sizeof(t.client));
    *out = t;
    return 0;
}
