/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pe_image.h"

#include <string.h>

#define DOS_POINTER 0x3c /* file offset of the offset of "PE\0\0" */
#define COFF_SIZE 24     /* signature and COFF header */
#define SECTION_SIZE 40
#define MAGIC_PE32 0x10b
#define MAGIC_PE32_PLUS 0x20b
#define CHECKSUM 64         /* CheckSum in the optional header */
#define HEADERS 60          /* SizeOfHeaders in the optional header */
#define DIRECTORIES_PE32 96 /* data directories in the optional header; their number stands before them */
#define DIRECTORIES_PLUS 112
#define CERTIFICATES 4 /* index of the directory entry */
#define ENTRY 8

struct headers {
    size_t optional_at;
    size_t optional_size;
    uint16_t section_count;
};

static int read_coff(struct span file, struct headers *out, struct err *err)
{
    struct reader r = reader_of(file);
    size_t at;

    if (!span_eq_str(span_sub(file, 0, 2), "MZ"))
        return err_set(err, ERR_FORMAT, 0, "no EFI application: expected \"MZ\" at 0x0");
    reader_skip(&r, DOS_POINTER);
    at = reader_le32(&r);
    r = reader_of(span_sub(file, at, COFF_SIZE));
    if (!span_eq(reader_bytes(&r, 4), span_of("PE\0", 4)))
        return err_set(err, ERR_FORMAT, 0, "no EFI application: expected \"PE\" at 0x%zx", at);
    reader_skip(&r, 2); /* machine */
    out->section_count = reader_le16(&r);
    reader_skip(&r, 12);
    out->optional_size = reader_le16(&r);
    out->optional_at = at + COFF_SIZE;
    if (out->section_count == 0 || out->section_count > PE_SECTIONS_MAX)
        return err_set(err, ERR_FORMAT, 0, "PE header at 0x%zx: %u sections, expected 1 to %d", at,
                       out->section_count, PE_SECTIONS_MAX);
    return 0;
}

/* The directory entry for certificates, if the image has that many entries. */
static int read_certificates(struct pe_image *pe, struct span optional, size_t at, size_t directories,
                             struct err *err)
{
    struct reader r = reader_of(optional);
    uint32_t count, offset, size;

    reader_skip(&r, directories - 4);
    count = reader_le32(&r);
    if (r.bad || count > (optional.len - directories) / ENTRY)
        return err_set(err, ERR_FORMAT, 0, "PE optional header at 0x%zx: %u data directories do not fit", at,
                       count);
    if (count <= CERTIFICATES)
        return 0;
    pe->directory_at = (uint32_t) (at + directories + CERTIFICATES * ENTRY);
    reader_skip(&r, CERTIFICATES * ENTRY);
    offset = reader_le32(&r);
    size = reader_le32(&r);
    if (size != 0 && (offset > pe->file.len || pe->file.len - offset != size))
        return err_set(err, ERR_FORMAT, 0,
                       "PE certificates: 0x%x bytes at 0x%x are not the end of the file of 0x%zx bytes", size,
                       offset, pe->file.len);
    pe->certificate_size = size;
    return 0;
}

static int read_optional(struct pe_image *pe, const struct headers *h, struct err *err)
{
    struct span optional = span_sub(pe->file, h->optional_at, h->optional_size);
    struct reader r = reader_of(optional);
    uint16_t magic = reader_le16(&r);
    size_t directories = magic == MAGIC_PE32_PLUS ? DIRECTORIES_PLUS : DIRECTORIES_PE32;

    if (!optional.data || (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS) || optional.len < directories)
        return err_set(err, ERR_FORMAT, 0, "PE optional header at 0x%zx: magic 0x%x in %zu bytes",
                       h->optional_at, magic, h->optional_size);
    r = reader_of(span_sub(optional, HEADERS, 4));
    pe->headers_size = reader_le32(&r);
    pe->checksum_at = (uint32_t) (h->optional_at + CHECKSUM);
    return read_certificates(pe, optional, h->optional_at, directories, err);
}

static int read_section(struct reader *r, const struct pe_image *pe, size_t at, struct pe_section *out,
                        struct err *err)
{
    struct pe_section s = {0};

    reader_copy(r, s.name, PE_NAME_SIZE);
    s.size = reader_le32(r);
    reader_skip(r, 4); /* address */
    s.raw_size = reader_le32(r);
    s.offset = reader_le32(r);
    reader_skip(r, 16);
    if (s.raw_size == 0)
        s.offset = 0;
    else if (s.offset < pe->headers_size || s.offset > pe->file.len - pe->certificate_size ||
             s.raw_size > pe->file.len - pe->certificate_size - s.offset)
        return err_set(err, ERR_FORMAT, 0,
                       "PE section at 0x%zx: 0x%x bytes at 0x%x lie outside the file's 0x%x to 0x%zx", at,
                       s.raw_size, s.offset, pe->headers_size, pe->file.len - pe->certificate_size);
    *out = s;
    return 0;
}

