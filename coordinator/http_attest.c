/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /attest: the Coordinator's evidence over the caller's nonce, its history and its CA certificates. */
#include "http_routes.h"

#include "attest_json.h"
#include "metrics.h"
#include "store.h"
#include "userapi.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What one answer is made of; borrowed, but for the evidence. */
struct state {
    struct userapi_get_response history;
    struct span manifests[1];
    uint8_t *evidence; /* owned, RATLS_EVIDENCE_MAX bytes */
    size_t evidence_len;
};

static bool is_json(const char *content_type)
{
    size_t len = content_type != NULL ? strcspn(content_type, "; \t") : 0;

    return len == strlen(ATTEST_JSON_TYPE) && strncasecmp(content_type, ATTEST_JSON_TYPE, len) == 0;
}

/* May another report be made now? Each takes 1000 / rate ms out of a second's worth. */
static bool take_token(struct http_routes *r, int64_t now_ms)
{
    const int64_t cost_ms = 1000 / limits_value(LIMITS_HTTP, LIMITS_ATTESTATIONS);

    if (r->bucket_ms < now_ms - 1000)
        r->bucket_ms = now_ms - 1000;
    if (r->bucket_ms + cost_ms > now_ms)
        return false;
    r->bucket_ms += cost_ms;
    return true;
}

/* The whole history; without a store, the one manifest there is. */
static void read_history(const struct service *s, struct state *out)
{
    const struct generation *g = s->current;

    out->manifests[0] = generation_text(g);
    out->history.manifests = (struct userapi_list){.items = out->manifests, .count = 1, .max = 1};
    out->history.digest = span_of(g->latest.digest, sizeof g->latest.digest);
    if (s->store != NULL)
        store_history(s->store, &out->history);
    out->history.root_ca = generation_pem_span(&g->root_pem);
    out->history.mesh_ca = generation_pem_span(&g->mesh_pem);
}

static int get_evidence(const struct service *s, const uint8_t *nonce, struct state *state, struct err *err)
{
    const struct transition_attest bound = {.nonce = span_of(nonce, TRANSITION_NONCE_SIZE),
                                            .digest = state->history.digest.data,
                                            .root_pem = state->history.root_ca,
                                            .mesh_pem = state->history.mesh_ca};
    uint8_t report_data[TRANSITION_REPORT_DATA_SIZE];
    struct writer w = writer_of(state->evidence, RATLS_EVIDENCE_MAX);

    if (transition_report_data(&bound, report_data, err) < 0 ||
        service_evidence_message(s, report_data, &w, err) < 0)
        return -1;
    if (w.bad || w.len == 0)
        return err_set(err, ERR_LIMIT, 0, "the evidence does not fit into %zu bytes", w.cap);
    state->evidence_len = w.len;
    return 0;
}

static int reply_answer(const struct service *s, const struct state *state, struct http_reply *out)
{
    const struct attest_json_answer answer = {
        .evidence = span_of(state->evidence, state->evidence_len),
        .type = s->evidence_kind == RATLS_TDX ? ATTEST_JSON_TDX : ATTEST_JSON_SNP,
        .manifests = state->history.manifests.items,
        .manifest_count = state->history.manifests.count,
        .policies = state->history.policies.items,
        .policy_count = state->history.policies.count,
        .root_pem = state->history.root_ca,
        .mesh_pem = state->history.mesh_ca,
    };
    const size_t size = attest_json_answer_size(&answer);
    struct err err;

    if (size > HTTP_RESPONSE_MAX)
        return http_reply_error(out, 500, "internal", "the history is too long for this answer: use UserAPI");
    uint8_t *body = malloc(size);
    if (body == NULL)
        return -1;
    struct writer w = writer_of(body, size);
    if (attest_json_answer_encode(&answer, &w, &err) < 0) {
        free(body);
        return http_reply_error(out, 500, "internal", err.text);
    }
    out->status = 200;
    out->type = ATTEST_JSON_TYPE;
    out->body = body;
    out->len = w.len;
    return 0;
}

static int attest(const struct service *s, const uint8_t *nonce, struct http_reply *out)
{
    struct state state = {0};
    struct err err;
    int rc;

    state.evidence = malloc(RATLS_EVIDENCE_MAX);
    if (state.evidence == NULL)
        return -1;
    read_history(s, &state);
    if (get_evidence(s, nonce, &state, &err) == 0) {
        rc = reply_answer(s, &state, out);
    } else {
        (void) err_prefix(&err, "getting the attestation report");
        rc = http_reply_error(out, 500, "internal", err.text);
    }
    free(state.evidence);
    return rc;
}

int http_attest(struct http_routes *r, const struct http_request *request, struct http_reply *out)
{
    const struct service *s = r->service;
    uint8_t nonce[TRANSITION_NONCE_SIZE];
    struct err err;

    if (request->content_type == NULL)
        return http_reply_error(out, 400, "invalid_argument", "Content-Type: there is none");
    if (!is_json(request->content_type))
        return http_reply_error(out, 415, "invalid_argument", "Content-Type: expected " ATTEST_JSON_TYPE);
    if (attest_json_request_decode(request->body, nonce, &err) < 0)
        return http_reply_error(out, 400, "invalid_argument", err.text);
    if (s->current == NULL)
        return http_reply_error(out, 412, service_needs_recovery(s) ? "needs_recovery" : "no_manifest",
                                service_unready(s));
    if (s->evidence == NULL)
        return http_reply_error(out, 501, "no_evidence",
                                "this Coordinator runs outside of a TEE (--no-tee) and has no evidence to "
                                "show; pin its root CA (nacre-coordinator root-ca) instead");
    if (!take_token(r, request->now_ms)) {
        out->limited = true;
        return http_reply_error(out, 429, "busy", "too many attestations: try again in a second");
    }
    return attest(s, nonce, out);
}
