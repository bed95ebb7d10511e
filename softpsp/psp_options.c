/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "psp_options.h"

#include "hex.h"
#include "snp_launch.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define GUEST_POLICY_DEFAULT UINT64_C(0x30000)

enum psp_option {
    OPT_HELP = 1,
    OPT_PRINT_DIGEST,
    OPT_INIT,
    OPT_SOCKET,
    OPT_LISTEN,
    OPT_WAIT,
    OPT_STATE,
    OPT_FIRMWARE,
    OPT_KERNEL,
    OPT_INITRD,
    OPT_CMDLINE,
    OPT_VCPUS,
    OPT_VCPU_TYPE,
    OPT_FEATURES,
    OPT_PRODUCT,
    OPT_HOST_DATA,
    OPT_GUEST_POLICY,
    OPT_VMPL,
    OPT_REPLAY,
    OPT_REPLAY_FROM,
    OPT_REFUSE_FROM,
    OPT_CORRUPT_SIGNATURE,
    OPT_REFUSE,
    OPT_COUNT,
};

static const struct option table[] = {
    {"help",              no_argument,       NULL, OPT_HELP             },
    {"print-digest",      no_argument,       NULL, OPT_PRINT_DIGEST     },
    {"init",              no_argument,       NULL, OPT_INIT             },
    {"socket",            required_argument, NULL, OPT_SOCKET           },
    {"listen",            no_argument,       NULL, OPT_LISTEN           },
    {"wait",              required_argument, NULL, OPT_WAIT             },
    {"state",             required_argument, NULL, OPT_STATE            },
    {"firmware",          required_argument, NULL, OPT_FIRMWARE         },
    {"kernel",            required_argument, NULL, OPT_KERNEL           },
    {"initrd",            required_argument, NULL, OPT_INITRD           },
    {"cmdline",           required_argument, NULL, OPT_CMDLINE          },
    {"vcpus",             required_argument, NULL, OPT_VCPUS            },
    {"vcpu-type",         required_argument, NULL, OPT_VCPU_TYPE        },
    {"guest-features",    required_argument, NULL, OPT_FEATURES         },
    {"product",           required_argument, NULL, OPT_PRODUCT          },
    {"host-data",         required_argument, NULL, OPT_HOST_DATA        },
    {"guest-policy",      required_argument, NULL, OPT_GUEST_POLICY     },
    {"vmpl",              required_argument, NULL, OPT_VMPL             },
    {"replay",            no_argument,       NULL, OPT_REPLAY           },
    {"replay-from",       required_argument, NULL, OPT_REPLAY_FROM      },
    {"refuse-from",       required_argument, NULL, OPT_REFUSE_FROM      },
    {"corrupt-signature", no_argument,       NULL, OPT_CORRUPT_SIGNATURE},
    {"refuse",            no_argument,       NULL, OPT_REFUSE           },
    {NULL,                0,                 NULL, 0                    },
};

const char *psp_options_help(void)
{
    return "usage: softpsp --socket PATH --state DIR --firmware FILE --kernel FILE --initrd FILE\n"
           "               --cmdline TEXT --vcpus N --host-data HEX [option]...\n"
           "       softpsp --print-digest --firmware FILE --kernel FILE --initrd FILE --cmdline TEXT --vcpus "
           "N\n"
           "       softpsp --init --state DIR\n"
           "\n"
           "A software secure processor for machines without a TEE: answers the report requests of a VM "
           "with\n"
           "SEV-SNP reports in the real format, signed under a test root that no production verifier "
           "trusts.\n"
           "\n"
           "  --socket PATH         QEMU's chardev socket of the VM's virtconsole\n"
           "  --listen              bind PATH and wait for QEMU, instead of connecting to it\n"
           "  --wait SECONDS        how long to try to connect (30)\n"
           "  --state DIR           keys and certificates of the test root, made at first use\n"
           "  --firmware FILE       the published firmware; the launch digest is computed over it\n"
           "  --kernel FILE, --initrd FILE, --cmdline TEXT   exactly what QEMU is given\n"
           "  --vcpus N             number of virtual CPUs\n"
           "  --vcpu-type MODEL     QEMU CPU model of the digest (EPYC-v4)\n"
           "  --guest-features HEX  SEV features of the digest (1)\n"
           "  --host-data HEX       32 bytes in lower-case hex\n"
           "  --product NAME        Genoa (default) or Milan\n"
           "  --print-digest        print the launch digest in hex and end\n"
           "  --init                make the test root if it is not there yet, and end\n"
           "\n"
           "For tests of refusals:\n"
           "  --guest-policy HEX    guest policy of the reports (30000; b0000 has the debug bit)\n"
           "  --vmpl N              VMPL of the reports, whatever is asked\n"
           "  --replay              answer with the report data of the request before (zeros at first)\n"
           "  --replay-from N       the same, but from the N-th request on\n"
           "  --corrupt-signature   break the signature of every report\n"
           "  --refuse              refuse every request\n"
           "  --refuse-from N       the same, but from the N-th request on\n"
           "\n"
           "Exit status: 0 the VM ended, --print-digest, --init; 1 a file or the socket cannot be opened;\n"
           "2 usage; 3 bad input.\n";
}

