/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grpc: one unary gRPC call on one HTTP/2 connection, bytes in and bytes out. The only file that includes
 * nghttp2. gRPC over HTTP/2 (PROTOCOL-HTTP2.md), RFC 9113, RFC 7541.
 *
 * The peer chooses these bytes; they come out of TLS (lib/tls). Nothing of them is measured.
 *
 * Both sides turn the same loop: grpc_receive with what the connection gave, grpc_send for what it must be
 * given, until grpc_finished. One connection carries one call: a second stream is refused.
 */
#ifndef NACRE_GRPC_H
#define NACRE_GRPC_H

#include "err.h"
#include "span.h"

#include <stdbool.h>

#define GRPC_REQUEST_MAX (2048u * 1024)  /* bytes of a request message that a client sends */
#define GRPC_REQUEST_SMALL (64u * 1024)  /* bytes that a server takes, unless it says otherwise */
#define GRPC_RESPONSE_MAX (4096u * 1024) /* bytes of a response message: what Go's clients take */
#define GRPC_HEADERS_MAX (16u * 1024)    /* bytes of all names and values of a header or trailer section */
#define GRPC_FRAMES_MAX 4096             /* frames accepted on a connection, pings and settings included */
#define GRPC_PATH_MAX 128                /* bytes of a path, the NUL included */
#define GRPC_TEXT_MAX 160                /* bytes of grpc-message that are kept, the NUL included */

enum grpc_status {
    GRPC_OK = 0,
    GRPC_CANCELLED = 1,
    GRPC_UNKNOWN = 2,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_NOT_FOUND = 5,
    GRPC_ALREADY_EXISTS = 6,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_ABORTED = 10,
    GRPC_OUT_OF_RANGE = 11,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_DATA_LOSS = 15,
    GRPC_UNAUTHENTICATED = 16,
};

/* "PermissionDenied" and so on; "unknown" for a number that is no status. */
const char *grpc_status_name(int status);

/* One end of one call. Holds heap memory, request and response included (wiped by grpc_free). */
struct grpc;

void grpc_free(struct grpc *g); /* accepts NULL */
void grpc_auto_free(struct grpc **g);
#define AUTO_GRPC __attribute__((cleanup(grpc_auto_free))) struct grpc

/* A client's end: calls path ("/package.Service/Method") at authority (goes into :authority; no name is
 * looked up) with the request message, which is copied. Returns NULL with *err set on failure. */
struct grpc *grpc_client(const char *authority, const char *path, struct span request, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* A server's end, for requests of up to GRPC_REQUEST_SMALL bytes. Returns NULL with *err set on failure. */
struct grpc *grpc_server(struct err *err) __attribute__((warn_unused_result, nonnull));
/* Before the first byte: a server's end takes requests of up to max bytes, at most GRPC_REQUEST_MAX. */
void grpc_allow(struct grpc *g, size_t max) __attribute__((nonnull));

/* Take bytes that the peer sent. Returns 0, or -1 with *err set: the connection is then of no use, but a
 * server still may have a closing frame to send. */
int grpc_receive(struct grpc *g, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The next bytes to send, at most a few frames, borrowed until the next call on g; empty when there is
 * nothing (more) to send now: call until then. Returns 0, or -1 with *err set; after grpc_receive has failed
 * too, but only once the last bytes, which tell the peer, have been handed out. */
int grpc_send(struct grpc *g, struct span *bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Client: the response is complete. Server: the response has been handed out by grpc_send completely. */
bool grpc_finished(const struct grpc *g) __attribute__((nonnull));

/* Client, once finished: the response message, borrowed from g. Returns 0; or -1 with *err set: ERR_DENIED
 * for PermissionDenied and Unauthenticated, ERR_FORMAT for any other status and for an answer that is no
 * gRPC. The text is "<status name>: <grpc-message>", of printable ASCII only. */
int grpc_response(const struct grpc *g, struct span *message, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Client, once finished: the status number, or -1 if the server sent none. */
int grpc_status(const struct grpc *g) __attribute__((nonnull));

/* Server: the request is complete. *path (NUL-ended) and *message are borrowed from g.
 * False before that, and after grpc_respond. */
bool grpc_request(const struct grpc *g, const char **path, struct span *message) __attribute__((nonnull));

/* Server: answer the request, once. With GRPC_OK message is sent and text is ignored; with any other status
 * only the status and text (cut to GRPC_TEXT_MAX - 1, percent-encoded as gRPC asks) are. message is copied.
 * Returns 0, or -1 with *err set. */
int grpc_respond(struct grpc *g, enum grpc_status status, const char *text, struct span message,
                 struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
