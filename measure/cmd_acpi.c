/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nacre-measure acpi: the ACPI files that a QEMU would hand to the guest's firmware. */
#include "acpi_blob.h"
#include "commands.h"
#include "hash.h"
#include "json_write.h"
#include "opts.h"
#include "qtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOBS 3
#define PATH_TEXT_MAX 4096
#define JSON_MAX 4096

/* What OVMF has set up when it reads the tables; QEMU writes these addresses into them. */
#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define HOST_BRIDGE 0x00
#define LPC_BRIDGE 0x1f
#define PCIEXBAR 0x60
#define PCIEXBAR_VALUE 0xe0000001u
#define PMBASE 0x40
#define PMBASE_VALUE 0x600u
#define ACPI_CONTROL 0x44
#define ACPI_ENABLE 0x80u

static const char help[] =
    "usage: nacre-measure acpi [--out DIR] [--json] --qemu QEMU [ARGUMENT]...\n"
    "\n"
    "The three ACPI files that this QEMU with these arguments hands to the guest's firmware, which measures\n"
    "them into RTMR0 of a TDX guest. QEMU is started for a moment, and runs no guest code.\n"
    "\n"
    "  --out DIR   write the files table-loader, rsdp and tables to DIR, for tdx --acpi-tables\n"
    "  --json      one JSON object instead of text\n"
    "  --qemu ...  all that follows: the program and its arguments. The tables depend on QEMU's version, "
    "the\n"
    "              machine's type and options, the number of CPUs, memory and every device, so give what "
    "the\n"
    "              real VM gets, but for the confidential guest's object (and for -accel kvm where there is "
    "no\n"
    "              KVM)\n"
    "\n"
    "Exit status: 0 done, 2 usage, 3 bad input.\n";

struct blob {
    const char *name; /* fw_cfg's */
    const char *file;
    uint8_t *data;
    size_t size;
    uint8_t sha384[SHA384_SIZE];
};

struct dump {
    struct blob blobs[BLOBS];
    unsigned vcpus;
};

static int pci_write(struct qtest *q, uint32_t device, uint32_t reg, char width, uint32_t value,
                     struct err *err)
{
    if (qtest_out(q, 'l', PCI_ADDRESS, UINT32_C(1) << 31 | device << 11 | reg, err) < 0)
        return -1;
    return qtest_out(q, width, PCI_DATA, value, err);
}

static int set_up(struct qtest *q, struct err *err)
{
    if (pci_write(q, HOST_BRIDGE, PCIEXBAR + 4, 'l', 0, err) < 0 ||
        pci_write(q, HOST_BRIDGE, PCIEXBAR, 'l', PCIEXBAR_VALUE, err) < 0 ||
        pci_write(q, LPC_BRIDGE, PMBASE, 'l', PMBASE_VALUE, err) < 0)
        return -1;
    return pci_write(q, LPC_BRIDGE, ACPI_CONTROL, 'b', ACPI_ENABLE, err);
}

static int read_blobs(struct qtest *q, int argc, char **argv, struct dump *d, struct err *err)
{
    if (qtest_start(q, argc, argv, err) < 0 || set_up(q, err) < 0)
        return -1;
    for (size_t i = 0; i < BLOBS; i++) {
        struct blob *b = &d->blobs[i];

        if (qtest_file(q, b->name, &b->data, &b->size, err) < 0 ||
            hash_bytes(HASH_SHA384, span_of(b->data, b->size), b->sha384, err) < 0)
            return -1;
    }
    if (acpi_blob_processors(span_of(d->blobs[2].data, d->blobs[2].size), &d->vcpus, err) < 0)
        return err_prefix(err, "%s", d->blobs[2].name);
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data += n;
        size -= (size_t) n;
    }
    return 0;
}

static int write_file(const char *path, const struct blob *b, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int rc;

    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", path);
    rc = write_all(fd, b->data, b->size);
    if (rc < 0)
        (void) err_set(err, ERR_SYS, errno, "%s: %m", path);
    if (close(fd) < 0 && rc == 0)
        rc = err_set(err, ERR_SYS, errno, "%s: %m", path);
    return rc;
}

