/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ovmf.h"

#include "ovmf_table.h"

#define GUID_SIZE 16
#define METADATA_HEADER 16 /* signature, length, version, count */
#define METADATA_ENTRY 12  /* gpa, size, type */
#define METADATA_VERSION 1

/* GUIDs as UEFI stores them: the first three parts little endian. */
static const uint8_t guid_reset[GUID_SIZE] = {0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f,
                                              0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e};
static const uint8_t guid_hashes[GUID_SIZE] = {0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b,
                                               0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54};
static const uint8_t guid_sev[GUID_SIZE] = {0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
                                            0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc};
static const uint8_t guid_tdx[GUID_SIZE] = {0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
                                            0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2};

static const uint8_t guid_svsm[GUID_SIZE] = {0x12, 0xa6, 0x89, 0xa7, 0x97, 0x05, 0x4b, 0x4c,
                                             0xa4, 0x9f, 0xcb, 0xb1, 0xfe, 0x9d, 0x1d, 0xdd};

enum {
    SEEN_RESET = 1,
    SEEN_HASHES = 2,
    SEEN_SEV = 4,
    SEEN_TDX = 8,
    SEEN_SVSM = 16,
};

struct parse {
    struct span file;
    struct ovmf out;
    unsigned seen;
    uint32_t sev_from_end; /* offset of the SEV metadata, counted from the end of the file */
};

static bool is(struct span guid, const uint8_t *want)
{
    return span_eq(guid, span_of(want, GUID_SIZE));
}

static int once(struct parse *p, unsigned bit, struct span data, size_t size, size_t at, struct err *err)
{
    if (p->seen & bit)
        return err_set(err, ERR_FORMAT, 0, "firmware: table entry at 0x%zx stands twice", at);
    if (data.len != size)
        return err_set(err, ERR_FORMAT, 0,
                       "firmware: table entry at 0x%zx: expected %zu bytes of data, found %zu", at, size,
                       data.len);
    p->seen |= bit;
    return 0;
}

/* One entry: data begins at file offset at. */
static int take_entry(struct parse *p, struct span guid, struct span data, size_t at, struct err *err)
{
    struct reader r = reader_of(data);

    if (is(guid, guid_reset)) {
        p->out.has_reset_eip = true;
        p->out.reset_eip = reader_le32(&r);
        return once(p, SEEN_RESET, data, 4, at, err);
    }
    if (is(guid, guid_hashes)) {
        p->out.hash_table_gpa = reader_le32(&r);
        return once(p, SEEN_HASHES, data, 8, at, err);
    }
    if (is(guid, guid_sev)) {
        p->sev_from_end = reader_le32(&r);
        return once(p, SEEN_SEV, data, 4, at, err);
    }
    if (is(guid, guid_svsm)) {
        p->out.has_svsm_info = true;
        p->out.svsm_launch_offset = reader_le32(&r);
        return once(p, SEEN_SVSM, data, 4, at, err);
    }
    if (is(guid, guid_tdx)) {
        p->out.has_tdx_metadata = true;
        p->out.tdx_from_end = reader_le32(&r);
        return once(p, SEEN_TDX, data, 4, at, err);
    }
    return 0;
}

static int read_table(struct parse *p, struct err *err)
{
    struct ovmf_table table;

    if (ovmf_table_read(p->file, &table, err) < 0)
        return -1;
    for (size_t i = 0; i < table.count; i++) {
        const struct ovmf_entry *e = &table.entries[i];

        if (take_entry(p, span_of(e->guid, GUID_SIZE), e->data, e->offset, err) < 0)
            return -1;
    }
    return 0;
}

/* A page that two sections claim would be loaded twice: which content the guest sees is not in the digest. */
static int check_apart(const struct ovmf *out, const struct ovmf_section *s, size_t at, struct err *err)
{
    for (size_t i = 0; i < out->section_count; i++) {
        const struct ovmf_section *other = &out->sections[i];

        if ((uint64_t) s->gpa + s->size > other->gpa && (uint64_t) other->gpa + other->size > s->gpa)
            return err_set(err, ERR_FORMAT, 0,
                           "firmware: section at 0x%zx: 0x%x bytes at 0x%x overlap section %zu at 0x%x", at,
                           s->size, s->gpa, i, other->gpa);
    }
    return 0;
}

