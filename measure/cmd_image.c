/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure image: publish what the hardware will report about a built image. */
#include "commands.h"
#include "files.h"
#include "image_input.h"
#include "measurements_sig.h"
#include "output.h"
#include "reference_values.h"
#include "sbom.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEASUREMENTS_FILE "measurements.json"
#define SBOM_FILE "measurements.spdx.json"
#define REFERENCE_VALUES_FILE "reference-values.json"

static const char help[] =
    "usage: nacre-measure image DIR --firmware FILE [--debug] [--workload FILE...] [--initdata FILE...]\n"
    "                           [--edk2 RELEASE --qemu VERSION [--tdx-firmware FILE]] [--key KEY.pem] [--out "
    "FILE]\n"
    "                           [--lock FILE... --licences FILE [--without NAME...]] [--json]\n"
    "\n"
    "What the hardware will report about the image in DIR (vmlinuz, initrd, cmdline), into "
    "measurements.json: files,\n"
    "SEV-SNP launch digests for 1 to 220 vCPUs and the usual CPU models, workloads, host data. Beside it\n"
    "reference-values.json, for a Coordinator's manifest. The same files give the same bytes.\n"
    "\n"
    "  --firmware FILE   OVMF with a page for kernel hashes (OvmfPkg/AmdSev)\n"
    "  --debug           a dev image: its values go into the part \"dev\", which verify refuses by default\n"
    "  --workload FILE   disk image NAME.img with its NAME.env; the hash tree is checked\n"
    "  --initdata FILE   initdata document or disk image\n"
    "  --edk2 RELEASE    for TDX too: MRTD, RTMR1 and RTMR2; the firmware's release (see nacre-measure tdx "
    "--help)\n"
    "  --qemu VERSION    the QEMU that TDX guests are started with\n"
    "  --tdx-firmware FILE  their firmware, where it is another one: OVMF's AmdSev variant cannot start a "
    "TD\n"
    "  --key KEY.pem     sign: ECDSA P-384, PKCS#8 PEM; the signature goes into measurements.json.sig\n"
    "  --out FILE        instead of DIR/measurements.json\n"
    "  --lock FILE       components that went in: writes measurements.spdx.json (SPDX 2.3)\n"
    "  --licences FILE   licences of the components in the locks\n"
    "  --without NAME    a component of the locks that did not go into this image\n"
    "  --json            print measurements.json too\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

/* The documents, in memory until all of them are made: an error writes none. */
struct documents {
    uint8_t *text; /* owned: measurements.json */
    size_t text_len;
    uint8_t *sbom; /* owned; NULL: none is wanted */
    size_t sbom_len;
    uint8_t values[REFERENCE_VALUES_MAX];
    size_t values_len;
    uint8_t sig[ECC_SIG_MAX];
    size_t sig_len; /* 0: none */
};

static int make_sig(const char *key_path, struct documents *d, struct err *err)
{
    AUTO_MAP map = {0};
    AUTO_ECC_PAIR pair = {0};
    struct writer w = writer_of(d->sig, sizeof d->sig);

    if (files_map_open(key_path, MEASUREMENTS_PEM_MAX, &map, err) < 0)
        return -1;
    if (measurements_key(map.bytes, &pair, err) < 0)
        return err_prefix(err, "%s", key_path);
    if (measurements_sign(span_of(d->text, d->text_len), &pair, &w, err) < 0)
        return -1;
    d->sig_len = w.len;
    return 0;
}

/* maps: one for each lock and one for the licences; the caller closes them. */
static int open_locks(const struct image_options *o, struct files_map *maps, struct sbom *sbom,
                      struct err *err)
{
    for (size_t i = 0; i < o->locks.count; i++) {
        if (files_map_open(o->locks.paths[i], SBOM_INPUT_MAX, &maps[i], err) < 0)
            return -1;
        sbom->locks[i] = (struct sbom_lock){.name = o->locks.paths[i], .text = maps[i].bytes};
    }
    sbom->lock_count = o->locks.count;
    if (files_map_open(o->licences, SBOM_INPUT_MAX, &maps[SBOM_LOCKS_MAX], err) < 0)
        return -1;
    sbom->licences = (struct sbom_lock){.name = o->licences, .text = maps[SBOM_LOCKS_MAX].bytes};
    memcpy(sbom->without, o->without.paths, o->without.count * sizeof sbom->without[0]);
    sbom->without_count = o->without.count;
    return 0;
}

static int make_sbom(const struct image_options *o, const struct measurements *m, struct documents *d,
                     struct err *err)
{
    struct files_map maps[SBOM_LOCKS_MAX + 1] = {0};
    struct sbom sbom = {.image = m, .image_name = m->debug ? "nacre-dev" : "nacre"};
    struct writer w;
    int rc;

    d->sbom = malloc(SBOM_TEXT_MAX);
    if (!d->sbom)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    w = writer_of(d->sbom, SBOM_TEXT_MAX);
    rc = hash_bytes(HASH_SHA256, span_of(d->text, d->text_len), sbom.id, err);
    if (rc == 0)
        rc = open_locks(o, maps, &sbom, err);
    if (rc == 0)
        rc = sbom_write(&sbom, &w, err);
    for (size_t i = 0; i <= SBOM_LOCKS_MAX; i++)
        files_map_close(&maps[i]);
    d->sbom_len = w.len;
    return rc;
}

