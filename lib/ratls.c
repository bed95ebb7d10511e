/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ratls.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the messages, as data ------------------------------------------------------------------------- */

/* Bytes of a payload, by type. */
static const struct {
    const char *name;
    uint32_t min;
    uint32_t max;
} types[] = {
    [RATLS_HELLO] = {"HELLO",           RATLS_NONCE_SIZE,         RATLS_NONCE_SIZE },
    [RATLS_SERVER_EVIDENCE] = {"SERVER_EVIDENCE", RATLS_NONCE_SIZE + 1,
                     RATLS_NONCE_SIZE + 1 + RATLS_EVIDENCE_MAX                     },
    [RATLS_CLIENT_EVIDENCE] = {"CLIENT_EVIDENCE", RATLS_HEAD_SIZE + 1,
                     RATLS_HEAD_SIZE + 1 + RATLS_EVIDENCE_MAX                      },
    [RATLS_ACCEPTED] = {"ACCEPTED",        0,                        0                },
    [RATLS_REQUEST] = {"REQUEST",         1,                        RATLS_PAYLOAD_MAX},
    [RATLS_ANSWER] = {"ANSWER",          8 + RATLS_SIGNATURE_SIZE, RATLS_PAYLOAD_MAX},
    [RATLS_REFUSED] = {"REFUSED",         1,                        RATLS_TEXT_MAX   },
};

/* Who may send what, and when. Whatever is not here is refused; lib/ratls_link counts the calls. */
static const struct {
    enum ratls_state at;
    enum ratls_role from;
    enum ratls_type type;
    enum ratls_state next;
} rules[] = {
    {RATLS_AT_START,     RATLS_CLIENT, RATLS_HELLO,           RATLS_AT_SERVER   },
    {RATLS_AT_SERVER,    RATLS_SERVER, RATLS_SERVER_EVIDENCE, RATLS_AT_CLIENT   },
    {RATLS_AT_CLIENT,    RATLS_CLIENT, RATLS_CLIENT_EVIDENCE, RATLS_AT_VERDICT  },
    {RATLS_AT_VERDICT,   RATLS_SERVER, RATLS_ACCEPTED,        RATLS_AT_ACCEPTED },
    {RATLS_AT_VERDICT,   RATLS_SERVER, RATLS_REFUSED,         RATLS_AT_END      },
    {RATLS_AT_ACCEPTED,  RATLS_CLIENT, RATLS_REQUEST,         RATLS_AT_REQUESTED},
    {RATLS_AT_REQUESTED, RATLS_SERVER, RATLS_ANSWER,          RATLS_AT_ACCEPTED },
    {RATLS_AT_REQUESTED, RATLS_SERVER, RATLS_REFUSED,         RATLS_AT_END      },
};

const char *ratls_type_name(enum ratls_type type)
{
    const char *name = (size_t) type < COUNT(types) ? types[type].name : NULL;
    return name != NULL ? name : "unknown";
}

int ratls_advance(enum ratls_state *state, enum ratls_role from, enum ratls_type type, struct err *err)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (rules[i].at == *state && rules[i].from == from && rules[i].type == type) {
            *state = rules[i].next;
            return 0;
        }
    return err_set(err, ERR_FORMAT, 0, "nacre/1: %s from the %s out of turn", ratls_type_name(type),
                   from == RATLS_CLIENT ? "client" : "server");
}

/* --- checks, the same in both directions ----------------------------------------------------------- */

static int check_length(enum ratls_type type, size_t len, struct err *err)
{
    if (type < RATLS_HELLO || type > RATLS_REFUSED)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: no message has type %u", (unsigned) type);
    if (len < types[type].min || len > types[type].max)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: %s has %zu bytes, expected %u..%u", ratls_type_name(type),
                       len, types[type].min, types[type].max);
    return 0;
}