static int read_sections(struct pe_image *pe, const struct headers *h, struct err *err)
{
    size_t at = h->optional_at + h->optional_size;
    size_t size = (size_t) h->section_count * SECTION_SIZE;
    struct reader r = reader_of(span_sub(pe->file, at, size));

    if (r.src.len != size)
        return err_set(err, ERR_FORMAT, 0, "PE section table at 0x%zx: %u sections pass the file's end", at,
                       h->section_count);
    pe->table_end = (uint32_t) (at + size);
    if (pe->headers_size < pe->table_end || pe->headers_size > pe->file.len - pe->certificate_size)
        return err_set(err, ERR_FORMAT, 0, "PE headers: 0x%x bytes, expected 0x%x to 0x%zx", pe->headers_size,
                       pe->table_end, pe->file.len - pe->certificate_size);
    for (; pe->section_count < h->section_count; pe->section_count++) {
        if (read_section(&r, pe, at + SECTION_SIZE * pe->section_count, &pe->sections[pe->section_count],
                         err) < 0)
            return -1;
    }
    return 0;
}

/* The sections with bytes in the file, by their offset, as Authenticode hashes them. */
static int in_order(const struct pe_image *pe, struct pe_section *out, size_t *count, struct err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < pe->section_count; i++) {
        const struct pe_section *s = &pe->sections[i];
        size_t to = n;

        if (s->raw_size == 0)
            continue;
        for (; to > 0 && out[to - 1].offset > s->offset; to--)
            out[to] = out[to - 1];
        out[to] = *s;
        n++;
    }
    for (size_t i = 1; i < n; i++) {
        if (out[i].offset - out[i - 1].offset < out[i - 1].raw_size)
            return err_set(err, ERR_FORMAT, 0, "PE sections at 0x%x and 0x%x overlap", out[i - 1].offset,
                           out[i].offset);
    }
    *count = n;
    return 0;
}

int pe_image_parse(struct span file, struct pe_image *pe, struct err *err)
{
    struct pe_image out = {.file = file};
    struct pe_section sorted[PE_SECTIONS_MAX];
    struct headers h = {0};
    size_t count;

    if (file.len > PE_IMAGE_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu bytes, at most %u", file.len, PE_IMAGE_MAX);
    if (read_coff(file, &h, err) < 0 || read_optional(&out, &h, err) < 0 ||
        read_sections(&out, &h, err) < 0 || in_order(&out, sorted, &count, err) < 0)
        return -1;
    *pe = out;
    return 0;
}

bool pe_image_has(const struct pe_image *pe, const char *name)
{
    for (size_t i = 0; i < pe->section_count; i++) {
        if (strcmp(pe->sections[i].name, name) == 0)
            return true;
    }
    return false;
}

int pe_image_section(const struct pe_image *pe, const char *name, const struct pe_section **section,
                     struct err *err)
{
    const struct pe_section *found = NULL;

    for (size_t i = 0; i < pe->section_count; i++) {
        if (strcmp(pe->sections[i].name, name) != 0)
            continue;
        if (found)
            return err_set(err, ERR_FORMAT, 0, "PE section %s stands twice", name);
        found = &pe->sections[i];
    }
    if (!found)
        return err_set(err, ERR_MISSING, 0, "no PE section %s", name);
    *section = found;
    return 0;
}

/* The bytes [from, to) of the file, its first bytes replaced by head. */
static int hash_range(struct hash *h, struct span file, struct span head, size_t from, size_t to,
                      struct err *err)
{
    if (from < head.len) {
        size_t stop = to < head.len ? to : head.len;

        if (hash_update(h, span_sub(head, from, stop - from), err) < 0)
            return -1;
        from = stop;
    }
    return from < to ? hash_update(h, span_sub(file, from, to - from), err) : 0;
}

static int hash_headers(struct hash *h, const struct pe_image *pe, struct span head, struct err *err)
{
    size_t from = 0;
    size_t skip = pe->directory_at ? pe->directory_at : pe->headers_size;

    if (hash_range(h, pe->file, head, from, pe->checksum_at, err) < 0 ||
        hash_range(h, pe->file, head, (size_t) pe->checksum_at + 4, skip, err) < 0)
        return -1;
    return pe->directory_at ? hash_range(h, pe->file, head, skip + ENTRY, pe->headers_size, err) : 0;
}

int pe_image_digest(const struct pe_image *pe, struct span head, enum hash_alg alg, uint8_t *digest,
                    struct err *err)
{
    struct pe_section sorted[PE_SECTIONS_MAX];
    size_t count, done = pe->headers_size, end = pe->file.len - pe->certificate_size;
    struct hash h;

    if (head.len > pe->file.len)
        return err_set(err, ERR_LIMIT, 0, "%zu patched bytes, but the file has %zu", head.len, pe->file.len);
    if (in_order(pe, sorted, &count, err) < 0 || hash_begin(alg, &h, err) < 0 ||
        hash_headers(&h, pe, head, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (hash_range(&h, pe->file, head, sorted[i].offset, (size_t) sorted[i].offset + sorted[i].raw_size,
                       err) < 0)
            return -1;
        done += sorted[i].raw_size;
    }
    /* Firmware takes what is left to begin behind as many bytes as were hashed, gaps or not. */
    if (hash_range(&h, pe->file, head, done, end, err) < 0)
        return -1;
    return hash_end(&h, digest, err);
}
