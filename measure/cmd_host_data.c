/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure host-data: what the hardware will report for an initdata document. */
#include "b64.h"
#include "commands.h"
#include "hex.h"
#include "initdata_file.h"
#include "measurements.h"
#include "opts.h"

#include <stdio.h>

static const char help[] =
    "usage: nacre-measure host-data [--any] [--json] INITDATA\n"
    "\n"
    "The host data of a VM that is started with this initdata: the SHA-256 of the "
    "document, which SEV-SNP reports\n"
    "as HOST_DATA and TDX, with 16 zero bytes behind it, as MRCONFIGID; and how QEMU is "
    "told. INITDATA is the TOML\n"
    "document, or Kata's disk image with it inside. A document that a guest of ours "
    "would refuse is an error.\n"
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

struct texts {
    char snp[2 * SHA256_SIZE + 1];
    char tdx[2 * MEASUREMENTS_MRCONFIGID_SIZE + 1];
    char qemu_snp[45];
    char qemu_tdx[65];
};

static int make_texts(const uint8_t digest[SHA256_SIZE], struct texts *t, struct err *err)
{
    uint8_t mrconfigid[MEASUREMENTS_MRCONFIGID_SIZE];
    const struct span snp = span_of(digest, SHA256_SIZE);
    const struct span tdx = span_of(mrconfigid, sizeof mrconfigid);

    measurements_mrconfigid(digest, mrconfigid);
    if (hex_encode(snp, t->snp, sizeof t->snp, err) < 0 || hex_encode(tdx, t->tdx, sizeof t->tdx, err) < 0 ||
        b64_encode(snp, t->qemu_snp, sizeof t->qemu_snp, err) < 0)
        return -1;
    return b64_encode(tdx, t->qemu_tdx, sizeof t->qemu_tdx, err);
}

static void print(const struct input *in, const struct texts *t)
{
    if (in->json)
        (void) printf(
            "{\"qemu_snp\":\"host-data=%s\",\"qemu_tdx\":\"mrconfigid=%s\",\"snp_host_data\":\"%s\","
            "\"tdx_mrconfigid\":\"%s\"}\n",
            t->qemu_snp, t->qemu_tdx, t->snp, t->tdx);
    else
        (void) printf("snp_host_data  %s\n"
                      "tdx_mrconfigid %s\n"
                      "qemu_snp       -object sev-snp-guest,host-data=%s\n"
                      "qemu_tdx       -object tdx-guest,mrconfigid=%s\n",
                      t->snp, t->tdx, t->qemu_snp, t->qemu_tdx);
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {0};
    const struct opt opts[] = {
        {"help", OPT_FLAG,    &in.help, 0},
        {"json", OPT_FLAG,    &in.json, 0},
        {"any",  OPT_FLAG,    &in.any,  0},
        {"file", OPT_OPERAND, &in.path, 0},
    };
    uint8_t digest[SHA256_SIZE];
    struct texts texts;

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (in.help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (!in.path) {
        (void) err_set(err, ERR_MISSING, 0, "expected one file, found none");
        return COMMAND_USAGE;
    }
    if (initdata_file_digest(in.path, !in.any, digest, err) < 0 || make_texts(digest, &texts, err) < 0)
        return COMMAND_BAD_INPUT;
    print(&in, &texts);
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_host_data = {
    "host-data", "host data (HOST_DATA, MRCONFIGID) of an initdata document", help, run};
