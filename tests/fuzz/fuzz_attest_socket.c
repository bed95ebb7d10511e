/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A workload's request, and a reply that somebody has saved: what decodes is canonical. */
#include "attest_socket.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t buf[ATTEST_SOCKET_REPLY_MAX];

static void check_request(struct span datagram)
{
    struct attest_socket_request msg = {.kind = (enum attest_socket_kind) 99};
    struct writer w = writer_of(buf, sizeof(buf));
    struct err err = {0};

    if (attest_socket_decode_request(datagram, &msg, &err) < 0) {
        assert(err.code == ERR_FORMAT && msg.kind == (enum attest_socket_kind) 99);
        return;
    }
    assert(attest_socket_encode_request(&msg, &w, &err) == 0 && span_eq(writer_span(&w), datagram));
}

static void check_reply(struct span datagram)
{
    struct attest_socket_reply msg = {.kind = (enum attest_socket_kind) 99};
    struct writer w = writer_of(buf, sizeof(buf));
    struct err err = {0};

    if (attest_socket_decode_reply(datagram, &msg, &err) < 0) {
        assert(err.code == ERR_FORMAT || err.code == ERR_LIMIT);
        assert(msg.kind == (enum attest_socket_kind) 99);
        return;
    }
    assert(msg.spki.len <= ATTEST_SOCKET_SPKI_MAX && msg.evidence.len <= ATTEST_SOCKET_EVIDENCE_MAX);
    assert((msg.status == ATTEST_SOCKET_OK) == (msg.evidence.len > 0));
    assert((msg.status == ATTEST_SOCKET_OK) == (msg.text.len == 0));
    assert(attest_socket_encode_reply(&msg, &w, &err) == 0 && span_eq(writer_span(&w), datagram));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_request(span_of(data, size));
    check_reply(span_of(data, size));
    return 0;
}
