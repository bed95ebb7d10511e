/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure pcr: PCR 4, 9 and 11 of a VM with a virtual TPM. */
#include "commands.h"
#include "files.h"
#include "json_write.h"
#include "opts.h"
#include "pcr.h"
#include "uki.h"

#include <stdio.h>
#include <string.h>

#define JSON_MAX 16384
#define BANKS 2

static const char help[] =
    "usage: nacre-measure pcr --uki FILE [--json]\n"
    "       nacre-measure pcr --kernel FILE [--initrd FILE] [--cmdline TEXT] [--json]\n"
    "\n"
    "The PCRs of a virtual TPM that tell what was started, after a UEFI firmware (without Secure Boot) has\n"
    "started this image, in the sha256 and sha384 banks:\n"
    "  4   the images that the firmware loaded\n"
    "  9   the command line and the initrd, as the kernel's EFI stub measures them\n"
    "  11  the sections of a unified kernel image, as systemd-stub measures them, and then with each word "
    "by\n"
    "      which systemd extends it while it boots\n"
    "\n"
    "  --uki FILE       unified kernel image with a systemd-stub\n"
    "  --kernel FILE    kernel with an EFI stub, started by the firmware\n"
    "  --initrd FILE    initrd that the firmware offers to the kernel\n"
    "  --cmdline TEXT   the kernel's load options, all of them (OVMF adds initrd=initrd)\n"
    "  --json           one JSON object instead of text\n"
    "\n"
    "For a UKI, PCR 4 has two values: most versions of systemd-stub let the firmware load the kernel in it,\n"
    "which measures it too; a stub that loads the kernel itself does not.\n"
    "A register that these files do not determine is unknown, and says why.\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct options {
    const char *uki;
    const char *kernel;
    const char *initrd;
    const char *cmdline;
};

struct value {
    const char *why; /* NULL: known */
    struct pcr pcr;
};

struct bank {
    struct value pcr4;
    struct value pcr4_stub_loads; /* a UKI's: the kernel inside is not measured */
    struct value pcr9;
    struct value pcr11;
    struct value phases[UKI_PHASES];
};

struct values {
    bool is_uki;
    struct bank banks[BANKS];
};

static const enum hash_alg algs[BANKS] = {HASH_SHA256, HASH_SHA384};

static int extend_image(const struct pe_image *pe, struct pcr *pcr, struct err *err)
{
    uint8_t digest[HASH_MAX];

    if (pe_image_digest(pe, span_of(NULL, 0), pcr->alg, digest, err) < 0)
        return -1;
    return pcr_extend(pcr, digest, err);
}

/* Command line, if there is one, then initrd, if there is one. */
static int extend_loads(struct span cmdline, const uint8_t *initrd, struct pcr *pcr, struct err *err)
{
    uint8_t digest[HASH_MAX];

    if (cmdline.len > 0 &&
        (pcr_load_options(pcr->alg, cmdline, digest, err) < 0 || pcr_extend(pcr, digest, err) < 0))
        return -1;
    return initrd[0] ? pcr_extend(pcr, initrd + 1, err) : 0;
}

static int uki_bank(const struct pe_image *pe, const struct pe_image *kernel, const struct uki *uki,
                    struct bank *b, struct err *err)
{
    enum hash_alg alg = b->pcr11.pcr.alg;
    uint8_t initrd[1 + HASH_MAX] = {uki->sections[UKI_INITRD].len > 0};
    struct span cmdline = uki_cmdline(uki, &b->pcr9.why);
    struct pcr pcr;

    if (pcr_boot_start(alg, &b->pcr4.pcr, err) < 0 || extend_image(pe, &b->pcr4.pcr, err) < 0)
        return -1;
    b->pcr4_stub_loads = b->pcr4;
    if (extend_image(kernel, &b->pcr4.pcr, err) < 0)
        return err_prefix(err, "section .linux");
    if (!b->pcr9.why)
        b->pcr9.why = uki_initrd_why(uki);
    if (!b->pcr9.why && (hash_bytes(alg, uki->sections[UKI_INITRD], initrd + 1, err) < 0 ||
                         extend_loads(cmdline, initrd, &b->pcr9.pcr, err) < 0))
        return -1;
    if (uki_pcr11(uki, alg, &b->pcr11.pcr, &b->pcr11.why, err) < 0)
        return -1;
    pcr = b->pcr11.pcr;
    for (size_t i = 0; i < UKI_PHASES; i++) {
        if (pcr_extend_bytes(&pcr, span_str(uki_phase(i)), err) < 0)
            return -1;
        b->phases[i] = (struct value){b->pcr11.why, pcr};
    }
    return 0;
}

static int compute_uki(const char *path, struct values *v, struct err *err)
{
    AUTO_MAP map = {0};
    struct pe_image pe, kernel;
    struct uki uki;

    if (files_map_open(path, PE_IMAGE_MAX, &map, err) < 0)
        return -1;
    if (pe_image_parse(map.bytes, &pe, err) < 0 || uki_parse(&pe, &uki, err) < 0)
        return err_prefix(err, "%s", path);
    if (pe_image_parse(uki.sections[UKI_LINUX], &kernel, err) < 0)
        return err_prefix(err, "%s: section .linux", path);
    for (size_t i = 0; i < BANKS; i++) {
        if (uki_bank(&pe, &kernel, &uki, &v->banks[i], err) < 0)
            return err_prefix(err, "%s", path);
    }
    v->is_uki = true;
    return 0;
}

