/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure sev, sev-es: the launch measurements of SNP's predecessors. */
#include "commands.h"
#include "hex.h"
#include "json_write.h"
#include "vm.h"
#include "secret.h"
#include "sev_launch.h"

#include <stdio.h>
#include <stdlib.h>

#define JSON_MAX (SNP_LAUNCH_VCPUS_MAX * 96 + 1024) /* bytes of output */

static const char help_sev[] =
    "usage: nacre-measure sev --firmware FILE [--kernel FILE [--initrd FILE] [--cmdline TEXT]] [--json]\n"
    "\n"
    "The launch digest of a VM under plain SEV: SHA-256, without the nonce and key that LAUNCH_MEASURE "
    "adds.\n"
    "\n"
    "  --firmware FILE       OVMF; with --kernel it must have a table for kernel hashes (OvmfPkg/AmdSev)\n"
    "  --kernel FILE, --initrd FILE, --cmdline TEXT\n"
    "                        exactly what QEMU gets\n"
    "  --kernel-sha256 HEX, --initrd-sha256 HEX\n"
    "                        their SHA-256 instead of the files\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

static const char help_es[] =
    "usage: nacre-measure sev-es --firmware FILE [--kernel FILE [--initrd FILE] [--cmdline TEXT]]\n"
    "                            --vcpus N|A-B [option]... [--json]\n"
    "\n"
    "The launch digest of a VM under SEV-ES: SHA-256, without the nonce and key that LAUNCH_MEASURE adds.\n"
    "\n"
    "  --firmware, --kernel, --initrd, --cmdline, --kernel-sha256, --initrd-sha256\n"
    "                        as for nacre-measure sev\n"
    "  --vcpus N|A-B         number of virtual CPUs, or a range: one line for each, from one pass\n"
    "  --vcpu-type MODEL | --vcpu-sig HEX | --vcpu-family N --vcpu-model N --vcpu-stepping N\n"
    "  --vmsa-fpu 0|1, --vmm qemu|ec2|gce\n"
    "                        as for nacre-measure snp\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct input {
    bool es;
    bool help;
    bool json;
    struct vm_args args;
    struct vm launch;
};

static int read_options(int argc, char **argv, struct input *in, struct err *err)
{
    const struct opt opts[] = {
        {"help", OPT_FLAG, &in->help, 0},
        {"json", OPT_FLAG, &in->json, 0},
        VM_OPTS_FILES(&in->args),
        VM_OPTS_VCPUS(&in->args),
    };
    const struct opt sev[] = {
        {"help", OPT_FLAG, &in->help, 0},
        {"json", OPT_FLAG, &in->json, 0},
        VM_OPTS_FILES(&in->args),
    };
    int rc = in->es ? opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err)
                    : opts_read(argc, argv, sev, sizeof sev / sizeof sev[0], err);

    if (rc < 0 || in->help)
        return rc;
    if (vm_read_args(&in->args, &in->launch, err) < 0)
        return -1;
    return in->es && !in->args.vcpus ? err_set(err, ERR_MISSING, 0, "--vcpus is needed") : 0;
}

static int compute(struct input *in, uint8_t *digests, struct err *err)
{
    struct hash firmware;
    int rc;

    if (vm_load_sev(&in->args, in->es, &in->launch, &firmware, err) < 0)
        return -1;
    if (in->es)
        rc = sev_launch_digests_es(&firmware, &in->launch.snp, in->launch.first, in->launch.last, digests,
                                   err);
    else
        rc = sev_launch_digest(&firmware, &in->launch.snp, digests, err);
    return rc < 0 ? err_prefix(err, "%s", in->args.firmware) : 0;
}

static void print_text(const struct input *in, const uint8_t *digests)
{
    for (unsigned n = in->launch.first; n <= in->launch.last; n++, digests += SEV_LAUNCH_DIGEST_SIZE) {
        if (in->launch.first != in->launch.last)
            (void) printf("%u ", n);
        for (size_t i = 0; i < SEV_LAUNCH_DIGEST_SIZE; i++)
            (void) printf("%02x", digests[i]);
        (void) printf("\n");
    }
}

static int print_json(const struct input *in, const uint8_t *digests, struct err *err)
{
    AUTO_FREE uint8_t *text = malloc(JSON_MAX);
    struct writer w = writer_of(text, text ? JSON_MAX : 0);
    struct json_write j = json_write_to(&w);

    json_write_object(&j, NULL);
    if (in->es)
        vm_write_digests(&j, &in->launch, digests, SEV_LAUNCH_DIGEST_SIZE);
    else
        json_write_hex(&j, "digest", span_of(digests, SEV_LAUNCH_DIGEST_SIZE));
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the output does not fit %d bytes", JSON_MAX);
    (void) fwrite(text, 1, w.len, stdout); /* command_flush tells */
    return 0;
}

static enum command_status run(struct input *in, int argc, char **argv, struct err *err)
{
    uint8_t digests[SNP_LAUNCH_VCPUS_MAX * SEV_LAUNCH_DIGEST_SIZE];

    if (read_options(argc, argv, in, err) < 0)
        return COMMAND_USAGE;
    if (in->help) {
        (void) fputs(in->es ? help_es : help_sev, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (compute(in, digests, err) < 0)
        return COMMAND_BAD_INPUT;
    if (!in->json)
        print_text(in, digests);
    else if (print_json(in, digests, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

static enum command_status run_sev(int argc, char **argv, struct err *err)
{
    struct input in = {.es = false};

    return run(&in, argc, argv, err);
}

static enum command_status run_es(int argc, char **argv, struct err *err)
{
    struct input in = {.es = true};

    return run(&in, argc, argv, err);
}

const struct command command_sev = {"sev", "SEV launch digest", help_sev, run_sev};
const struct command command_sev_es = {"sev-es", "SEV-ES launch digests", help_es, run_es};
