/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ccel.h"

#include "pcr.h"

#include <string.h>

#define SIGNATURE "Spec ID Event03" /* and a NUL */
#define SHA1_SIZE 20
#define ALGORITHM_SHA384 0x0c
#define VARIABLE_HEADER 32 /* GUID, length of the name in characters, length of the data */

static int read_algorithms(struct reader *r, struct ccel *log, struct err *err)
{
    uint32_t count = reader_le32(r);
    bool found = false;

    if (count == 0 || count > CCEL_ALGORITHMS_MAX)
        return err_set(err, ERR_FORMAT, 0, "event log header: %u algorithms, expected 1 to %d", count,
                       CCEL_ALGORITHMS_MAX);
    for (; log->algorithm_count < count; log->algorithm_count++) {
        struct ccel_algorithm *a = &log->algorithms[log->algorithm_count];

        a->id = reader_le16(r);
        a->size = reader_le16(r);
        if (a->size == 0 || a->size > HASH_MAX)
            return err_set(err, ERR_FORMAT, 0, "event log header: algorithm 0x%x with %u bytes", a->id,
                           a->size);
        found |= a->id == ALGORITHM_SHA384 && a->size == SHA384_SIZE;
    }
    if (!found)
        return err_set(err, ERR_FORMAT, 0, "event log header: no SHA-384 among its algorithms");
    return 0;
}

static int read_header(struct span data, struct ccel *log, struct err *err)
{
    struct reader r = reader_of(data);

    if (!span_eq(reader_bytes(&r, sizeof SIGNATURE), span_of(SIGNATURE, sizeof SIGNATURE)))
        return err_set(err, ERR_FORMAT, 0, "event log: expected \"%s\" at 0x20", SIGNATURE);
    reader_skip(&r, 8); /* platform class, version, errata, size of UINTN */
    if (read_algorithms(&r, log, err) < 0)
        return -1;
    reader_skip(&r, reader_u8(&r)); /* vendor's information */
    if (!reader_done(&r))
        return err_set(err, ERR_FORMAT, 0, "event log header: %zu bytes, but its fields end at %zu", data.len,
                       r.pos);
    return 0;
}

int ccel_open(struct span bytes, struct ccel *log, struct err *err)
{
    struct ccel out = {.r = reader_of(bytes)};
    uint32_t type;
    struct span data;

    if (bytes.len > CCEL_LOG_MAX)
        return err_set(err, ERR_LIMIT, 0, "event log: %zu bytes, at most %u", bytes.len, CCEL_LOG_MAX);
    if (span_eq_str(span_sub(bytes, 0, 4), "CCEL"))
        return err_set(err, ERR_FORMAT, 0,
                       "this is the ACPI table; the log is in /sys/firmware/acpi/tables/data/CCEL");
    reader_skip(&out.r, 4); /* register */
    type = reader_le32(&out.r);
    reader_skip(&out.r, SHA1_SIZE);
    data = reader_bytes(&out.r, reader_le32(&out.r));
    if (out.r.bad || type != CCEL_NO_ACTION)
        return err_set(err, ERR_FORMAT, 0, "event log: header at 0x0 is cut short or has type 0x%x", type);
    if (read_header(data, &out, err) < 0)
        return -1;
    *log = out;
    return 0;
}

/* At pos: nothing but fill? */
static bool at_end(const struct reader *r)
{
    size_t left = r->src.len - r->pos;
    struct reader look = *r;
    uint32_t index, type;
    const uint8_t *rest = r->src.data + r->pos;

    if (left == 0)
        return true;
    if (rest[0] != 0 && rest[0] != 0xff)
        return false;
    if (left < 8)
        return left == 1 || memcmp(rest, rest + 1, left - 1) == 0;
    index = reader_le32(&look);
    type = reader_le32(&look);
    return index == type && (index == 0 || index == UINT32_MAX) && memcmp(rest, rest + 1, left - 1) == 0;
}

static int digest_size(const struct ccel *log, uint16_t id, size_t *size)
{
    for (size_t i = 0; i < log->algorithm_count; i++) {
        if (log->algorithms[i].id == id) {
            *size = log->algorithms[i].size;
            return 0;
        }
    }
    return -1;
}

static int read_digests(struct ccel *log, struct ccel_event *event, struct err *err)
{
    uint32_t count = reader_le32(&log->r);
    unsigned found = 0;

    if (count > CCEL_ALGORITHMS_MAX)
        return err_set(err, ERR_FORMAT, 0, "event at 0x%zx: %u digests, at most %d", event->offset, count,
                       CCEL_ALGORITHMS_MAX);
    for (uint32_t i = 0; i < count && !log->r.bad; i++) {
        size_t at = log->r.pos, size = 0;
        uint16_t id = reader_le16(&log->r);

        if (!log->r.bad && digest_size(log, id, &size) < 0)
            return err_set(err, ERR_FORMAT, 0, "event at 0x%zx: algorithm 0x%x at 0x%zx is not in the header",
                           event->offset, id, at);
        if (id == ALGORITHM_SHA384 && size == SHA384_SIZE) {
            found++;
            reader_copy(&log->r, event->digest, SHA384_SIZE);
        } else {
            reader_skip(&log->r, size);
        }
    }
    if (!log->r.bad && found != 1)
        return err_set(err, ERR_FORMAT, 0, "event at 0x%zx: %u SHA-384 digests, expected 1", event->offset,
                       found);
    return 0;
}