static int make_documents(const struct image_options *o, struct measurements *m, struct documents *d,
                          struct err *err)
{
    struct writer w, values = writer_of(d->values, sizeof d->values);
    uint32_t ap_eip = 0;

    d->text = malloc(MEASUREMENTS_TEXT_MAX);
    if (!d->text)
        return err_set(err, ERR_LIMIT, 0, "no memory");
    w = writer_of(d->text, MEASUREMENTS_TEXT_MAX);
    if (image_input_load(o, m, &ap_eip, err) < 0 || measurements_write(m, &w, err) < 0 ||
        reference_values_write(m, ap_eip, &values, err) < 0)
        return -1;
    d->text_len = w.len;
    d->values_len = values.len;
    if (o->key && make_sig(o->key, d, err) < 0)
        return -1;
    return o->locks.count > 0 ? make_sbom(o, m, d, err) : 0;
}

static int write_beside(const char *out, const char *name, const uint8_t *bytes, size_t len, struct err *err)
{
    char path[OUTPUT_PATH_MAX];

    if (output_beside(out, name, path, err) < 0)
        return -1;
    return output_write(path, span_of(bytes, len), err);
}

static int write_documents(const char *out, const struct documents *d, struct err *err)
{
    char sig[OUTPUT_PATH_MAX];

    if (output_write(out, span_of(d->text, d->text_len), err) < 0 ||
        write_beside(out, REFERENCE_VALUES_FILE, d->values, d->values_len, err) < 0)
        return -1;
    if (d->sbom && write_beside(out, SBOM_FILE, d->sbom, d->sbom_len, err) < 0)
        return -1;
    if (d->sig_len == 0)
        return 0;
    if (snprintf(sig, sizeof sig, "%s.sig", out) >= (int) sizeof sig)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", out);
    return output_write(sig, span_of(d->sig, d->sig_len), err);
}

static int publish(const struct image_options *o, struct err *err)
{
    struct documents d = {0};
    struct measurements *m = calloc(1, sizeof *m);
    char out[OUTPUT_PATH_MAX];
    int rc = m ? output_join(o->dir, MEASUREMENTS_FILE, out, err) : err_set(err, ERR_LIMIT, 0, "no memory");

    if (rc == 0)
        rc = make_documents(o, m, &d, err);
    if (rc == 0)
        rc = write_documents(o->out ? o->out : out, &d, err);
    if (rc == 0 && o->json)
        (void) fwrite(d.text, 1, d.text_len, stdout); /* command_flush finds errors */
    free(d.text);
    free(d.sbom);
    free(m);
    return rc;
}

static int check_options(const struct image_options *o, struct err *err)
{
    if (!o->dir || !o->firmware)
        return err_set(err, ERR_MISSING, 0, "%s is needed", o->dir ? "--firmware" : "a folder");
    if (!o->edk2 != !o->qemu)
        return err_set(err, ERR_FORMAT, 0, "--edk2 and --qemu go together");
    if (o->tdx_firmware && !o->edk2)
        return err_set(err, ERR_FORMAT, 0, "--tdx-firmware needs --edk2 and --qemu");
    if ((o->locks.count > 0) != (o->licences != NULL) || (o->without.count > 0 && !o->licences))
        return err_set(err, ERR_FORMAT, 0, "--lock and --licences go together, --without needs both");
    if (o->locks.count > SBOM_LOCKS_MAX)
        return err_set(err, ERR_LIMIT, 0, "--lock: at most %d files", SBOM_LOCKS_MAX);
    return 0;
}

_Static_assert(OPTS_FILES_MAX <= SBOM_WITHOUT_MAX, "the names fit");
_Static_assert(OPTS_FILES_MAX <= MEASUREMENTS_WORKLOADS_MAX, "the workloads fit");
_Static_assert(OPTS_FILES_MAX <= MEASUREMENTS_HOST_DATA_MAX, "the host data fit");

static enum command_status run(int argc, char **argv, struct err *err)
{
    struct image_options o = {0};
    const struct opt opts[] = {
        {"help",         OPT_FLAG,    &o.help,         0},
        {"json",         OPT_FLAG,    &o.json,         0},
        {"debug",        OPT_FLAG,    &o.debug,        0},
        {"folder",       OPT_OPERAND, &o.dir,          0},
        {"firmware",     OPT_TEXT,    &o.firmware,     0},
        {"workload",     OPT_FILES,   &o.workloads,    0},
        {"initdata",     OPT_FILES,   &o.initdata,     0},
        {"edk2",         OPT_TEXT,    &o.edk2,         0},
        {"qemu",         OPT_TEXT,    &o.qemu,         0},
        {"tdx-firmware", OPT_TEXT,    &o.tdx_firmware, 0},
        {"key",          OPT_TEXT,    &o.key,          0},
        {"out",          OPT_TEXT,    &o.out,          0},
        {"lock",         OPT_FILES,   &o.locks,        0},
        {"licences",     OPT_TEXT,    &o.licences,     0},
        {"without",      OPT_FILES,   &o.without,      0},
    };

    if (opts_read(argc, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (o.help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (check_options(&o, err) < 0)
        return COMMAND_USAGE;
    if (publish(&o, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_image = {"image", "measurements.json of a built image", help, run};
