/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include "json_write.h"
#include "secret.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN 48 /* characters of a column: half of a SHA-384 in hex */
#define JSON_MAX ((size_t) TABLE_ROWS_MAX * 1200 + (size_t) 3 * TABLE_LINES_MAX * (TABLE_TEXT_MAX + 16))

static const char *verdict_name(enum table_verdict verdict)
{
    switch (verdict) {
    case TABLE_PASSED:
        return "passed";
    case TABLE_REFUSED:
        return "refused";
    case TABLE_NOT_RUN:
        return "not run";
    }
    return "";
}

static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
    }
}

struct table_row *table_add(struct table *t, enum table_verdict verdict, const char *name)
{
    t->refused += verdict == TABLE_REFUSED || t->count == TABLE_ROWS_MAX;
    if (t->count == TABLE_ROWS_MAX)
        return NULL;
    struct table_row *row = &t->rows[t->count++];
    row->verdict = verdict;
    (void) snprintf(row->name, sizeof row->name, "%s", name);
    clean(row->name);
    return row;
}

void table_expected(struct table_row *row, const char *fmt, ...)
{
    va_list ap;

    if (row == NULL)
        return;
    va_start(ap, fmt);
    (void) vsnprintf(row->expected, sizeof row->expected, fmt, ap);
    va_end(ap);
    clean(row->expected);
}

void table_found(struct table_row *row, const char *fmt, ...)
{
    va_list ap;

    if (row == NULL)
        return;
    va_start(ap, fmt);
    (void) vsnprintf(row->found, sizeof row->found, fmt, ap);
    va_end(ap);
    clean(row->found);
}

void table_line(struct table_lines *lines, const char *fmt, ...)
{
    va_list ap;

    if (lines->count == TABLE_LINES_MAX)
        return;
    va_start(ap, fmt);
    (void) vsnprintf(lines->text[lines->count], sizeof lines->text[0], fmt, ap);
    va_end(ap);
    clean(lines->text[lines->count++]);
}

/* --- JSON ------------------------------------------------------------------------------------------ */

static void write_lines(struct json_write *j, const char *key, const struct table_lines *lines)
{
    json_write_array(j, key);
    for (size_t i = 0; i < lines->count; i++)
        json_write_str(j, NULL, lines->text[i]);
    json_write_close(j);
}

static int print_json(const struct table *t, struct err *err)
{
    AUTO_FREE uint8_t *text = malloc(JSON_MAX);
    struct writer w = writer_of(text, JSON_MAX);
    struct json_write j = json_write_to(&w);

    if (!text)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    json_write_object(&j, NULL);
    json_write_array(&j, "checks");
    for (size_t i = 0; i < t->count; i++) {
        json_write_object(&j, NULL);
        json_write_str(&j, "check", t->rows[i].name);
        json_write_str(&j, "expected", t->rows[i].expected);
        json_write_str(&j, "found", t->rows[i].found);
        json_write_str(&j, "verdict", verdict_name(t->rows[i].verdict));
        json_write_close(&j);
    }
    json_write_close(&j);
    write_lines(&j, "explanation", &t->explanation);
    write_lines(&j, "not_covered", &t->not_covered);
    json_write_bool(&j, "passed", t->refused == 0);
    write_lines(&j, "warnings", &t->warnings);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the table does not fit %zu bytes", JSON_MAX);
    (void) fwrite(text, 1, w.len, stdout); /* the caller flushes, which finds errors */
    return 0;
}

/* --- text ------------------------------------------------------------------------------------------ */

/* How many characters of text fit a column: up to the last space, or a full column of a long word. */
static int piece_of(const char *text)
{
    int space = 0;

    for (int i = 0; i <= COLUMN; i++) {
        if (text[i] == '\0')
            return i;
        if (text[i] == ' ')
            space = i;
    }
    return space > COLUMN / 2 ? space : COLUMN;
}

static const char *next_piece(const char *text, int piece)
{
    return text[piece] == ' ' ? text + piece + 1 : text + piece;
}

static int widest(const struct table *t, bool expected)
{
    int width = 8;

    for (size_t i = 0; i < t->count; i++) {
        const char *text = expected ? t->rows[i].expected : t->rows[i].found;
        const int piece = piece_of(text);

        width = piece > width ? piece : width;
    }
    return width;
}

static void print_row(const struct table_row *row, int name_width, int expected_width, int found_width)
{
    const char *name = row->name, *verdict = verdict_name(row->verdict);
    const char *expected = row->expected, *found = row->found;

    do {
        const int e = piece_of(expected), f = piece_of(found);

        if (*verdict != '\0')
            (void) printf("%-*s  %-*.*s  %-*.*s  %s\n", name_width, name, expected_width, e, expected,
                          found_width, f, found, verdict);
        else if (f > 0)
            (void) printf("%-*s  %-*.*s  %.*s\n", name_width, "", expected_width, e, expected, f, found);
        else
            (void) printf("%-*s  %.*s\n", name_width, "", e, expected);
        expected = next_piece(expected, e);
        found = next_piece(found, f);
        verdict = "";
    } while (*expected != '\0' || *found != '\0');
}

static void print_lines(const char *title, const struct table_lines *lines)
{
    if (lines->count > 0)
        (void) printf("\n%s\n", title);
    for (size_t i = 0; i < lines->count; i++)
        (void) printf("  %s\n", lines->text[i]);
}

static void print_text(const struct table *t)
{
    static const struct table_row head = {.name = "CHECK", .expected = "EXPECTED", .found = "FOUND"};
    const int expected = widest(t, true), found = widest(t, false);
    int name = 5;
    size_t not_run = 0;

    for (size_t i = 0; i < t->warnings.count; i++)
        (void) printf("WARNING: %s\n", t->warnings.text[i]);
    for (size_t i = 0; i < t->count; i++) {
        const int len = (int) strlen(t->rows[i].name);

        name = len > name ? len : name;
        not_run += t->rows[i].verdict == TABLE_NOT_RUN;
    }
    (void) printf("%-*s  %-*s  %-*s  VERDICT\n", name, head.name, expected, head.expected, found, head.found);
    for (size_t i = 0; i < t->count; i++)
        print_row(&t->rows[i], name, expected, found);
    print_lines("Explanation:", &t->explanation);
    print_lines("Not covered:", &t->not_covered);
    (void) printf("\n%s: %zu checks, %zu passed, %zu refused, %zu not run\n",
                  t->refused == 0 ? "PASSED" : "REFUSED", t->count, t->count - t->refused - not_run,
                  t->refused, not_run);
}

int table_print(const struct table *t, bool json, struct err *err)
{
    if (json)
        return print_json(t, err);
    print_text(t);
    return 0;
}
