/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include "command.h"
#include "files.h"
#include "hex.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PIECE (256u * 1024) /* bytes of the firmware in memory at a time */

/* "4" or "1-64" */
static int read_range(const char *text, struct vm *out, struct err *err)
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
    out->first = (unsigned) a;
    out->last = (unsigned) b;
    return 0;
}

static int read_vmm(const char *text, struct vm *out, struct err *err)
{
    static const struct {
        const char *name;
        enum snp_launch_vmm vmm;
    } vmms[] = {
        {"qemu", SNP_LAUNCH_QEMU},
        {"ec2",  SNP_LAUNCH_EC2 },
        {"gce",  SNP_LAUNCH_GCE },
    };

    for (size_t i = 0; text && i < sizeof vmms / sizeof vmms[0]; i++) {
        if (strcmp(vmms[i].name, text) == 0) {
            out->snp.vmm = vmms[i].vmm;
            return 0;
        }
    }
    return text ? err_set(err, ERR_FORMAT, 0, "--vmm: expected qemu, ec2 or gce, found '%s'", text) : 0;
}

static int read_sig(const struct vm_args *args, struct vm *out, struct err *err)
{
    bool family = args->vcpu_family.given;
    const char *type = args->vcpu_type ? args->vcpu_type : "EPYC-v4";

    if (args->vcpu_model.given != family || args->vcpu_stepping.given != family)
        return err_set(err, ERR_FORMAT, 0, "--vcpu-family, --vcpu-model and --vcpu-stepping belong together");
    if ((args->vcpu_type != NULL) + args->vcpu_sig.given + family > 1)
        return err_set(err, ERR_FORMAT, 0, "--vcpu-type, --vcpu-sig and --vcpu-family exclude each other");
    if (family)
        out->snp.vcpu_sig =
            snp_launch_family_sig((unsigned) args->vcpu_family.value, (unsigned) args->vcpu_model.value,
                                  (unsigned) args->vcpu_stepping.value);
    else
        out->snp.vcpu_sig = args->vcpu_sig.given ? (uint32_t) args->vcpu_sig.value : snp_launch_cpu_sig(type);
    if (out->snp.vcpu_sig == 0 && !args->vcpu_sig.given)
        return err_set(err, ERR_FORMAT, 0, "--vcpu-type: '%s' is not known; use --vcpu-sig", type);
    return 0;
}

static int read_hash(const char *option, const char *text, uint8_t *out, size_t size, struct err *err)
{
    if (text && hex_decode(span_str(text), out, size, err) < 0)
        return err_prefix(err, "%s", option);
    return 0;
}

static int check_svsm(const struct vm_args *args, struct vm *out, struct err *err)
{
    if (!args->svsm != !args->svsm_vars_size.given)
        return err_set(err, ERR_FORMAT, 0, "--svsm and --svsm-vars-size belong together");
    if (!args->svsm)
        return 0;
    if (args->kernel || args->kernel_sha256 || args->vmm || out->has_firmware_hash)
        return err_set(err, ERR_FORMAT, 0, "--svsm goes without --kernel, --vmm and --ovmf-hash");
    if (args->features.given && args->features.value != SNP_LAUNCH_FEATURES_DEFAULT)
        return err_set(err, ERR_FORMAT, 0, "--svsm goes with guest features 0x1 only");
    out->snp.vmm = SNP_LAUNCH_SVSM;
    return 0;
}

static int check_files(const struct vm_args *args, struct err *err)
{
    if (!args->firmware)
        return err_set(err, ERR_MISSING, 0, "--firmware is needed");
    if (args->kernel && args->kernel_sha256)
        return err_set(err, ERR_FORMAT, 0, "--kernel and --kernel-sha256 exclude each other");
    if (args->initrd && args->initrd_sha256)
        return err_set(err, ERR_FORMAT, 0, "--initrd and --initrd-sha256 exclude each other");
    if (!args->kernel && !args->kernel_sha256 && (args->initrd || args->initrd_sha256 || args->cmdline))
        return err_set(err, ERR_FORMAT, 0, "--initrd and --cmdline need --kernel");
    return 0;
}

