/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "attest_socket.h"

#include <string.h>

#define WHAT "attestation socket"

static bool is_kind(enum attest_socket_kind kind)
{
    return kind == ATTEST_SOCKET_NONCE || kind == ATTEST_SOCKET_REPORT_DATA;
}

static int check_version(unsigned version, struct err *err)
{
    if (version != ATTEST_SOCKET_VERSION)
        return err_set(err, ERR_FORMAT, 0, WHAT ": version %u, expected %d", version, ATTEST_SOCKET_VERSION);
    return 0;
}

static int check_kind(enum attest_socket_kind kind, struct err *err)
{
    if (!is_kind(kind))
        return err_set(err, ERR_FORMAT, 0, WHAT ": kind of request %u, expected 1 or 2", (unsigned) kind);
    return 0;
}

/* --- request --------------------------------------------------------------------------------------- */

static int check_request(const struct attest_socket_request *msg, struct err *err)
{
    struct span behind =
        span_of(msg->data + ATTEST_SOCKET_NONCE_SIZE, ATTEST_SOCKET_DATA_SIZE - ATTEST_SOCKET_NONCE_SIZE);

    if (check_kind(msg->kind, err) < 0)
        return -1;
    if (msg->kind == ATTEST_SOCKET_NONCE && !span_is_zero(behind))
        return err_set(err, ERR_FORMAT, 0, WHAT ": a nonce of more than %d bytes", ATTEST_SOCKET_NONCE_SIZE);
    return 0;
}

int attest_socket_encode_request(const struct attest_socket_request *msg, struct writer *w, struct err *err)
{
    struct writer out = *w;

    if (check_request(msg, err) < 0)
        return -1;
    writer_u8(&out, ATTEST_SOCKET_VERSION);
    writer_u8(&out, (uint8_t) msg->kind);
    writer_zeros(&out, 2);
    writer_bytes(&out, span_of(msg->data, sizeof(msg->data)));
    if (out.bad)
        return err_set(err, ERR_LIMIT, 0, WHAT ": no room for a request");
    *w = out;
    return 0;
}

int attest_socket_decode_request(struct span datagram, struct attest_socket_request *msg, struct err *err)
{
    struct reader r = reader_of(datagram);
    struct attest_socket_request got = {0};

    if (datagram.len != ATTEST_SOCKET_REQUEST_SIZE)
        return err_set(err, ERR_FORMAT, 0, WHAT ": a request of %zu bytes, expected %d", datagram.len,
                       ATTEST_SOCKET_REQUEST_SIZE);
    if (check_version(reader_u8(&r), err) < 0)
        return -1;
    got.kind = (enum attest_socket_kind) reader_u8(&r);
    if (reader_be16(&r) != 0)
        return err_set(err, ERR_FORMAT, 0, WHAT ": reserved bytes are not zero");
    reader_copy(&r, got.data, sizeof(got.data));
    if (check_request(&got, err) < 0)
        return -1;
    *msg = got;
    return 0;
}

/* --- reply ----------------------------------------------------------------------------------------- */

static int check_text(struct span text, struct err *err)
{
    if (text.len < 1 || text.len > ATTEST_SOCKET_TEXT_MAX)
        return err_set(err, ERR_LIMIT, 0, WHAT ": a text of %zu bytes, expected 1..%d", text.len,
                       ATTEST_SOCKET_TEXT_MAX);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return err_set(err, ERR_FORMAT, 0, WHAT ": byte %zu of the text is not printable", i);
    return 0;
}

static int check_evidence(const struct attest_socket_reply *msg, struct err *err)
{
    if (msg->evidence_kind != ATTEST_SOCKET_SNP && msg->evidence_kind != ATTEST_SOCKET_TDX)
        return err_set(err, ERR_FORMAT, 0, WHAT ": kind of evidence %u, expected 1 or 2",
                       (unsigned) msg->evidence_kind);
    if (msg->spki.len > ATTEST_SOCKET_SPKI_MAX)
        return err_set(err, ERR_LIMIT, 0, WHAT ": a key of %zu bytes, at most %d", msg->spki.len,
                       ATTEST_SOCKET_SPKI_MAX);
    if (msg->evidence.len < 1 || msg->evidence.len > ATTEST_SOCKET_EVIDENCE_MAX)
        return err_set(err, ERR_LIMIT, 0, WHAT ": %zu bytes of evidence, expected 1..%u", msg->evidence.len,
                       ATTEST_SOCKET_EVIDENCE_MAX);
    if (msg->kind == ATTEST_SOCKET_REPORT_DATA &&
        (msg->spki.len > 0 || !span_is_zero(span_of(msg->head, sizeof(msg->head)))))
        return err_set(err, ERR_FORMAT, 0, WHAT ": a key or a head that the report data does not bind");
    return 0;
}

