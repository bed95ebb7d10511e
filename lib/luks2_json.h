/* SPDX-License-Identifier: GPL-2.0-or-later */
/* luks2_json: the JSON area of a LUKS2 header (docs/formats/volume.md); a part of luks2_header, which is what
 * everybody else includes. The host chooses these bytes. */
#ifndef NACRE_LUKS2_JSON_H
#define NACRE_LUKS2_JSON_H

#include "luks2_header.h"

#define LUKS2_JSON_TEXT_MAX 2048 /* bytes of the canonical text with its NUL */

/* Check text against the whitelist and set the kdf_* and digest* fields of *header.
 * Returns 0, or -1 with *err set (the message names the path) and *header untouched. */
int luks2_json_parse(struct span text, struct luks2_header *header, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Write the canonical text to buf; *text borrows from buf.
 * Returns 0, or -1 with *err set (ERR_LIMIT) and *text untouched. */
int luks2_json_build(const struct luks2_header *header, char buf[LUKS2_JSON_TEXT_MAX], struct span *text,
                     struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
