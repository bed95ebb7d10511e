/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_routes: what the Coordinator answers over HTTP: no socket, no library. docs/formats/http-attest.md
 *
 * The port of /attest is open to anybody, the one of /metrics and /probe belongs to the operator's network.
 */
#ifndef NACRE_HTTP_ROUTES_H
#define NACRE_HTTP_ROUTES_H

#include "err.h"
#include "conn_limits.h"
#include "service.h"
#include "span.h"

#include <stdbool.h>
#include <stdint.h>

#define HTTP_BODY_MAX 1024                    /* bytes of a request's body */
#define HTTP_RESPONSE_MAX (16u * 1024 * 1024) /* bytes of an answer: the history is in it */

struct http_routes {
    const struct service *service;
    int64_t bucket_ms; /* attestations: the time at which the bucket was full, see http_attest.c */
};

struct http_request {
    enum limits_door door;
    const char *method;
    const char *path;
    const char *content_type; /* NULL: none */
    struct span body;
    bool too_long; /* the body is longer than HTTP_BODY_MAX, and not here */
    int64_t now_ms;
};

struct http_reply {
    unsigned status;
    const char *type;
    const char *allow; /* methods, with status 405 */
    const char *route; /* for the metrics: the path, if it is one of ours, else "other" */
    bool limited;      /* LIMITS_ATTESTATIONS was met */
    uint8_t *body;     /* owned */
    size_t len;
};

/* Returns 0 with *out filled, or -1: no memory for an answer. */
int http_routes_answer(struct http_routes *r, const struct http_request *request, struct http_reply *out)
    __attribute__((warn_unused_result, nonnull));

/* For the routes: an answer of this text; 0, or -1 without memory. */
int http_reply_text(struct http_reply *out, unsigned status, const char *text)
    __attribute__((warn_unused_result, nonnull));
/* Contrast's error document. code is Contrast's name for the kind of error. */
int http_reply_error(struct http_reply *out, unsigned status, const char *code, const char *text)
    __attribute__((warn_unused_result, nonnull));

/* POST /attest (http_attest.c). */
int http_attest(struct http_routes *r, const struct http_request *request, struct http_reply *out)
    __attribute__((warn_unused_result, nonnull));

#endif
