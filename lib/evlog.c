/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evlog.h"

#include <string.h>

void evlog_start(struct evlog *log)
{
    memset(log, 0, sizeof(*log));
}

/* head becomes SHA384(head || SHA384(record)). */
static int evlog_extend(uint8_t head[SHA384_SIZE], struct span record, struct err *err)
{
    uint8_t both[2 * SHA384_SIZE];

    memcpy(both, head, SHA384_SIZE);
    if (hash_bytes(HASH_SHA384, record, both + SHA384_SIZE, err) < 0)
        return -1;
    return hash_bytes(HASH_SHA384, span_of(both, sizeof(both)), head, err);
}

static bool evlog_is_type(uint32_t type)
{
    return type >= EVLOG_INITDATA && type <= EVLOG_TYPE_LAST;
}

int evlog_append(struct evlog *log, enum evlog_type type, struct span data, struct err *err)
{
    struct writer w = writer_of(log->records + log->len, EVLOG_BYTES_MAX - log->len);
    uint8_t head[SHA384_SIZE];

    if (!evlog_is_type(type))
        return err_set(err, ERR_FORMAT, 0, "event log: no record has type %u", (unsigned) type);
    if (data.len > EVLOG_DATA_MAX || log->count == EVLOG_RECORDS_MAX)
        return err_set(err, ERR_LIMIT, 0, "event log: %zu bytes of type %u after %zu records", data.len,
                       (unsigned) type, log->count);
    writer_le32(&w, type);
    writer_le32(&w, (uint32_t) data.len);
    writer_bytes(&w, data);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "event log: full, %zu bytes more do not fit", data.len);
    memcpy(head, log->head, SHA384_SIZE);
    if (evlog_extend(head, writer_span(&w), err) < 0)
        return -1;
    memcpy(log->head, head, SHA384_SIZE);
    log->len += w.len;
    log->count++;
    return 0;
}

struct span evlog_records(const struct evlog *log)
{
    return span_of(log->records, log->len);
}

int evlog_next(struct span *records, struct evlog_record *record, struct err *err)
{
    struct reader r = reader_of(*records);
    const uint32_t type = reader_le32(&r);
    const uint32_t len = reader_le32(&r);
    const struct span data = reader_bytes(&r, len);

    if (len > EVLOG_DATA_MAX)
        return err_set(err, ERR_LIMIT, 0, "event log: a record of %u bytes, at most %d", len, EVLOG_DATA_MAX);
    if (r.bad)
        return err_set(err, ERR_FORMAT, 0, "event log: cut inside a record");
    if (!evlog_is_type(type))
        return err_set(err, ERR_FORMAT, 0, "event log: no record has type %u", type);
    *record = (struct evlog_record){.type = (enum evlog_type) type, .data = data};
    *records = span_sub(*records, r.pos, records->len - r.pos);
    return 0;
}

int evlog_replay(struct span records, uint8_t head[SHA384_SIZE], struct err *err)
{
    uint8_t got[SHA384_SIZE] = {0};
    struct span rest = records;
    struct evlog_record record;

    for (size_t count = 0; rest.len > 0; count++) {
        const struct span before = rest;

        if (count == EVLOG_RECORDS_MAX)
            return err_set(err, ERR_LIMIT, 0, "event log: more than %d records", EVLOG_RECORDS_MAX);
        if (evlog_next(&rest, &record, err) < 0)
            return -1;
        if (evlog_extend(got, span_sub(before, 0, before.len - rest.len), err) < 0)
            return -1;
    }
    memcpy(head, got, SHA384_SIZE);
    return 0;
}
