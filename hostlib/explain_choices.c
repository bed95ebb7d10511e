/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nearby settings that `nacre-measure explain` tries for SNP. */
#include "bzimage.h"
#include "explain.h"
#include "files.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_FILE_MAX 4096 /* bytes of a file that may be a command line */

static struct snp_explain_choice named(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct snp_explain_choice named(const char *format, ...)
{
    struct snp_explain_choice c = {.text = ""};
    va_list args;

    va_start(args, format);
    (void) vsnprintf(c.text, sizeof c.text, format, args); /* a long path is cut */
    va_end(args);
    return c;
}

/* A list that is full takes no more: less is tried. */
static void push(struct snp_explain *e, enum snp_explain_setting setting, const struct snp_explain_choice *c)
{
    struct snp_explain_choice *place = snp_explain_add(e, setting);

    if (place)
        *place = *c;
}

static void push_number(struct snp_explain *e, enum snp_explain_setting setting, uint64_t number,
                        const char *text)
{
    struct snp_explain_choice c = named("%s", text);

    c.number = number;
    push(e, setting, &c);
}

static void push_hash(struct snp_explain *e, enum snp_explain_setting setting,
                      const uint8_t hash[SNP_LAUNCH_HASH_SIZE], const char *text)
{
    struct snp_explain_choice c = named("%s", text);

    memcpy(c.hash, hash, sizeof c.hash);
    push(e, setting, &c);
}

static void push_features(struct snp_explain *e, uint64_t features)
{
    struct snp_explain_choice c = named("0x%" PRIx64, features);

    c.number = features;
    push(e, SNP_EXPLAIN_FEATURES, &c);
}

/* The given, those that hosts are known for, and each feature by itself. */
static void add_features(struct snp_explain *e, uint64_t given)
{
    const unsigned last_bit = 15; /* SmtProtection */

    push_features(e, given);
    push_features(e, 0x1);
    push_features(e, 0x21);
    for (unsigned bit = 1; bit <= last_bit; bit++)
        push_features(e, given ^ UINT64_C(1) << bit);
}

static void add_cpus(struct snp_explain *e, uint32_t given)
{
    struct snp_explain_choice c = named("with signature 0x%" PRIx32, given);
    uint32_t before = 0;

    c.number = given;
    push(e, SNP_EXPLAIN_CPU, &c);
    for (size_t i = 0; snp_launch_cpu_model(i); i++) {
        uint32_t sig = snp_launch_cpu_sig(snp_launch_cpu_model(i));

        if (sig != before && sig != given)
            push_number(e, SNP_EXPLAIN_CPU, sig, snp_launch_cpu_model(i));
        before = sig;
    }
}

void explain_host_cpu(const struct snp_report *report, struct snp_explain *e)
{
    uint32_t sig = snp_launch_family_sig(report->cpu_family, report->cpu_model, report->cpu_stepping);

    if (report->cpu_family != 0)
        push_number(e, SNP_EXPLAIN_CPU, sig, "of the machine (-cpu host)");
}

static void add_vmms(struct snp_explain *e, enum snp_launch_vmm given)
{
    static const struct {
        enum snp_launch_vmm vmm;
        const char *name;
    } vmms[] = {
        {SNP_LAUNCH_QEMU,     "qemu"                              },
        {SNP_LAUNCH_EC2,      "ec2"                               },
        {SNP_LAUNCH_EC2_RDX0, "ec2 as older tools have it (RDX 0)"},
        {SNP_LAUNCH_GCE,      "gce"                               },
    };
    const size_t count = sizeof vmms / sizeof vmms[0];

    for (size_t i = 0; i < count; i++) {
        if (vmms[i].vmm == given)
            push_number(e, SNP_EXPLAIN_VMM, given, vmms[i].name);
    }
    for (size_t i = 0; i < count; i++) {
        if (vmms[i].vmm != given)
            push_number(e, SNP_EXPLAIN_VMM, vmms[i].vmm, vmms[i].name);
    }
}

/* prefix text suffix: hashed with a NUL behind them. */
struct cmdline {
    struct span prefix;
    struct span text;
    struct span suffix;
    bool no_nul;
};

static int push_cmdline(struct snp_explain *e, const struct cmdline *c, const char *text, struct err *err)
{
    uint8_t hash[SNP_LAUNCH_HASH_SIZE];
    struct hash h;

    if (hash_begin(HASH_SHA256, &h, err) < 0 || hash_update(&h, c->prefix, err) < 0 ||
        hash_update(&h, c->text, err) < 0 || hash_update(&h, c->suffix, err) < 0 ||
        hash_update(&h, span_of("", c->no_nul ? 0 : 1), err) < 0 || hash_end(&h, hash, err) < 0)
        return -1;
    push_hash(e, SNP_EXPLAIN_CMDLINE, hash, text);
    return 0;
}

static struct span trimmed(struct span s)
{
    while (s.len > 0 && strchr(" \t\r\n", s.data[s.len - 1]) && s.data[s.len - 1] != '\0')
        s.len--;
    while (s.len > 0 && strchr(" \t\r\n", s.data[0]) && s.data[0] != '\0')
        s = span_sub(s, 1, s.len - 1);
    return s;
}

/* The given without what firmware and boot loaders add, when it is there. */
static struct span without_initrd(struct span s)
{
    const struct span before = span_str("initrd=initrd "), behind = span_str(" initrd=initrd");

    if (s.len >= before.len && span_eq(span_sub(s, 0, before.len), before))
        return span_sub(s, before.len, s.len - before.len);
    if (s.len >= behind.len && span_eq(span_sub(s, s.len - behind.len, behind.len), behind))
        return span_sub(s, 0, s.len - behind.len);
    return s;
}

static int add_cmdlines(struct snp_explain *e, const char *given, struct err *err)
{
    const struct span s = span_str(given ? given : ""), none = span_of(NULL, 0);
    const struct {
        struct cmdline cmdline;
        const char *text;
    } rows[] = {
        {{none, s, none, false},                       given ? "as given" : "empty"        },
        {{none, trimmed(s), none, false},              "without space around it"           },
        {{none, s, span_str("\n"), false},             "with a newline at its end"         },
        {{none, s, none, true},                        "hashed without its NUL"            },
        {{none, s, span_of("", 1), false},             "hashed with two NULs"              },
        {{none, s, span_str(" "), false},              "with a space at its end"           },
        {{none, without_initrd(s), none, false},       "without \"initrd=initrd\""         },
        {{none, s, span_str(" initrd=initrd"), false}, "with \" initrd=initrd\" at its end"},
        {{span_str("initrd=initrd "), s, none, false}, "with \"initrd=initrd \" in front"  },
        {{none, none, none, false},                    "empty"                             },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (push_cmdline(e, &rows[i].cmdline, rows[i].text, err) < 0)
            return -1;
    }
    return 0;
}

/* The kernel as QEMU hands it to a guest without kernel hashes: with a patched setup header. */
static int add_patched(struct snp_explain *e, const struct explain_input *in, struct err *err)
{
    static const struct {
        uint64_t memory;
        const char *text;
    } rows[] = {
        {UINT64_C(4) << 30, "patched by QEMU (2 GiB of memory, or 2.75 GiB and more)"},
        {UINT64_C(1) << 30, "patched by QEMU (1 GiB of memory)"                      },
    };
    AUTO_MAP map = {0}, initrd = {0};
    struct bzimage image;

    if (!in->args.kernel || files_map_open(in->args.kernel, SIZE_MAX / 2, &map, err) < 0 ||
        (in->args.initrd && files_map_open(in->args.initrd, SIZE_MAX / 2, &initrd, err) < 0))
        return in->args.kernel ? -1 : 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct bzimage_boot boot = {.cmdline = span_str(in->args.cmdline ? in->args.cmdline : ""),
                                          .initrd_size = initrd.bytes.len,
                                          .memory = rows[i].memory};
        uint8_t head[BZIMAGE_HEAD], hash[SNP_LAUNCH_HASH_SIZE];
        struct err ignored; /* not a bzImage, or it does not fit: nothing to try */
        struct hash h;

        if (bzimage_parse(map.bytes, &image, &ignored) < 0 ||
            bzimage_patch(map.bytes, &image, &boot, head, &ignored) < 0)
            continue;
        if (hash_begin(HASH_SHA256, &h, err) < 0 || hash_update(&h, span_of(head, sizeof head), err) < 0 ||
            hash_update(&h, span_sub(map.bytes, sizeof head, map.bytes.len - sizeof head), err) < 0 ||
            hash_end(&h, hash, err) < 0)
            return -1;
        push_hash(e, SNP_EXPLAIN_KERNEL, hash, rows[i].text);
    }
    return 0;
}

