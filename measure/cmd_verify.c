/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure verify: published measurements against their signature, the files, a report. */
#include "checks.h"
#include "commands.h"
#include "files.h"
#include "initdata_file.h"
#include "measurements_sig.h"
#include "opts.h"
#include "output.h"
#include "verify_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPORT_MAX 32768 /* bytes: the limit of configfs-tsm */

static const char help[] =
    "usage: nacre-measure verify MEASUREMENTS.json [--key PUB.pem [--signature FILE]] [--files DIR...]\n"
    "                            [--report FILE] [--initdata FILE] [--allow-debug] [--json]\n"
    "\n"
    "Check published measurements: their form always, and what is asked for.\n"
    "\n"
    "  --key PUB.pem      the publisher's public key (P-384, PEM); the signature is in "
    "MEASUREMENTS.json.sig\n"
    "  --signature FILE   the signature, when it is elsewhere\n"
    "  --files DIR...     folders with the image's files: each file must be in one of them, unchanged\n"
    "  --report FILE      an SEV-SNP report or a TDX quote: are its values published ones?\n"
    "  --initdata FILE    the initdata that the report's host data must be of\n"
    "  --allow-debug      accept a dev image, whose console is open to the host\n"
    "  --json             one JSON object instead of text\n"
    "\n"
    "The hardware's own signature on the report is not checked.\n"
    "\n"
    "Exit status: 0 everything matches, 1 something does not, 2 usage, 3 bad input.\n";

struct input {
    bool help;
    bool json;
    bool allow_debug;
    const char *path;
    const char *key;
    const char *signature;
    struct opt_files dirs;
    const char *report;
    const char *initdata;
};

static int check_signature(const struct input *in, struct span text, struct checks *checks, struct err *err)
{
    AUTO_MAP key_map = {0};
    AUTO_MAP sig_map = {0};
    char path[OUTPUT_PATH_MAX];
    const char *sig = in->signature ? in->signature : path;
    struct ecc_public pub;
    struct err why = {0};

    if (!in->key) {
        checks_add(checks, CHECK_SKIPPED, "signature", "no --key: anybody may have written this file");
        return 0;
    }
    if (snprintf(path, sizeof path, "%s.sig", in->path) >= (int) sizeof path)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", in->path);
    if (files_map_open(in->key, MEASUREMENTS_PEM_MAX, &key_map, err) < 0 ||
        files_map_open(sig, ECC_SIG_MAX, &sig_map, err) < 0)
        return -1;
    if (measurements_public_key(key_map.bytes, &pub, err) < 0)
        return err_prefix(err, "%s", in->key);
    if (measurements_check_sig(text, sig_map.bytes, &pub, &why) == 0)
        checks_add(checks, CHECK_OK, "signature", "by the key in %s", in->key);
    else if (why.code == ERR_DENIED)
        checks_add(checks, CHECK_FAILED, "signature", "not made by the key in %s over these bytes", in->key);
    else
        return err_set(err, why.code, why.sys_errno, "%s: %s", sig, why.text);
    return 0;
}

/* The first of the folders that has the file; false: none. */
static bool find_file(const struct input *in, const char *name, char path[OUTPUT_PATH_MAX])
{
    struct err ignored;

    for (size_t i = 0; i < in->dirs.count; i++)
        if (output_join(in->dirs.paths[i], name, path, &ignored) == 0 && access(path, F_OK) == 0)
            return true;
    return false;
}

static int check_file(const struct input *in, const char *what, const struct measurements_file *f,
                      struct checks *checks, struct err *err)
{
    char path[OUTPUT_PATH_MAX];
    char name[CHECKS_NAME_MAX];
    uint8_t sha256[SHA256_SIZE], sha384[SHA384_SIZE];
    uint64_t size = 0;

    (void) snprintf(name, sizeof name, "%s %s", what, f->name);
    if (!find_file(in, f->name, path)) {
        checks_add(checks, CHECK_FAILED, name, "not found in any folder of --files");
        return 0;
    }
    if (files_hash(path, HASH_SHA256, sha256, &size, err) < 0 ||
        files_hash(path, HASH_SHA384, sha384, &size, err) < 0)
        return -1;
    if (size != f->size)
        checks_add(checks, CHECK_FAILED, name, "%s: expected %llu bytes, found %llu", path,
                   (unsigned long long) f->size, (unsigned long long) size);
    else if (memcmp(sha256, f->sha256, sizeof sha256) != 0 || memcmp(sha384, f->sha384, sizeof sha384) != 0)
        checks_add(checks, CHECK_FAILED, name, "%s: another content: its hashes are not the published ones",
                   path);
    else
        checks_add(checks, CHECK_OK, name, "%llu bytes", (unsigned long long) size);
    return 0;
}

static int check_cmdline(const struct input *in, const struct measurements *m, struct checks *checks,
                         struct err *err)
{
    AUTO_MAP map = {0};
    char path[OUTPUT_PATH_MAX];

