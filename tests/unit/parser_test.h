/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parser_test: what the tests of parsers share. Tests run in the top folder of the tree. */
#ifndef NACRE_PARSER_TEST_H
#define NACRE_PARSER_TEST_H

#include "err.h"
#include "span.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The whole file, malloc'ed, with a NUL behind it. */
static inline char *test_slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);

    assert_non_null(f);
    assert_non_null(text);
    *len = fread(text, 1, (1 << 20) - 1, f);
    text[*len] = '\0';
    fclose(f);
    return text;
}

/* text with its first `from` replaced by `to`, malloc'ed; the test fails when there is no `from`. */
static inline char *test_replace(const char *text, const char *from, const char *to)
{
    const char *hit = strstr(text, from);
    const size_t size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);

    if (!hit)
        fail_msg("the text to replace is not there: %s", from);
    assert_non_null(out);
    (void) snprintf(out, size, "%.*s%s%s", (int) (hit - text), text, to, hit + strlen(from));
    return out;
}

/* The error has this code, and its text holds `part`. */
static inline void test_check_err(const struct err *err, enum err_code code, const char *part,
                                  const char *label)
{
    if (err->code != code || !strstr(err->text, part))
        fail_msg("%s: expected %s \"...%s...\", found %s \"%s\"", label, err_code_name(code), part,
                 err_code_name(err->code), err->text);
}

#endif
