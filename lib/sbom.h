/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sbom: what went into an image, as an SPDX 2.3 document in JSON (ISO/IEC 5962;
 * docs/formats/measurements.md).
 *
 * Read: locks (lines "component version path sha256", rootfs/sources.lock says more) and a list of licences
 * (lines "component SPDX-expression"); both are the project's own files. A component without a licence is an
 * error, so that none goes in unnoticed.
 */
#ifndef NACRE_SBOM_H
#define NACRE_SBOM_H

#include "measurements.h"

#define SBOM_TEXT_MAX (1u << 18)  /* bytes of the document */
#define SBOM_INPUT_MAX (1u << 18) /* bytes of a lock or the list of licences */
#define SBOM_LINE_MAX 512
#define SBOM_PACKAGES_MAX 256
#define SBOM_LOCKS_MAX 8
#define SBOM_WITHOUT_MAX 16

struct sbom_lock {
    const char *name; /* for messages */
    struct span text;
};

struct sbom {
    const struct measurements *image;
    const char *image_name;
    uint8_t id[SHA256_SIZE]; /* makes the document's namespace unique: the SHA-256 of measurements.json */
    struct sbom_lock locks[SBOM_LOCKS_MAX];
    size_t lock_count;
    struct sbom_lock licences;
    const char *without[SBOM_WITHOUT_MAX]; /* components of the locks that did not go into this image */
    size_t without_count;
};

/* Append the document. Returns 0, or -1 with *err set: ERR_FORMAT (the message names lock and line),
 * ERR_MISSING (no licence; a `without` that no lock has), ERR_LIMIT. */
int sbom_write(const struct sbom *sbom, struct writer *w, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