int vm_read_args(const struct vm_args *args, struct vm *launch, struct err *err)
{
    *launch = (struct vm){.first = 1, .last = 1};
    launch->snp.ovmf = &launch->ovmf;
    launch->snp.kernel = args->kernel || args->kernel_sha256 ? &launch->kernel : NULL;
    launch->snp.features = args->features.given ? args->features.value : SNP_LAUNCH_FEATURES_DEFAULT;
    launch->snp.no_fpu = args->fpu.given && args->fpu.value == 0;
    launch->has_firmware_hash = args->ovmf_hash && *args->ovmf_hash;
    if (check_files(args, err) < 0 || (args->vcpus && read_range(args->vcpus, launch, err) < 0) ||
        read_vmm(args->vmm, launch, err) < 0 || read_sig(args, launch, err) < 0 ||
        check_svsm(args, launch, err) < 0)
        return -1;
    if (launch->has_firmware_hash && read_hash("--ovmf-hash", args->ovmf_hash, launch->snp.firmware_digest,
                                               sizeof launch->snp.firmware_digest, err) < 0)
        return -1;
    if (read_hash("--kernel-sha256", args->kernel_sha256, launch->kernel.kernel, SNP_LAUNCH_HASH_SIZE, err) <
        0)
        return -1;
    return read_hash("--initrd-sha256", args->initrd_sha256, launch->kernel.initrd, SNP_LAUNCH_HASH_SIZE,
                     err);
}

/* The second thread: the initrd, which is often the largest file. */
struct initrd_job {
    const char *path;
    uint8_t hash[SNP_LAUNCH_HASH_SIZE];
    struct err err;
    int rc;
};

static void *hash_initrd(void *arg)
{
    struct initrd_job *job = arg;

    job->rc = files_sha256(job->path, job->hash, &job->err);
    return NULL;
}

static int hash_rest(const struct vm_args *args, struct vm *out, struct err *err)
{
    const char *cmdline = args->cmdline ? args->cmdline : "";

    if (args->kernel && files_sha256(args->kernel, out->kernel.kernel, err) < 0)
        return -1;
    if (!args->initrd && !args->initrd_sha256 &&
        hash_bytes(HASH_SHA256, span_of(NULL, 0), out->kernel.initrd, err) < 0)
        return -1;
    return snp_launch_cmdline_hash(span_str(cmdline), out->kernel.cmdline, err);
}

/* The pages of a file that is loaded at gpa, piece by piece, so that they need not all be in memory. */
static int hash_pages(const struct files_map *map, uint64_t gpa, uint8_t *digest, struct err *err)
{
    uint8_t ld[SNP_LAUNCH_DIGEST_SIZE];
    size_t at = 0;

    if (map->bytes.len == 0 || map->bytes.len % OVMF_PAGE)
        return err_set(err, ERR_FORMAT, 0, "firmware: %zu bytes are not whole pages of %d", map->bytes.len,
                       OVMF_PAGE);
    memcpy(ld, digest, sizeof ld);
    while (at < map->bytes.len) {
        size_t len = map->bytes.len - at < PIECE ? map->bytes.len - at : PIECE;

        if (snp_launch_firmware_part(gpa + at, span_sub(map->bytes, at, len), ld, err) < 0)
            return -1;
        at += len;
        files_map_release(map, at);
    }
    memcpy(digest, ld, sizeof ld);
    return 0;
}

/* *ovmf becomes the SVSM's: it is what starts, and it brings its own sections. */
static int load_svsm(const struct vm_args *args, size_t firmware_size, struct vm *out, struct err *err)
{
    AUTO_MAP map = {0};
    struct snp_launch_svsm sizes = {.firmware_size = firmware_size,
                                    .vars_size = (size_t) args->svsm_vars_size.value};
    uint64_t gpa = 0;

    if (files_map_open(args->svsm, OVMF_SIZE_MAX, &map, err) < 0)
        return -1;
    sizes.size = map.bytes.len;
    if (ovmf_parse(map.bytes, &out->ovmf, err) < 0 ||
        snp_launch_svsm_place(&sizes, &out->ovmf, &gpa, err) < 0 ||
        hash_pages(&map, gpa, out->snp.firmware_digest, err) < 0)
        return err_prefix(err, "%s", args->svsm);
    return 0;
}