static int check_evidence(const struct ratls_msg *msg, struct err *err)
{
    if ((unsigned) msg->kind > RATLS_TDX)
        return err_set(err, ERR_FORMAT, 0, "nacre/1: %s has evidence of kind %u, expected 0..2",
                       ratls_type_name(msg->type), (unsigned) msg->kind);
    if ((msg->kind == RATLS_NO_TEE) != (msg->evidence.len == 0))
        return err_set(err, ERR_FORMAT, 0, "nacre/1: %s has %zu bytes of evidence of kind %u",
                       ratls_type_name(msg->type), msg->evidence.len, (unsigned) msg->kind);
    return 0;
}

static int check_text(struct span text, struct err *err)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return err_set(err, ERR_FORMAT, 0, "nacre/1: REFUSED has byte 0x%02x at %zu, expected ASCII text",
                           text.data[i], i);
    return 0;
}

static int check(const struct ratls_msg *msg, struct err *err)
{
    switch (msg->type) {
    case RATLS_SERVER_EVIDENCE:
    case RATLS_CLIENT_EVIDENCE:
        return check_evidence(msg, err);
    case RATLS_REQUEST:
        if (msg->method < RATLS_NEW_MESH_CERT || msg->method > RATLS_TIME)
            return err_set(err, ERR_FORMAT, 0, "nacre/1: REQUEST has method %u, expected 1..3",
                           (unsigned) msg->method);
        return 0;
    case RATLS_ANSWER:
        if (msg->time_s > RATLS_TIME_MAX_S)
            return err_set(err, ERR_FORMAT, 0, "nacre/1: ANSWER has a time after the year 9999");
        return 0;
    case RATLS_REFUSED:
        return check_text(msg->text, err);
    case RATLS_HELLO:
    case RATLS_ACCEPTED:
        break;
    }
    return 0;
}

/* --- to bytes -------------------------------------------------------------------------------------- */

static size_t payload_len(const struct ratls_msg *msg)
{
    switch (msg->type) {
    case RATLS_HELLO:
        return RATLS_NONCE_SIZE;
    case RATLS_SERVER_EVIDENCE:
        return RATLS_NONCE_SIZE + 1 + msg->evidence.len;
    case RATLS_CLIENT_EVIDENCE:
        return RATLS_HEAD_SIZE + 1 + msg->evidence.len;
    case RATLS_REQUEST:
        return 1 + msg->body.len;
    case RATLS_ANSWER:
        return 8 + RATLS_SIGNATURE_SIZE + msg->body.len;
    case RATLS_REFUSED:
        return msg->text.len;
    case RATLS_ACCEPTED:
        break;
    }
    return 0;
}

static void put_payload(struct writer *w, const struct ratls_msg *msg)
{
    switch (msg->type) {
    case RATLS_HELLO:
        writer_bytes(w, span_of(msg->nonce, RATLS_NONCE_SIZE));
        break;
    case RATLS_SERVER_EVIDENCE:
        writer_bytes(w, span_of(msg->nonce, RATLS_NONCE_SIZE));
        writer_u8(w, (uint8_t) msg->kind);
        writer_bytes(w, msg->evidence);
        break;
    case RATLS_CLIENT_EVIDENCE:
        writer_bytes(w, span_of(msg->head, RATLS_HEAD_SIZE));
        writer_u8(w, (uint8_t) msg->kind);
        writer_bytes(w, msg->evidence);
        break;
    case RATLS_REQUEST:
        writer_u8(w, (uint8_t) msg->method);
        writer_bytes(w, msg->body);
        break;
    case RATLS_ANSWER:
        writer_be64(w, msg->time_s);
        writer_bytes(w, span_of(msg->signature, RATLS_SIGNATURE_SIZE));
        writer_bytes(w, msg->body);
        break;
    case RATLS_REFUSED:
        writer_bytes(w, msg->text);
        break;
    case RATLS_ACCEPTED:
        break;
    }
}

