/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contrast's dialect after the handshake: one gRPC call. */
#include "join_parts.h"

#include "netaddr.h"
#include "secret.h"

static int start_call(struct join *j, struct err *err)
{
    char authority[NETADDR_TEXT_MAX];
    netaddr_format(&j->config.coordinator->address, authority);
    j->grpc = grpc_client(authority, MESHAPI_NEW_MESH_CERT, span_of(NULL, 0), err);
    return j->grpc == NULL ? -1 : 0;
}

static int send_frames(struct join *j, struct err *err)
{
    for (;;) {
        struct span frames;
        if (grpc_send(j->grpc, &frames, err) < 0)
            return -1;
        if (frames.len == 0)
            return 0;
        if (tls_write(j->tls, frames, err) < 0)
            return -1;
    }
}

/* Returns 1 when the answer is complete, 0 when it is not yet. */
static int take_frames(struct join *j, struct err *err)
{
    uint8_t plain[4096];
    int rc = 0;
    size_t len = 0;
    while (!grpc_finished(j->grpc) && (rc = tls_read(j->tls, plain, sizeof(plain), &len, err)) == 1) {
        rc = grpc_receive(j->grpc, span_of(plain, len), err);
        secret_wipe_bytes(plain, len);
        if (rc < 0)
            return -1;
    }
    if (rc < 0)
        return -1;
    if (grpc_finished(j->grpc))
        return 1;
    if (tls_closed(j->tls))
        return err_set(err, ERR_FORMAT, 0, "closed the connection before the answer was complete");
    return 0;
}

int join_contrast_step(struct join *j, struct err *err)
{
    struct span message;
    if (j->grpc == NULL && start_call(j, err) < 0)
        return -1;
    if (send_frames(j, err) < 0)
        return -1;
    int rc = take_frames(j, err);
    if (rc < 0 || (rc == 0 && send_frames(j, err) < 0))
        return -1;
    if (rc == 0)
        return 0;
    if (grpc_response(j->grpc, &message, err) < 0 || join_take_answer(j, message, 0, err) < 0)
        return -1;
    return join_complete(j);
}