static int write_files(const char *dir, const struct dump *d, struct err *err)
{
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return err_set(err, ERR_SYS, errno, "%s: %m", dir);
    for (size_t i = 0; i < BLOBS; i++) {
        char path[PATH_TEXT_MAX];

        if (snprintf(path, sizeof path, "%s/%s", dir, d->blobs[i].file) >= (int) sizeof path)
            return err_set(err, ERR_LIMIT, 0, "--out: the path is too long");
        if (write_file(path, &d->blobs[i], err) < 0)
            return -1;
    }
    return 0;
}

static void print_text(const struct dump *d)
{
    for (size_t i = 0; i < BLOBS; i++) {
        const struct blob *b = &d->blobs[i];

        for (size_t k = 0; k < SHA384_SIZE; k++)
            (void) printf("%02x", b->sha384[k]);
        (void) printf(" %zu %s\n", b->size, b->name);
    }
}

static int print_json(const struct dump *d, struct err *err)
{
    char buf[JSON_MAX];
    struct writer w = writer_of(buf, sizeof buf);
    struct json_write j = json_write_to(&w);

    json_write_object(&j, NULL);
    json_write_array(&j, "files");
    for (size_t i = 0; i < BLOBS; i++) {
        json_write_object(&j, NULL);
        json_write_str(&j, "name", d->blobs[i].name);
        json_write_hex(&j, "sha384", span_of(d->blobs[i].sha384, SHA384_SIZE));
        json_write_u64(&j, "size", d->blobs[i].size);
        json_write_close(&j);
    }
    json_write_close(&j);
    json_write_u64(&j, "vcpus", d->vcpus);
    json_write_close(&j);
    if (!json_write_end(&j))
        return err_set(err, ERR_LIMIT, 0, "JSON: longer than %d bytes", JSON_MAX);
    (void) fwrite(w.buf, 1, w.len, stdout);
    return 0;
}

static int dump(int argc, char **argv, const char *out, bool json, struct err *err)
{
    struct dump d = {
        .blobs = {{.name = "etc/table-loader", .file = "table-loader"},
                  {.name = "etc/acpi/rsdp", .file = "rsdp"},
                  {.name = "etc/acpi/tables", .file = "tables"}}
    };
    struct qtest q = {.fd = -1, .log = -1};
    int rc = read_blobs(&q, argc, argv, &d, err);

    qtest_stop(&q);
    if (rc == 0 && out)
        rc = write_files(out, &d, err);
    if (rc == 0 && json)
        rc = print_json(&d, err);
    else if (rc == 0)
        print_text(&d);
    for (size_t i = 0; i < BLOBS; i++)
        free(d.blobs[i].data);
    return rc;
}

static enum command_status run(int argc, char **argv, struct err *err)
{
    const char *out = NULL;
    bool want_help = false, json = false;
    const struct opt opts[] = {
        {"help", OPT_FLAG, &want_help, 0},
        {"json", OPT_FLAG, &json,      0},
        {"out",  OPT_TEXT, &out,       0},
    };
    int mine = 1;

    while (mine < argc && strcmp(argv[mine], "--qemu") != 0)
        mine++;
    if (opts_read(mine, argv, opts, sizeof opts / sizeof opts[0], err) < 0)
        return COMMAND_USAGE;
    if (want_help) {
        (void) fputs(help, stdout);
        return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
    }
    if (mine + 1 >= argc) {
        (void) err_set(err, ERR_MISSING, 0, "--qemu and the program behind it are needed");
        return COMMAND_USAGE;
    }
    if (dump(argc - mine - 1, argv + mine + 1, out, json, err) < 0)
        return COMMAND_BAD_INPUT;
    return command_flush(err) < 0 ? COMMAND_BAD_INPUT : COMMAND_DONE;
}

const struct command command_acpi = {"acpi", "the ACPI tables that a QEMU hands to its guest, for RTMR0",
                                     help, run};