int ratls_encode(const struct ratls_msg *msg, struct writer *w, struct err *err)
{
    size_t len = payload_len(msg);
    if (check_length(msg->type, len, err) < 0 || check(msg, err) < 0)
        return -1;
    writer_be32(w, (uint32_t) len);
    writer_u8(w, (uint8_t) msg->type);
    put_payload(w, msg);
    if (w->bad)
        return err_set(err, ERR_LIMIT, 0, "nacre/1: no room for %s", ratls_type_name(msg->type));
    return 0;
}

/* --- from bytes ------------------------------------------------------------------------------------ */

static void get_payload(struct reader *r, struct ratls_msg *msg)
{
    switch (msg->type) {
    case RATLS_HELLO:
        reader_copy(r, msg->nonce, RATLS_NONCE_SIZE);
        break;
    case RATLS_SERVER_EVIDENCE:
        reader_copy(r, msg->nonce, RATLS_NONCE_SIZE);
        msg->kind = (enum ratls_kind) reader_u8(r);
        msg->evidence = reader_bytes(r, reader_left(r));
        break;
    case RATLS_CLIENT_EVIDENCE:
        reader_copy(r, msg->head, RATLS_HEAD_SIZE);
        msg->kind = (enum ratls_kind) reader_u8(r);
        msg->evidence = reader_bytes(r, reader_left(r));
        break;
    case RATLS_REQUEST:
        msg->method = (enum ratls_method) reader_u8(r);
        msg->body = reader_bytes(r, reader_left(r));
        break;
    case RATLS_ANSWER:
        msg->time_s = reader_be64(r);
        reader_copy(r, msg->signature, RATLS_SIGNATURE_SIZE);
        msg->body = reader_bytes(r, reader_left(r));
        break;
    case RATLS_REFUSED:
        msg->text = reader_bytes(r, reader_left(r));
        break;
    case RATLS_ACCEPTED:
        break;
    }
}

int ratls_decode(struct span bytes, struct ratls_msg *msg, size_t *used, struct err *err)
{
    struct reader r = reader_of(bytes);
    struct ratls_msg got = {0};
    if (bytes.len < RATLS_HEADER_SIZE)
        return 0;
    uint32_t len = reader_be32(&r);
    got.type = (enum ratls_type) reader_u8(&r);
    if (check_length(got.type, len, err) < 0)
        return -1;
    if (reader_left(&r) < len)
        return 0;
    struct reader payload = reader_of(reader_bytes(&r, len));
    get_payload(&payload, &got);
    if (!reader_done(&payload))
        return err_set(err, ERR_FORMAT, 0, "nacre/1: %s is cut", ratls_type_name(got.type));
    if (check(&got, err) < 0)
        return -1;
    *msg = got;
    *used = RATLS_HEADER_SIZE + len;
    return 1;
}

/* --- the binding ----------------------------------------------------------------------------------- */

int ratls_report_data(const struct ratls_binding *binding, uint8_t out[RATLS_REPORT_DATA_SIZE],
                      struct err *err)
{
    uint8_t spki[SHA384_SIZE];
    uint8_t
        text[sizeof(RATLS_ALPN) + 1 + 2 * RATLS_NONCE_SIZE + SHA384_SIZE + RATLS_EKM_SIZE + RATLS_HEAD_SIZE];
    struct writer w = writer_of(text, sizeof(text));
    if (hash_bytes(HASH_SHA384, binding->spki, spki, err) < 0)
        return -1;
    writer_bytes(&w, span_of(RATLS_ALPN, sizeof(RATLS_ALPN))); /* its NUL is the 0x00 */
    writer_u8(&w, (uint8_t) binding->role);
    writer_bytes(&w, span_of(binding->nonce_c, RATLS_NONCE_SIZE));
    writer_bytes(&w, span_of(binding->nonce_s, RATLS_NONCE_SIZE));
    writer_bytes(&w, span_of(spki, sizeof(spki)));
    writer_bytes(&w, span_of(binding->ekm, RATLS_EKM_SIZE));
    if (binding->role == RATLS_CLIENT)
        writer_bytes(&w, span_of(binding->head, RATLS_HEAD_SIZE));
    return hash_bytes(HASH_SHA512, writer_span(&w), out, err);
}
