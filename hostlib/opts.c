/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "opts.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

struct args {
    int argc;
    char **argv;
    int next;
    uint64_t seen; /* one bit a row */
};

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* The row that word names; *value is what stands behind "=", or NULL. */
static const struct opt *find(const char *word, const struct opt *opts, size_t count, const char **value)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");

    *value = name[len] == '=' ? name + len + 1 : NULL;
    for (size_t i = 0; i < count; i++) {
        if (opts[i].kind != OPT_OPERAND && strlen(opts[i].name) == len &&
            strncmp(opts[i].name, name, len) == 0)
            return &opts[i];
    }
    return NULL;
}

/* The value in the next argument. A value may begin with a dash; an optional one may not. */
static const char *next_value(struct args *a, const struct opt *o)
{
    if (a->next >= a->argc || (o->kind != OPT_TEXT && is_option(a->argv[a->next])))
        return NULL;
    return a->argv[a->next++];
}

static int read_files(struct args *a, const struct opt *o, const char *first, struct err *err)
{
    struct opt_files *files = o->out;

    for (const char *path = first; path; path = next_value(a, o)) {
        if (files->count == OPTS_FILES_MAX)
            return err_set(err, ERR_LIMIT, 0, "--%s: at most %d files", o->name, OPTS_FILES_MAX);
        files->paths[files->count++] = path;
    }
    return 0;
}

static int take(struct args *a, const struct opt *o, const char *value, struct err *err)
{
    char dashed[64];
    struct opt_number *number = o->out;

    (void) snprintf(dashed, sizeof dashed, "--%s", o->name);
    switch (o->kind) {
    case OPT_FLAG:
        *(bool *) o->out = true;
        return 0;
    case OPT_TEXT:
    case OPT_OPTIONAL:
    case OPT_OPERAND:
        *(const char **) o->out = value ? value : "";
        return 0;
    case OPT_DECIMAL:
    case OPT_HEX:
        number->given = true;
        return command_number(dashed, value, o->kind == OPT_HEX ? 16 : 10, o->max, &number->value, err);
    case OPT_FILES:
        return read_files(a, o, value, err);
    }
    return err_set(err, ERR_FORMAT, 0, "--%s: not known", o->name);
}

static int take_option(struct args *a, const char *word, const struct opt *opts, size_t count,
                       struct err *err)
{
    const char *value = NULL;
    const struct opt *o = strncmp(word, "--", 2) == 0 ? find(word, opts, count, &value) : NULL;
    uint64_t bit = o ? UINT64_C(1) << (o - opts) : 0;

    if (!o)
        return err_set(err, ERR_FORMAT, 0, "'%s' is not known", word);
    if (a->seen & bit && o->kind != OPT_FILES)
        return err_set(err, ERR_FORMAT, 0, "--%s is given twice", o->name);
    a->seen |= bit;
    if (o->kind == OPT_FLAG && value)
        return err_set(err, ERR_FORMAT, 0, "--%s takes no value", o->name);
    if (o->kind != OPT_FLAG && !value)
        value = next_value(a, o);
    if (o->kind != OPT_FLAG && o->kind != OPT_OPTIONAL && !value)
        return err_set(err, ERR_FORMAT, 0, "--%s lacks its value", o->name);
    return take(a, o, value, err);
}

static int take_operand(struct args *a, char *word, const struct opt *opts, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (opts[i].kind != OPT_OPERAND)
            continue;
        if (a->seen >> i & 1)
            return err_set(err, ERR_FORMAT, 0, "'%s': a second %s", word, opts[i].name);
        a->seen |= UINT64_C(1) << i;
        return take(a, &opts[i], word, err);
    }
    return err_set(err, ERR_FORMAT, 0, "'%s' is not an option", word);
}

int opts_read(int argc, char **argv, const struct opt *opts, size_t count, struct err *err)
{
    struct args a = {.argc = argc, .argv = argv, .next = 1};

    if (count > OPTS_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu options, at most %d", count, OPTS_MAX);
    while (a.next < argc) {
        char *word = argv[a.next++];
        int rc = is_option(word) ? take_option(&a, word, opts, count, err)
                                 : take_operand(&a, word, opts, count, err);

        if (rc < 0)
            return -1;
    }
    return 0;
}
