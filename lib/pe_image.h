/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pe_image: an EFI application (PE32 or PE32+): its sections, and the digest that a UEFI firmware measures
 * when it loads it. Microsoft "PE Format" and "Windows Authenticode Portable Executable Signature Format".
 *
 * Whoever built the image chose these bytes; on a build host they may be anything. Every offset is checked
 * and errors name it. Images that Authenticode does not define one digest for (overlapping sections, a
 * certificate table in the middle) are refused.
 */
#ifndef NACRE_PE_IMAGE_H
#define NACRE_PE_IMAGE_H

#include "hash.h"

#include <stdbool.h>
#include <stdint.h>

#define PE_IMAGE_MAX (1u << 30) /* bytes of a file */
#define PE_SECTIONS_MAX 96      /* the format's own limit */
#define PE_NAME_SIZE 8

struct pe_section {
    char name[PE_NAME_SIZE + 1];
    uint32_t size;     /* bytes in memory (VirtualSize) */
    uint32_t offset;   /* of its bytes in the file */
    uint32_t raw_size; /* bytes in the file */
};

struct pe_image {
    struct span file;
    uint32_t checksum_at;  /* file offset of CheckSum: 4 bytes that are not hashed */
    uint32_t directory_at; /* file offset of the entry for certificates, 8 bytes not hashed; 0: no entry */
    uint32_t table_end;    /* file offset behind the section table */
    uint32_t headers_size; /* SizeOfHeaders */
    uint32_t certificate_size; /* bytes of certificates at the end of the file */
    struct pe_section sections[PE_SECTIONS_MAX];
    size_t section_count;
};

/* *pe borrows file. ERR_FORMAT: no PE image, or one that does not hold together; ERR_LIMIT: too large. */
int pe_image_parse(struct span file, struct pe_image *pe, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The section of that name; ERR_MISSING: none, ERR_FORMAT: two. */
int pe_image_section(const struct pe_image *pe, const char *name, const struct pe_section **section,
                     struct err *err) __attribute__((warn_unused_result, nonnull));
bool pe_image_has(const struct pe_image *pe, const char *name) __attribute__((nonnull));

/* The Authenticode digest, hash_size(alg) bytes. head stands in for the first head.len bytes of the file
 * (a boot loader has patched them); it may be empty. */
int pe_image_digest(const struct pe_image *pe, struct span head, enum hash_alg alg, uint8_t *digest,
                    struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