static const char *or_given(const char *path, const char *otherwise)
{
    return path ? path : otherwise;
}

/* As given; swapped with each other; none. */
static int add_kernel(struct snp_explain *e, const struct explain_input *in, const struct vm *launch,
                      struct err *err)
{
    struct snp_explain_choice given = named("%s", or_given(in->args.kernel, "as given"));
    struct snp_explain_choice no_kernel = named("without hashes (kernel-hashes=off, or no kernel)");
    uint8_t nothing[SNP_LAUNCH_HASH_SIZE];

    given.none = launch->snp.kernel == NULL;
    no_kernel.none = true;
    memcpy(given.hash, launch->kernel.kernel, sizeof given.hash);
    push(e, SNP_EXPLAIN_KERNEL, &given);
    push_hash(e, SNP_EXPLAIN_INITRD, launch->kernel.initrd, or_given(in->args.initrd, "as given"));
    if (given.none)
        return 0;
    if (hash_bytes(HASH_SHA256, span_of(NULL, 0), nothing, err) < 0)
        return -1;
    push_hash(e, SNP_EXPLAIN_INITRD, nothing, "none");
    push_hash(e, SNP_EXPLAIN_INITRD, launch->kernel.kernel, or_given(in->args.kernel, "the kernel"));
    push_hash(e, SNP_EXPLAIN_KERNEL, launch->kernel.initrd, or_given(in->args.initrd, "the initrd"));
    push(e, SNP_EXPLAIN_KERNEL, &no_kernel);
    return add_patched(e, in, err);
}

