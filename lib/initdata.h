/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initdata: the document the host hands over at launch (docs/formats/initdata.md; Kata's disk format).
 *
 * The host chooses the disk. The SHA-256 of the inflated document must be the host data of our own report,
 * and nothing is parsed as TOML before that has been checked. So the caller works in this order:
 *   1. initdata_disk_probe, initdata_disk_size, then read that many bytes, initdata_disk_parse
 *   2. inflate_gzip with INITDATA_DOCUMENT_MAX
 *   3. initdata_digest, initdata_check_digest against the report
 *   4. initdata_document_parse
 */
#ifndef NACRE_INITDATA_H
#define NACRE_INITDATA_H

#include "err.h"
#include "hash.h"
#include "span.h"
#include "toml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INITDATA_MAGIC "initdata"
#define INITDATA_HEAD_SIZE 16         /* bytes: magic, le64 length of the gzip stream */
#define INITDATA_SECTOR 512           /* bytes: the disk is padded with zeros to a multiple of this */
#define INITDATA_GZIP_MAX 262144      /* bytes of the gzip stream */
#define INITDATA_DOCUMENT_MAX 1048576 /* bytes of the inflated document */
#define INITDATA_FILES_MAX 4          /* entries of [data] */

/* head (the disk's first bytes, 8 or more) starts with the magic: this is an initdata disk. */
bool initdata_disk_probe(struct span head);

/* From the first INITDATA_HEAD_SIZE bytes of a disk of disk_bytes: how many bytes from the disk's start the
 * image takes, a multiple of INITDATA_SECTOR. Returns 0, or -1 with *err set (ERR_FORMAT: no magic, length
 * 0, head too short; ERR_LIMIT: longer than INITDATA_GZIP_MAX or than the disk), *image_bytes untouched. */
int initdata_disk_size(struct span head, uint64_t disk_bytes, size_t *image_bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* image is exactly the bytes that initdata_disk_size asked for. *gzip borrows from it. ERR_FORMAT: header
 * and length do not fit, or the padding is not zero. */
int initdata_disk_parse(struct span image, struct span *gzip, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* SHA-256 of the inflated document. */
int initdata_digest(struct span document, uint8_t digest[SHA256_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* host_data is from our own report: SNP HOST_DATA (32 bytes) or TDX MRCONFIGID (48 bytes, the last 16 must be
 * zero). ERR_DENIED when the digest is another (the message shows both), ERR_FORMAT for another length. */
int initdata_check_digest(const uint8_t digest[SHA256_SIZE], struct span host_data, struct err *err)
    __attribute__((warn_unused_result, nonnull));

struct initdata_file {
    const char *name;
    struct span content; /* followed by a NUL that is not counted */
};

struct initdata {
    struct toml doc; /* owned: what the files point to */
    struct initdata_file files[INITDATA_FILES_MAX];
    size_t count;
};

/* Parse the document, whose digest the caller has checked. version must be "0.1.0", algorithm "sha256", and
 * the names in [data] are known ones: "policy.json". Returns 0, or -1 with *err set (ERR_FORMAT, ERR_LIMIT;
 * ERR_MISSING: no version, algorithm or [data]; ERR_DENIED: an unknown name or a path) and *out untouched.
 * On success the caller calls initdata_free. document need not outlive *out. */
int initdata_document_parse(struct span document, struct initdata *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void initdata_free(struct initdata *d); /* accepts NULL and a zeroed one */

/* The content of the file; ERR_MISSING when the document has none of that name. Borrowed from d. */
int initdata_file(const struct initdata *d, const char *name, struct span *content, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
