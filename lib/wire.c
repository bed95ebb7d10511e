/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const type_names[] = {
    [WIRE_START] = "START",
    [WIRE_REPORT_REQUEST] = "REPORT_REQUEST",
    [WIRE_REPORT_REPLY] = "REPORT_REPLY",
    [WIRE_CERTIFICATES] = "CERTIFICATES",
    [WIRE_DONE] = "DONE",
    [WIRE_FAILED] = "FAILED",
    [WIRE_READY] = "READY",
};

static const char *const job_names[] = {
    [WIRE_JOB_AGENT] = "agent",
    [WIRE_JOB_VOLUMES] = "volumes",
    [WIRE_JOB_IMAGE] = "image",
    [WIRE_JOB_LAUNCH] = "launch",
};

const char *wire_type_name(enum wire_type type)
{
    const char *name = (size_t) type < COUNT(type_names) ? type_names[type] : NULL;

    return name ? name : "unknown";
}

const char *wire_job_name(enum wire_job job)
{
    const char *name = (size_t) job < COUNT(job_names) ? job_names[job] : NULL;

    return name ? name : "unknown";
}

static bool wire_is_job(uint32_t job)
{
    return job >= WIRE_JOB_AGENT && job <= WIRE_JOB_LAUNCH;
}

/* --- what may be in a message: the same checks both ways --- */

/* One part of variable length and its bounds. */
struct wire_part {
    const char *name;
    size_t len, min, max;
};

static int wire_check_parts(enum wire_type type, const struct wire_part *parts, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (parts[i].len < parts[i].min || parts[i].len > parts[i].max)
            return err_set(err, ERR_LIMIT, 0, "%s: %s has %zu bytes, expected %zu..%zu", wire_type_name(type),
                           parts[i].name, parts[i].len, parts[i].min, parts[i].max);
    return 0;
}

/* Absent, or of the one size a workload secret has. */
static int wire_check_secret(enum wire_type type, struct span secret, struct err *err)
{
    if (secret.len != 0 && secret.len != WIRE_SECRET_SIZE)
        return err_set(err, ERR_LIMIT, 0, "%s: the secret has %zu bytes, expected 0 or %d",
                       wire_type_name(type), secret.len, WIRE_SECRET_SIZE);
    return 0;
}

static int wire_check_start(const struct wire_start *s, struct err *err)
{
    const struct wire_part part = {"policy", s->policy.len, 1, WIRE_POLICY_MAX};

    if (!wire_is_job(s->job))
        return err_set(err, ERR_FORMAT, 0, "START: no job has number %u", (unsigned) s->job);
    if (wire_check_parts(WIRE_START, &part, 1, err) < 0)
        return -1;
    return wire_check_secret(WIRE_START, s->secret, err);
}

static int wire_check_report_reply(const struct wire_report_reply *r, struct err *err)
{
    const struct wire_part parts[] = {
        {"report",  r->report.len,  0, WIRE_REPORT_MAX                     },
        {"auxblob", r->auxblob.len, 0, r->report.len > 0 ? WIRE_AUX_MAX : 0},
    };

    return wire_check_parts(WIRE_REPORT_REPLY, parts, COUNT(parts), err);
}

static int wire_check_certificates(const struct wire_certificates *c, struct err *err)
{
    const struct wire_part parts[] = {
        {"mesh CA",           c->mesh_ca_pem.len,    1, WIRE_PEM_MAX},
        {"certificate chain", c->cert_chain_pem.len, 1, WIRE_PEM_MAX},
        {"key",               c->key_pem.len,        1, WIRE_PEM_MAX},
        {"root CA",           c->root_ca_pem.len,    1, WIRE_PEM_MAX},
    };

    if (c->epoch_count > WIRE_EPOCHS_MAX)
        return err_set(err, ERR_LIMIT, 0, "CERTIFICATES: %zu epochs, at most %d", c->epoch_count,
                       WIRE_EPOCHS_MAX);
    if (c->time_s > WIRE_TIME_MAX_S)
        return err_set(err, ERR_FORMAT, 0, "CERTIFICATES: a time after the year 9999");
    if (wire_check_parts(WIRE_CERTIFICATES, parts, COUNT(parts), err) < 0)
        return -1;
    return wire_check_secret(WIRE_CERTIFICATES, c->workload_secret, err);
}