static int number(const char *name, const char *text, int base, uint64_t max, uint64_t *out, struct err *err)
{
    char *end = NULL;
    unsigned long long v;

    if (base == 16 && strncmp(text, "0x", 2) == 0)
        text += 2;
    errno = 0;
    v = strtoull(text, &end, base);
    if (*text < '0' || *text > 'f' || *end != '\0' || errno != 0 || v > max)
        return err_set(err, ERR_FORMAT, 0, "--%s: expected a %snumber up to %llu, found '%s'", name,
                       base == 16 ? "hex " : "", (unsigned long long) max, text);
    *out = v;
    return 0;
}

static int product(const char *text, struct psp_options *o, struct err *err)
{
    o->product = snp_product_from_name(span_str(text));
    if (o->product != SNP_PRODUCT_GENOA && o->product != SNP_PRODUCT_MILAN)
        return err_set(err, ERR_FORMAT, 0, "--product: expected Genoa or Milan, found '%s'", text);
    return 0;
}

static int take_number(enum psp_option which, const char *name, struct psp_options *o, struct err *err)
{
    static const struct {
        int base;
        uint64_t max;
    } limits[OPT_COUNT] = {
        [OPT_WAIT] = {10, PSP_WAIT_MAX_S      },
        [OPT_VCPUS] = {10, SNP_LAUNCH_VCPUS_MAX},
        [OPT_FEATURES] = {16, UINT64_MAX          },
        [OPT_GUEST_POLICY] = {16, UINT64_MAX          },
        [OPT_VMPL] = {10, 3                   },
        [OPT_REPLAY_FROM] = {10, 1000000             },
        [OPT_REFUSE_FROM] = {10, 1000000             },
    };
    uint64_t v = 0;

    if (number(name, optarg, limits[which].base, limits[which].max, &v, err) < 0)
        return -1;
    if (which == OPT_WAIT)
        o->wait_s = (unsigned) v;
    else if (which == OPT_VCPUS)
        o->vcpus = (unsigned) v;
    else if (which == OPT_FEATURES)
        o->features = v;
    else if (which == OPT_GUEST_POLICY)
        o->guest_policy = v;
    else if (which == OPT_VMPL)
        o->vmpl = (int) v;
    else if (which == OPT_REFUSE_FROM)
        o->refuse_from = (unsigned) v;
    else
        o->replay_from = (unsigned) v;
    return 0;
}

/* Where an option's text goes; NULL for those that are no text. */
static const char **text_of(enum psp_option which, struct psp_options *o)
{
    const char **const texts[OPT_COUNT] = {
        [OPT_SOCKET] = &o->socket,       [OPT_STATE] = &o->state,   [OPT_FIRMWARE] = &o->firmware,
        [OPT_KERNEL] = &o->kernel,       [OPT_INITRD] = &o->initrd, [OPT_CMDLINE] = &o->cmdline,
        [OPT_VCPU_TYPE] = &o->vcpu_type,
    };

    return texts[which];
}

