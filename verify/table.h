/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table: what a verification looked at, one row a check, and how it is printed.
 *
 * Texts may hold what a peer has chosen: everything but printable ASCII becomes '?'.
 */
#ifndef NACRE_TABLE_H
#define NACRE_TABLE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define TABLE_ROWS_MAX 160
#define TABLE_NAME_MAX 48 /* bytes, the NUL included, as all that follow */
#define TABLE_TEXT_MAX 400
#define TABLE_LINES_MAX 48 /* of each list of lines */

enum table_verdict {
    TABLE_PASSED,
    TABLE_REFUSED,
    TABLE_NOT_RUN, /* something before it was refused, or nobody asked for it: the text says which */
};

struct table_row {
    enum table_verdict verdict;
    char name[TABLE_NAME_MAX];
    char expected[TABLE_TEXT_MAX];
    char found[TABLE_TEXT_MAX];
};

struct table_lines {
    char text[TABLE_LINES_MAX][TABLE_TEXT_MAX];
    size_t count;
};

/* Large: keep it off the stack. */
struct table {
    struct table_row rows[TABLE_ROWS_MAX];
    size_t count;
    size_t refused;                 /* rows */
    struct table_lines warnings;    /* printed first */
    struct table_lines explanation; /* of an unknown digest */
    struct table_lines not_covered;
};

/* A row; NULL when the table is full, which counts as a refusal. */
struct table_row *table_add(struct table *t, enum table_verdict verdict, const char *name)
    __attribute__((nonnull));
/* Fill one of its texts; row may be NULL. */
void table_expected(struct table_row *row, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
void table_found(struct table_row *row, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));

/* A line; those beyond the last are dropped. */
void table_line(struct table_lines *lines, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull));

/* Print everything to standard output: as text, or as one canonical JSON object. */
int table_print(const struct table *t, bool json, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