static int load_firmware(const struct vm_args *args, struct vm *out, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(args->firmware, OVMF_SIZE_MAX, &map, err) < 0)
        return -1;
    if (ovmf_parse(map.bytes, &out->ovmf, err) < 0 ||
        (!out->has_firmware_hash &&
         hash_pages(&map, snp_launch_firmware_gpa(map.bytes.len), out->snp.firmware_digest, err) < 0))
        return err_prefix(err, "%s", args->firmware);
    return args->svsm ? load_svsm(args, map.bytes.len, out, err) : 0;
}

static int load_sev_firmware(const struct vm_args *args, bool needs_table, struct vm *out,
                             struct hash *firmware, struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(args->firmware, OVMF_SIZE_MAX, &map, err) < 0)
        return -1;
    if (ovmf_parse(map.bytes, &out->ovmf, err) < 0 && (needs_table || err->code != ERR_MISSING))
        return err_prefix(err, "%s", args->firmware);
    *err = (struct err){0}; /* a firmware without a table is fine here */
    if (hash_begin(HASH_SHA256, firmware, err) < 0)
        return -1;
    for (size_t at = 0; at < map.bytes.len; at += PIECE) {
        size_t len = map.bytes.len - at < PIECE ? map.bytes.len - at : PIECE;

        if (hash_update(firmware, span_sub(map.bytes, at, len), err) < 0)
            return -1;
        files_map_release(&map, at + len);
    }
    return 0;
}

/* firmware NULL: SNP. */
static int load(const struct vm_args *args, bool needs_table, struct vm *out, struct hash *firmware,
                struct err *err)
{
    struct initrd_job job = {.path = args->initrd};
    pthread_t thread;
    int rc = 0;

    if (args->initrd && pthread_create(&thread, NULL, hash_initrd, &job) != 0)
        return err_set(err, ERR_SYS, 0, "cannot start a thread");
    if (out->snp.kernel)
        rc = hash_rest(args, out, err);
    if (rc == 0)
        rc = firmware ? load_sev_firmware(args, needs_table, out, firmware, err)
                      : load_firmware(args, out, err);
    if (!args->initrd)
        return rc;
    (void) pthread_join(thread, NULL); /* it was started and is joined once */
    if (rc == 0 && job.rc < 0)
        *err = job.err;
    memcpy(out->kernel.initrd, job.hash, sizeof job.hash);
    return rc < 0 || job.rc < 0 ? -1 : 0;
}

int vm_load(const struct vm_args *args, struct vm *launch, struct err *err)
{
    return load(args, true, launch, NULL, err);
}

int vm_load_sev(const struct vm_args *args, bool es, struct vm *launch, struct hash *firmware,
                struct err *err)
{
    return load(args, es || launch->snp.kernel, launch, firmware, err);
}

int vm_firmware_hash(const char *path, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], struct err *err)
{
    const struct vm_args args = {.firmware = path};
    struct vm out = {.first = 1};

    if (load_firmware(&args, &out, err) < 0)
        return -1;
    memcpy(digest, out.snp.firmware_digest, SNP_LAUNCH_DIGEST_SIZE);
    return 0;
}

struct digests {
    struct json_write *j;
    const struct vm *launch;
    const uint8_t *digests;
    size_t size;
};

/* prefix and the nine after it, each followed by those that begin with it: keys go in the order of their
 * bytes, 1, 10, 100, 101, ... At most three deep: SNP_LAUNCH_VCPUS_MAX has three digits. */
static void write_counts(const struct digests *d, unsigned prefix)
{
    for (unsigned n = prefix; n <= prefix + 9 && n <= d->launch->last; n++) {
        char key[12];

        if (n == 0)
            continue;
        (void) snprintf(key, sizeof key, "%u", n);
        if (n >= d->launch->first)
            json_write_hex(d->j, key, span_of(d->digests + (n - d->launch->first) * d->size, d->size));
        write_counts(d, 10 * n);
    }
}

void vm_write_digests(struct json_write *j, const struct vm *launch, const uint8_t *digests, size_t size)
{
    const struct digests d = {.j = j, .launch = launch, .digests = digests, .size = size};

    json_write_object(j, "digests");
    write_counts(&d, 0);
    json_write_close(j);
}
