/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure snp: SEV-SNP launch digests. */
#include "command.h"
#include "files.h"
#include "hash.h"
#include "hex.h"
#include "snp_launch.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE (256u * 1024) /* bytes of the firmware in memory at a time */

enum snp_option {
    OPT_HELP = 1,
    OPT_JSON,
    OPT_FIRMWARE,
    OPT_KERNEL,
    OPT_INITRD,
    OPT_CMDLINE,
    OPT_VCPUS,
    OPT_VCPU_TYPE,
    OPT_VCPU_SIG,
    OPT_FEATURES,
    OPT_VMSA_FPU,
    OPT_VMM,
    OPT_COUNT,
};

static const struct option options[] = {
    {"help",           no_argument,       NULL, OPT_HELP     },
    {"json",           no_argument,       NULL, OPT_JSON     },
    {"firmware",       required_argument, NULL, OPT_FIRMWARE },
    {"kernel",         required_argument, NULL, OPT_KERNEL   },
    {"initrd",         required_argument, NULL, OPT_INITRD   },
    {"cmdline",        required_argument, NULL, OPT_CMDLINE  },
    {"vcpus",          required_argument, NULL, OPT_VCPUS    },
    {"vcpu-type",      required_argument, NULL, OPT_VCPU_TYPE},
    {"vcpu-sig",       required_argument, NULL, OPT_VCPU_SIG },
    {"guest-features", required_argument, NULL, OPT_FEATURES },
    {"vmsa-fpu",       required_argument, NULL, OPT_VMSA_FPU },
    {"vmm",            required_argument, NULL, OPT_VMM      },
    {NULL,             0,                 NULL, 0            },
};

static const char help[] =
    "usage: nacre-measure snp --firmware FILE [--kernel FILE [--initrd FILE] [--cmdline TEXT]] --vcpus "
    "N|A-B\n"
    "                         [--vcpu-type MODEL | --vcpu-sig HEX] [--guest-features HEX] [--vmsa-fpu 0|1]\n"
    "                         [--vmm qemu|ec2|gce] [--json]\n"
    "\n"
    "The SEV-SNP launch digest (MEASUREMENT) of a VM that is started with these files.\n"
    "\n"
    "  --firmware FILE       OVMF; with --kernel it must have a page for kernel hashes (OvmfPkg/AmdSev)\n"
    "  --kernel FILE         kernel as QEMU's -kernel gets it; without it the firmware boots from a disk\n"
    "  --initrd FILE         initrd as QEMU's -initrd gets it\n"
    "  --cmdline TEXT        command line exactly as QEMU's -append gets it\n"
    "  --vcpus N|A-B         number of virtual CPUs, or a range: one line for each, from one pass\n"
    "  --vcpu-type MODEL     QEMU CPU model (EPYC-v4)\n"
    "  --vcpu-sig HEX        CPUID leaf 1 EAX instead of a model\n"
    "  --guest-features HEX  SEV features (1; hosts with Linux 6.6 to 6.8: 21)\n"
    "  --vmsa-fpu 0|1        0: KVM before Linux 6.9, which leaves the FPU registers zero (1)\n"
    "  --vmm NAME            who writes the first register state: qemu (default), ec2, gce\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct input {
    bool help;
    bool json;
    const char *firmware;
    const char *kernel;
    const char *initrd;
    const char *cmdline;
    unsigned first;
    unsigned last;
    const char *vcpu_type;
    uint32_t vcpu_sig;
    uint64_t features;
    bool no_fpu;
    enum snp_launch_vmm vmm;
};

/* "4" or "1-64" */
static int read_range(const char *text, struct input *in, struct err *err)
{
    const char *dash = strchr(text, '-');
    char first[16];
    uint64_t a = 0, b = 0;

    (void) snprintf(first, sizeof first, "%.*s", dash ? (int) (dash - text) : 15, text);
    if (command_number("--vcpus", first, 10, SNP_LAUNCH_VCPUS_MAX, &a, err) < 0 ||
        command_number("--vcpus", dash ? dash + 1 : text, 10, SNP_LAUNCH_VCPUS_MAX, &b, err) < 0)
        return -1;
    if (a < 1 || b < a)
        return err_set(err, ERR_FORMAT, 0, "--vcpus: expected N or A-B with 1 <= A <= B, found '%s'", text);
    in->first = (unsigned) a;
    in->last = (unsigned) b;
    return 0;
}

