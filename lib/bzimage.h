/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bzimage: the setup header of an x86 Linux kernel, and the changes that QEMU makes to it before a firmware
 * sees it. Linux Documentation/arch/x86/boot.rst; QEMU hw/i386/x86-common.c; docs/formats/tdx-measurement.md.
 *
 * The kernel's builder chose these bytes. A patched header changes the kernel's digest in RTMR1, so memory
 * size and initrd size become part of it.
 */
#ifndef NACRE_BZIMAGE_H
#define NACRE_BZIMAGE_H

#include "err.h"
#include "span.h"

#include <stdint.h>

#define BZIMAGE_HEAD 0x22c      /* bytes from the file's start in which all changes lie */
#define BZIMAGE_HEADER_AT 0x1f1 /* file offset of the setup header: nothing before it is changed but vga */
#define BZIMAGE_INITRD_MAX (UINT64_C(1) << 31) /* bytes */

struct bzimage {
    uint16_t protocol;   /* boot protocol: major << 8 | minor */
    uint16_t xloadflags; /* 0 before protocol 2.12 */
    uint32_t initrd_addr_max;
};

/* How QEMU starts it. */
struct bzimage_boot {
    struct span cmdline;  /* as -append gets it */
    uint64_t initrd_size; /* bytes; 0: none */
    uint64_t memory;      /* bytes of guest memory */
};

/* ERR_FORMAT: no bzImage, one without an EFI stub's boot protocol (before 2.10), or not loaded high. */
int bzimage_parse(struct span file, struct bzimage *image, struct err *err)
    __attribute__((warn_unused_result, nonnull));

/* The first BZIMAGE_HEAD bytes of the file as the firmware gets them from a QEMU that patches them.
 * ERR_FORMAT: a vga= in the command line that QEMU refuses; ERR_LIMIT: the initrd does not fit. */
int bzimage_patch(struct span file, const struct bzimage *image, const struct bzimage_boot *boot,
                  uint8_t head[BZIMAGE_HEAD], struct err *err) __attribute__((warn_unused_result, nonnull));

#endif
