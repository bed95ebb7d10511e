/* SPDX-License-Identifier: GPL-2.0-or-later */
/* initdata_file: an initdata document from a file: the TOML text, or Kata's disk image with it inside. */
#ifndef NACRE_INITDATA_FILE_H
#define NACRE_INITDATA_FILE_H

#include "initdata.h"

#include <stdbool.h>

/* Which of the two it is, is told by the disk's magic. With check, a document that a guest of ours would
 * refuse is an error. */
int initdata_file_digest(const char *path, bool check, uint8_t digest[SHA256_SIZE], struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
