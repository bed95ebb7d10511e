/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "acpi_blob.h"

#define FACS_HEADER 8  /* the FACS has only those two */
#define MADT_FIELDS 44 /* header, address of the local APICs, flags */
#define ENTRY_MIN 2    /* type, length */

#define LOCAL_APIC 0
#define LOCAL_X2APIC 9
#define ENABLED 1u

/* The next table; a blob ends with zeros. */
static int next_table(struct reader *r, struct span *table, struct err *err)
{
    size_t at = r->pos;
    struct reader look = *r;
    uint32_t length;

    *table = span_of(NULL, 0);
    if (span_is_zero(span_sub(r->src, at, reader_left(r))))
        return 0;
    reader_skip(&look, 4);
    length = reader_le32(&look);
    if (look.bad || length < FACS_HEADER || length > reader_left(r))
        return err_set(err, ERR_FORMAT, 0, "ACPI table at 0x%zx: 0x%x bytes do not fit", at, length);
    *table = reader_bytes(r, length);
    return 0;
}

static int count_entries(struct span madt, size_t at, unsigned *count, struct err *err)
{
    struct reader r = reader_of(madt);

    *count = 0;
    reader_skip(&r, MADT_FIELDS);
    while (reader_left(&r) > 0) {
        size_t entry_at = at + r.pos;
        uint8_t type = reader_u8(&r);
        uint8_t length = reader_u8(&r);
        struct span entry = reader_bytes(&r, length < ENTRY_MIN ? 0 : length - (size_t) ENTRY_MIN);
        struct reader body = reader_of(entry);

        if (r.bad || length < ENTRY_MIN)
            return err_set(err, ERR_FORMAT, 0, "MADT entry at 0x%zx: %u bytes do not fit", entry_at, length);
        reader_skip(&body, type == LOCAL_APIC ? 2 : 6); /* identifiers */
        if (type == LOCAL_APIC || type == LOCAL_X2APIC)
            *count += reader_le32(&body) & ENABLED;
    }
    return r.bad ? err_set(err, ERR_FORMAT, 0, "MADT at 0x%zx is cut short", at) : 0;
}

int acpi_blob_processors(struct span tables, unsigned *count, struct err *err)
{
    struct reader r = reader_of(tables);
    struct span table;
    unsigned found;

    if (tables.len > ACPI_BLOB_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu bytes, at most %u", tables.len, ACPI_BLOB_MAX);
    do {
        if (next_table(&r, &table, err) < 0)
            return -1;
        if (!span_eq_str(span_sub(table, 0, 4), "APIC"))
            continue;
        if (count_entries(table, r.pos - table.len, &found, err) < 0)
            return -1;
        *count = found;
        return 0;
    } while (table.data);
    return err_set(err, ERR_MISSING, 0, "no MADT among the ACPI tables");
}
