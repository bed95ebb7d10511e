/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_root: the option --test-root, by which reports of softpsp are believed. Two files have this header:
 * test_root_known.c for development, and test_root_unknown.c for what `make install` installs, whose tools do
 * not have the option.
 */
#ifndef NACRE_TEST_ROOT_H
#define NACRE_TEST_ROOT_H

#include "err.h"
#include "fileio.h"

#include <stdbool.h>

#define TEST_ROOT_PEM_MAX 16384 /* bytes of the file */

/* This build has the option. */
bool test_root_known(void);
/* Its name, "test-root"; "" where there is none. */
extern const char test_root_option[];
/* What stands in a tool's help: the option's lines with a line feed each, or "". */
extern const char test_root_help[];
/* In one line: " [--test-root PEM]...", or "". */
extern const char test_root_usage[];
/* What a tool prints before it believes such a root. */
extern const char test_root_warning[];

/* The certificate in the PEM file at path, as DER. A build without the option always refuses (ERR_DENIED). */
int test_root_load(const char *path, struct fileio_bytes *der, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