/* Printable, so it may be a command line; *text is without the newline that editors put at the end. */
static bool is_text(struct span bytes, struct span *text)
{
    if (bytes.len == 0 || bytes.len > TEXT_FILE_MAX)
        return false;
    *text = trimmed(bytes);
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] < ' ' || text->data[i] == 0x7f)
            return false;
    }
    return true;
}

/* A file of --also stands for whatever it can be. */
static int add_other(struct snp_explain *e, const char *path, struct ovmf *footer, struct err *err)
{
    AUTO_MAP map = {0};
    struct snp_explain_choice c = named("%s", path);
    struct cmdline cmdline = {.no_nul = false};
    struct err ignored; /* not a firmware */

    if (files_map_open(path, SIZE_MAX / 2, &map, err) < 0)
        return -1;
    c.ovmf = footer;
    if (map.bytes.len % OVMF_PAGE == 0 && ovmf_parse(map.bytes, footer, &ignored) == 0) {
        if (vm_firmware_hash(path, c.firmware_digest, err) < 0)
            return -1;
        push(e, SNP_EXPLAIN_FIRMWARE, &c);
        return 0;
    }
    if (files_sha256(path, c.hash, err) < 0)
        return -1;
    push(e, SNP_EXPLAIN_KERNEL, &c);
    push(e, SNP_EXPLAIN_INITRD, &c);
    return is_text(map.bytes, &cmdline.text) ? push_cmdline(e, &cmdline, path, err) : 0;
}

static void add_firmware(struct snp_explain *e, const struct explain_input *in, const struct vm *launch)
{
    struct snp_explain_choice c = named("%s", in->args.firmware);

    c.ovmf = &launch->ovmf;
    memcpy(c.firmware_digest, launch->snp.firmware_digest, sizeof c.firmware_digest);
    push(e, SNP_EXPLAIN_FIRMWARE, &c);
}

int explain_choices(const struct explain_input *in, const struct vm *launch, struct ovmf *footers,
                    struct snp_explain *e, struct err *err)
{
    e->vcpus = in->args.vcpus ? launch->first : 0;
    add_features(e, launch->snp.features);
    push_number(e, SNP_EXPLAIN_FPU, launch->snp.no_fpu, launch->snp.no_fpu ? "zero" : "set");
    push_number(e, SNP_EXPLAIN_FPU, !launch->snp.no_fpu,
                launch->snp.no_fpu ? "set (KVM of Linux 6.9 and later: --vmsa-fpu 1)"
                                   : "zero (KVM before Linux 6.9: --vmsa-fpu 0)");
    add_cpus(e, launch->snp.vcpu_sig);
    add_vmms(e, launch->snp.vmm);
    add_firmware(e, in, launch);
    if (add_kernel(e, in, launch, err) < 0 || add_cmdlines(e, in->args.cmdline, err) < 0)
        return -1;
    for (size_t i = 0; i < in->also.count; i++) {
        if (add_other(e, in->also.paths[i], &footers[i], err) < 0)
            return -1;
    }
    return 0;
}