    if (!find_file(in, "cmdline", path)) {
        checks_add(checks, CHECK_SKIPPED, "command line", "no file cmdline; published: %.160s", m->cmdline);
        return 0;
    }
    if (files_map_open(path, (size_t) 1 << 16, &map, err) < 0)
        return -1;
    if (span_eq_str(map.bytes, m->cmdline))
        checks_add(checks, CHECK_OK, "command line", "%.200s", m->cmdline);
    else
        checks_add(checks, CHECK_FAILED, "command line", "%s: expected exactly '%.160s'", path, m->cmdline);
    return 0;
}

static int check_files(const struct input *in, const struct measurements *m, struct checks *checks,
                       struct err *err)
{
    if (in->dirs.count == 0)
        return 0;
    for (int i = 0; i < MEASUREMENTS_ROLES; i++)
        if (measurements_has(m, (enum measurements_role) i) &&
            check_file(in, measurements_role_name((enum measurements_role) i), &m->files[i], checks, err) < 0)
            return -1;
    for (size_t i = 0; i < m->workload_count; i++)
        if (check_file(in, "workload", &m->workloads[i].file, checks, err) < 0)
            return -1;
    return check_cmdline(in, m, checks, err);
}

static int check_report(const struct input *in, const struct measurements *m, struct checks *checks,
                        struct err *err)
{
    AUTO_MAP map = {0};
    uint8_t host_data[SHA256_SIZE];
    const struct verify_report v = {
        .m = m,
        .allow_debug = in->allow_debug,
        .host_data = in->initdata ? host_data : NULL,
    };

    if (!in->report)
        return 0;
    if (in->initdata && initdata_file_digest(in->initdata, false, host_data, err) < 0)
        return -1;
    if (files_map_open(in->report, REPORT_MAX, &map, err) < 0)
        return -1;
    return verify_report(&v, map.bytes, checks, err) < 0 ? err_prefix(err, "%s", in->report) : 0;
}

static void check_kind(const struct input *in, const struct measurements *m, struct checks *checks)
{
    if (!m->debug)
        checks_add(checks, CHECK_OK, "image", "a production image");
    else if (in->allow_debug)
        checks_add(checks, CHECK_OK, "image", "a dev image: allowed by --allow-debug");
    else
        checks_add(checks, CHECK_FAILED, "image", "a dev image: its console is open to the host");
}

static int verify(const struct input *in, struct measurements *m, struct checks *checks, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(in->path, MEASUREMENTS_TEXT_MAX, &map, err) < 0 ||
        measurements_parse(map.bytes, in->path, m, err) < 0 ||
        check_signature(in, map.bytes, checks, err) < 0)
        return -1;
    check_kind(in, m, checks);
    if (check_files(in, m, checks, err) < 0)
        return -1;
    return check_report(in, m, checks, err);
}

static int check_options(const struct input *in, struct err *err)
{
    if (!in->path)
        return err_set(err, ERR_MISSING, 0, "a measurements.json is needed");
    if (in->signature && !in->key)
        return err_set(err, ERR_FORMAT, 0, "--signature needs --key");
    if (in->initdata && !in->report)
        return err_set(err, ERR_FORMAT, 0, "--initdata needs --report");
    return 0;
}

static enum command_status verify_and_print(const struct input *in, struct err *err)
{
    struct measurements *m = calloc(1, sizeof *m);
    struct checks *checks = calloc(1, sizeof *checks);
    int rc = m && checks ? verify(in, m, checks, err) : err_set(err, ERR_LIMIT, 0, "no memory");
    size_t failed = 0;

    if (rc == 0)
        rc = checks_print(checks, in->json, err);
    if (rc == 0)
        rc = command_flush(err);
    if (rc == 0 && checks->failed > 0) {
        failed = checks->failed;
        (void) err_set(err, ERR_DENIED, 0, "%s: %zu of %zu checks failed", in->path, failed, checks->count);
    }
    free(m);
    free(checks);
    if (rc < 0)
        return COMMAND_BAD_INPUT;
    return failed > 0 ? COMMAND_MISMATCH : COMMAND_DONE;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {0};
    const struct opt opts[] = {
        {"help",        OPT_FLAG,    &in.help,        0},
        {"json",        OPT_FLAG,    &in.json,        0},
        {"allow-debug", OPT_FLAG,    &in.allow_debug, 0},
        {"file",        OPT_OPERAND, &in.path,        0},
        {"key",         OPT_TEXT,    &in.key,         0},
        {"signature",   OPT_TEXT,    &in.signature,   0},
        {"files",       OPT_FILES,   &in.dirs,        0},
        {"report",      OPT_TEXT,    &in.report,      0},
        {"initdata",    OPT_TEXT,    &in.initdata,    0},
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (in.help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (check_options(&in, err) < 0)
        return COMMAND_USAGE;
    return verify_and_print(&in, err);
}

const struct command command_verify = {
    "verify", "published measurements against signature, files and a report", help, run};
