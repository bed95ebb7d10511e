/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bzimage.h"

#include "tdx_hob.h"

#include <string.h>

#define AT_SECTORS 0x1f1
#define AT_VGA 0x1fa
#define AT_BOOT_FLAG 0x1fe
#define AT_MAGIC 0x202
#define AT_PROTOCOL 0x206
#define AT_LOADER 0x210
#define AT_LOADFLAGS 0x211
#define AT_INITRD 0x218 /* address, then size */
#define AT_HEAP_END 0x224
#define AT_CMDLINE 0x228
#define AT_INITRD_MAX 0x22c
#define AT_XLOADFLAGS 0x236

#define SECTOR 512
#define BOOT_FLAG 0xaa55
#define PROTOCOL_OLDEST 0x20a
#define PROTOCOL_XLOADFLAGS 0x20c
#define LOADED_HIGH 0x01
#define CAN_USE_HEAP 0x80
#define INITRD_ABOVE_4G 0x02 /* in xloadflags */

#define QEMU_LOADER 0xb0
#define QEMU_CMDLINE 0x20000
#define QEMU_HEAP_END 0xfe00
#define QEMU_ACPI 0x28000 /* bytes that QEMU keeps free at the end of low memory */

static uint64_t field(struct span file, size_t at, size_t size)
{
    struct reader r = reader_of(span_sub(file, at, size));

    return size == 1 ? reader_u8(&r) : size == 2 ? reader_le16(&r) : reader_le32(&r);
}

int bzimage_parse(struct span file, struct bzimage *image, struct err *err)
{
    struct bzimage out = {0};
    uint64_t sectors;

    if (file.len < AT_XLOADFLAGS + 2 || field(file, AT_BOOT_FLAG, 2) != BOOT_FLAG ||
        !span_eq_str(span_sub(file, AT_MAGIC, 4), "HdrS"))
        return err_set(err, ERR_FORMAT, 0, "no bzImage: expected 0xaa55 at 0x%x and \"HdrS\" at 0x%x",
                       AT_BOOT_FLAG, AT_MAGIC);
    out.protocol = (uint16_t) field(file, AT_PROTOCOL, 2);
    if (out.protocol < PROTOCOL_OLDEST)
        return err_set(err, ERR_FORMAT, 0,
                       "boot protocol at 0x%x: 0x%x, expected 0x%x or later (a kernel with an EFI stub)",
                       AT_PROTOCOL, out.protocol, PROTOCOL_OLDEST);
    if (!(field(file, AT_LOADFLAGS, 1) & LOADED_HIGH))
        return err_set(err, ERR_FORMAT, 0, "load flags at 0x%x: not loaded high: no bzImage", AT_LOADFLAGS);
    sectors = field(file, AT_SECTORS, 1);
    if (((sectors ? sectors : 4) + 1) * SECTOR >= file.len)
        return err_set(err, ERR_FORMAT, 0, "setup sectors at 0x%x: %u, but the file has %zu bytes",
                       AT_SECTORS, (unsigned) sectors, file.len);
    out.initrd_addr_max = (uint32_t) field(file, AT_INITRD_MAX, 4);
    if (out.protocol >= PROTOCOL_XLOADFLAGS)
        out.xloadflags = (uint16_t) field(file, AT_XLOADFLAGS, 2);
    *image = out;
    return 0;
}

/* A number as C writes it (0x1f, 017, 31), up to a blank or the end; -1 if it is none. */
static int64_t c_number(struct span text)
{
    unsigned base = 10;
    size_t i = 0;
    int64_t v = 0;

    if (text.len > 0 && text.data[0] == '0') {
        base = text.len > 1 && (text.data[1] | 0x20) == 'x' ? 16 : 8;
        i = base == 16 ? 2 : 0;
    }
    if (i >= text.len || text.data[i] == ' ')
        return -1;
    for (; i < text.len && text.data[i] != ' '; i++) {
        uint8_t c = text.data[i] | 0x20;
        unsigned digit = c >= 'a' ? (unsigned) c - 'a' + 10 : (unsigned) c - '0';

        if (text.data[i] < '0' || (c > '9' && c < 'a') || digit >= base)
            return -1;
        v = v * base + digit;
        if (v > UINT32_MAX)
            return -1;
    }
    return v;
}

