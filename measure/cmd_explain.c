/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure explain: why a report does not have the digest that one expects. */
#include "commands.h"
#include "explain.h"
#include "files.h"
#include "tdx_quote.h"

#include <stdio.h>

static const char help[] =
    "usage: nacre-measure explain REPORT --firmware FILE [--kernel FILE] [--initrd FILE] [--cmdline TEXT]\n"
    "                             [--vcpus N] [--also FILE...] [option]...\n"
    "\n"
    "Which settings give the digest that a report has: those given, or others nearby. REPORT is an SEV-SNP\n"
    "report (1184 bytes) or an Intel TDX quote. Its signature is not looked at.\n"
    "\n"
    "  --firmware, --kernel, --initrd, --cmdline, --kernel-sha256, --initrd-sha256\n"
    "                        as for nacre-measure snp\n"
    "  --vcpus N             number of virtual CPUs; without it any number will do\n"
    "  --also FILE...        older or other files that may have been used instead: firmware, kernel, initrd, "
    "or\n"
    "                        a command line as text\n"
    "  --host-data HEX, --initdata FILE\n"
    "                        what the report's host data should be\n"
    "  --ovmf-hash=HEX       the firmware's part of the digest as somebody published it, to compare\n"
    "  --vcpu-type, --vcpu-sig, --vcpu-family, --vcpu-model, --vcpu-stepping, --vmm, --guest-features,\n"
    "  --vmsa-fpu            as for nacre-measure snp\n"
    "  --memory SIZE, --qemu VERSION, --edk2 PROFILE, --acpi-tables DIR\n"
    "                        as for nacre-measure tdx\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Tried: guest features, FPU registers, vCPU types, VMMs, forms of the command line, kernel and initrd\n"
    "swapped or missing, a kernel patched by QEMU, the files of --also, each with 1 to 220 vCPUs; then two\n"
    "changes at a time.\n"
    "\n"
    "Exit status: 0 the given settings match, 1 others or none do, 2 usage, 3 bad input.\n";

static int read_options(int argc, char **argv, struct explain_input *in, struct err *err)
{
    const struct opt opts[] = {
        {"help",        OPT_FLAG,    &in->help,            0},
        {"json",        OPT_FLAG,    &in->json,            0},
        {"report",      OPT_OPERAND, &in->report,          0},
        {"also",        OPT_FILES,   &in->also,            0},
        {"host-data",   OPT_TEXT,    &in->host_data,       0},
        {"initdata",    OPT_TEXT,    &in->initdata,        0},
        {"memory",      OPT_TEXT,    &in->tdx.memory,      0},
        {"qemu",        OPT_TEXT,    &in->tdx.qemu,        0},
        {"edk2",        OPT_TEXT,    &in->tdx.edk2,        0},
        {"acpi-tables", OPT_TEXT,    &in->tdx.acpi_tables, 0},
        VM_OPTS_FILES(&in->args),
        VM_OPTS_VCPUS(&in->args),
        VM_OPTS_SNP(&in->args),
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return -1;
    if (in->help)
        return 0;
    if (!in->report)
        return err_set(err, ERR_MISSING, 0, "a report is needed");
    if (in->args.svsm || in->args.svsm_vars_size.given)
        return err_set(err, ERR_FORMAT, 0, "--svsm is not for explain");
    if (in->host_data && in->initdata)
        return err_set(err, ERR_FORMAT, 0, "--host-data and --initdata exclude each other");
    if (in->args.ovmf_hash && !*in->args.ovmf_hash)
        return err_set(err, ERR_FORMAT, 0, "--ovmf-hash lacks its value");
    return 0;
}

static enum command_status explain(struct explain_input *in, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(in->report, TDX_QUOTE_MAX, &map, err) < 0)
        return COMMAND_BAD_INPUT;
    return explain_report(in, map.bytes, stdout, err);
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct explain_input in = {.help = false};
    enum command_status status = COMMAND_DONE;

    if (read_options(argc, argv, &in, err) < 0)
        return COMMAND_USAGE;
    if (in.help)
        (void) fputs(help, stdout);
    else
        status = explain(&in, err);
    if (status == COMMAND_DONE || status == COMMAND_MISMATCH)
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : status;
    return status;
}

const struct command command_explain = {"explain", "which settings give the digest that a report has", help,
                                        run};
