/* SPDX-License-Identifier: GPL-2.0-or-later */
/* opts: the options of a command, read by a table. "--name value", "--name=value"; the same option twice, one
 * that is not in the table and a value that does not fit are errors that name the option. */
#ifndef NACRE_OPTS_H
#define NACRE_OPTS_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTS_MAX 60       /* options of one command */
#define OPTS_FILES_MAX 16 /* values of one OPT_FILES */

enum opt_kind {
    OPT_FLAG,     /* no value; out is bool * */
    OPT_TEXT,     /* out is const char **, NULL when not given */
    OPT_OPTIONAL, /* the same, but the value may be missing: then "" */
    OPT_DECIMAL,  /* a number up to max; out is struct opt_number * */
    OPT_HEX,      /* the same in base 16, "0x" allowed */
    OPT_FILES,    /* one or more values; out is struct opt_files * */
    OPT_OPERAND,  /* the one argument without a dash; name is what messages call it; as OPT_TEXT */
};

struct opt_number {
    bool given;
    uint64_t value; /* untouched when not given: the default */
};

struct opt_files {
    const char *paths[OPTS_FILES_MAX];
    size_t count;
};

struct opt {
    const char *name;
    enum opt_kind kind;
    void *out;
    uint64_t max; /* of a number */
};

/* Read argv[1] and on by count rows of opts. ERR_FORMAT and a text that names the option. */
int opts_read(int argc, char **argv, const struct opt *opts, size_t count, struct err *err)
    __attribute__((warn_unused_result, nonnull));

#endif
