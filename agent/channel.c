/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include "os.h"
#include "secret.h"
#include "serve.h"
#include "snp_cert_table.h"
#include "snp_evidence.h"
#include "tdx_qe.h"
#include "tdx_quote.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* One message in the making. It may hold the key and the secret: wiped when it goes out of scope. */
struct buffer {
    uint8_t *bytes;
};

static void buffer_free(struct buffer *b)
{
    if (b->bytes != NULL)
        secret_wipe_bytes(b->bytes, WIRE_MESSAGE_MAX);
    free(b->bytes);
}
_Static_assert(RATLS_HEAD_SIZE == WIRE_EVENT_HEAD_SIZE, "event log head");
#define AUTO_BUFFER __attribute__((cleanup(buffer_free))) struct buffer

static int buffer_make(struct buffer *b, struct err *err)
{
    b->bytes = malloc(WIRE_MESSAGE_MAX);
    return b->bytes == NULL ? err_set(err, ERR_LIMIT, 0, "channel: no memory for a message") : 0;
}

static int send_message(struct buffer *b, const struct wire_msg *msg, struct err *err)
{
    struct writer w = writer_of(b->bytes, WIRE_MESSAGE_MAX);
    if (wire_encode(msg, &w, err) < 0)
        return err_prefix(err, "channel: %s", wire_type_name(msg->type));
    ssize_t n = os_send_message(WIRE_FD, writer_span(&w));
    if (n < 0)
        return err_set(err, ERR_HELPER, 0, "channel: cannot send %s (errno %d)", wire_type_name(msg->type),
                       (int) -n);
    return 0;
}

/* The next message, which must be of this type. *msg borrows from b. */
static int receive_message(struct buffer *b, enum wire_type type, struct wire_msg *msg, struct err *err)
{
    ssize_t n = os_receive_message(WIRE_FD, b->bytes, WIRE_MESSAGE_MAX);
    if (n < 0)
        return err_set(err, ERR_HELPER, 0, "channel: cannot receive %s (errno %d)", wire_type_name(type),
                       (int) -n);
    if (n == 0 || n > WIRE_MESSAGE_MAX)
        return err_set(err, ERR_HELPER, 0, "channel: %s instead of %s",
                       n == 0 ? "closed" : "a too long message", wire_type_name(type));
    if (wire_decode(span_of(b->bytes, (size_t) n), msg, err) < 0 || msg->type != type)
        return err_set(err, ERR_HELPER, 0, "channel: no valid %s", wire_type_name(type));
    return 0;
}

int channel_start(struct agent *agent, struct err *err)
{
    AUTO_BUFFER b = {0};
    struct wire_msg msg;
    if (buffer_make(&b, err) < 0 || receive_message(&b, WIRE_START, &msg, err) < 0)
        return -1;
    if (msg.start.job != WIRE_JOB_AGENT)
        return err_set(err, ERR_HELPER, 0, "channel: START for job %s", wire_job_name(msg.start.job));
    if (policy_parse(msg.start.policy, &agent->policy, err) < 0)
        return -1;
    agent->clock = (struct clock){.floor_s = (int64_t) msg.start.time_floor_s, .at_ms = os_now_ms()};
    memcpy(agent->event_head, msg.start.event_head, sizeof(agent->event_head));
    return 0;
}

static int encode_snp(const struct wire_report_reply *reply, struct writer *w, struct err *err)
{
    struct snp_report report;
    struct snp_chain chain = {0};
    if (snp_report_parse(reply->report, &report, err) < 0 ||
        snp_cert_table_parse(reply->auxblob, &chain, err) < 0)
        return -1;
    return snp_evidence_encode(reply->report, &chain, snp_report_product(&report), w, err);
}