static int wire_check_failed(const struct wire_failed *f, struct err *err)
{
    const struct wire_part part = {"text", f->text.len, 1, WIRE_TEXT_MAX};

    if (f->code <= ERR_NONE || f->code > ERR_HELPER)
        return err_set(err, ERR_FORMAT, 0, "FAILED: no error has code %u", (unsigned) f->code);
    if (f->sys_errno < 0 || f->sys_errno > WIRE_ERRNO_MAX || (f->sys_errno != 0 && f->code != ERR_SYS))
        return err_set(err, ERR_FORMAT, 0, "FAILED: errno %d with code %s", f->sys_errno,
                       err_code_name(f->code));
    if (wire_check_parts(WIRE_FAILED, &part, 1, err) < 0)
        return -1;
    for (size_t i = 0; i < f->text.len; i++)
        if (f->text.data[i] < 0x20 || f->text.data[i] > 0x7e)
            return err_set(err, ERR_FORMAT, 0, "FAILED: byte %zu of the text is not printable", i);
    return 0;
}

static int wire_check(const struct wire_msg *msg, struct err *err)
{
    switch (msg->type) {
    case WIRE_START:
        return wire_check_start(&msg->start, err);
    case WIRE_REPORT_REPLY:
        return wire_check_report_reply(&msg->report_reply, err);
    case WIRE_CERTIFICATES:
        return wire_check_certificates(&msg->certificates, err);
    case WIRE_FAILED:
        return wire_check_failed(&msg->failed, err);
    case WIRE_REPORT_REQUEST:
    case WIRE_DONE:
    case WIRE_READY:
        return 0;
    }
    return err_set(err, ERR_FORMAT, 0, "no message has type %u", (unsigned) msg->type);
}

/* --- encode --- */

static void wire_put_part(struct writer *w, struct span part)
{
    writer_le32(w, (uint32_t) part.len);
    writer_bytes(w, part);
}

static void wire_put_epochs(struct writer *w, const struct wire_certificates *c)
{
    writer_le64(w, c->time_s);
    writer_le32(w, (uint32_t) c->epoch_count);
    for (size_t i = 0; i < c->epoch_count; i++)
        writer_le64(w, c->epochs[i]);
}

static void wire_put_payload(struct writer *w, const struct wire_msg *msg)
{
    switch (msg->type) {
    case WIRE_START:
        writer_le16(w, (uint16_t) msg->start.job);
        writer_le64(w, msg->start.time_floor_s);
        writer_bytes(w, span_of(msg->start.event_head, WIRE_EVENT_HEAD_SIZE));
        wire_put_part(w, msg->start.policy);
        wire_put_part(w, msg->start.secret);
        break;
    case WIRE_REPORT_REQUEST:
        writer_bytes(w, span_of(msg->report_request.report_data, WIRE_REPORT_DATA_SIZE));
        break;
    case WIRE_REPORT_REPLY:
        wire_put_part(w, msg->report_reply.report);
        wire_put_part(w, msg->report_reply.auxblob);
        break;
    case WIRE_CERTIFICATES:
        wire_put_epochs(w, &msg->certificates);
        wire_put_part(w, msg->certificates.mesh_ca_pem);
        wire_put_part(w, msg->certificates.cert_chain_pem);
        wire_put_part(w, msg->certificates.key_pem);
        wire_put_part(w, msg->certificates.root_ca_pem);
        wire_put_part(w, msg->certificates.workload_secret);
        break;
    case WIRE_FAILED:
        writer_le16(w, (uint16_t) msg->failed.code);
        writer_le32(w, (uint32_t) msg->failed.sys_errno);
        writer_bytes(w, msg->failed.text);
        break;
    case WIRE_DONE:
    case WIRE_READY:
        break;
    }
}

static size_t wire_payload_len(const struct wire_msg *msg)
{
    switch (msg->type) {
    case WIRE_START:
        return 2 + 8 + WIRE_EVENT_HEAD_SIZE + 4 + msg->start.policy.len + 4 + msg->start.secret.len;
    case WIRE_REPORT_REQUEST:
        return WIRE_REPORT_DATA_SIZE;
    case WIRE_REPORT_REPLY:
        return 4 + msg->report_reply.report.len + 4 + msg->report_reply.auxblob.len;
    case WIRE_CERTIFICATES:
        return 8 + 4 + 8 * msg->certificates.epoch_count + 20 + msg->certificates.mesh_ca_pem.len +
               msg->certificates.cert_chain_pem.len + msg->certificates.key_pem.len +
               msg->certificates.root_ca_pem.len + msg->certificates.workload_secret.len;
    case WIRE_FAILED:
        return 2 + 4 + msg->failed.text.len;
    case WIRE_DONE:
    case WIRE_READY:
        break;
    }
    return 0;
}

