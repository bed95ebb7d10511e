/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ovmf_table: the table of GUIDed entries at the end of a UEFI firmware file, entry by entry.
 * docs/formats/launch-digest.md; edk2 OvmfPkg/ResetVector/Ia16/ResetVectorVtf0.asm.
 *
 * The firmware's author writes these bytes; they are part of the launch digest. On a build host they may be
 * anything: every offset is checked, and errors name it.
 */
#ifndef NACRE_OVMF_TABLE_H
#define NACRE_OVMF_TABLE_H

#include "err.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define OVMF_GUID_SIZE 16
#define OVMF_GUID_TEXT 37   /* bytes of a GUID's text with its NUL */
#define OVMF_ENTRIES_MAX 64 /* entries of a table */

struct ovmf_entry {
    uint8_t guid[OVMF_GUID_SIZE]; /* as UEFI stores them: the first three parts little endian */
    struct span data;             /* borrowed from the firmware */
    size_t offset;                /* of the data in the file */
};

struct ovmf_table {
    struct ovmf_entry entries[OVMF_ENTRIES_MAX]; /* from the end of the file on, as the table is read */
    size_t count;
};

/* ERR_MISSING: no table; ERR_FORMAT: it does not hold together; ERR_LIMIT: too many entries. */
int ovmf_table_read(struct span firmware, struct ovmf_table *table, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* "00f771de-1a7e-4fcb-890e-68c77e2fb44e" */
void ovmf_guid_text(const uint8_t guid[OVMF_GUID_SIZE], char text[OVMF_GUID_TEXT]) __attribute__((nonnull));
/* edk2's name for an entry; NULL for one we do not know. */
const char *ovmf_guid_name(const uint8_t guid[OVMF_GUID_SIZE]) __attribute__((nonnull));

#endif