static int compute_kernel(const struct options *o, struct values *v, struct err *err)
{
    AUTO_MAP map = {0};
    struct pe_image pe;

    if (files_map_open(o->kernel, PE_IMAGE_MAX, &map, err) < 0)
        return -1;
    if (pe_image_parse(map.bytes, &pe, err) < 0)
        return err_prefix(err, "%s", o->kernel);
    for (size_t i = 0; i < BANKS; i++) {
        struct bank *b = &v->banks[i];
        uint8_t initrd[1 + HASH_MAX] = {o->initrd != NULL};
        uint64_t size;

        if (pcr_boot_start(algs[i], &b->pcr4.pcr, err) < 0 || extend_image(&pe, &b->pcr4.pcr, err) < 0)
            return -1;
        if (o->initrd && files_hash(o->initrd, algs[i], initrd + 1, &size, err) < 0)
            return -1;
        if (extend_loads(span_str(o->cmdline ? o->cmdline : ""), initrd, &b->pcr9.pcr, err) < 0)
            return -1;
        b->pcr11.why = "only the stub of a unified kernel image extends it";
    }
    return 0;
}

/* The rows of one bank, in the order of their names. */
struct row {
    const char *name;
    const struct value *value;
};
#define ROWS (4 + UKI_PHASES)

static size_t rows_of(const struct values *v, const struct bank *b, struct row rows[ROWS])
{
    static const char *const phases[UKI_PHASES] = {"11:enter-initrd", "11:enter-initrd:leave-initrd",
                                                   "11:enter-initrd:leave-initrd:sysinit",
                                                   "11:enter-initrd:leave-initrd:sysinit:ready"};
    size_t n = 0;

    rows[n++] = (struct row){"11", &b->pcr11};
    for (size_t i = 0; v->is_uki && i < UKI_PHASES; i++)
        rows[n++] = (struct row){phases[i], &b->phases[i]};
    rows[n++] = (struct row){"4", &b->pcr4};
    if (v->is_uki)
        rows[n++] = (struct row){"4:stub-loads-kernel", &b->pcr4_stub_loads};
    rows[n++] = (struct row){"9", &b->pcr9};
    return n;
}

static void print_text(const struct values *v)
{
    for (size_t bank = 0; bank < BANKS; bank++) {
        struct row rows[ROWS];
        size_t n = rows_of(v, &v->banks[bank], rows);

        for (size_t i = 0; i < n; i++) {
            const struct value *at = rows[i].value;

            (void) printf("%s:%s ", hash_name(algs[bank]), rows[i].name);
            if (at->why)
                (void) printf("unknown: %s", at->why);
            for (size_t k = 0; !at->why && k < hash_size(algs[bank]); k++)
                (void) printf("%02x", at->pcr.value[k]);
            (void) printf("\n");
        }
    }
}

static void put_value(struct json_write *j, const struct row *row)
{
    json_write_object(j, row->name);
    if (row->value->why)
        json_write_str(j, "unknown", row->value->why);
    else
        json_write_hex(j, "value", span_of(row->value->pcr.value, hash_size(row->value->pcr.alg)));
    json_write_close(j);
}

static int print_json(const struct values *v, struct err *err)
{
    char buf[JSON_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct json_write j = json_write_to(&w);

    json_write_object(&j, NULL);
    for (size_t bank = 0; bank < BANKS; bank++) {
        struct row rows[ROWS];
        size_t n = rows_of(v, &v->banks[bank], rows);

        json_write_object(&j, hash_name(algs[bank]));
        for (size_t i = 0; i < n; i++)
            put_value(&j, &rows[i]);
        json_write_close(&j);
    }
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "JSON: longer than %d bytes", JSON_MAX);
    (void) fwrite(w.buf, 1, w.len, stdout);
    return 0;
}

static enum command_status predict(const struct options *o, bool json, struct err *err)
{
    struct values v = {0};

    for (size_t i = 0; i < BANKS; i++) {
        v.banks[i].pcr9.pcr = pcr_new(algs[i]);
        v.banks[i].pcr11.pcr = pcr_new(algs[i]);
    }
    if ((o->uki ? compute_uki(o->uki, &v, err) : compute_kernel(o, &v, err)) < 0)
        return COMMAND_BAD_INPUT;
    if (!json)
        print_text(&v);
    else if (print_json(&v, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct options o = {0};
    bool want_help = false, json = false;
    const struct opt opts[] = {
        {"help",    OPT_FLAG, &want_help, 0},
        {"json",    OPT_FLAG, &json,      0},
        {"uki",     OPT_TEXT, &o.uki,     0},
        {"kernel",  OPT_TEXT, &o.kernel,  0},
        {"initrd",  OPT_TEXT, &o.initrd,  0},
        {"cmdline", OPT_TEXT, &o.cmdline, 0},
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (want_help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (!o.uki == !o.kernel) {
        (void) err_set(err, ERR_MISSING, 0, "either --uki or --kernel is needed");
        return COMMAND_USAGE;
    }
    if (o.uki && (o.initrd || o.cmdline)) {
        (void) err_set(err, ERR_FORMAT, 0, "--initrd and --cmdline go with --kernel: a UKI has its own");
        return COMMAND_USAGE;
    }
    return predict(&o, json, err);
}

const struct command command_pcr = {"pcr", "PCR 4, 9 and 11 of a unified kernel image or a kernel", help,
                                    run};
