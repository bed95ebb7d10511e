/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ovmf_table.h"

#include <stdio.h>
#include <string.h>

#define ENTRY_MIN 18 /* u16 size, GUID: they stand behind the entry's data */
#define TABLE_END 32 /* bytes between the table and the end of the file */

static const char table_guid[] = "96b582de-1fb2-45f7-baea-a366c55a082d";

static const struct {
    const char *guid;
    const char *name;
} names[] = {
    {"00f771de-1a7e-4fcb-890e-68c77e2fb44e", "SEV_ES_RESET_BLOCK"  },
    {"7255371f-3a3b-4b04-927b-1da6efa8d454", "SEV_HASH_TABLE_RV"   },
    {"dc886566-984a-4798-a75e-5585a7bf67cc", "SEV_METADATA"        },
    {"e47a6535-984a-4798-865e-4685a7bf8ec2", "TDX_METADATA"        },
    {"4c2eb361-7d9b-4cc3-8081-127c90d3d294", "SEV_SECRET"          },
    {"a789a612-0597-4c4b-a49f-cbb1fe9d1ddd", "SVSM_INFO"           },
    {"784fa70e-3176-4677-8a20-04b68699e374", "IGVM_PARAMETER_BLOCK"},
};

void ovmf_guid_text(const uint8_t guid[OVMF_GUID_SIZE], char text[OVMF_GUID_TEXT])
{
    struct reader r = reader_of(span_of(guid, OVMF_GUID_SIZE));
    const uint32_t a = reader_le32(&r);
    const uint16_t b = reader_le16(&r);
    const uint16_t c = reader_le16(&r);
    const uint16_t d = reader_be16(&r);
    const uint16_t e = reader_be16(&r);
    const uint32_t f = reader_be32(&r);

    (void) snprintf(text, OVMF_GUID_TEXT, "%08x-%04x-%04x-%04x-%04x%08x", a, b, c, d, e, f);
}

const char *ovmf_guid_name(const uint8_t guid[OVMF_GUID_SIZE])
{
    char text[OVMF_GUID_TEXT];

    ovmf_guid_text(guid, text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].guid, text) == 0)
            return names[i].name;
    return NULL;
}

/* The u16 and the GUID that end at file offset end. */
static size_t read_tail(struct span firmware, size_t end, uint8_t guid[OVMF_GUID_SIZE])
{
    struct reader r = reader_of(span_sub(firmware, end - ENTRY_MIN, ENTRY_MIN));
    const size_t size = reader_le16(&r);

    reader_copy(&r, guid, OVMF_GUID_SIZE);
    return size;
}

/* The last entry stands for the table: its size is that of all. *end is where it ends and then where the
 * entry before it ends, *left the bytes of the other entries. */
static int read_head(struct span firmware, size_t *end, size_t *left, struct err *err)
{
    uint8_t guid[OVMF_GUID_SIZE];
    char text[OVMF_GUID_TEXT];

    if (firmware.len < TABLE_END + ENTRY_MIN)
        return err_set(err, ERR_FORMAT, 0, "firmware: %zu bytes are too few", firmware.len);
    *end = firmware.len - TABLE_END;
    *left = read_tail(firmware, *end, guid);
    ovmf_guid_text(guid, text);
    *end -= ENTRY_MIN;
    if (strcmp(text, table_guid) != 0)
        return err_set(err, ERR_MISSING, 0, "firmware: no table of GUIDs at 0x%zx; is this an OVMF file?",
                       *end + 2);
    if (*left < ENTRY_MIN || *left - ENTRY_MIN > *end)
        return err_set(err, ERR_FORMAT, 0, "firmware: table of %zu bytes at 0x%zx does not fit", *left, *end);
    *left -= ENTRY_MIN;
    return 0;
}

int ovmf_table_read(struct span firmware, struct ovmf_table *table, struct err *err)
{
    struct ovmf_table got = {.count = 0};
    size_t end, left, size;

    if (read_head(firmware, &end, &left, err) < 0)
        return -1;
    for (; left > 0; end -= size, left -= size) {
        struct ovmf_entry *e = &got.entries[got.count];

        if (got.count == OVMF_ENTRIES_MAX)
            return err_set(err, ERR_LIMIT, 0, "firmware: more than %d table entries", OVMF_ENTRIES_MAX);
        if (left < ENTRY_MIN)
            return err_set(err, ERR_FORMAT, 0, "firmware: table entry before 0x%zx is cut short", end);
        size = read_tail(firmware, end, e->guid);
        if (size < ENTRY_MIN || size > left)
            return err_set(err, ERR_FORMAT, 0, "firmware: table entry of %zu bytes before 0x%zx does not fit",
                           size, end);
        e->offset = end - size;
        e->data = span_sub(firmware, e->offset, size - ENTRY_MIN);
        got.count++;
    }
    *table = got;
    return 0;
}
