/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a hostile helper: what decodes is canonical, and no order of messages gets round the rules.
 * The first byte is how many bytes of story follow; the rest is a datagram. */
#include "wire.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_datagram(struct span datagram)
{
    static uint8_t buf[WIRE_MESSAGE_MAX];
    struct writer w = writer_of(buf, sizeof(buf));
    struct wire_msg msg;
    struct err err = {0};
    enum wire_type type;

    if (wire_decode(datagram, &msg, &err) < 0) {
        assert(err.code == ERR_FORMAT || err.code == ERR_LIMIT);
        return;
    }
    assert(wire_peek_type(datagram, &type, &err) == 0 && type == msg.type);
    assert(wire_encode(&msg, &w, &err) == 0);
    assert(span_eq(writer_span(&w), datagram));
}

static void check_story(enum wire_job job, struct span story)
{
    struct wire_progress p = WIRE_PROGRESS(job);
    struct err err = {0};

    for (size_t i = 0; i < story.len; i++) {
        const struct wire_progress before = p;
        const int rc = wire_accept(&p, (enum wire_type)(story.data[i] % 9), &err);

        if (rc < 0)
            assert(err.code == ERR_HELPER && memcmp(&p, &before, sizeof(p)) == 0);
        assert(rc < 0 || before.state < WIRE_AT_DONE);
        assert(p.state >= before.state);
    }
    assert(p.seen[0] == 0 && p.seen[WIRE_START] == 0 && p.seen[WIRE_REPORT_REPLY] == 0);
    assert(p.seen[WIRE_DONE] == (p.state == WIRE_AT_DONE ? 1 : 0));
    assert(p.seen[WIRE_FAILED] == (p.state == WIRE_AT_FAILED ? 1 : 0));
    if (job != WIRE_JOB_AGENT)
        assert(p.seen[WIRE_CERTIFICATES] == 0 && p.seen[WIRE_REPORT_REQUEST] == 0 && p.seen[WIRE_READY] == 0);
    if (job == WIRE_JOB_AGENT)
        assert(wire_accept_eof(&p, &err) < 0 && p.seen[WIRE_DONE] == 0 && p.seen[WIRE_READY] <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(span_of(data, size));
    const struct span story = reader_bytes(&r, reader_u8(&r) % 32);

    if (r.bad)
        return 0;
    for (unsigned job = 0; job <= WIRE_JOB_LAUNCH + 1; job++)
        check_story((enum wire_job) job, story);
    check_datagram(reader_bytes(&r, reader_left(&r)));
    return 0;
}
