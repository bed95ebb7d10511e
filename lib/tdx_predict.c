/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_predict.h"

#include "ccel.h"
#include "pcr.h"
#include "tdx_hob.h"
#include "tdx_mrtd.h"

#include <string.h>

#define INITRD_LAST " initrd=initrd"
#define INITRD_FIRST "initrd=initrd "

/* GUIDs as UEFI stores them. */
static const uint8_t guid_global[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                        0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
static const uint8_t guid_image_security[16] = {0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45,
                                                0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f};

/* The load option of OVMF's own menu: attributes, length of the path, "UiApp", firmware volume, file, end. */
static const uint8_t ui_app[] = {
    0x09, 0x01, 0x00, 0x00, 0x2c, 0x00, 'U',  0x00, 'i',  0x00, 'A',  0x00, 'p',  0x00, 'p',  0x00,
    0x00, 0x00, 0x04, 0x07, 0x14, 0x00, 0xc9, 0xbd, 0xb8, 0x7c, 0xeb, 0xf8, 0x34, 0x4f, 0xaa, 0xea,
    0x3e, 0xe4, 0xaf, 0x65, 0x16, 0xa1, 0x04, 0x06, 0x14, 0x00, 0x21, 0xaa, 0x2c, 0x46, 0x14, 0x76,
    0x03, 0x45, 0x83, 0x6e, 0x8a, 0xb6, 0xf4, 0x66, 0x23, 0x31, 0x7f, 0xff, 0x04, 0x00,
};
static const uint8_t boot_order[] = {0x00, 0x00};

struct build {
    const struct tdx_config *config;
    struct tdx_values *out;
};

/* Is every release that the firmware may be at least (before) this one? Neither, if it is not known. */
static bool edk2_from(const struct tdx_config *c, unsigned release)
{
    return c->edk2_first >= release;
}

static bool edk2_before(const struct tdx_config *c, unsigned release)
{
    return c->edk2_last != 0 && c->edk2_last < release;
}

/* A place for the next event. There are fewer than TDX_EVENTS_MAX. */
static struct tdx_event *next(struct build *b, unsigned rtmr, enum ccel_type type, const char *label)
{
    struct tdx_event *e = &b->out->events[b->out->event_count++];

    *e = (struct tdx_event){.rtmr = rtmr, .type = (uint32_t) type, .label = label};
    return e;
}

static int set_bytes(struct tdx_event *e, struct span bytes, struct err *err)
{
    e->known = true;
    return hash_bytes(HASH_SHA384, bytes, e->digest, err);
}

static int add_separator(struct build *b, unsigned rtmr, struct err *err)
{
    struct tdx_event *e = next(b, rtmr, CCEL_SEPARATOR, "separator");

    e->known = true;
    return pcr_separator(HASH_SHA384, e->digest, err);
}

static int add_variables(struct build *b, struct err *err)
{
    static const struct {
        const uint8_t *guid;
        const char *name;
    } variables[] = {
        {guid_global,         "SecureBoot"},
        {guid_global,         "PK"        },
        {guid_global,         "KEK"       },
        {guid_image_security, "db"        },
        {guid_image_security, "dbx"       },
    };

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        struct tdx_event *e = next(b, 0, CCEL_VARIABLE_DRIVER_CONFIG, variables[i].name);

        e->known = true;
        if (pcr_variable(HASH_SHA384, variables[i].guid, variables[i].name, span_of(NULL, 0), e->digest,
                         err) < 0)
            return -1;
    }
    return 0;
}

static int add_firmware_events(struct build *b, struct err *err)
{
    const struct tdx_config *c = b->config;
    const struct tdvf_section *cfv = tdvf_find(c->tdvf, TDVF_CFV);
    struct tdx_event *e = next(b, 0, CCEL_HANDOFF_TABLES2, "TD HOB");

    e->known = c->memory != 0;
    if (e->known && tdx_hob_digest(c->tdvf, c->memory, e->digest, err) < 0)
        return err_prefix(err, "%s", c->firmware_name);
    if (!cfv)
        return err_set(err, ERR_FORMAT, 0, "%s: TDX metadata: expected one CFV section", c->firmware_name);
    e = next(b, 0, CCEL_FIRMWARE_BLOB2, "configuration volume");
    return set_bytes(e, span_sub(c->firmware, cfv->offset, cfv->data_size), err);
}

