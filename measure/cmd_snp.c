/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure snp: SEV-SNP launch digests and the ID block. */
#include "b64.h"
#include "commands.h"
#include "hex.h"
#include "id_block.h"
#include "json_write.h"
#include "vm.h"
#include "secret.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ID_AUTH_B64_MAX (SNP_ID_AUTH_SIZE * 4 / 3 + 8)
#define JSON_MAX (SNP_LAUNCH_VCPUS_MAX * 128 + 16384) /* bytes of output */

static const char help[] =
    "usage: nacre-measure snp --firmware FILE [--kernel FILE [--initrd FILE] [--cmdline TEXT]] --vcpus "
    "N|A-B\n"
    "                         [option]...\n"
    "       nacre-measure snp --firmware FILE --ovmf-hash\n"
    "\n"
    "The SEV-SNP launch digest (MEASUREMENT) of a VM that is started with these files.\n"
    "\n"
    "  --firmware FILE       OVMF; with --kernel it must have a page for kernel hashes (OvmfPkg/AmdSev)\n"
    "  --kernel FILE         kernel as QEMU's -kernel gets it; without it the firmware boots from a disk\n"
    "  --initrd FILE         initrd as QEMU's -initrd gets it\n"
    "  --kernel-sha256 HEX, --initrd-sha256 HEX\n"
    "                        their SHA-256 instead of the files\n"
    "  --cmdline TEXT        command line exactly as QEMU's -append gets it\n"
    "  --ovmf-hash[=HEX]     print the firmware's part of the digest, or take it as given: of the file, "
    "only\n"
    "                        the tables at its end are then used\n"
    "  --vcpus N|A-B         number of virtual CPUs, or a range: one line for each, from one pass\n"
    "  --vcpu-type MODEL     QEMU CPU model (EPYC-v4)\n"
    "  --vcpu-sig HEX        CPUID leaf 1 EAX instead of a model\n"
    "  --vcpu-family N --vcpu-model N --vcpu-stepping N\n"
    "                        the same in parts\n"
    "  --guest-features HEX  SEV features (1; hosts with Linux 6.6 to 6.8: 21)\n"
    "  --vmsa-fpu 0|1        0: KVM before Linux 6.9, which leaves the FPU registers zero (1)\n"
    "  --vmm NAME            who writes the first register state: qemu (default), ec2, gce\n"
    "  --svsm FILE --svsm-vars-size N\n"
    "                        COCONUT-SVSM under QEMU, N bytes of variable store between it and the firmware\n"
    "  --id-block FILE --id-auth FILE\n"
    "                        write an ID block and its authentication for this digest; print them for QEMU\n"
    "  --id-key PEM, --author-key PEM\n"
    "                        P-384 keys that sign it; without them, the key that follows from the contents\n"
    "  --family-id HEX, --image-id HEX, --guest-svn N, --guest-policy HEX\n"
    "                        its contents (0, 0, 0, 30000)\n"
    "  --json                one JSON object instead of text\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct input {
    bool help;
    bool json;
    bool with_id;
    struct vm_args args;
    struct vm launch;
    struct id_block_args id_args;
    struct snp_id_block block;
};

struct result {
    uint8_t digests[SNP_LAUNCH_VCPUS_MAX * SNP_LAUNCH_DIGEST_SIZE];
    struct snp_id id;
};

