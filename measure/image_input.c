/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image_input.h"

#include "files.h"
#include "image_workload.h"
#include "initdata_file.h"
#include "vm.h"
#include "output.h"
#include "tdx_input.h"

#include <stdlib.h>
#include <string.h>

/* The CPU models that QEMU's users name for SEV-SNP guests; one a signature. In rising order. */
static const char *const models[] = {"EPYC-Genoa", "EPYC-Milan", "EPYC-Rome", "EPYC-Turin", "EPYC-v4"};
#define MODELS (sizeof models / sizeof models[0])
_Static_assert(MODELS <= MEASUREMENTS_CPUS_MAX, "the models fit");

/* Where the image's files are. */
struct paths {
    const char *firmware;
    char kernel[OUTPUT_PATH_MAX];
    char initrd[OUTPUT_PATH_MAX];
    char cmdline[OUTPUT_PATH_MAX];
};

static int take_name(const char *path, char name[MEASUREMENTS_NAME_MAX + 1], struct err *err)
{
    const char *base = output_base(path);

    if (!measurements_name_ok(base))
        return err_set(err, ERR_FORMAT, 0,
                       "%s: the name must be 1 to %d letters, digits and . _ + -, no dot in front", path,
                       MEASUREMENTS_NAME_MAX);
    memcpy(name, base, strlen(base) + 1);
    return 0;
}

static int take_file(const char *path, struct measurements_file *f, struct err *err)
{
    uint64_t again = 0;

    if (take_name(path, f->name, err) < 0 || files_hash(path, HASH_SHA256, f->sha256, &f->size, err) < 0 ||
        files_hash(path, HASH_SHA384, f->sha384, &again, err) < 0)
        return -1;
    if (again != f->size)
        return err_set(err, ERR_FORMAT, 0, "%s: changed while it was read", path);
    return 0;
}

static int take_cmdline(const char *path, char cmdline[CMDLINE_MAX + 1], struct err *err)
{
    AUTO_MAP map = {0};

    if (files_map_open(path, CMDLINE_MAX, &map, err) < 0)
        return -1;
    for (size_t i = 0; i < map.bytes.len; i++) {
        uint8_t c = map.bytes.data[i];

        if (c < 0x20 || c > 0x7e)
            return err_set(err, ERR_FORMAT, 0,
                           "%s: byte %zu is 0x%02x; a command line is printable ASCII without a line end",
                           path, i, c);
        cmdline[i] = (char) c;
    }
    cmdline[map.bytes.len] = '\0';
    return 0;
}

/* nacre.dev in the command line of what would be published as a production image. */
static int check_kind(const struct image_options *o, const char *cmdline, struct err *err)
{
    static const char word[] = "nacre.dev";

    for (const char *at = strstr(cmdline, word); at && !o->debug; at = strstr(at + 1, word)) {
        bool begins = at == cmdline || at[-1] == ' ';

        if (begins && strchr(" =", at[sizeof word - 1]))
            return err_set(err, ERR_DENIED, 0, "%s: the command line has %s: a dev image needs --debug",
                           o->dir, word);
    }
    return 0;
}

static int load_snp(const struct paths *p, struct measurements *m, uint32_t *ap_eip, struct err *err)
{
    const struct vm_args args = {
        .firmware = p->firmware,
        .kernel = p->kernel,
        .initrd = p->initrd,
        .cmdline = m->cmdline,
        .vcpus = "1",
        .features = {.value = SNP_LAUNCH_FEATURES_DEFAULT},
        .fpu = {.value = 1},
    };
    struct vm launch;

    if (vm_read_args(&args, &launch, err) < 0 || vm_load(&args, &launch, err) < 0)
        return -1;
    m->snp.present = true;
    m->snp.features = launch.snp.features;
    memcpy(m->snp.firmware_digest, launch.snp.firmware_digest, SHA384_SIZE);
    for (size_t i = 0; i < MODELS; i++) {
        struct measurements_cpu *cpu = &m->snp.cpus[i];

        memcpy(cpu->model, models[i], strlen(models[i]) + 1);
        cpu->sig = snp_launch_cpu_sig(models[i]);
        launch.snp.vcpu_sig = cpu->sig;
        if (snp_launch_digests(&launch.snp, 1, MEASUREMENTS_VCPUS, cpu->digests[0], err) < 0)
            return err_prefix(err, "%s", p->firmware);
    }
    m->snp.cpu_count = MODELS;
    *ap_eip = launch.ovmf.reset_eip;
    return 0;
}