static void add_acpi(struct build *b)
{
    static const char *const labels[TDX_ACPI_BLOBS] = {"ACPI table-loader", "ACPI rsdp", "ACPI tables"};

    for (size_t i = 0; i < TDX_ACPI_BLOBS; i++) {
        struct tdx_event *e = next(b, 0, CCEL_PLATFORM_CONFIG_FLAGS, labels[i]);

        e->known = b->config->has_acpi;
        memcpy(e->digest, b->config->acpi[i], SHA384_SIZE);
    }
}

static int add_boot_variables(struct build *b, struct err *err)
{
    if (set_bytes(next(b, 0, CCEL_VARIABLE_BOOT, "BootOrder"), span_of(boot_order, sizeof boot_order), err) <
        0)
        return -1;
    return set_bytes(next(b, 0, CCEL_VARIABLE_BOOT, "Boot0000"), span_of(ui_app, sizeof ui_app), err);
}

static const char *why_rtmr0(const struct tdx_config *c)
{
    if (c->edk2_last == 0)
        return "needs the firmware's edk2 release (--edk2)";
    if (!edk2_before(c, TDX_EDK2_SMBIOS))
        return "edk2 202505 and later measures SMBIOS tables and fw_cfg items that are not in these files";
    if (!edk2_before(c, TDX_EDK2_SEPARATOR) && !edk2_from(c, TDX_EDK2_SEPARATOR))
        return "needs the exact edk2 release (--edk2)";
    if (c->memory == 0)
        return "needs the memory's size (--memory)";
    return c->has_acpi ? NULL : "needs ACPI tables (--acpi-tables)";
}

static int predict_rtmr0(struct build *b, struct err *err)
{
    const struct tdx_config *c = b->config;

    b->out->rtmr[0].why = why_rtmr0(c);
    if (add_firmware_events(b, err) < 0)
        return -1;
    if (edk2_from(c, TDX_EDK2_SMBIOS))
        (void) next(b, 0, CCEL_PLATFORM_CONFIG_FLAGS, "fw_cfg items");
    if (add_variables(b, err) < 0 || add_separator(b, 0, err) < 0)
        return -1;
    add_acpi(b);
    if (edk2_from(c, TDX_EDK2_SMBIOS)) {
        (void) next(b, 0, CCEL_HANDOFF_TABLES, "SMBIOS tables");
        (void) next(b, 0, CCEL_VARIABLE_BOOT, "boot variables");
    }
    if (edk2_before(c, TDX_EDK2_SMBIOS) && add_boot_variables(b, err) < 0)
        return -1;
    return edk2_before(c, TDX_EDK2_SEPARATOR) ? add_separator(b, 0, err) : 0;
}

/* Does the firmware see a kernel that QEMU has patched? *why is set when that cannot be said. */
static bool is_patched(const struct tdx_config *c, const char **why)
{
    if (c->qemu == 0)
        *why = "needs QEMU's version (--qemu)";
    else if (c->qemu < TDX_QEMU_NAMED_KERNEL)
        return true;
    else if (c->qemu < TDX_QEMU_NO_PATCH && !edk2_from(c, TDX_EDK2_NAMED_KERNEL) &&
             !edk2_before(c, TDX_EDK2_NAMED_KERNEL))
        *why =
            "needs the exact edk2 release (--edk2): from 202502 on QEMU's changes to the kernel are unseen";
    else
        return c->qemu < TDX_QEMU_NO_PATCH && edk2_before(c, TDX_EDK2_NAMED_KERNEL);
    return false;
}

static int kernel_digest(struct build *b, struct tdx_event *e, struct err *err)
{
    const struct tdx_config *c = b->config;
    const char **why = &b->out->rtmr[1].why;
    struct bzimage_boot boot = {c->cmdline, c->initrd_size, c->memory};
    uint8_t head[BZIMAGE_HEAD];
    bool patched = is_patched(c, why);

    if (patched && c->initrd_size != 0 && c->memory == 0)
        *why = "needs the memory's size (--memory): QEMU puts the initrd's address into the kernel";
    if (*why)
        return 0;
    e->known = true;
    if (!patched)
        return pe_image_digest(c->kernel, span_of(NULL, 0), HASH_SHA384, e->digest, err);
    if (c->kernel->table_end > BZIMAGE_HEADER_AT)
        return err_set(err, ERR_FORMAT, 0, "kernel: PE section table ends at 0x%x, in the setup header",
                       c->kernel->table_end);
    if (bzimage_patch(c->kernel->file, c->bzimage, &boot, head, err) < 0)
        return -1;
    return pe_image_digest(c->kernel, span_of(head, sizeof head), HASH_SHA384, e->digest, err);
}