static int read_section(struct reader *r, size_t at, struct ovmf *out, struct err *err)
{
    struct ovmf_section s = {.gpa = reader_le32(r), .size = reader_le32(r)};
    uint32_t type = reader_le32(r);

    if (s.gpa % OVMF_PAGE || s.size % OVMF_PAGE || s.size == 0)
        return err_set(err, ERR_FORMAT, 0,
                       "firmware: section at 0x%zx: 0x%x bytes at 0x%x are not whole pages", at, s.size,
                       s.gpa);
    if (s.size > OVMF_SECTION_BYTES_MAX || (uint64_t) s.gpa + s.size > UINT64_C(1) << 32)
        return err_set(err, ERR_LIMIT, 0, "firmware: section at 0x%zx: 0x%x bytes, at most 0x%x", at, s.size,
                       OVMF_SECTION_BYTES_MAX);
    if (type != OVMF_SEC_MEM && type != OVMF_SECRETS && type != OVMF_CPUID && type != OVMF_SVSM_CAA &&
        type != OVMF_KERNEL_HASHES)
        return err_set(err, ERR_FORMAT, 0, "firmware: section at 0x%zx: type 0x%x is not known", at, type);
    if ((type == OVMF_SECRETS || type == OVMF_CPUID || type == OVMF_KERNEL_HASHES) && s.size != OVMF_PAGE)
        return err_set(err, ERR_FORMAT, 0,
                       "firmware: section at 0x%zx: type 0x%x has one page, found 0x%x bytes", at, type,
                       s.size);
    s.type = (enum ovmf_section_type) type;
    if (s.type == OVMF_KERNEL_HASHES) {
        if (out->has_kernel_hashes)
            return err_set(err, ERR_FORMAT, 0, "firmware: section at 0x%zx: a second page for kernel hashes",
                           at);
        out->has_kernel_hashes = true;
    }
    if (check_apart(out, &s, at, err) < 0)
        return -1;
    out->sections[out->section_count++] = s;
    return 0;
}

static int read_sev_metadata(struct parse *p, struct err *err)
{
    size_t at;
    struct reader r;
    uint32_t length, version, count;

    if (!(p->seen & SEEN_SEV))
        return 0;
    if (p->sev_from_end > p->file.len || p->sev_from_end < METADATA_HEADER)
        return err_set(err, ERR_FORMAT, 0, "firmware: SEV metadata 0x%x before the end lies outside the file",
                       p->sev_from_end);
    at = p->file.len - p->sev_from_end;
    r = reader_of(span_sub(p->file, at, p->sev_from_end));
    if (!span_eq_str(reader_bytes(&r, 4), "ASEV"))
        return err_set(err, ERR_FORMAT, 0, "firmware: no SEV metadata at 0x%zx", at);
    length = reader_le32(&r);
    version = reader_le32(&r);
    count = reader_le32(&r);
    if (version != METADATA_VERSION || count == 0 || count > OVMF_SECTIONS_MAX ||
        length != METADATA_HEADER + METADATA_ENTRY * count || length > p->sev_from_end)
        return err_set(
            err, ERR_FORMAT, 0,
            "firmware: SEV metadata at 0x%zx: version %u, %u sections, %u bytes; expected version 1, 1 to %d "
            "sections, bytes that fit",
            at, version, count, length, OVMF_SECTIONS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (read_section(&r, at + METADATA_HEADER + METADATA_ENTRY * i, &p->out, err) < 0)
            return -1;
    }
    return 0;
}

int ovmf_parse(struct span firmware, struct ovmf *ovmf, struct err *err)
{
    struct parse p = {.file = firmware};

    if (firmware.len > OVMF_SIZE_MAX)
        return err_set(err, ERR_LIMIT, 0, "firmware: %zu bytes, at most %u", firmware.len, OVMF_SIZE_MAX);
    if (read_table(&p, err) < 0 || read_sev_metadata(&p, err) < 0)
        return -1;
    *ovmf = p.out;
    return 0;
}