int wire_encode(const struct wire_msg *msg, struct writer *out, struct err *err)
{
    struct writer w = *out;
    size_t len;

    if (wire_check(msg, err) < 0)
        return -1;
    len = wire_payload_len(msg); /* the parts' maxima together stay below WIRE_PAYLOAD_MAX */
    writer_le16(&w, (uint16_t) msg->type);
    writer_le16(&w, 0);
    writer_le32(&w, (uint32_t) len);
    wire_put_payload(&w, msg);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "%s: no room for %zu bytes", wire_type_name(msg->type),
                       WIRE_HEADER_SIZE + len);
    *out = w;
    return 0;
}

/* --- decode --- */

static struct span wire_get_part(struct reader *r)
{
    return reader_bytes(r, reader_le32(r));
}

static void wire_get_epochs(struct reader *r, struct wire_certificates *c)
{
    c->time_s = reader_le64(r);
    c->epoch_count = reader_le32(r);
    for (size_t i = 0; i < c->epoch_count && i < WIRE_EPOCHS_MAX; i++)
        c->epochs[i] = reader_le64(r);
}

static void wire_get_payload(struct reader *r, struct wire_msg *msg)
{
    switch (msg->type) {
    case WIRE_START:
        msg->start.job = (enum wire_job) reader_le16(r);
        msg->start.time_floor_s = reader_le64(r);
        reader_copy(r, msg->start.event_head, WIRE_EVENT_HEAD_SIZE);
        msg->start.policy = wire_get_part(r);
        msg->start.secret = wire_get_part(r);
        break;
    case WIRE_REPORT_REQUEST:
        reader_copy(r, msg->report_request.report_data, WIRE_REPORT_DATA_SIZE);
        break;
    case WIRE_REPORT_REPLY:
        msg->report_reply.report = wire_get_part(r);
        msg->report_reply.auxblob = wire_get_part(r);
        break;
    case WIRE_CERTIFICATES:
        wire_get_epochs(r, &msg->certificates);
        msg->certificates.mesh_ca_pem = wire_get_part(r);
        msg->certificates.cert_chain_pem = wire_get_part(r);
        msg->certificates.key_pem = wire_get_part(r);
        msg->certificates.root_ca_pem = wire_get_part(r);
        msg->certificates.workload_secret = wire_get_part(r);
        break;
    case WIRE_FAILED:
        msg->failed.code = (enum err_code) reader_le16(r);
        msg->failed.sys_errno = (int) reader_le32(r);
        msg->failed.text = reader_bytes(r, reader_left(r));
        break;
    case WIRE_READY:
    case WIRE_DONE:
        break;
    }
}

int wire_peek_type(struct span datagram, enum wire_type *type, struct err *err)
{
    struct reader r = reader_of(datagram);
    const uint16_t number = reader_le16(&r);

    if (datagram.len < WIRE_HEADER_SIZE)
        return err_set(err, ERR_FORMAT, 0, "a message of %zu bytes, less than a header", datagram.len);
    if (number < WIRE_START || number > WIRE_READY)
        return err_set(err, ERR_FORMAT, 0, "no message has type %u", number);
    *type = (enum wire_type) number;
    return 0;
}

int wire_decode(struct span datagram, struct wire_msg *msg, struct err *err)
{
    struct reader r = reader_of(datagram);
    struct wire_msg got;
    uint16_t zero;
    uint32_t len;

    memset(&got, 0, sizeof(got));
    if (wire_peek_type(datagram, &got.type, err) < 0)
        return -1;
    reader_skip(&r, 2);
    zero = reader_le16(&r);
    len = reader_le32(&r);
    if (zero != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: reserved field is %u, not 0", wire_type_name(got.type), zero);
    if (len > WIRE_PAYLOAD_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: a payload of %u bytes, at most %d", wire_type_name(got.type),
                       len, WIRE_PAYLOAD_MAX);
    if (len != reader_left(&r))
        return err_set(err, ERR_FORMAT, 0, "%s: length says %u bytes, %zu came", wire_type_name(got.type),
                       len, reader_left(&r));
    wire_get_payload(&r, &got);
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "%s: the parts do not fill the payload", wire_type_name(got.type));
    if (wire_check(&got, err) < 0)
        return -1;
    *msg = got;
    return 0;
}
