/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checks: what a verification looked at, one row each, and what came of it. */
#ifndef NACRE_CHECKS_H
#define NACRE_CHECKS_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define CHECKS_MAX 96
#define CHECKS_NAME_MAX 96
#define CHECKS_DETAIL_MAX 320

enum check_result {
    CHECK_OK,
    CHECK_FAILED,
    CHECK_SKIPPED, /* not looked at; the detail says why */
};

struct check {
    enum check_result result;
    char name[CHECKS_NAME_MAX];
    char detail[CHECKS_DETAIL_MAX];
};

struct checks {
    struct check rows[CHECKS_MAX];
    size_t count;
    size_t failed;
};

/* Add a row; the detail is printf-like. */
void checks_add(struct checks *c, enum check_result result, const char *name, const char *detail, ...)
    __attribute__((format(printf, 4, 5), nonnull));

/* Print all rows to standard output: as text, or as one canonical JSON object. */
int checks_print(const struct checks *c, bool json, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
