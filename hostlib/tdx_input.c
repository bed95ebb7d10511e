/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_input.h"

#include "acpi_blob.h"
#include "command.h"
#include "hex.h"
#include "ovmf.h"
#include "pcr.h"
#include "tdx_hob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_TEXT_MAX 4096
#define RTMR3_FILE_MAX 65536 /* bytes of the list of digests */

/* SIZE as QEMU's -m reads it: MiB, or a number with a unit. */
static int read_memory(const char *text, uint64_t *bytes, struct err *err)
{
    static const char units[] = "kmgt";
    size_t digits = strspn(text, "0123456789");
    char number[24];
    const char *unit = NULL;
    uint64_t count = 0, scale = UINT64_C(1) << 20;

    (void) snprintf(number, sizeof number, "%.*s", (int) (digits < 20 ? digits : 20), text);
    if (text[digits] != '\0')
        unit = strchr(units, text[digits] | 0x20);
    if (text[digits] != '\0' && (!unit || text[digits + 1] != '\0'))
        return err_set(err, ERR_FORMAT, 0, "--memory: expected a number and K, M, G or T, found '%s'", text);
    if (unit)
        scale = UINT64_C(1) << 10 * (unit - units + 1);
    if (command_number("--memory", number, 10, TDX_MEMORY_MAX / scale, &count, err) < 0)
        return -1;
    if (count == 0)
        return err_set(err, ERR_FORMAT, 0, "--memory: expected more than 0");
    *bytes = count * scale;
    return 0;
}

/* "9.2" or "9.2.1" */
static int read_qemu(const char *text, unsigned *version, struct err *err)
{
    unsigned parts[3] = {0, 0, 0};
    size_t count = 0;

    for (const char *at = text; count < 3; at++) {
        size_t digits = strspn(at, "0123456789");

        if (digits == 0 || digits > 2)
            break;
        parts[count++] = (unsigned) strtoul(at, NULL, 10);
        at += digits;
        if (*at == '\0' && count >= 2 && parts[0] > 0) {
            *version = parts[0] * 100 + parts[1];
            return 0;
        }
        if (*at != '.')
            break;
    }
    return err_set(err, ERR_FORMAT, 0, "--qemu: expected a version as 9.2 or 10.1.2, found '%s'", text);
}

static int read_edk2(const char *text, unsigned *first, unsigned *last, struct err *err)
{
    static const struct {
        const char *name;
        unsigned first;
        unsigned last;
    } profiles[] = {
        {"A", TDX_EDK2_OLDEST,    202408               },
        {"B", TDX_EDK2_SEPARATOR, TDX_EDK2_NAMED_KERNEL},
        {"C", TDX_EDK2_SMBIOS,    TDX_EDK2_NEWEST      },
    };
    uint64_t release = 0;

    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcmp(profiles[i].name, text) == 0) {
            *first = profiles[i].first;
            *last = profiles[i].last;
            return 0;
        }
    }
    if (strlen(text) != 6 || command_number("--edk2", text, 10, TDX_EDK2_NEWEST, &release, err) < 0 ||
        release < TDX_EDK2_OLDEST || release % 100 < 1 || release % 100 > 12)
        return err_set(err, ERR_FORMAT, 0, "--edk2: expected A, B, C or a release from %d on, found '%s'",
                       TDX_EDK2_OLDEST, text);
    *first = *last = (unsigned) release;
    return 0;
}

int tdx_options_check(struct tdx_options *o, struct err *err)
{
    if (!o->firmware)
        return err_set(err, ERR_MISSING, 0, "--firmware is needed");
    if (!o->kernel && (o->initrd || o->cmdline))
        return err_set(err, ERR_FORMAT, 0, "--initrd and --cmdline need --kernel");
    if (o->vcpus.given && o->vcpus.value == 0)
        return err_set(err, ERR_FORMAT, 0, "--vcpus: expected 1 to %d", TDX_VCPUS_MAX);
    if (o->memory && read_memory(o->memory, &o->memory_bytes, err) < 0)
        return -1;
    if (o->qemu && read_qemu(o->qemu, &o->qemu_version, err) < 0)
        return -1;
    return o->edk2 ? read_edk2(o->edk2, &o->edk2_first, &o->edk2_last, err) : 0;
}

static int load_firmware(const char *path, struct tdx_input *in, struct err *err)
{
    struct ovmf ovmf;

    if (files_map_open(path, OVMF_SIZE_MAX, &in->firmware, err) < 0)
        return -1;
    if (ovmf_parse(in->firmware.bytes, &ovmf, err) < 0)
        return err_prefix(err, "%s", path);
    if (!ovmf.has_tdx_metadata)
        return err_set(err, ERR_MISSING, 0, "%s: firmware: no TDX metadata in the table at its end", path);
    if (tdvf_parse(in->firmware.bytes, ovmf.tdx_from_end, &in->tdvf, err) < 0)
        return err_prefix(err, "%s", path);
    in->config.firmware_name = path;
    in->config.firmware = in->firmware.bytes;
    in->config.tdvf = &in->tdvf;
    return 0;
}