static int read_vmm(const char *text, struct input *in, struct err *err)
{
    static const struct {
        const char *name;
        enum snp_launch_vmm vmm;
    } vmms[] = {
        {"qemu", SNP_LAUNCH_QEMU},
        {"ec2",  SNP_LAUNCH_EC2 },
        {"gce",  SNP_LAUNCH_GCE },
    };

    for (size_t i = 0; i < sizeof vmms / sizeof vmms[0]; i++) {
        if (strcmp(vmms[i].name, text) == 0) {
            in->vmm = vmms[i].vmm;
            return 0;
        }
    }
    return err_set(err, ERR_FORMAT, 0, "--vmm: expected qemu, ec2 or gce, found '%s'", text);
}

static int read_value(enum snp_option which, struct input *in, struct err *err)
{
    uint64_t v = 0;

    switch (which) {
    case OPT_VCPUS:
        return read_range(optarg, in, err);
    case OPT_VMM:
        return read_vmm(optarg, in, err);
    case OPT_VCPU_SIG:
        if (command_number("--vcpu-sig", optarg, 16, UINT32_MAX, &v, err) < 0)
            return -1;
        in->vcpu_sig = (uint32_t) v;
        return 0;
    case OPT_FEATURES:
        return command_number("--guest-features", optarg, 16, UINT64_MAX, &in->features, err);
    case OPT_VMSA_FPU:
        if (command_number("--vmsa-fpu", optarg, 10, 1, &v, err) < 0)
            return -1;
        in->no_fpu = v == 0;
        return 0;
    case OPT_HELP:
        in->help = true;
        return 0;
    case OPT_JSON:
        in->json = true;
        return 0;
    case OPT_FIRMWARE:
    case OPT_KERNEL:
    case OPT_INITRD:
    case OPT_CMDLINE:
    case OPT_VCPU_TYPE:
    case OPT_COUNT:
        break;
    }
    return 0;
}

static const char **text_of(enum snp_option which, struct input *in)
{
    const char **const texts[OPT_COUNT] = {
        [OPT_FIRMWARE] = &in->firmware, [OPT_KERNEL] = &in->kernel,       [OPT_INITRD] = &in->initrd,
        [OPT_CMDLINE] = &in->cmdline,   [OPT_VCPU_TYPE] = &in->vcpu_type,
    };

    return texts[which];
}

static int check_input(struct input *in, uint64_t seen, struct err *err)
{
    if (!in->firmware || in->first == 0)
        return err_set(err, ERR_MISSING, 0, "%s is needed", in->firmware ? "--vcpus" : "--firmware");
    if (!in->kernel && (in->initrd || in->cmdline))
        return err_set(err, ERR_FORMAT, 0, "--initrd and --cmdline need --kernel");
    if (in->vcpu_type && seen >> OPT_VCPU_SIG & 1)
        return err_set(err, ERR_FORMAT, 0, "--vcpu-type and --vcpu-sig exclude each other");
    if (seen >> OPT_VCPU_SIG & 1)
        return 0;
    if (!in->vcpu_type)
        in->vcpu_type = "EPYC-v4";
    in->vcpu_sig = snp_launch_cpu_sig(in->vcpu_type);
    if (in->vcpu_sig == 0)
        return err_set(err, ERR_FORMAT, 0, "--vcpu-type: '%s' is not known; use --vcpu-sig", in->vcpu_type);
    return 0;
}

