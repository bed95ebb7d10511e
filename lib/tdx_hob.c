/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_hob.h"

#include <stdlib.h>

#define HOB_HANDOFF 1
#define HOB_RESOURCE 3
#define HANDOFF_SIZE 56
#define RESOURCE_SIZE 48
#define END_SIZE 8
#define HANDOFF_VERSION 9

#define RESOURCE_MEMORY 0
#define RESOURCE_UNACCEPTED 7
#define RESOURCE_ATTRIBUTES 7 /* present, initialised, tested */

#define HIGH_MEMORY (UINT64_C(1) << 32)

/* A range of guest memory. */
struct range {
    uint64_t start;
    uint64_t end;
};

struct ranges {
    struct range list[TDVF_SECTIONS_MAX];
    size_t count;
};

static int by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct range *) a)->start, y = ((const struct range *) b)->start;

    return x < y ? -1 : x > y;
}

/* The ranges that the VMM adds, and so accepts, as memory: sorted. */
static int accepted(const struct tdvf *tdvf, uint64_t low_end, struct ranges *out, struct err *err)
{
    out->count = 0;
    for (size_t i = 0; i < tdvf->count; i++) {
        const struct tdvf_section *s = &tdvf->sections[i];

        if (s->type == TDVF_BFV || s->type == TDVF_CFV)
            continue;
        if (s->type != TDVF_HOB && s->type != TDVF_TEMP)
            return err_set(err, ERR_FORMAT, 0,
                           "TDX section %zu has type %d: how the VMM lists it is not known", i,
                           (int) s->type);
        if (s->gpa + s->size > low_end)
            return err_set(err, ERR_FORMAT, 0, "TDX section %zu ends at 0x%llx, behind the memory's 0x%llx",
                           i, (unsigned long long) (s->gpa + s->size), (unsigned long long) low_end);
        out->list[out->count++] = (struct range){s->gpa, s->gpa + s->size};
    }
    qsort(out->list, out->count, sizeof out->list[0], by_start);
    return 0;
}

static void put_resource(struct writer *w, uint32_t type, uint64_t start, uint64_t end)
{
    writer_le16(w, HOB_RESOURCE);
    writer_le16(w, RESOURCE_SIZE);
    writer_le32(w, 0);
    writer_zeros(w, 16); /* owner */
    writer_le32(w, type);
    writer_le32(w, RESOURCE_ATTRIBUTES);
    writer_le64(w, start);
    writer_le64(w, end - start);
}

static void put_resources(struct writer *w, const struct ranges *have, uint64_t memory, uint64_t low_end)
{
    uint64_t at = 0;

    for (size_t i = 0; i < have->count; i++) {
        if (at < have->list[i].start)
            put_resource(w, RESOURCE_UNACCEPTED, at, have->list[i].start);
        put_resource(w, RESOURCE_MEMORY, have->list[i].start, have->list[i].end);
        at = have->list[i].end;
    }
    if (at < low_end)
        put_resource(w, RESOURCE_UNACCEPTED, at, low_end);
    if (memory > low_end)
        put_resource(w, RESOURCE_UNACCEPTED, HIGH_MEMORY, HIGH_MEMORY + memory - low_end);
}

int tdx_hob_build(const struct tdvf *tdvf, uint64_t memory, struct writer *out, struct err *err)
{
    uint8_t body[TDX_HOB_MAX];
    struct writer w = writer_of(body, sizeof body);
    const struct tdvf_section *hob = tdvf_find(tdvf, TDVF_HOB);
    uint64_t low_end = memory >= TDX_SPLIT_MEMORY ? TDX_LOW_MEMORY : memory;
    struct ranges have;
    size_t total;

    if (memory == 0 || memory > TDX_MEMORY_MAX)
        return err_set(err, ERR_LIMIT, 0, "memory: 0x%llx bytes, expected 1 to 0x%llx",
                       (unsigned long long) memory, (unsigned long long) TDX_MEMORY_MAX);
    if (!hob)
        return err_set(err, ERR_FORMAT, 0, "TDX metadata: expected one TD_HOB section");
    if (accepted(tdvf, low_end, &have, err) < 0)
        return -1;
    put_resources(&w, &have, memory, low_end);
    total = HANDOFF_SIZE + w.len + END_SIZE;
    if (w.bad || total > hob->size)
        return err_set(err, ERR_LIMIT, 0, "TD_HOB section: 0x%llx bytes are too few for the list",
                       (unsigned long long) hob->size);
    writer_le16(out, HOB_HANDOFF);
    writer_le16(out, HANDOFF_SIZE);
    writer_le32(out, 0);
    writer_le32(out, HANDOFF_VERSION);
    writer_le32(out, 0);   /* boot mode */
    writer_zeros(out, 32); /* memory top and bottom, free top and bottom */
    writer_le64(out, hob->gpa + total);
    writer_bytes(out, writer_span(&w));
    if (out->bad)
        return err_set(err, ERR_LIMIT, 0, "TD HOB: no room for %zu bytes", total - END_SIZE);
    return 0;
}

int tdx_hob_digest(const struct tdvf *tdvf, uint64_t memory, uint8_t digest[SHA384_SIZE], struct err *err)
{
    uint8_t list[TDX_HOB_MAX];
    struct writer w = writer_of(list, sizeof list);

    if (tdx_hob_build(tdvf, memory, &w, err) < 0)
        return -1;
    return hash_bytes(HASH_SHA384, writer_span(&w), digest, err);
}
