/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "toml.h"

#include "toml_string.h"
#include "utf8.h"

#include <string.h>

/* The parse in progress. */
struct toml_parser {
    struct toml_cursor at;
    struct toml *doc;
    const char *table; /* the one that entries go to now; "" before the first header */
};

static void toml_skip_space(struct toml_cursor *c)
{
    while (toml_peek(c, 0) == ' ' || toml_peek(c, 0) == '\t')
        c->pos++;
}

/* What may stand at the end of a line: white space, a comment, the newline or the end of the text. */
static int toml_end_line(struct toml_cursor *c, struct err *err)
{
    toml_skip_space(c);
    if (toml_peek(c, 0) == '#') {
        while (c->pos < c->text.len && toml_peek(c, 0) != '\n') {
            const uint8_t b = toml_peek(c, 0);

            if ((b < 0x20 && b != '\t') || b == 0x7f)
                return toml_fail(c, ERR_FORMAT, "a control byte in a comment", err);
            c->pos++;
        }
    }
    if (c->pos < c->text.len && toml_peek(c, 0) != '\n')
        return toml_fail(c, ERR_FORMAT, "expected the end of the line", err);
    if (c->pos < c->text.len)
        c->pos++;
    return 0;
}

static bool toml_is_bare(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* A bare or quoted key, or a table's name; copied into the arena. */
static int toml_key(struct toml_parser *p, const char **key, struct err *err)
{
    struct toml_cursor *c = &p->at;
    const size_t start = c->pos;
    struct span name;

    if (toml_peek(c, 0) == '"' || toml_peek(c, 0) == '\'') {
        if (toml_string(c, false, &p->doc->strings, &name, err) < 0)
            return -1;
        *key = (const char *) name.data;
    } else {
        while (toml_is_bare(toml_peek(c, 0)))
            c->pos++;
        name = span_sub(c->text, start, c->pos - start);
        *key = arena_string(&p->doc->strings, name, err);
        if (!*key)
            return -1;
    }
    if (name.len == 0)
        return toml_fail(c, ERR_FORMAT, "expected a key", err);
    if (name.len > TOML_KEY_MAX)
        return toml_fail(c, ERR_LIMIT, "a key that is too long", err);
    toml_skip_space(c);
    if (toml_peek(c, 0) == '.')
        return toml_fail(c, ERR_FORMAT, "dotted keys are not supported: quote a key that holds a dot", err);
    return 0;
}

static int toml_header(struct toml_parser *p, struct err *err)
{
    struct toml_cursor *c = &p->at;
    const char *name;

    c->pos++;
    if (toml_peek(c, 0) == '[')
        return toml_fail(c, ERR_FORMAT, "arrays of tables are not supported", err);
    toml_skip_space(c);
    if (toml_key(p, &name, err) < 0)
        return -1;
    if (toml_peek(c, 0) != ']')
        return toml_fail(c, ERR_FORMAT, "expected ']' after the table's name", err);
    c->pos++;
    if (p->doc->table_count == TOML_TABLES_MAX)
        return toml_fail(c, ERR_LIMIT, "too many tables", err);
    for (size_t i = 0; i < p->doc->table_count; i++)
        if (strcmp(p->doc->tables[i], name) == 0)
            return toml_fail(c, ERR_FORMAT, "this table is given twice", err);
    p->doc->tables[p->doc->table_count++] = name;
    p->table = name;
    return 0;
}

static int toml_entry(struct toml_parser *p, struct err *err)
{
    struct toml_cursor *c = &p->at;
    struct toml_entry entry = {.table = p->table, .line = toml_line(c)};

    if (toml_key(p, &entry.key, err) < 0)
        return -1;
    if (toml_peek(c, 0) != '=')
        return toml_fail(c, ERR_FORMAT, "expected '=' after the key", err);
    c->pos++;
    toml_skip_space(c);
    if (toml_peek(c, 0) != '"' && toml_peek(c, 0) != '\'')
        return toml_fail(c, ERR_FORMAT, "expected a string: no other kind of value is supported", err);
    for (size_t i = 0; i < p->doc->count; i++)
        if (strcmp(p->doc->entries[i].table, entry.table) == 0 &&
            strcmp(p->doc->entries[i].key, entry.key) == 0)
            return toml_fail(c, ERR_FORMAT, "this key is given twice", err);
    if (p->doc->count == TOML_ENTRIES_MAX)
        return toml_fail(c, ERR_LIMIT, "too many keys", err);
    if (toml_string(c, true, &p->doc->strings, &entry.value, err) < 0)
        return -1;
    p->doc->entries[p->doc->count++] = entry;
    return 0;
}

static int toml_lines(struct toml_parser *p, struct err *err)
{
    struct toml_cursor *c = &p->at;

    while (c->pos < c->text.len) {
        uint8_t b;
        int rc = 0;

        toml_skip_space(c);
        b = toml_peek(c, 0);
        if (b == '[')
            rc = toml_header(p, err);
        else if (c->pos < c->text.len && b != '#' && b != '\n')
            rc = toml_entry(p, err);
        if (rc < 0 || toml_end_line(c, err) < 0)
            return -1;
    }
    return 0;
}

/* In TOML a top-level key and a table share one name space. */
static int toml_check_names(const struct toml_parser *p, struct err *err)
{
    for (size_t i = 0; i < p->doc->count; i++)
        for (size_t j = 0; j < p->doc->table_count; j++)
            if (p->doc->entries[i].table[0] == '\0' && strcmp(p->doc->entries[i].key, p->doc->tables[j]) == 0)
                return err_set(err, ERR_FORMAT, 0, "line %zu: this key is also a table",
                               p->doc->entries[i].line);
    return 0;
}

int toml_parse(struct span text, size_t max_bytes, struct toml *doc, struct err *err)
{
    struct toml got = {0};
    struct toml_parser p = {.at = {.text = text}, .doc = &got, .table = ""};

    if (text.len > max_bytes)
        return err_set(err, ERR_LIMIT, 0, "%zu bytes, at most %zu", text.len, max_bytes);
    if (!utf8_valid(text))
        return err_set(err, ERR_FORMAT, 0, "not UTF-8");
    if (text.len > 0 && memchr(text.data, 0, text.len))
        return err_set(err, ERR_FORMAT, 0, "a NUL byte");
    if (arena_make(text.len + 1, &got.strings, err) < 0)
        return -1;
    if (toml_lines(&p, err) < 0 || toml_check_names(&p, err) < 0) {
        toml_free(&got);
        return -1;
    }
    *doc = got;
    return 0;
}

void toml_free(struct toml *doc)
{
    if (!doc)
        return;
    arena_free(&doc->strings);
    *doc = (struct toml){0};
}
