/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contrast's dialect after the handshake: one gRPC call. */
#include "session_parts.h"

#include "mesh_recover.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>

int session_contrast_open(struct session *s, struct err *err)
{
    s->grpc = grpc_server(err);
    return s->grpc == NULL ? -1 : 0;
}

static int respond(struct session *s, enum grpc_status status, const char *reason, struct span message,
                   struct err *err)
{
    session_note(s, status, reason);
    return grpc_respond(s->grpc, status, reason, message, err);
}

static int respond_certificate(struct session *s, struct err *err)
{
    uint8_t *message = calloc(1, SESSION_RESPONSE_MAX);
    struct err why;
    int rc = -1;

    if (message == NULL)
        return respond(s, GRPC_RESOURCE_EXHAUSTED, "no memory", span_of(NULL, 0), err);
    struct writer w = writer_of(message, SESSION_RESPONSE_MAX);
    if (service_new_mesh_cert(s->service, s->generation, &s->peer, s->now_s, &w, &why) < 0)
        rc = respond(s, GRPC_INTERNAL, why.text, span_of(NULL, 0), err);
    else
        rc = respond(s, GRPC_OK, "", writer_span(&w), err);
    s->issued = rc == 0 && s->status == GRPC_OK;
    secret_wipe_bytes(message, SESSION_RESPONSE_MAX);
    free(message);
    return rc;
}

/* Another Coordinator of this deployment gets the seed, and the key of the mesh CA. */
static int respond_recovery(struct session *s, struct err *err)
{
    uint8_t *message = calloc(1, MESH_RECOVER_MAX);
    struct err why;
    int rc = -1;

    if (message == NULL)
        return respond(s, GRPC_RESOURCE_EXHAUSTED, "no memory", span_of(NULL, 0), err);
    struct writer w = writer_of(message, MESH_RECOVER_MAX);
    if (service_hand_over(s->service, s->generation, &w, &why) < 0)
        rc = respond(s, GRPC_INTERNAL, why.text, span_of(NULL, 0), err);
    else
        rc = respond(s, GRPC_OK, "", writer_span(&w), err);
    secret_wipe_bytes(message, MESH_RECOVER_MAX);
    free(message);
    return rc;
}

static int answer(struct session *s, const char *path, struct span message, struct err *err)
{
    const struct span nothing = span_of(NULL, 0);
    struct err why;

    if (s->kind == SESSION_USER)
        return session_user_answer(s, path, message, err);
    const bool recover = strcmp(path, MESH_RECOVER_PATH) == 0;
    if (!recover && strcmp(path, MESHAPI_NEW_MESH_CERT) != 0)
        return respond(s, GRPC_UNIMPLEMENTED, "this port serves NewMeshCert and Recover", nothing, err);
    if (meshapi_request_decode(message, &why) < 0)
        return respond(s, GRPC_INVALID_ARGUMENT, why.text, nothing, err);
    if (s->peer.status != GRPC_OK)
        return respond(s, s->peer.status, s->peer.reason, nothing, err);
    if (recover && s->peer.policy->role != MANIFEST_ROLE_COORDINATOR)
        return respond(s, GRPC_PERMISSION_DENIED, "Recover: your policy has not the role coordinator",
                       nothing, err);
    return recover ? respond_recovery(s, err) : respond_certificate(s, err);
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

int session_contrast_step(struct session *s, struct err *err)
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