/* The quote without the padding that quoting services leave behind it. */
static int encode_tdx(struct span bytes, struct writer *w, struct err *err)
{
    struct tdx_quote quote;
    struct tdx_qe qe;
    struct writer out = *w;
    if (tdx_quote_parse(bytes, &quote, err) < 0 || tdx_qe_parse(bytes, quote.signed_len, &qe, err) < 0)
        return -1;
    writer_bytes(&out, span_sub(bytes, 0, qe.quote_len));
    if (out.bad)
        return err_set(err, ERR_LIMIT, 0, "TDX quote: no room for %zu bytes", qe.quote_len);
    *w = out;
    return 0;
}

/* PID 1 hands over what the kernel gave: a report of exactly this size, or a quote, which is longer. */
static int encode_evidence(const struct wire_report_reply *reply, enum ratls_kind *kind, struct writer *w,
                           struct err *err)
{
    bool is_quote = reply->report.len > SNP_REPORT_SIZE;
    if ((is_quote ? encode_tdx(reply->report, w, err) : encode_snp(reply, w, err)) < 0)
        return -1;
    *kind = is_quote ? RATLS_TDX : RATLS_SNP;
    return 0;
}

int channel_evidence(const uint8_t report_data[CHANNEL_REPORT_DATA_SIZE], enum ratls_kind *kind,
                     struct writer *w, struct err *err)
{
    AUTO_BUFFER b = {0};
    struct wire_msg request = {.type = WIRE_REPORT_REQUEST};
    struct wire_msg reply;
    memcpy(request.report_request.report_data, report_data, CHANNEL_REPORT_DATA_SIZE);
    if (buffer_make(&b, err) < 0 || send_message(&b, &request, err) < 0 ||
        receive_message(&b, WIRE_REPORT_REPLY, &reply, err) < 0)
        return -1;
    if (reply.report_reply.report.len == 0)
        return err_set(err, ERR_MISSING, 0, "own evidence: no report this time");
    if (encode_evidence(&reply.report_reply, kind, w, err) < 0) {
        err->code = ERR_HELPER; /* so that it is not tried again: the next report will not be better */
        return err_prefix(err, "own evidence");
    }
    return 0;
}

int channel_hand_over(struct agent *agent, struct err *err)
{
    AUTO_BUFFER b = {0};
    const struct join_result *r = join_result(agent->join);
    struct wire_msg msg = {
        .type = WIRE_CERTIFICATES,
        .certificates = {.time_s = r->time.time_s,
                         .epoch_count = r->volume_count,
                         .mesh_ca_pem = r->mesh_ca,
                         .cert_chain_pem = r->cert_chain,
                         .key_pem = r->key,
                         .root_ca_pem = r->root_ca,
                         .workload_secret = r->secret}
    };
    for (size_t i = 0; i < r->volume_count && i < WIRE_EPOCHS_MAX; i++)
        msg.certificates.epochs[i] = r->volumes[i].answer.epoch;
    if (buffer_make(&b, err) < 0)
        return -1;
    return send_message(&b, &msg, err);
}

int channel_ready(struct agent *agent, struct err *err)
{
    AUTO_BUFFER b = {0};
    const struct wire_msg ready = {.type = WIRE_READY};
    if (buffer_make(&b, err) < 0 || send_message(&b, &ready, err) < 0)
        return -1;
    serve_start(agent);
    return 0;
}

/* PID 1 takes printable ASCII only. */
static size_t printable(const char *text, char *out, size_t cap)
{
    size_t n = 0;
    for (; n < cap && text[n] != 0; n++)
        out[n] = (char) (text[n] >= 0x20 && text[n] < 0x7f ? text[n] : '?');
    return n;
}

void channel_failed(const struct err *err)
{
    AUTO_BUFFER b = {0};
    struct err ignored;
    char text[WIRE_TEXT_MAX];
    size_t len = printable(err->text, text, sizeof(text));
    struct wire_msg msg = {
        .type = WIRE_FAILED,
        .failed = {.code = err->code, .sys_errno = err->sys_errno, .text = span_of(text, len)}
    };
    if (buffer_make(&b, &ignored) == 0)
        (void) send_message(&b, &msg, &ignored);
}
