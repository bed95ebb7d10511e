/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grpc: the first byte chooses the end (bit 0: server) and into how many pieces (bits 1 to 3) the rest is
 * cut. */
#include "grpc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int drain(struct grpc *g)
{
    struct err err = {0};
    struct span out;
    do
        if (grpc_send(g, &out, &err) < 0)
            return -1;
    while (out.len > 0);
    return 0;
}

static void answer(struct grpc *g)
{
    struct err err = {0};
    const char *path = NULL;
    struct span message;
    if (!grpc_request(g, &path, &message))
        return;
    if (path[0] != '/' || strlen(path) >= GRPC_PATH_MAX || message.len > GRPC_REQUEST_MAX)
        abort();
    if (grpc_respond(g, message.len % 17, "no", span_str("yes"), &err) < 0)
        abort();
}

static void take(struct grpc *g)
{
    struct err err = {0};
    struct span message;
    if (grpc_response(g, &message, &err) == 0) {
        if (!grpc_finished(g) || message.len > GRPC_RESPONSE_MAX || grpc_status(g) != 0)
            abort();
        return;
    }
    for (const char *c = err.text; *c != 0; c++)
        if (*c < 0x20 || *c > 0x7e)
            abort();
}

static void feed(struct grpc *g, bool server, struct span bytes, size_t pieces)
{
    size_t step = bytes.len / pieces + 1;
    struct err err = {0};
    for (size_t at = 0; at < bytes.len; at += step) {
        size_t n = bytes.len - at < step ? bytes.len - at : step;
        if (grpc_receive(g, span_sub(bytes, at, n), &err) < 0)
            break;
        if (server)
            answer(g);
        if (drain(g) < 0)
            break;
    }
    (void) drain(g);
    if (!server)
        take(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err;
    if (size == 0)
        return 0;
    bool server = (data[0] & 1) != 0;
    struct grpc *g = server ? grpc_server(&err) : grpc_client("host:1", "/s/m", span_str("?"), &err);
    if (g == NULL || drain(g) < 0)
        abort();
    feed(g, server, span_of(data + 1, size - 1), 1 + (data[0] >> 1 & 7));
    grpc_free(g);
    return 0;
}
