/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output: the files that nacre-measure writes. */
#ifndef NACRE_OUTPUT_H
#define NACRE_OUTPUT_H

#include "err.h"
#include "span.h"

#define OUTPUT_PATH_MAX 4096 /* bytes with the NUL */

/* Put bytes into the file at path, whole or not at all: a new file takes the old one's place at the end. */
int output_write(const char *path, struct span bytes, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* dir "/" name. ERR_LIMIT: too long. */
int output_join(const char *dir, const char *name, char path[OUTPUT_PATH_MAX], struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* A file called name in the folder that the file at beside lies in. */
int output_beside(const char *beside, const char *name, char path[OUTPUT_PATH_MAX], struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* The last component of a path. */
const char *output_base(const char *path) __attribute__((nonnull));

#endif