static int load_kernel(const struct tdx_options *o, struct tdx_input *in, struct err *err)
{
    struct tdx_config *c = &in->config;

    if (files_map_open(o->kernel, PE_IMAGE_MAX, &in->kernel, err) < 0)
        return -1;
    if (bzimage_parse(in->kernel.bytes, &in->bzimage, err) < 0 ||
        pe_image_parse(in->kernel.bytes, &in->pe, err) < 0)
        return err_prefix(err, "%s", o->kernel);
    c->kernel = &in->pe;
    c->bzimage = &in->bzimage;
    c->cmdline = span_str(o->cmdline ? o->cmdline : "");
    if (!o->initrd)
        return 0;
    if (files_hash(o->initrd, HASH_SHA384, c->initrd, &c->initrd_size, err) < 0)
        return -1;
    if (c->initrd_size == 0)
        return err_set(err, ERR_FORMAT, 0, "%s: an empty initrd; leave --initrd away", o->initrd);
    return 0;
}

static int check_processors(const char *path, struct span tables, const struct opt_number *vcpus,
                            struct err *err)
{
    unsigned found = 0;

    if (acpi_blob_processors(tables, &found, err) < 0)
        return err_prefix(err, "%s", path);
    if (vcpus->given && vcpus->value != found)
        return err_set(err, ERR_DENIED, 0, "%s: made for %u virtual CPUs, but --vcpus is %u", path, found,
                       (unsigned) vcpus->value);
    return 0;
}

static int load_acpi(const struct tdx_options *o, struct tdx_input *in, struct err *err)
{
    static const char *const names[TDX_ACPI_BLOBS] = {"table-loader", "rsdp", "tables"};

    for (size_t i = 0; i < TDX_ACPI_BLOBS; i++) {
        char path[PATH_TEXT_MAX];
        AUTO_MAP map = {0};

        if (snprintf(path, sizeof path, "%s/%s", o->acpi_tables, names[i]) >= (int) sizeof path)
            return err_set(err, ERR_LIMIT, 0, "--acpi-tables: the path is too long");
        if (files_map_open(path, ACPI_BLOB_MAX, &map, err) < 0 ||
            hash_bytes(HASH_SHA384, map.bytes, in->config.acpi[i], err) < 0)
            return -1;
        if (i + 1 == TDX_ACPI_BLOBS && check_processors(path, map.bytes, &o->vcpus, err) < 0)
            return -1;
    }
    in->config.has_acpi = true;
    return 0;
}

/* Lines of 96 hex digits. */
static int load_rtmr3(const char *path, struct tdx_input *in, struct err *err)
{
    AUTO_MAP map = {0};
    struct pcr pcr = pcr_new(HASH_SHA384);
    struct span left;

    if (files_map_open(path, RTMR3_FILE_MAX, &map, err) < 0)
        return -1;
    left = map.bytes;
    for (unsigned line = 1; left.len > 0; line++) {
        const uint8_t *end = memchr(left.data, '\n', left.len);
        size_t len = end ? (size_t) (end - left.data) : left.len;
        uint8_t digest[SHA384_SIZE];

        if (hex_decode(span_sub(left, 0, len), digest, sizeof digest, err) < 0)
            return err_prefix(err, "%s: line %u", path, line);
        if (pcr_extend(&pcr, digest, err) < 0)
            return -1;
        len += end ? 1 : 0;
        left = span_sub(left, len, left.len - len);
    }
    memcpy(in->rtmr3, pcr.value, sizeof in->rtmr3);
    return 0;
}

int tdx_input_load(const struct tdx_options *o, struct tdx_input *in, struct err *err)
{
    in->config.memory = o->memory_bytes;
    in->config.qemu = o->qemu_version;
    in->config.edk2_first = o->edk2_first;
    in->config.edk2_last = o->edk2_last;
    if (load_firmware(o->firmware, in, err) < 0)
        return -1;
    if (o->kernel && load_kernel(o, in, err) < 0)
        return -1;
    if (o->acpi_tables && load_acpi(o, in, err) < 0)
        return -1;
    return o->rtmr3 ? load_rtmr3(o->rtmr3, in, err) : 0;
}

void tdx_input_free(struct tdx_input *in)
{
    files_map_close(&in->firmware);
    files_map_close(&in->kernel);
}