static bool starts(struct span text, const char *with)
{
    return span_eq_str(span_sub(text, 0, strlen(with)), with);
}

/* What stands behind the first vga= in the command line. */
static bool find_vga(struct span cmdline, struct span *text)
{
    for (size_t i = 0; i + 4 <= cmdline.len; i++) {
        *text = span_of(cmdline.data + i, cmdline.len - i);
        if (!starts(*text, "vga="))
            continue;
        *text = span_of(text->data + 4, text->len - 4);
        return true;
    }
    return false;
}

static int vga_mode(struct span cmdline, uint16_t *mode, struct err *err)
{
    struct span text;
    int64_t number;

    if (!find_vga(cmdline, &text))
        return 0;
    if (starts(text, "normal") || starts(text, "ext") || starts(text, "ask")) {
        *mode = starts(text, "normal") ? 0xffff : starts(text, "ext") ? 0xfffe : 0xfffd;
        return 0;
    }
    number = c_number(text);
    if (number < 0)
        return err_set(err, ERR_FORMAT, 0, "command line: vga=: expected normal, ext, ask or a number");
    *mode = (uint16_t) number;
    return 0;
}

static int initrd_address(const struct bzimage *image, const struct bzimage_boot *boot, uint32_t *address,
                          struct err *err)
{
    uint64_t low = boot->memory < TDX_SPLIT_MEMORY ? boot->memory : TDX_LOW_MEMORY;
    uint64_t max = image->xloadflags & INITRD_ABOVE_4G ? UINT32_MAX : image->initrd_addr_max;

    if (low <= QEMU_ACPI)
        return err_set(err, ERR_LIMIT, 0, "memory: 0x%llx bytes are too few", (unsigned long long) low);
    if (max >= low - QEMU_ACPI)
        max = low - QEMU_ACPI - 1;
    if (boot->initrd_size >= max)
        return err_set(err, ERR_LIMIT, 0, "initrd: %llu bytes do not fit below 0x%llx",
                       (unsigned long long) boot->initrd_size, (unsigned long long) max);
    *address = (uint32_t) (max - boot->initrd_size) & ~UINT32_C(4095);
    return 0;
}

static void put(uint8_t *head, size_t at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        head[at + i] = (uint8_t) (value >> 8 * i);
}

int bzimage_patch(struct span file, const struct bzimage *image, const struct bzimage_boot *boot,
                  uint8_t head[BZIMAGE_HEAD], struct err *err)
{
    uint16_t vga = (uint16_t) field(file, AT_VGA, 2);
    uint32_t address = 0;

    if (boot->initrd_size > BZIMAGE_INITRD_MAX)
        return err_set(err, ERR_LIMIT, 0, "initrd: %llu bytes, at most %llu",
                       (unsigned long long) boot->initrd_size, (unsigned long long) BZIMAGE_INITRD_MAX);
    if (vga_mode(boot->cmdline, &vga, err) < 0 ||
        (boot->initrd_size > 0 && initrd_address(image, boot, &address, err) < 0))
        return -1;
    memcpy(head, file.data, BZIMAGE_HEAD);
    put(head, AT_VGA, 2, vga);
    put(head, AT_LOADER, 1, QEMU_LOADER);
    put(head, AT_LOADFLAGS, 1, head[AT_LOADFLAGS] | CAN_USE_HEAP);
    put(head, AT_HEAP_END, 2, QEMU_HEAP_END);
    put(head, AT_CMDLINE, 4, QEMU_CMDLINE);
    if (boot->initrd_size > 0) {
        put(head, AT_INITRD, 4, address);
        put(head, AT_INITRD + 4, 4, boot->initrd_size);
    }
    return 0;
}
