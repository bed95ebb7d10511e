/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http_routes.h"

#include "attest_json.h"
#include "epochs.h"
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_TYPE "text/plain; charset=utf-8"
#define ERROR_MAX 2048 /* bytes of an error document */

typedef int route_fn(struct http_routes *r, const struct http_request *request, struct http_reply *out);

static int reply_span(struct http_reply *out, unsigned status, struct span bytes)
{
    uint8_t *body = malloc(bytes.len + 1);

    if (body == NULL)
        return -1;
    if (bytes.len > 0)
        memcpy(body, bytes.data, bytes.len);
    out->status = status;
    out->body = body;
    out->len = bytes.len;
    return 0;
}

int http_reply_text(struct http_reply *out, unsigned status, const char *text)
{
    out->type = TEXT_TYPE;
    return reply_span(out, status, span_str(text));
}

int http_reply_error(struct http_reply *out, unsigned status, const char *code, const char *text)
{
    uint8_t body[ERROR_MAX];
    struct writer w = writer_of(body, sizeof body);
    struct err err;

    if (attest_json_error(status, code, text, &w, &err) < 0)
        return -1;
    out->type = ATTEST_JSON_TYPE;
    return reply_span(out, status, writer_span(&w));
}

static int startup(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    (void) r;
    (void) request;
    return http_reply_text(out, 200, "started\n");
}

/* Whoever reads this has proof that the loop turns. */
static int liveness(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    (void) r;
    (void) request;
    return http_reply_text(out, 200, "alive\n");
}

static int readiness(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    char text[256];
    struct writer w = writer_of(text, sizeof text - 1);

    (void) request;
    if (r->service->current != NULL)
        return http_reply_text(out, 200, "ready\n");
    writer_str(&w, "not ready: ");
    writer_str(&w, service_unready(r->service));
    writer_str(&w, "\n");
    text[w.len] = '\0';
    return http_reply_text(out, 503, text);
}

static void count_epochs(struct metrics *m, const struct epochs *epochs, uint64_t now_ms)
{
    const struct epochs_stats stats = epochs_stats(epochs, now_ms);

    metrics_set(m, METRICS_EPOCHS, stats.counters);
    metrics_set(m, METRICS_EPOCH_TABLE_WRITES, stats.sequence);
    metrics_set(m, METRICS_EPOCH_ERRORS, stats.write_errors);
    metrics_set(m, METRICS_LEASES, stats.leases);
}

static int metrics(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    uint8_t *body = malloc(METRICS_TEXT_MAX);
    struct metrics *m = r->service->metrics;
    struct metrics_process process;
    struct err err;

    if (body == NULL)
        return -1;
    struct writer w = writer_of(body, METRICS_TEXT_MAX);
    metrics_set(m, METRICS_READY, r->service->current != NULL);
    metrics_set(m, METRICS_MANIFEST_GENERATION,
                r->service->current != NULL ? r->service->current->number : 0);
    if (r->service->epochs != NULL)
        count_epochs(m, r->service->epochs, (uint64_t) request->now_ms);
    metrics_process(&process);
    if (m == NULL || metrics_text(m, &process, &w, &err) < 0) {
        free(body);
        return http_reply_text(out, 500, "the metrics do not fit\n");
    }
    *out = (struct http_reply){
        .status = 200, .type = "text/plain; version=0.0.4; charset=utf-8", .body = body, .len = w.len};
    return 0;
}

/* Contrast's clients ask which versions of the API there are and use gRPC when there are none. */
static int capabilities(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    (void) r;
    (void) request;
    out->type = ATTEST_JSON_TYPE;
    return reply_span(out, 200, span_str("{\"api_versions\":[]}\n"));
}

struct route {
    enum limits_door door;
    const char *path;
    const char *method;
    route_fn *answer;
};

static const struct route routes[] = {
    {LIMITS_HTTP,    "/attest",          "POST", http_attest },
    {LIMITS_HTTP,    "/capabilities",    "GET",  capabilities},
    {LIMITS_METRICS, "/metrics",         "GET",  metrics     },
    {LIMITS_METRICS, "/probe/startup",   "GET",  startup     },
    {LIMITS_METRICS, "/probe/liveness",  "GET",  liveness    },
    {LIMITS_METRICS, "/probe/readiness", "GET",  readiness   },
};

static int nothing_here(const struct http_request *request, struct http_reply *out)
{
    if (request->door == LIMITS_HTTP)
        return http_reply_error(out, 404, "invalid_argument", "no such path: there is POST /attest");
    return http_reply_text(out, 404,
                           "no such path: there are /metrics and /probe/{startup,liveness,readiness}\n");
}

static int wrong_method(const struct http_request *request, const struct route *route, struct http_reply *out)
{
    out->allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
    if (request->door == LIMITS_HTTP)
        return http_reply_error(out, 405, "invalid_argument", "this path takes another method: see Allow");
    return http_reply_text(out, 405, "this path takes another method: see Allow\n");
}

static bool takes(const struct route *route, const char *method)
{
    return strcmp(method, route->method) == 0 ||
           (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static int answer(struct http_routes *r, const struct http_request *request, const struct route *route,
                  struct http_reply *out)
{
    if (route == NULL)
        return nothing_here(request, out);
    if (!takes(route, request->method))
        return wrong_method(request, route, out);
    if (request->too_long)
        return http_reply_error(out, 413, "invalid_argument", "the body is longer than 1024 bytes");
    return route->answer(r, request, out);
}

int http_routes_answer(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    const struct route *route = NULL;
    struct http_reply reply = {0};

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (routes[i].door == request->door && strcmp(routes[i].path, request->path) == 0)
            route = &routes[i];
    }
    if (answer(r, request, route, &reply) < 0)
        return -1;
    reply.route = route != NULL ? route->path : "other";
    metrics_http(r->service->metrics, reply.route, reply.status);
    *out = reply;
    return 0;
}