static int predict_rtmr1(struct build *b, struct err *err)
{
    const struct tdx_config *c = b->config;
    const char **why = &b->out->rtmr[1].why;
    struct tdx_event *e = next(b, 1, CCEL_BOOT_SERVICES_APPLICATION, "kernel");

    if (!c->kernel)
        *why = "needs the kernel (--kernel)";
    else if (kernel_digest(b, e, err) < 0)
        return -1;
    if (!*why && !edk2_from(c, TDX_EDK2_SEPARATOR) && !edk2_before(c, TDX_EDK2_SEPARATOR))
        *why = "needs the firmware's edk2 release (--edk2)";
    if (set_bytes(next(b, 1, CCEL_ACTION, PCR_CALLING), span_str(PCR_CALLING), err) < 0)
        return -1;
    if (edk2_from(c, TDX_EDK2_SEPARATOR) && add_separator(b, 1, err) < 0)
        return -1;
    if (set_bytes(next(b, 1, CCEL_ACTION, PCR_EXIT), span_str(PCR_EXIT), err) < 0)
        return -1;
    return set_bytes(next(b, 1, CCEL_ACTION, PCR_EXIT_DONE), span_str(PCR_EXIT_DONE), err);
}

static int load_options(const struct tdx_config *c, struct tdx_event *e, struct err *err)
{
    uint8_t text[PCR_TEXT_MAX];
    struct writer w = writer_of(text, sizeof text);

    if (c->initrd_size != 0 && edk2_from(c, TDX_EDK2_INITRD_FIRST))
        writer_str(&w, INITRD_FIRST);
    writer_bytes(&w, c->cmdline);
    if (c->initrd_size != 0 && edk2_before(c, TDX_EDK2_INITRD_FIRST))
        writer_str(&w, INITRD_LAST);
    if (w.bad)
        return err_set(err, ERR_LIMIT, 0, "command line: %zu bytes, at most %d", c->cmdline.len,
                       PCR_TEXT_MAX);
    return pcr_load_options(HASH_SHA384, writer_span(&w), e->digest, err);
}

static int predict_rtmr2(struct build *b, struct err *err)
{
    const struct tdx_config *c = b->config;
    bool rule =
        c->initrd_size == 0 || edk2_from(c, TDX_EDK2_INITRD_FIRST) || edk2_before(c, TDX_EDK2_INITRD_FIRST);
    struct tdx_event *e;

    if (!c->kernel) {
        b->out->rtmr[2].why = "needs the kernel (--kernel)";
        return 0;
    }
    if (!rule)
        b->out->rtmr[2].why =
            "needs the exact edk2 release (--edk2): 202508 moved initrd=initrd to the front";
    if (c->cmdline.len > 0 || c->initrd_size != 0) {
        e = next(b, 2, CCEL_EVENT_TAG, "command line");
        e->known = rule;
        if (rule && load_options(c, e, err) < 0)
            return -1;
    }
    if (c->initrd_size != 0) {
        e = next(b, 2, CCEL_EVENT_TAG, "initrd");
        e->known = true;
        memcpy(e->digest, c->initrd, SHA384_SIZE);
    }
    return 0;
}

/* Extend the registers that are known by their events. */
static int replay(struct tdx_values *v, struct err *err)
{
    for (unsigned rtmr = 0; rtmr < 3; rtmr++) {
        struct pcr pcr = pcr_new(HASH_SHA384);

        for (size_t i = 0; !v->rtmr[rtmr].why && i < v->event_count; i++) {
            if (v->events[i].rtmr == rtmr && pcr_extend(&pcr, v->events[i].digest, err) < 0)
                return -1;
        }
        memcpy(v->rtmr[rtmr].value, pcr.value, SHA384_SIZE);
    }
    return 0;
}

int tdx_predict(const struct tdx_config *config, struct tdx_values *values, struct err *err)
{
    struct tdx_values out = {0};
    struct build b = {config, &out};

    if (tdx_mrtd(config->firmware, config->tdvf, TDX_MRTD_SINGLE_PASS, out.mrtd_single_pass, err) < 0 ||
        tdx_mrtd(config->firmware, config->tdvf, TDX_MRTD_TWO_PASS, out.mrtd_two_pass, err) < 0 ||
        predict_rtmr0(&b, err) < 0 || predict_rtmr1(&b, err) < 0 || predict_rtmr2(&b, err) < 0 ||
        replay(&out, err) < 0)
        return -1;
    *values = out;
    return 0;
}
