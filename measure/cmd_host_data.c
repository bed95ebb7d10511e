/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure host-data: what the hardware will report for an initdata document. */
#include "command.h"
#include "files.h"
#include "hex.h"
#include "initdata.h"

#include <getopt.h>
#include <stdio.h>

enum host_data_option {
    OPT_HELP = 1,
    OPT_JSON,
    OPT_ANY,
};

static const struct option options[] = {
    {"help", no_argument, NULL, OPT_HELP},
    {"json", no_argument, NULL, OPT_JSON},
    {"any",  no_argument, NULL, OPT_ANY },
    {NULL,   0,           NULL, 0       },
};

static const char help[] = "usage: nacre-measure host-data [--any] [--json] INITDATA.toml\n"
                           "\n"
                           "The host data of a VM that is started with this initdata document: its SHA-256, "
                           "which SEV-SNP reports as\n"
                           "HOST_DATA and TDX, with 16 zero bytes behind it, as MRCONFIGID. A document that "
                           "a guest of ours would refuse is\n"
                           "an error.\n"
                           "\n"
                           "  --any    do not look into the document (for other guests)\n"
                           "  --json   one JSON object instead of text\n"
                           "\n"
                           "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct input {
    bool help;
    bool json;
    bool any;
    const char *path;
};

static int read_options(int argc, char **argv, struct input *in, struct err *err)
{
    int which;

    opterr = 0;
    optind = 1;
    while ((which = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (which == OPT_HELP)
            in->help = true;
        else if (which == OPT_JSON)
            in->json = true;
        else if (which == OPT_ANY)
            in->any = true;
        else
            return err_set(err, ERR_FORMAT, 0, "'%s' is not known", argv[optind - 1]);
    }
    if (in->help)
        return 0;
    if (argc - optind != 1)
        return err_set(err, ERR_FORMAT, 0, "expected one file, found %d", argc - optind);
    in->path = argv[optind];
    return 0;
}

/* Would a guest of ours take it? */
static int check(struct span document, struct err *err)
{
    struct initdata parsed = {0};
    struct span policy;
    int rc = initdata_document_parse(document, &parsed, err);

    if (rc < 0)
        return -1;
    rc = initdata_file(&parsed, "policy.json", &policy, err);
    initdata_free(&parsed);
    return rc;
}

static int compute(const struct input *in, char text[2 * SHA256_SIZE + 1], struct err *err)
{
    AUTO_MAP map = {0};
    uint8_t digest[SHA256_SIZE];

    if (files_map_open(in->path, INITDATA_DOCUMENT_MAX, &map, err) < 0)
        return -1;
    if (!in->any && check(map.bytes, err) < 0)
        return err_prefix(err, "%s", in->path);
    if (initdata_digest(map.bytes, digest, err) < 0)
        return -1;
    return hex_encode(span_of(digest, sizeof digest), text, 2 * SHA256_SIZE + 1, err);
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {0};
    char text[2 * SHA256_SIZE + 1];

    if (read_options(argc, argv, &in, err) < 0)
        return COMMAND_USAGE;
    if (in.help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (compute(&in, text, err) < 0)
        return COMMAND_BAD_INPUT;
    if (in.json)
        (void) printf("{\"host_data\":\"%s\",\"mr_config_id\":\"%s%032d\"}\n", text, text, 0);
    else
        (void) printf("%s\n", text);
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_host_data = {
    "host-data", "host data (HOST_DATA, MRCONFIGID) of an initdata document", help, run};
