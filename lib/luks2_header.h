/* SPDX-License-Identifier: GPL-2.0-or-later */
/* luks2_header: the one LUKS2 header that an encrypted volume of ours may have.
 *
 * Format: LUKS2 On-Disk Format Specification 1.1.1 (cryptsetup), narrowed in docs/formats/volume.md. The host
 * chooses these bytes, nothing binds them: so the caller reads both copies once into private memory, this
 * whitelist takes them apart, and only what luks2_header_build makes from the result reaches libcryptsetup.
 * The key that opens the volume never comes from here; a forged header can only make the opening fail.
 */
#ifndef NACRE_LUKS2_HEADER_H
#define NACRE_LUKS2_HEADER_H

#include "err.h"
#include "span.h"

#include <stddef.h>
#include <stdint.h>

#define LUKS2_HEADER_BINARY 4096                           /* bytes of a copy's binary part */
#define LUKS2_HEADER_COPY 16384                            /* bytes of one copy: binary part and JSON area */
#define LUKS2_HEADER_SIZE ((size_t) 2 * LUKS2_HEADER_COPY) /* bytes of both copies */
#define LUKS2_HEADER_JSON (LUKS2_HEADER_COPY - LUKS2_HEADER_BINARY)
#define LUKS2_HEADER_DATA_OFFSET 16777216 /* bytes in front of the encrypted data */
#define LUKS2_HEADER_KEYSLOT_OFFSET 32768 /* bytes: where keyslot 0's material is */
#define LUKS2_HEADER_KEYSLOT_SIZE 385024  /* bytes of it */
#define LUKS2_HEADER_AREA_SIZE                                                                               \
    (LUKS2_HEADER_KEYSLOT_OFFSET + LUKS2_HEADER_KEYSLOT_SIZE) /* bytes of all of it */
#define LUKS2_HEADER_KEY_SIZE 96      /* bytes: 64 for AES-256-XTS, 32 for HMAC-SHA-256 */
#define LUKS2_HEADER_SECTOR_SIZE 4096 /* bytes of an encrypted sector */
#define LUKS2_HEADER_UUID_SIZE 36     /* characters of the UUID */
#define LUKS2_HEADER_SALT_SIZE 64     /* bytes of each copy's own salt */
#define LUKS2_HEADER_KDF_SALT_SIZE 32 /* bytes */
#define LUKS2_HEADER_DIGEST_SIZE 32   /* bytes */

/* Bounds of the numbers that a header may choose. */
#define LUKS2_HEADER_TIME_MIN 4 /* argon2id passes: libcryptsetup's least */
#define LUKS2_HEADER_TIME_MAX 1024
#define LUKS2_HEADER_MEMORY_KIB_MIN 32 /* argon2id memory: libcryptsetup's least */
#define LUKS2_HEADER_MEMORY_KIB_MAX 65536
#define LUKS2_HEADER_CPUS_MAX 4
#define LUKS2_HEADER_ITERATIONS_MIN 1 /* PBKDF2 over the volume key, which has 768 bits to guess */
#define LUKS2_HEADER_ITERATIONS_MAX 1000

/* All that two headers of ours can differ in. */
struct luks2_header {
    uint64_t seqid;
    char uuid[LUKS2_HEADER_UUID_SIZE + 1];
    uint8_t salt[2][LUKS2_HEADER_SALT_SIZE]; /* of the primary and the secondary copy */
    uint32_t kdf_time;                       /* argon2id of keyslot 0; we never run it */
    uint32_t kdf_memory_kib;
    uint32_t kdf_cpus;
    uint8_t kdf_salt[LUKS2_HEADER_KDF_SALT_SIZE];
    uint32_t digest_iterations;
    uint8_t digest_salt[LUKS2_HEADER_KDF_SALT_SIZE];
    uint8_t digest[LUKS2_HEADER_DIGEST_SIZE];
};

/* Check bytes, exactly LUKS2_HEADER_SIZE of them: the first 32 KiB of the device. Both copies must be valid
 * and say the same. Returns 0, or -1 with *err set (ERR_FORMAT, ERR_LIMIT or ERR_MISSING; the message names
 * copy and field) and *header untouched. */
int luks2_header_parse(struct span bytes, struct luks2_header *header, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Write the canonical form of header, both copies, to out. header came from luks2_header_parse; the result
 * parses to the same header. Returns 0, or -1 with *err set and out in an undefined state. */
int luks2_header_build(const struct luks2_header *header, uint8_t out[LUKS2_HEADER_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Make digest the one of this volume key, with a single iteration. libcryptsetup makes it with a thousand,
 * which take longer than all else of opening a volume, and are of use only for keys that can be guessed.
 * Returns 0, or -1 with *err set and *header untouched. */
int luks2_header_set_digest(struct luks2_header *header, struct span key, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