static bool *flag_of(enum psp_option which, struct psp_options *o)
{
    bool *const flags[OPT_COUNT] = {
        [OPT_HELP] = &o->help,     [OPT_PRINT_DIGEST] = &o->print_digest,           [OPT_INIT] = &o->init,
        [OPT_LISTEN] = &o->listen, [OPT_CORRUPT_SIGNATURE] = &o->corrupt_signature, [OPT_REFUSE] = &o->refuse,
    };

    return flags[which];
}

static int take(enum psp_option which, const char *name, struct psp_options *o, struct err *err)
{
    if (flag_of(which, o)) {
        *flag_of(which, o) = true;
        return 0;
    }
    if (text_of(which, o)) {
        *text_of(which, o) = optarg;
        return 0;
    }
    if (which == OPT_REPLAY) {
        o->replay_from = 1;
        return 0;
    }
    if (which == OPT_PRODUCT)
        return product(optarg, o, err);
    if (which == OPT_HOST_DATA)
        return hex_decode(span_str(optarg), o->host_data, sizeof o->host_data, err) < 0
                   ? err_prefix(err, "--host-data")
                   : 0;
    return take_number(which, name, o, err);
}

static int check_needed_for_vm(const struct psp_options *o, uint64_t seen, struct err *err)
{
    static const enum psp_option digest[] = {OPT_FIRMWARE, OPT_KERNEL, OPT_INITRD, OPT_CMDLINE, OPT_VCPUS};
    static const enum psp_option serve[] = {OPT_SOCKET, OPT_STATE, OPT_HOST_DATA};

    for (size_t i = 0; i < sizeof digest / sizeof digest[0]; i++) {
        if (!(seen >> digest[i] & 1))
            return err_set(err, ERR_MISSING, 0, "--%s is needed", table[digest[i] - 1].name);
    }
    for (size_t i = 0; !o->print_digest && i < sizeof serve / sizeof serve[0]; i++) {
        if (!(seen >> serve[i] & 1))
            return err_set(err, ERR_MISSING, 0, "--%s is needed", table[serve[i] - 1].name);
    }
    if (o->vcpus == 0)
        return err_set(err, ERR_FORMAT, 0, "--vcpus: expected 1 to %d", SNP_LAUNCH_VCPUS_MAX);
    if (snp_launch_cpu_sig(o->vcpu_type) == 0)
        return err_set(err, ERR_FORMAT, 0, "--vcpu-type: '%s' is not known", o->vcpu_type);
    return 0;
}

static int check_needed(const struct psp_options *o, uint64_t seen, struct err *err)
{
    if (o->init)
        return o->state ? 0 : err_set(err, ERR_MISSING, 0, "--state is needed");
    return check_needed_for_vm(o, seen, err);
}

int psp_options_parse(int argc, char **argv, struct psp_options *options, struct err *err)
{
    struct psp_options got = {
        .wait_s = PSP_WAIT_DEFAULT_S,
        .vcpu_type = "EPYC-v4",
        .features = SNP_LAUNCH_FEATURES_DEFAULT,
        .product = SNP_PRODUCT_GENOA,
        .guest_policy = GUEST_POLICY_DEFAULT,
        .vmpl = -1,
    };
    uint64_t seen = 0;
    int which, index = 0;

    opterr = 0;
    optind = 1;
    while ((which = getopt_long(argc, argv, "+", table, &index)) != -1) {
        if (which <= 0 || which >= OPT_COUNT)
            return err_set(err, ERR_FORMAT, 0, "'%s' is not known or lacks its value", argv[optind - 1]);
        if (seen >> which & 1)
            return err_set(err, ERR_FORMAT, 0, "--%s is given twice", table[which - 1].name);
        seen |= UINT64_C(1) << which;
        if (take((enum psp_option) which, table[which - 1].name, &got, err) < 0)
            return -1;
    }
    if (optind < argc)
        return err_set(err, ERR_FORMAT, 0, "'%s' is not an option", argv[optind]);
    if (!got.help && check_needed(&got, seen, err) < 0)
        return -1;
    *options = got;
    return 0;
}