static int read_event(struct ccel *log, struct ccel_event *event, struct err *err)
{
    event->index = reader_le32(&log->r);
    event->type = reader_le32(&log->r);
    event->extends = event->type != CCEL_NO_ACTION;
    if (read_digests(log, event, err) < 0)
        return -1;
    event->data = reader_bytes(&log->r, reader_le32(&log->r));
    if (log->r.bad)
        return err_set(err, ERR_FORMAT, 0, "event at 0x%zx is cut short", event->offset);
    if (event->extends && (event->index == 0 || event->index > CCEL_REGISTERS))
        return err_set(err, ERR_FORMAT, 0, "event at 0x%zx: register %u, expected 1 to %d (RTMR0 to RTMR3)",
                       event->offset, event->index, CCEL_REGISTERS);
    return 0;
}

int ccel_next(struct ccel *log, struct ccel_event *event, bool *more, struct err *err)
{
    struct ccel at = *log;
    struct ccel_event out = {.offset = log->r.pos};

    if (at_end(&at.r)) {
        *more = false;
        return 0;
    }
    if (at.count == CCEL_EVENTS_MAX)
        return err_set(err, ERR_LIMIT, 0, "event at 0x%zx: more than %d events", out.offset, CCEL_EVENTS_MAX);
    if (read_event(&at, &out, err) < 0)
        return -1;
    at.count++;
    *log = at;
    *event = out;
    *more = true;
    return 0;
}

int ccel_replay(struct span bytes, uint8_t rtmr[CCEL_REGISTERS][SHA384_SIZE], struct err *err)
{
    struct pcr registers[CCEL_REGISTERS];
    struct ccel_event event;
    struct ccel log;
    bool more = true;

    for (size_t i = 0; i < CCEL_REGISTERS; i++)
        registers[i] = pcr_new(HASH_SHA384);
    if (ccel_open(bytes, &log, err) < 0)
        return -1;
    for (;;) {
        if (ccel_next(&log, &event, &more, err) < 0)
            return -1;
        if (!more)
            break;
        if (event.extends && pcr_extend(&registers[event.index - 1], event.digest, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < CCEL_REGISTERS; i++)
        memcpy(rtmr[i], registers[i].value, SHA384_SIZE);
    return 0;
}

/* The data of the UEFI variable that the event describes; data NULL when it describes none. */
static struct span variable_data(const struct ccel_event *event)
{
    struct reader r = reader_of(event->data);
    uint64_t name, size;
    struct span data;

    reader_skip(&r, 16);
    name = reader_le64(&r);
    size = reader_le64(&r);
    if (r.bad || name > reader_left(&r) / 2 || size > reader_left(&r))
        return span_of(NULL, 0);
    reader_skip(&r, (size_t) name * 2);
    data = reader_bytes(&r, (size_t) size);
    return reader_done(&r) ? data : span_of(NULL, 0);
}

int ccel_event_bound(const struct ccel_event *event, bool *bound, struct err *err)
{
    uint8_t digest[SHA384_SIZE];
    struct span data = event->type == (uint32_t) CCEL_VARIABLE_BOOT ? variable_data(event) : event->data;

    if (hash_bytes(HASH_SHA384, event->data, digest, err) < 0)
        return -1;
    if (memcmp(digest, event->digest, sizeof digest) != 0 && data.data &&
        hash_bytes(HASH_SHA384, data, digest, err) < 0)
        return -1;
    *bound = memcmp(digest, event->digest, sizeof digest) == 0;
    return 0;
}

const char *ccel_type_name(uint32_t type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {
        {0x3,        "EV_NO_ACTION"                    },
        {0x4,        "EV_SEPARATOR"                    },
        {0x5,        "EV_ACTION"                       },
        {0x6,        "EV_EVENT_TAG"                    },
        {0xa,        "EV_PLATFORM_CONFIG_FLAGS"        },
        {0xd,        "EV_IPL"                          },
        {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"   },
        {0x80000002, "EV_EFI_VARIABLE_BOOT"            },
        {0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION"},
        {0x80000006, "EV_EFI_GPT_EVENT"                },
        {0x80000007, "EV_EFI_ACTION"                   },
        {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"   },
        {0x80000009, "EV_EFI_HANDOFF_TABLES"           },
        {0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"  },
        {0x8000000b, "EV_EFI_HANDOFF_TABLES2"          },
        {0x800000e0, "EV_EFI_VARIABLE_AUTHORITY"       },
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].type == type)
            return names[i].name;
    }
    return "other";
}
