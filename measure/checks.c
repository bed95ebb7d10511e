/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checks.h"

#include "json_write.h"
#include "secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX ((size_t) CHECKS_MAX * 2 * (CHECKS_NAME_MAX + CHECKS_DETAIL_MAX))

static const char *result_name(enum check_result result)
{
    switch (result) {
    case CHECK_OK:
        return "ok";
    case CHECK_FAILED:
        return "failed";
    case CHECK_SKIPPED:
        return "skipped";
    }
    return "";
}

void checks_add(struct checks *c, enum check_result result, const char *name, const char *detail, ...)
{
    struct check *row = &c->rows[c->count < CHECKS_MAX ? c->count : CHECKS_MAX - 1];
    va_list args;

    c->failed += result == CHECK_FAILED;
    if (c->count < CHECKS_MAX)
        c->count++;
    row->result = result;
    (void) snprintf(row->name, sizeof row->name, "%s", name);
    va_start(args, detail);
    (void) vsnprintf(row->detail, sizeof row->detail, detail, args);
    va_end(args);
}

static int print_json(const struct checks *c, struct err *err)
{
    AUTO_FREE uint8_t *text = malloc(TEXT_MAX);
    struct writer w = writer_of(text, TEXT_MAX);
    struct json_write j = json_write_to(&w);

    if (!text)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    json_write_object(&j, NULL);
    json_write_array(&j, "checks");
    for (size_t i = 0; i < c->count; i++) {
        json_write_object(&j, NULL);
        json_write_str(&j, "detail", c->rows[i].detail);
        json_write_str(&j, "name", c->rows[i].name);
        json_write_str(&j, "result", result_name(c->rows[i].result));
        json_write_close(&j);
    }
    json_write_close(&j);
    json_write_bool(&j, "match", c->failed == 0);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the checks do not fit %zu bytes", TEXT_MAX);
    (void) fwrite(text, 1, w.len, stdout); /* the caller flushes, which finds errors */
    return 0;
}

int checks_print(const struct checks *c, bool json, struct err *err)
{
    if (json)
        return print_json(c, err);
    for (size_t i = 0; i < c->count; i++)
        (void) printf("%-8s %-28s %s\n", result_name(c->rows[i].result), c->rows[i].name, c->rows[i].detail);
    return 0;
}
