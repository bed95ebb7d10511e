/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ccel: a walk ends, its events lie inside the log and in order, and replaying agrees with walking. */
#include "ccel.h"
#include "pcr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const struct ccel_event *e, struct span log, size_t *end)
{
    bool bound;
    struct err err;

    if (e->offset < *end || e->data.len > log.len)
        abort();
    if (e->data.len > 0 &&
        (e->data.data < log.data + e->offset || e->data.data + e->data.len > log.data + log.len))
        abort();
    if (e->extends && (e->index == 0 || e->index > CCEL_REGISTERS))
        abort();
    if (ccel_event_bound(e, &bound, &err) < 0)
        abort();
    *end = e->offset + 16;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct pcr registers[CCEL_REGISTERS];
    uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE];
    struct ccel log;
    struct ccel_event event;
    size_t end = 0;
    bool more = true;
    struct err err = {0};

    for (size_t i = 0; i < CCEL_REGISTERS; i++)
        registers[i] = pcr_new(HASH_SHA384);
    if (ccel_open(bytes, &log, &err) < 0) {
        if (err.code == ERR_NONE || ccel_replay(bytes, rtmr, &err) == 0)
            abort();
        return 0;
    }
    while (more) {
        if (ccel_next(&log, &event, &more, &err) < 0) {
            if (ccel_replay(bytes, rtmr, &err) == 0)
                abort();
            return 0;
        }
        if (!more)
            break;
        check_event(&event, bytes, &end);
        if (event.extends && pcr_extend(&registers[event.index - 1], event.digest, &err) < 0)
            abort();
    }
    if (ccel_replay(bytes, rtmr, &err) < 0)
        abort();
    for (size_t i = 0; i < CCEL_REGISTERS; i++) {
        if (memcmp(rtmr[i], registers[i].value, SHA384_SIZE) != 0)
            abort();
    }
    return 0;
}
