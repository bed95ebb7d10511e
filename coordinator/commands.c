/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include "ecc.h"
#include "fileio.h"
#include "hex.h"
#include "manifest.h"
#include "mesh_ca.h"
#include "seed_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_HEX_SIZE (2 * SHA256_SIZE + 1)

int commands_status(const struct err *err)
{
    switch (err->code) {
    case ERR_FORMAT:
    case ERR_LIMIT:
    case ERR_DENIED:
    case ERR_MISSING:
        return COMMANDS_BAD_INPUT;
    case ERR_NONE:
    case ERR_SYS:
    case ERR_TIMEOUT:
    case ERR_HELPER:
        break;
    }
    return COMMANDS_FAILED;
}

void commands_usage(struct err *err, const char *fmt, ...)
{
    char text[ERR_TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    (void) vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void) err_set(err, ERR_FORMAT, 0, "%s", text);
}

struct state_args {
    const char *dir;
    bool json;
};

static int parse_state_args(int argc, char **argv, struct state_args *out, struct err *err)
{
    struct state_args args = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            args.json = true;
        else if (strcmp(argv[i], "--state") == 0 && i + 1 < argc && args.dir == NULL)
            args.dir = argv[++i];
        else {
            commands_usage(err, "unexpected, double or incomplete argument %s", argv[i]);
            return COMMANDS_USAGE;
        }
    }
    if (args.dir == NULL) {
        commands_usage(err, "--state DIR is needed");
        return COMMANDS_USAGE;
    }
    *out = args;
    return COMMANDS_OK;
}

/* The digest that policy.json holds as coordinator.root_ca_key_sha256. */
static int print_root(const struct mesh_secret_seed *seed, bool json, struct err *err)
{
    AUTO_SECRET scalar = {0};
    AUTO_ECC_PAIR root = {0};
    uint8_t digest[SHA256_SIZE];
    char hex[DIGEST_HEX_SIZE];

    if (mesh_secret_root_ca_key(seed, &scalar, err) < 0 ||
        ecc_from_scalar(ECC_CURVE_P384, secret_span(&scalar), &root, err) < 0 ||
        mesh_ca_key_digest(&root.pub, digest, err) < 0 ||
        hex_encode(span_of(digest, sizeof digest), hex, sizeof hex, err) < 0)
        return commands_status(err);
    (void) printf(json ? "{\"root_ca_key_sha256\": \"%s\"}\n" : "%s\n", hex);
    return COMMANDS_OK;
}

int commands_init(int argc, char **argv, struct err *err)
{
    __attribute__((cleanup(mesh_secret_seed_wipe))) struct mesh_secret_seed seed = {0};
    struct state_args args = {0};
    int status = parse_state_args(argc, argv, &args, err);

    if (status != COMMANDS_OK)
        return status;
    if (seed_file_create(args.dir, &seed, err) < 0)
        return commands_status(err);
    return print_root(&seed, args.json, err);
}

int commands_root_ca(int argc, char **argv, struct err *err)
{
    __attribute__((cleanup(mesh_secret_seed_wipe))) struct mesh_secret_seed seed = {0};
    struct state_args args = {0};
    int status = parse_state_args(argc, argv, &args, err);

    if (status != COMMANDS_OK)
        return status;
    int rc = seed_file_load(args.dir, &seed, err);
    if (rc == 0)
        rc = err_set(err, ERR_SYS, ENOENT, "open %s/" SEED_FILE_NAME " (made by `nacre-coordinator init`)",
                     args.dir);
    if (rc < 0)
        return commands_status(err);
    return print_root(&seed, args.json, err);
}

static int print_manifest(const struct manifest *m, bool json, struct err *err)
{
    char hex[DIGEST_HEX_SIZE];

    if (hex_encode(span_of(m->sha256, sizeof m->sha256), hex, sizeof hex, err) < 0)
        return commands_status(err);
    if (json)
        (void) printf("{\"sha256\": \"%s\", \"policies\": %zu, \"snp\": %zu, \"tdx\": %zu}\n", hex,
                      m->policy_count, m->snp_count, m->tdx_count);
    else
        (void) printf("%s  %zu policies, %zu snp and %zu tdx reference values\n", hex, m->policy_count,
                      m->snp_count, m->tdx_count);
    return COMMANDS_OK;
}

static int check_file(const char *path, bool no_tee, bool json, struct err *err)
{
    AUTO_BYTES file = {0};
    AUTO_MANIFEST m = {0};

    if (fileio_read(path, MANIFEST_SIZE_MAX, &file, err) < 0 ||
        manifest_parse(fileio_span(&file), path, !no_tee, &m, err) < 0)
        return commands_status(err);
    return print_manifest(&m, json, err);
}

int commands_manifest(int argc, char **argv, struct err *err)
{
    const char *path = NULL;
    bool json = false;
    bool no_tee = false;

    if (argc >= 2 && strcmp(argv[1], "set") == 0)
        return commands_manifest_set(argc - 1, argv + 1, err);
    if (argc >= 2 && strcmp(argv[1], "sign") == 0)
        return commands_manifest_sign(argc - 1, argv + 1, err);
    if (argc < 2 || strcmp(argv[1], "check") != 0) {
        commands_usage(err, "what can be done with a manifest is: check, sign, set");
        return COMMANDS_USAGE;
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--no-tee") == 0)
            no_tee = true;
        else if (argv[i][0] != '-' && path == NULL)
            path = argv[i];
        else {
            commands_usage(err, "unexpected or double argument %s", argv[i]);
            return COMMANDS_USAGE;
        }
    }
    if (path == NULL) {
        commands_usage(err, "FILE is needed");
        return COMMANDS_USAGE;
    }
    return check_file(path, no_tee, json, err);
}
