/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdvf.h"

#define HEADER 16 /* signature, length, version, number of sections */
#define ENTRY 32
#define VERSION 1

#define ATTRIBUTE_EXTEND 1u
#define ATTRIBUTE_AUGMENT 2u

/* What the numbers of one section must be among themselves. at: its place in the file. */
static int check_section(const struct tdvf_section *s, struct span firmware, size_t at, struct err *err)
{
    bool has_data = s->type == TDVF_BFV || s->type == TDVF_CFV;

    if (s->gpa % TDVF_PAGE || s->size % TDVF_PAGE || s->size == 0)
        return err_set(err, ERR_FORMAT, 0, "TDX section at 0x%zx: 0x%llx bytes at 0x%llx are not whole pages",
                       at, (unsigned long long) s->size, (unsigned long long) s->gpa);
    if (s->gpa >= TDVF_ADDRESS_MAX || s->size > TDVF_ADDRESS_MAX - s->gpa)
        return err_set(err, ERR_LIMIT, 0, "TDX section at 0x%zx: 0x%llx bytes at 0x%llx pass 2^52", at,
                       (unsigned long long) s->size, (unsigned long long) s->gpa);
    if (s->data_size > s->size || s->offset > firmware.len || s->data_size > firmware.len - s->offset)
        return err_set(
            err, ERR_FORMAT, 0,
            "TDX section at 0x%zx: 0x%x bytes of data at 0x%x do not fit in the file of 0x%zx bytes or "
            "the section of 0x%llx",
            at, s->data_size, s->offset, firmware.len, (unsigned long long) s->size);
    if (has_data && s->data_size == 0)
        return err_set(err, ERR_FORMAT, 0, "TDX section at 0x%zx: a firmware volume without data", at);
    if ((s->type == TDVF_HOB || s->type == TDVF_TEMP) && (s->data_size != 0 || s->extend))
        return err_set(err, ERR_FORMAT, 0, "TDX section at 0x%zx: memory of type %d has data or is measured",
                       at, (int) s->type);
    return 0;
}

static int read_section(struct reader *r, struct span firmware, size_t at, struct tdvf_section *out,
                        struct err *err)
{
    struct tdvf_section s = {0};
    uint32_t type, attributes;

    s.offset = reader_le32(r);
    s.data_size = reader_le32(r);
    s.gpa = reader_le64(r);
    s.size = reader_le64(r);
    type = reader_le32(r);
    attributes = reader_le32(r);
    if (type > TDVF_PAYLOAD_PARAMETERS)
        return err_set(err, ERR_FORMAT, 0, "TDX section at 0x%zx: type %u is not known", at, type);
    if (attributes & ~(ATTRIBUTE_EXTEND | ATTRIBUTE_AUGMENT))
        return err_set(err, ERR_FORMAT, 0, "TDX section at 0x%zx: attributes 0x%x are not known", at,
                       attributes);
    s.type = (enum tdvf_type) type;
    s.extend = attributes & ATTRIBUTE_EXTEND;
    s.augment = attributes & ATTRIBUTE_AUGMENT;
    if (s.extend && s.augment)
        return err_set(err, ERR_FORMAT, 0,
                       "TDX section at 0x%zx: both measured and added when the guest runs", at);
    if (check_section(&s, firmware, at, err) < 0)
        return -1;
    *out = s;
    return 0;
}

static int check_together(const struct tdvf *t, size_t at, struct err *err)
{
    uint64_t added = 0;

    for (size_t i = 0; i < t->count; i++) {
        const struct tdvf_section *a = &t->sections[i];

        for (size_t j = 0; j < i; j++) {
            const struct tdvf_section *b = &t->sections[j];

            if (a->gpa < b->gpa + b->size && b->gpa < a->gpa + a->size)
                return err_set(err, ERR_FORMAT, 0, "TDX metadata at 0x%zx: sections %zu and %zu overlap", at,
                               j, i);
        }
        if (!a->augment && a->size > TDVF_ADDED_MAX - added)
            return err_set(err, ERR_LIMIT, 0, "TDX metadata at 0x%zx: more than 0x%llx bytes are added", at,
                           (unsigned long long) TDVF_ADDED_MAX);
        added += a->augment ? 0 : a->size;
    }
    return 0;
}

int tdvf_parse(struct span firmware, uint32_t from_end, struct tdvf *tdvf, struct err *err)
{
    struct tdvf out = {0};
    struct reader r;
    size_t at;
    uint32_t length, version, count;

    if (from_end > firmware.len || from_end < HEADER)
        return err_set(err, ERR_FORMAT, 0, "TDX metadata 0x%x bytes before the end lies outside the file",
                       from_end);
    at = firmware.len - from_end;
    r = reader_of(span_sub(firmware, at, from_end));
    if (!span_eq_str(reader_bytes(&r, 4), "TDVF"))
        return err_set(err, ERR_FORMAT, 0, "no TDX metadata (TDVF) at 0x%zx", at);
    length = reader_le32(&r);
    version = reader_le32(&r);
    count = reader_le32(&r);
    if (version != VERSION || count == 0 || count > TDVF_SECTIONS_MAX || length != HEADER + ENTRY * count ||
        length > from_end)
        return err_set(err, ERR_FORMAT, 0,
                       "TDX metadata at 0x%zx: version %u, %u sections, %u bytes; expected version 1, 1 to "
                       "%d sections, bytes that fit",
                       at, version, count, length, TDVF_SECTIONS_MAX);
    for (; out.count < count; out.count++) {
        if (read_section(&r, firmware, at + HEADER + ENTRY * out.count, &out.sections[out.count], err) < 0)
            return -1;
    }
    if (check_together(&out, at, err) < 0)
        return -1;
    *tdvf = out;
    return 0;
}

const struct tdvf_section *tdvf_find(const struct tdvf *tdvf, enum tdvf_type type)
{
    const struct tdvf_section *found = NULL;

    for (size_t i = 0; i < tdvf->count; i++) {
        if (tdvf->sections[i].type != type)
            continue;
        if (found)
            return NULL;
        found = &tdvf->sections[i];
    }
    return found;
}
