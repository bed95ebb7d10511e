/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre/1's messages: what decodes is canonical and within its limits, a prefix never decodes, and an
 * exchange of both sides' messages in any order reaches the answer only through ACCEPTED. The first byte says
 * how many bytes of story follow; the rest are messages. */
#include "ratls.h"

#include <assert.h>
#include <stdbool.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct ratls_msg *msg)
{
    assert(msg->type >= RATLS_HELLO && msg->type <= RATLS_REFUSED);
    assert(msg->evidence.len <= RATLS_EVIDENCE_MAX && msg->text.len <= RATLS_TEXT_MAX);
    assert(msg->body.len < RATLS_PAYLOAD_MAX && msg->time_s <= RATLS_TIME_MAX_S);
    if (msg->kind == RATLS_NO_TEE)
        assert(msg->evidence.len == 0);
}

static void check_messages(struct span bytes)
{
    static uint8_t buf[RATLS_HEADER_SIZE + RATLS_PAYLOAD_MAX];
    struct err err = {0};
    size_t used = 0;

    while (bytes.len > 0) {
        struct ratls_msg msg = {.type = (enum ratls_type) 99};
        struct ratls_msg again;
        struct writer w = writer_of(buf, sizeof(buf));
        int rc = ratls_decode(bytes, &msg, &used, &err);
        if (rc != 1) {
            assert(msg.type == (enum ratls_type) 99);
            assert(rc == 0 || err.code == ERR_FORMAT || err.code == ERR_LIMIT);
            return;
        }
        assert(used >= RATLS_HEADER_SIZE && used <= bytes.len && used <= sizeof(buf));
        check_parts(&msg);
        assert(ratls_encode(&msg, &w, &err) == 0);
        assert(span_eq(writer_span(&w), span_of(bytes.data, used)));
        assert(ratls_decode(span_of(bytes.data, used - 1), &again, &used, &err) == 0);
        bytes = span_of(bytes.data + w.len, bytes.len - w.len);
    }
}

static void check_story(struct span story)
{
    enum ratls_state state = RATLS_AT_START;
    struct err err = {0};
    bool seen[RATLS_REFUSED + 1] = {false};

    for (size_t i = 0; i < story.len; i++) {
        enum ratls_role from = story.data[i] & 0x80 ? RATLS_CLIENT : RATLS_SERVER;
        enum ratls_type type = (enum ratls_type)(story.data[i] % 9);
        enum ratls_state before = state;
        if (ratls_advance(&state, from, type, &err) < 0) {
            assert(state == before && err.code == ERR_FORMAT);
            continue;
        }
        assert(state != before && (state > before || type == RATLS_ANSWER));
        assert(!seen[type] || type == RATLS_REQUEST || type == RATLS_ANSWER);
        seen[type] = true;
    }
    if (seen[RATLS_REQUEST])
        assert(seen[RATLS_ACCEPTED] && seen[RATLS_CLIENT_EVIDENCE] && seen[RATLS_SERVER_EVIDENCE]);
    assert(!seen[RATLS_ANSWER] || seen[RATLS_REQUEST]);
    assert(!seen[RATLS_REFUSED] || state == RATLS_AT_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(span_of(data, size));
    const struct span story = reader_bytes(&r, reader_u8(&r) % 32);

    if (r.bad)
        return 0;
    check_story(story);
    check_messages(reader_bytes(&r, reader_left(&r)));
    return 0;
}