static int read_options(int argc, char **argv, struct input *in, struct err *err)
{
    uint64_t seen = 0;
    int which;

    opterr = 0;
    optind = 1;
    while ((which = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (which <= 0 || which >= OPT_COUNT)
            return err_set(err, ERR_FORMAT, 0, "'%s' is not known or lacks its value", argv[optind - 1]);
        if (seen >> which & 1)
            return err_set(err, ERR_FORMAT, 0, "--%s is given twice", options[which - 1].name);
        seen |= UINT64_C(1) << which;
        if (text_of((enum snp_option) which, in))
            *text_of((enum snp_option) which, in) = optarg;
        else if (read_value((enum snp_option) which, in, err) < 0)
            return -1;
    }
    if (optind < argc)
        return err_set(err, ERR_FORMAT, 0, "'%s' is not an option", argv[optind]);
    return in->help ? 0 : check_input(in, seen, err);
}

static int hash_kernel(const struct input *in, struct snp_launch_kernel *kernel, struct err *err)
{
    const char *cmdline = in->cmdline ? in->cmdline : "";
    int rc;

    if (files_sha256(in->kernel, kernel->kernel, err) < 0)
        return -1;
    rc = in->initrd ? files_sha256(in->initrd, kernel->initrd, err)
                    : hash_bytes(HASH_SHA256, span_of(NULL, 0), kernel->initrd, err);
    if (rc < 0)
        return -1;
    return snp_launch_cmdline_hash(span_str(cmdline), kernel->cmdline, err);
}

/* The firmware's pages, piece by piece, so that they need not all be in memory. */
static int hash_firmware(const struct files_map *map, uint8_t *digest, struct err *err)
{
    uint64_t gpa = snp_launch_firmware_gpa(map->bytes.len);
    uint8_t ld[SNP_LAUNCH_DIGEST_SIZE] = {0};
    size_t at = 0;

    do {
        size_t len = map->bytes.len - at < PIECE ? map->bytes.len - at : PIECE;

        if (snp_launch_firmware_part(gpa + at, span_sub(map->bytes, at, len), ld, err) < 0)
            return -1;
        at += len;
        files_map_release(map, at);
    } while (at < map->bytes.len);
    memcpy(digest, ld, sizeof ld);
    return 0;
}

/* digests: one of SNP_LAUNCH_DIGEST_SIZE bytes for each count of vCPUs. */
static int compute(const struct input *in, uint8_t *firmware_digest, uint8_t *digests, struct err *err)
{
    AUTO_MAP map = {0};
    struct ovmf ovmf;
    struct snp_launch_kernel kernel = {0};
    struct snp_launch launch = {
        .ovmf = &ovmf,
        .kernel = in->kernel ? &kernel : NULL,
        .vmm = in->vmm,
        .vcpu_sig = in->vcpu_sig,
        .features = in->features,
        .no_fpu = in->no_fpu,
    };

    if (files_map_open(in->firmware, OVMF_SIZE_MAX, &map, err) < 0)
        return -1;
    if (ovmf_parse(map.bytes, &ovmf, err) < 0 || hash_firmware(&map, launch.firmware_digest, err) < 0)
        return err_prefix(err, "%s", in->firmware);
    if (in->kernel && hash_kernel(in, &kernel, err) < 0)
        return -1;
    if (snp_launch_digests(&launch, in->first, in->last, digests, err) < 0)
        return err_prefix(err, "%s", in->firmware);
    memcpy(firmware_digest, launch.firmware_digest, SNP_LAUNCH_DIGEST_SIZE);
    return 0;
}

struct hex_text {
    char text[2 * SNP_LAUNCH_DIGEST_SIZE + 1];
};

static struct hex_text hex_of(const uint8_t *digest)
{
    struct hex_text out = {""};
    struct err ignored;

    if (hex_encode(span_of(digest, SNP_LAUNCH_DIGEST_SIZE), out.text, sizeof out.text, &ignored) < 0)
        out.text[0] = '\0'; /* cannot happen: the buffer fits */
    return out;
}

static void print_text(const struct input *in, const uint8_t *digests)
{
    for (unsigned n = in->first; n <= in->last; n++, digests += SNP_LAUNCH_DIGEST_SIZE) {
        if (in->first != in->last)
            (void) printf("%u ", n);
        (void) printf("%s\n", hex_of(digests).text);
    }
}

static void print_json(const struct input *in, const uint8_t *firmware_digest, const uint8_t *digests)
{
    (void) printf("{\"digests\":{");
    for (unsigned n = in->first; n <= in->last; n++, digests += SNP_LAUNCH_DIGEST_SIZE)
        (void) printf("%s\"%u\":\"%s\"", n == in->first ? "" : ",", n, hex_of(digests).text);
    (void) printf("},\"firmware_digest\":\"%s\",\"guest_features\":\"0x%" PRIx64
                  "\",\"vcpu_sig\":\"0x%" PRIx32 "\"}\n",
                  hex_of(firmware_digest).text, in->features, in->vcpu_sig);
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {.features = SNP_LAUNCH_FEATURES_DEFAULT};
    uint8_t firmware_digest[SNP_LAUNCH_DIGEST_SIZE];
    uint8_t digests[SNP_LAUNCH_VCPUS_MAX * SNP_LAUNCH_DIGEST_SIZE];

    if (read_options(argc, argv, &in, err) < 0)
        return COMMAND_USAGE;
    if (in.help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (compute(&in, firmware_digest, digests, err) < 0)
        return COMMAND_BAD_INPUT;
    if (in.json)
        print_json(&in, firmware_digest, digests);
    else
        print_text(&in, digests);
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_snp = {
    "snp", "SEV-SNP launch digests of a firmware, kernel, initrd, command line", help, run};