static int check_reply(const struct attest_socket_reply *msg, struct err *err)
{
    if (check_kind(msg->kind, err) < 0)
        return -1;
    switch (msg->status) {
    case ATTEST_SOCKET_OK:
        return check_evidence(msg, err);
    case ATTEST_SOCKET_REFUSED:
    case ATTEST_SOCKET_BUSY:
        return check_text(msg->text, err);
    }
    return err_set(err, ERR_FORMAT, 0, WHAT ": status %u, expected 0..2", (unsigned) msg->status);
}

int attest_socket_encode_reply(const struct attest_socket_reply *msg, struct writer *w, struct err *err)
{
    struct writer out = *w;
    bool ok = msg->status == ATTEST_SOCKET_OK;

    if (check_reply(msg, err) < 0)
        return -1;
    writer_u8(&out, ATTEST_SOCKET_VERSION);
    writer_u8(&out, (uint8_t) msg->status);
    writer_u8(&out, (uint8_t) msg->kind);
    writer_u8(&out, ok ? (uint8_t) msg->evidence_kind : 0);
    if (ok) {
        writer_bytes(&out, span_of(msg->head, sizeof(msg->head)));
        writer_be16(&out, (uint16_t) msg->spki.len);
        writer_bytes(&out, msg->spki);
    }
    writer_bytes(&out, ok ? msg->evidence : msg->text);
    if (out.bad)
        return err_set(err, ERR_LIMIT, 0, WHAT ": no room for a reply");
    *w = out;
    return 0;
}

/* What follows the four bytes at the start. */
static int read_rest(struct reader *r, uint8_t evidence_kind, struct attest_socket_reply *got,
                     struct err *err)
{
    if (got->status != ATTEST_SOCKET_OK) {
        if (evidence_kind != 0)
            return err_set(err, ERR_FORMAT, 0, WHAT ": evidence of kind %u in a refusal", evidence_kind);
        got->text = reader_bytes(r, reader_left(r));
        return 0;
    }
    got->evidence_kind = (enum attest_socket_evidence) evidence_kind;
    reader_copy(r, got->head, sizeof(got->head));
    got->spki = reader_bytes(r, reader_be16(r));
    got->evidence = reader_bytes(r, reader_left(r));
    if (r->bad)
        return err_set(err, ERR_FORMAT, 0, WHAT ": the reply is cut off");
    return 0;
}

int attest_socket_decode_reply(struct span datagram, struct attest_socket_reply *msg, struct err *err)
{
    struct reader r = reader_of(datagram);
    struct attest_socket_reply got = {0};
    uint8_t evidence_kind;

    if (datagram.len < 4 || datagram.len > ATTEST_SOCKET_REPLY_MAX)
        return err_set(err, ERR_LIMIT, 0, WHAT ": a reply of %zu bytes, expected 4..%u", datagram.len,
                       (unsigned) ATTEST_SOCKET_REPLY_MAX);
    if (check_version(reader_u8(&r), err) < 0)
        return -1;
    got.status = (enum attest_socket_status) reader_u8(&r);
    got.kind = (enum attest_socket_kind) reader_u8(&r);
    evidence_kind = reader_u8(&r);
    if (read_rest(&r, evidence_kind, &got, err) < 0 || check_reply(&got, err) < 0)
        return -1;
    *msg = got;
    return 0;
}

/* --- report data ----------------------------------------------------------------------------------- */

int attest_socket_report_data(const uint8_t nonce[ATTEST_SOCKET_NONCE_SIZE], struct span spki,
                              const uint8_t head[ATTEST_SOCKET_HEAD_SIZE],
                              uint8_t out[ATTEST_SOCKET_REPORT_DATA_SIZE], struct err *err)
{
    uint8_t
        text[sizeof(ATTEST_SOCKET_TAG) + ATTEST_SOCKET_NONCE_SIZE + SHA384_SIZE + ATTEST_SOCKET_HEAD_SIZE];
    uint8_t key[SHA384_SIZE];
    struct writer w = writer_of(text, sizeof(text));

    if (hash_bytes(HASH_SHA384, spki, key, err) < 0)
        return -1;
    writer_bytes(&w, span_of(ATTEST_SOCKET_TAG, sizeof(ATTEST_SOCKET_TAG))); /* the NUL is the zero */
    writer_bytes(&w, span_of(nonce, ATTEST_SOCKET_NONCE_SIZE));
    writer_bytes(&w, span_of(key, sizeof(key)));
    writer_bytes(&w, span_of(head, ATTEST_SOCKET_HEAD_SIZE));
    return hash_bytes(HASH_SHA512, writer_span(&w), out, err);
}
