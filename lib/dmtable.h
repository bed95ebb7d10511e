/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dmtable: the device-mapper tables we expect, compared with what the kernel says is live.
 *
 * Format: the kernel's Documentation/admin-guide/device-mapper/{dm-crypt,dm-integrity,verity}.rst.
 * libcryptsetup made the tables of a volume, partly from dm-integrity's superblock, which the host chooses
 * and nothing binds: so every word of the live table must be one that we name here.
 */
#ifndef NACRE_DMTABLE_H
#define NACRE_DMTABLE_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define DMTABLE_WORDS_MAX 32               /* words of a table's parameters */
#define DMTABLE_JOURNAL_SECTORS_MAX 131072 /* dm-integrity's own limit: 64 MiB */
#define DMTABLE_TAG_SIZE 32                /* bytes a sector: HMAC-SHA-256 */
#define DMTABLE_DATA_START 32768           /* sectors in front of dm-integrity: the LUKS2 data offset */

/* params is word for word what we loaded. */
int dmtable_check_same(struct span params, struct span loaded, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* dm-crypt over the integrity device ("major:minor"): AES-256-XTS with HMAC-SHA-256, 4096-byte sectors, and
 * exactly this key (compared in constant time; the message never quotes it). */
int dmtable_check_crypt(struct span params, const char *device, struct span key, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* dm-integrity over the disk ("major:minor", device_sectors long): journaled, 32-byte tags, 4096-byte blocks,
 * the kernel's own defaults for all else, the journal no larger than they would make it. */
int dmtable_check_integrity(struct span params, const char *device, uint64_t device_sectors, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