/* Two registers bind kernel and command line: without them nothing is published. */
static int take_tdx(const struct tdx_values *values, const char *firmware, struct measurements_tdx *tdx,
                    struct err *err)
{
    for (unsigned i = 1; i <= 2; i++) {
        if (values->rtmr[i].why)
            return err_set(err, ERR_MISSING, 0, "%s: RTMR%u is not known: %s", firmware, i,
                           values->rtmr[i].why);
    }
    tdx->present = true;
    memcpy(tdx->mrtd_single_pass, values->mrtd_single_pass, SHA384_SIZE);
    memcpy(tdx->mrtd_two_pass, values->mrtd_two_pass, SHA384_SIZE);
    memcpy(tdx->rtmr1, values->rtmr[1].value, SHA384_SIZE);
    memcpy(tdx->rtmr2, values->rtmr[2].value, SHA384_SIZE);
    return 0;
}

static int load_tdx(const struct image_options *o, const struct paths *p, struct measurements *m,
                    struct err *err)
{
    struct tdx_options options = {
        .firmware = o->tdx_firmware ? o->tdx_firmware : p->firmware,
        .kernel = p->kernel,
        .initrd = p->initrd,
        .cmdline = m->cmdline,
        .edk2 = o->edk2,
        .qemu = o->qemu,
    };
    struct tdx_input in = {0};
    struct tdx_values *values = calloc(1, sizeof *values);
    int rc = -1;

    if (!values)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    if (tdx_options_check(&options, err) == 0 && tdx_input_load(&options, &in, err) == 0 &&
        tdx_predict(&in.config, values, err) == 0)
        rc = take_tdx(values, options.firmware, &m->tdx, err);
    tdx_input_free(&in);
    free(values);
    return rc;
}

static int find_paths(const struct image_options *o, struct paths *p, struct err *err)
{
    p->firmware = o->firmware;
    if (output_join(o->dir, "vmlinuz", p->kernel, err) < 0 ||
        output_join(o->dir, "initrd", p->initrd, err) < 0)
        return -1;
    return output_join(o->dir, "cmdline", p->cmdline, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct measurements_host_data *) a)->name,
                  ((const struct measurements_host_data *) b)->name);
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const struct measurements_workload *) a)->file.name,
                  ((const struct measurements_workload *) b)->file.name);
}

static int load_lists(const struct image_options *o, struct measurements *m, struct err *err)
{
    for (size_t i = 0; i < o->workloads.count; i++) {
        struct measurements_workload *w = &m->workloads[m->workload_count++];

        if (take_file(o->workloads.paths[i], &w->file, err) < 0 ||
            image_workload_verity(o->workloads.paths[i], &w->verity, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < o->initdata.count; i++) {
        struct measurements_host_data *h = &m->host_data[m->host_data_count++];

        if (take_name(o->initdata.paths[i], h->name, err) < 0 ||
            initdata_file_digest(o->initdata.paths[i], true, h->sha256, err) < 0)
            return -1;
    }
    qsort(m->workloads, m->workload_count, sizeof m->workloads[0], by_file);
    qsort(m->host_data, m->host_data_count, sizeof m->host_data[0], by_name);
    return 0;
}

int image_input_load(const struct image_options *o, struct measurements *m, uint32_t *ap_eip, struct err *err)
{
    struct paths p = {0};

    m->debug = o->debug;
    if (find_paths(o, &p, err) < 0 || take_file(p.firmware, &m->files[MEASUREMENTS_FIRMWARE], err) < 0 ||
        take_file(p.initrd, &m->files[MEASUREMENTS_INITRD], err) < 0 ||
        take_file(p.kernel, &m->files[MEASUREMENTS_KERNEL], err) < 0 ||
        take_cmdline(p.cmdline, m->cmdline, err) < 0 || check_kind(o, m->cmdline, err) < 0)
        return -1;
    if (load_snp(&p, m, ap_eip, err) < 0)
        return -1;
    if (o->tdx_firmware && take_file(o->tdx_firmware, &m->files[MEASUREMENTS_TDX_FIRMWARE], err) < 0)
        return -1;
    if (o->edk2 && load_tdx(o, &p, m, err) < 0)
        return -1;
    return load_lists(o, m, err);
}
