/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_vmsa.h"

#include <string.h>

/* Offsets of the segments and registers that are not zero at the start. */
enum {
    VMSA_ES = 0x00,
    VMSA_CS = 0x10,
    VMSA_SS = 0x20,
    VMSA_DS = 0x30,
    VMSA_FS = 0x40,
    VMSA_GS = 0x50,
    VMSA_GDTR = 0x60,
    VMSA_LDTR = 0x70,
    VMSA_IDTR = 0x80,
    VMSA_TR = 0x90,
    VMSA_EFER = 0xd0,
    VMSA_CR4 = 0x148,
    VMSA_CR0 = 0x158,
    VMSA_DR7 = 0x160,
    VMSA_DR6 = 0x168,
    VMSA_RFLAGS = 0x170,
    VMSA_RIP = 0x178,
    VMSA_G_PAT = 0x268,
    VMSA_RDX = 0x310,
    VMSA_SEV_FEATURES = 0x3b0,
    VMSA_XCR0 = 0x3e8,
    VMSA_MXCSR = 0x408,
    VMSA_FCW = 0x410,
};

struct segment {
    uint16_t selector;
    uint16_t attributes;
    uint32_t limit;
    uint64_t base;
};

static void put(uint8_t *page, size_t offset, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        page[offset + i] = (uint8_t) (value >> 8 * i);
}

static void put_segment(uint8_t *page, size_t offset, struct segment s)
{
    put(page, offset, s.selector, 2);
    put(page, offset + 2, s.attributes, 2);
    put(page, offset + 4, s.limit, 4);
    put(page, offset + 8, s.base, 8);
}

static bool is_ec2(const struct snp_launch *launch)
{
    return launch->vmm == SNP_LAUNCH_EC2 || launch->vmm == SNP_LAUNCH_EC2_RDX0;
}

/* Real mode, as a processor leaves reset. */
static void put_segments(const struct snp_launch *launch, uint32_t eip, bool is_bsp, uint8_t *page)
{
    const struct segment data = {0, 0x93, 0xffff, 0};
    struct segment stack = data;
    struct segment code = {0xf000, 0x9b, 0xffff, eip & 0xffff0000u};
    struct segment task = {0, 0x8b, 0xffff, 0};

    if (is_ec2(launch)) {
        stack.attributes = 0x92;
        task.attributes = 0x83;
        if (is_bsp)
            code.attributes = 0x9a;
    }
    put_segment(page, VMSA_ES, data);
    put_segment(page, VMSA_CS, code);
    put_segment(page, VMSA_SS, stack);
    put_segment(page, VMSA_DS, data);
    put_segment(page, VMSA_FS, data);
    put_segment(page, VMSA_GS, data);
    put_segment(page, VMSA_TR, task);
}

/* 32-bit protected mode, flat. */
static void put_segments_svsm(uint8_t *page)
{
    const struct segment data = {0x10, 0xc93, 0xffffffff, 0};

    put_segment(page, VMSA_ES, data);
    put_segment(page, VMSA_CS, (struct segment){8, 0xc9b, 0xffffffff, 0});
    put_segment(page, VMSA_SS, data);
    put_segment(page, VMSA_DS, data);
    put_segment(page, VMSA_FS, data);
    put_segment(page, VMSA_GS, (struct segment){0, 0x93, 0xffff, 0});
    put_segment(page, VMSA_TR, (struct segment){0, 0x8b, 0xffff, 0});
}

static uint64_t rdx_of(const struct snp_launch *launch)
{
    switch (launch->vmm) {
    case SNP_LAUNCH_QEMU:
    case SNP_LAUNCH_SVSM:
        return launch->vcpu_sig;
    case SNP_LAUNCH_EC2:
    case SNP_LAUNCH_GCE:
        return 0x600;
    case SNP_LAUNCH_EC2_RDX0:
        break;
    }
    return 0;
}

void snp_vmsa_write(const struct snp_launch *launch, uint32_t eip, bool is_bsp, uint8_t page[OVMF_PAGE])
{
    bool svsm = launch->vmm == SNP_LAUNCH_SVSM;
    bool fpu = !launch->no_fpu && (launch->vmm == SNP_LAUNCH_QEMU || svsm);

    memset(page, 0, OVMF_PAGE);
    if (svsm)
        put_segments_svsm(page);
    else
        put_segments(launch, eip, is_bsp, page);
    put_segment(page, VMSA_GDTR, (struct segment){0, 0, 0xffff, 0});
    put_segment(page, VMSA_IDTR, (struct segment){0, 0, 0xffff, 0});
    put_segment(page, VMSA_LDTR, (struct segment){0, 0x82, 0xffff, 0});
    put(page, VMSA_EFER, 0x1000, 8);
    put(page, VMSA_CR4, 0x40, 8);
    put(page, VMSA_CR0, svsm ? 0x11 : 0x10, 8);
    put(page, VMSA_DR7, 0x400, 8);
    put(page, VMSA_DR6, 0xffff0ff0, 8);
    put(page, VMSA_RFLAGS, 2, 8);
    put(page, VMSA_RIP, svsm ? eip : eip & 0xffff, 8);
    put(page, VMSA_G_PAT, launch->vmm == SNP_LAUNCH_GCE ? 0x70106 : UINT64_C(0x7040600070406), 8);
    put(page, VMSA_RDX, rdx_of(launch), 8);
    put(page, VMSA_SEV_FEATURES, svsm ? 1 : launch->features, 8);
    put(page, VMSA_XCR0, 1, 8);
    put(page, VMSA_MXCSR, fpu ? 0x1f80 : 0, 4);
    put(page, VMSA_FCW, fpu && !svsm ? 0x37f : 0, 2);
}
