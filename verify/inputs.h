/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inputs: what the person who verifies brings along: options, the published measurements, a manifest, roots
 * and revocation lists. The data owner chooses these bytes; measurements.json is believed because of its
 * signature, the manifest because it is the owner's own copy.
 */
#ifndef NACRE_INPUTS_H
#define NACRE_INPUTS_H

#include "fileio.h"
#include "manifest.h"
#include "measurements.h"
#include "opts.h"
#include "table.h"

#include <stdint.h>

#define INPUTS_CRL_MAX 65535

/* What --any can name: an expectation that the owner knowingly goes without. */
enum inputs_any {
    INPUTS_ANY_REPORT_DATA = 1 << 0,
    INPUTS_ANY_MEASUREMENT = 1 << 1,
    INPUTS_ANY_HOST_DATA = 1 << 2,
    INPUTS_ANY_CHIP_ID = 1 << 3,
    INPUTS_ANY_CSP_ID = 1 << 4,
    INPUTS_ANY_ID_KEY = 1 << 5,
    INPUTS_ANY_TCB = 1 << 6,
    INPUTS_ANY_PLATFORM_INFO = 1 << 7,
    INPUTS_ANY_REVOCATION = 1 << 8,
    INPUTS_ANY_FIRMWARE = 1 << 9,
    INPUTS_ANY_RTMR0 = 1 << 10,
    INPUTS_ANY_MR_SEAM = 1 << 11,
    INPUTS_ANY_XFAM = 1 << 12,
    INPUTS_ANY_ADVISORIES = 1 << 13,
};

/* The options that every command has. */
struct inputs_args {
    const char *measurements;
    const char *key;
    const char *signature;
    const char *manifest;
    const char *now;
    const char *crl;
    const char *collateral;
    const char *test_root;
    struct opt_files any;
    bool allow_debug;
};

#define INPUTS_OPTS(a)                                                                                       \
    {"measurements", OPT_TEXT, &(a)->measurements, 0}, {"key", OPT_TEXT, &(a)->key, 0},                      \
        {"signature", OPT_TEXT, &(a)->signature, 0}, {"manifest", OPT_TEXT, &(a)->manifest, 0},              \
        {"now", OPT_TEXT, &(a)->now, 0}, {"crl", OPT_TEXT, &(a)->crl, 0},                                    \
        {"collateral", OPT_TEXT, &(a)->collateral, 0}, {"any", OPT_FILES, &(a)->any, 0},                     \
    {                                                                                                        \
        "allow-debug", OPT_FLAG, &(a)->allow_debug, 0                                                        \
    }
/* The last row of a table of options: a production build leaves it out
 * (hostlib/test_root.h). */
#define INPUTS_OPT_TEST_ROOT(a)                                                                              \
    {                                                                                                        \
        test_root_option, OPT_TEXT, &(a)->test_root, 0                                                       \
    }

/* Large: keep it off the stack. */
struct inputs {
    const struct inputs_args *args;
    int64_t now_s;
    unsigned any; /* INPUTS_ANY_* */
    bool has_measurements;
    struct measurements measurements;
    bool has_manifest;
    struct manifest manifest;
    struct fileio_bytes manifest_text;
    struct fileio_bytes test_root; /* DER; empty: none */
    struct fileio_bytes crl;       /* DER; empty: none */
};

/* A whole file; the error says why in words. */
int inputs_read(const char *path, size_t max, struct fileio_bytes *out, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* "2026-07-01", "2026-07-01T12:00:00Z" or seconds since 1970. */
int inputs_time(const char *text, int64_t *out_s, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* Which options go together, and the values in them. Errors are those of usage. */
int inputs_check(const struct inputs_args *args, struct inputs *in, struct err *err)
    __attribute__((warn_unused_result, nonnull));
/* Read the files. Rows and warnings about them go to t. Errors are those of bad input. */
int inputs_load(struct inputs *in, struct table *t, struct err *err)
    __attribute__((warn_unused_result, nonnull));
void inputs_free(struct inputs *in); /* accepts NULL; frees in too */

/* Is it given up by --any? Then the line of what is thereby not covered is in t. */
bool inputs_any(const struct inputs *in, enum inputs_any what, struct table *t) __attribute__((nonnull));
const char *inputs_any_name(enum inputs_any what);

#endif