static int read_options(int argc, char **argv, struct input *in, struct err *err)
{
    const struct opt opts[] = {
        {"help", OPT_FLAG, &in->help, 0},
        {"json", OPT_FLAG, &in->json, 0},
        VM_OPTS_FILES(&in->args),
        VM_OPTS_VCPUS(&in->args),         VM_OPTS_SNP(&in->args),           ID_BLOCK_OPTS(&in->id_args),
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return -1;
    if (in->help)
        return 0;
    if (vm_read_args(&in->args, &in->launch, err) < 0 ||
        id_block_read_args(&in->id_args, &in->block, &in->with_id, err) < 0)
        return -1;
    if (in->args.ovmf_hash && !in->launch.has_firmware_hash)
        return 0; /* printed alone */
    if (!in->args.vcpus)
        return err_set(err, ERR_MISSING, 0, "--vcpus is needed");
    if (in->with_id && in->launch.first != in->launch.last)
        return err_set(err, ERR_FORMAT, 0, "--id-block is for one number of vCPUs");
    return 0;
}

static int compute(struct input *in, struct result *out, struct err *err)
{
    if (vm_load(&in->args, &in->launch, err) < 0)
        return -1;
    if (snp_launch_digests(&in->launch.snp, in->launch.first, in->launch.last, out->digests, err) < 0)
        return err_prefix(err, "%s", in->args.svsm ? in->args.svsm : in->args.firmware);
    if (!in->with_id)
        return 0;
    for (size_t i = 0; i < sizeof in->block.digest; i++)
        in->block.digest[i] = out->digests[i];
    return id_block_make(&in->id_args, &in->block, &out->id, err);
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

struct b64_text {
    char text[ID_AUTH_B64_MAX];
};

static struct b64_text b64_of(const uint8_t *bytes, size_t len)
{
    struct b64_text out = {""};
    struct err ignored;

    if (b64_encode(span_of(bytes, len), out.text, sizeof out.text, &ignored) < 0)
        out.text[0] = '\0'; /* cannot happen: the buffer fits */
    return out;
}

static void print_text(const struct input *in, const struct result *r)
{
    const uint8_t *digest = r->digests;

    for (unsigned n = in->launch.first; n <= in->launch.last; n++, digest += SNP_LAUNCH_DIGEST_SIZE) {
        if (in->launch.first != in->launch.last)
            (void) printf("%u ", n);
        (void) printf("%s\n", hex_of(digest).text);
    }
    if (!in->with_id)
        return;
    (void) printf("id-key-digest %s\n", hex_of(r->id.id_key_digest).text);
    if (r->id.has_author)
        (void) printf("author-key-digest %s\n", hex_of(r->id.author_key_digest).text);
    (void) printf("qemu id-block=%s,", b64_of(r->id.block, sizeof r->id.block).text);
    (void) printf("id-auth=%s%s\n", b64_of(r->id.auth, sizeof r->id.auth).text,
                  r->id.has_author ? ",author-key-enabled=on" : "");
}

static void write_id(struct json_write *j, const struct snp_id *id)
{
    json_write_object(j, "id_block");
    if (id->has_author)
        json_write_hex(j, "author_key_digest", span_of(id->author_key_digest, sizeof id->author_key_digest));
    json_write_str(j, "id_auth", b64_of(id->auth, sizeof id->auth).text);
    json_write_str(j, "id_block", b64_of(id->block, sizeof id->block).text);
    json_write_hex(j, "id_key_digest", span_of(id->id_key_digest, sizeof id->id_key_digest));
    json_write_close(j);
}

static int print_json(const struct input *in, const struct result *r, struct err *err)
{
    AUTO_FREE uint8_t *text = malloc(JSON_MAX);
    struct writer w = writer_of(text, text ? JSON_MAX : 0);
    struct json_write j = json_write_to(&w);
    char number[24];

    json_write_object(&j, NULL);
    vm_write_digests(&j, &in->launch, r->digests, SNP_LAUNCH_DIGEST_SIZE);
    json_write_hex(&j, "firmware_digest", span_of(in->launch.snp.firmware_digest, SNP_LAUNCH_DIGEST_SIZE));
    (void) snprintf(number, sizeof number, "0x%" PRIx64, in->launch.snp.features);
    json_write_str(&j, "guest_features", number);
    if (in->with_id)
        write_id(&j, &r->id);
    (void) snprintf(number, sizeof number, "0x%" PRIx32, in->launch.snp.vcpu_sig);
    json_write_str(&j, "vcpu_sig", number);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "the output does not fit %d bytes", JSON_MAX);
    (void) fwrite(text, 1, w.len, stdout); /* command_flush tells */
    return 0;
}

static int print_firmware_hash(const struct input *in, struct err *err)
{
    uint8_t digest[SNP_LAUNCH_DIGEST_SIZE];

    if (vm_firmware_hash(in->args.firmware, digest, err) < 0)
        return -1;
    (void) printf(in->json ? "{\n  \"firmware_digest\": \"%s\"\n}\n" : "%s\n", hex_of(digest).text);
    return 0;
}

static int work(struct input *in, struct err *err)
{
    struct result r = {.id = {.has_author = false}};

    if (in->args.ovmf_hash && !in->launch.has_firmware_hash)
        return print_firmware_hash(in, err);
    if (compute(in, &r, err) < 0)
        return -1;
    if (in->json)
        return print_json(in, &r, err);
    print_text(in, &r);
    return 0;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct input in = {.help = false};

    if (read_options(argc, argv, &in, err) < 0)
        return COMMAND_USAGE;
    if (in.help)
        (void) fputs(help, stdout);
    else if (work(&in, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_snp = {
    "snp", "SEV-SNP launch digests of a firmware, kernel, initrd, command line; ID blocks", help, run};
