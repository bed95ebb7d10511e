/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snp_launch.h"

#include "hash.h"
#include "snp_vmsa.h"

#include <string.h>

#define GUID_SIZE 16
#define PAGE_INFO_SIZE 0x70
#define VMSA_GPA UINT64_C(0xfffffffff000) /* where KVM says the VMSA pages are */
#define FIRMWARE_END (UINT64_C(1) << 32)  /* firmware ends at 4 GiB */
#define TABLE_SIZE 168                    /* of the kernel hashes; SNP_LAUNCH_TABLE_SIZE with padding */
#define TABLE_ENTRY_SIZE 50

enum page_type {
    PAGE_NORMAL = 1,
    PAGE_VMSA = 2,
    PAGE_ZERO = 3,
    PAGE_UNMEASURED = 4,
    PAGE_SECRETS = 5,
    PAGE_CPUID = 6,
};

static const uint8_t guid_table[GUID_SIZE] = {0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c,
                                              0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21};
static const uint8_t guid_cmdline[GUID_SIZE] = {0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c,
                                                0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a};
static const uint8_t guid_initrd[GUID_SIZE] = {0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b,
                                               0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d};
static const uint8_t guid_kernel[GUID_SIZE] = {0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42,
                                               0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b};

/* CPUID leaf 1 EAX of QEMU's CPU models. */
static const struct {
    const char *model;
    uint32_t sig;
} cpu_models[] = {
    {"EPYC",          0x800f12},
    {"EPYC-v1",       0x800f12},
    {"EPYC-v2",       0x800f12},
    {"EPYC-IBPB",     0x800f12},
    {"EPYC-v3",       0x800f12},
    {"EPYC-v4",       0x800f12},
    {"EPYC-Rome",     0x830f10},
    {"EPYC-Rome-v1",  0x830f10},
    {"EPYC-Rome-v2",  0x830f10},
    {"EPYC-Rome-v3",  0x830f10},
    {"EPYC-Milan",    0xa00f11},
    {"EPYC-Milan-v1", 0xa00f11},
    {"EPYC-Milan-v2", 0xa00f11},
    {"EPYC-Genoa",    0xa10f10},
    {"EPYC-Genoa-v1", 0xa10f10},
    {"EPYC-Turin",    0xb00f00},
    {"EPYC-Turin-v1", 0xb00f00},
};
#define CPU_MODELS (sizeof cpu_models / sizeof cpu_models[0])

uint32_t snp_launch_cpu_sig(const char *model)
{
    for (size_t i = 0; i < CPU_MODELS; i++) {
        if (strcmp(cpu_models[i].model, model) == 0)
            return cpu_models[i].sig;
    }
    return 0;
}

uint32_t snp_launch_family_sig(unsigned family, unsigned model, unsigned stepping)
{
    uint32_t low = family > 15 ? 15 : family;

    return (family - low) << 20 | (model >> 4) << 16 | low << 8 | (model & 15) << 4 | stepping;
}

const char *snp_launch_cpu_model(size_t i)
{
    return i < CPU_MODELS ? cpu_models[i].model : NULL;
}

/* digest = SHA-384(PAGE_INFO). contents is the SHA-384 of the page, or NULL where contents are not measured.
 */
static int extend(uint8_t *digest, enum page_type type, uint64_t gpa, const uint8_t *contents,
                  struct err *err)
{
    uint8_t info[PAGE_INFO_SIZE];
    struct writer w = writer_of(info, sizeof info);

    writer_bytes(&w, span_of(digest, SHA384_SIZE));
    if (contents)
        writer_bytes(&w, span_of(contents, SHA384_SIZE));
    else
        writer_zeros(&w, SHA384_SIZE);
    writer_le16(&w, PAGE_INFO_SIZE);
    writer_u8(&w, (uint8_t) type);
    writer_u8(&w, 0);   /* not an IMI page */
    writer_le32(&w, 0); /* permissions of the other VMPLs: none */
    writer_le64(&w, gpa);
    return hash_bytes(HASH_SHA384, writer_span(&w), digest, err);
}

/* More than half of a firmware file is erased flash or padding: SHA-384 of a page of 0xff, of a page of 0. */
static const uint8_t contents_ff[SHA384_SIZE] = {
    0x97, 0x61, 0xa6, 0xcc, 0x8f, 0x38, 0x15, 0x14, 0x12, 0x5b, 0xd5, 0x46, 0x1b, 0x11, 0xa1, 0x7a,
    0x72, 0x17, 0x03, 0xfb, 0x21, 0x79, 0xdd, 0xf1, 0x53, 0x48, 0xb6, 0x27, 0x6b, 0x47, 0xfe, 0x93,
    0xbb, 0xca, 0x56, 0x50, 0x60, 0xbd, 0xb4, 0x25, 0xc9, 0x9c, 0xae, 0x93, 0xfb, 0xd6, 0x8d, 0x84};
static const uint8_t contents_00[SHA384_SIZE] = {
    0xc0, 0xe5, 0x9a, 0x3e, 0x3f, 0xfb, 0xd3, 0xb5, 0xc7, 0x54, 0x28, 0xfb, 0x36, 0x43, 0x2f, 0xac,
    0xab, 0xc7, 0x45, 0x94, 0x42, 0x96, 0xff, 0x51, 0x5f, 0x73, 0x7c, 0x4f, 0xef, 0x4e, 0xfc, 0x64,
    0x58, 0x68, 0x09, 0xf7, 0xa1, 0x6f, 0x56, 0x35, 0x4a, 0x1e, 0xae, 0xcf, 0x2a, 0xa8, 0xd7, 0x74};

/* The digest of a page of one byte value that has a known one, else NULL. */
static const uint8_t *known_contents(struct span page)
{
    if (page.len != OVMF_PAGE || (page.data[0] != 0 && page.data[0] != 0xff) ||
        memcmp(page.data, page.data + 1, OVMF_PAGE - 1) != 0)
        return NULL;
    return page.data[0] == 0 ? contents_00 : contents_ff;
}

static int extend_page(uint8_t *digest, enum page_type type, uint64_t gpa, struct span page, struct err *err)
{
    const uint8_t *known = known_contents(page);
    uint8_t contents[SHA384_SIZE];

    if (known)
        return extend(digest, type, gpa, known, err);
    if (hash_bytes(HASH_SHA384, page, contents, err) < 0)
        return -1;
    return extend(digest, type, gpa, contents, err);
}

/* Pages whose contents are not measured, one after the other. */
static int extend_range(uint8_t *digest, enum page_type type, uint64_t gpa, uint32_t size, struct err *err)
{
    for (uint32_t at = 0; at < size; at += OVMF_PAGE) {
        if (extend(digest, type, gpa + at, NULL, err) < 0)
            return -1;
    }
    return 0;
}

uint64_t snp_launch_firmware_gpa(size_t firmware_size)
{
    return FIRMWARE_END - firmware_size;
}

int snp_launch_firmware_part(uint64_t gpa, struct span pages, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE],
                             struct err *err)
{
    uint8_t ld[SHA384_SIZE];

    if (pages.len == 0 || pages.len % OVMF_PAGE || pages.len > OVMF_SIZE_MAX)
        return err_set(err, ERR_FORMAT, 0, "firmware: %zu bytes are not 1 to %u whole pages", pages.len,
                       OVMF_SIZE_MAX / OVMF_PAGE);
    memcpy(ld, digest, sizeof ld);
    for (size_t at = 0; at < pages.len; at += OVMF_PAGE) {
        if (extend_page(ld, PAGE_NORMAL, gpa + at, span_sub(pages, at, OVMF_PAGE), err) < 0)
            return -1;
    }
    memcpy(digest, ld, sizeof ld);
    return 0;
}

int snp_launch_svsm_place(const struct snp_launch_svsm *sizes, struct ovmf *svsm, uint64_t *gpa,
                          struct err *err)
{
    uint64_t total = (uint64_t) sizes->firmware_size + sizes->vars_size + sizes->size;

    if (!svsm->has_svsm_info)
        return err_set(err, ERR_FORMAT, 0, "svsm: no SVSM_INFO entry; is this a COCONUT-SVSM binary?");
    if (sizes->size == 0 || sizes->size % OVMF_PAGE || sizes->vars_size % OVMF_PAGE ||
        total > FIRMWARE_END / 2)
        return err_set(err, ERR_FORMAT, 0,
                       "svsm: %zu bytes below %zu of variables are not whole pages that fit", sizes->size,
                       sizes->vars_size);
    if (svsm->svsm_launch_offset >= sizes->size)
        return err_set(err, ERR_FORMAT, 0, "svsm: starts at 0x%x, which is behind its %zu bytes",
                       svsm->svsm_launch_offset, sizes->size);
    *gpa = FIRMWARE_END - total;
    svsm->has_reset_eip = true;
    svsm->reset_eip = (uint32_t) *gpa + svsm->svsm_launch_offset;
    return 0;
}

int snp_launch_firmware(struct span firmware, uint8_t digest[SNP_LAUNCH_DIGEST_SIZE], struct err *err)
{
    uint8_t ld[SHA384_SIZE] = {0};

    if (snp_launch_firmware_part(snp_launch_firmware_gpa(firmware.len), firmware, ld, err) < 0)
        return -1;
    memcpy(digest, ld, sizeof ld);
    return 0;
}

int snp_launch_cmdline_hash(struct span cmdline, uint8_t hash[SNP_LAUNCH_HASH_SIZE], struct err *err)
{
    struct hash h;

    if (hash_begin(HASH_SHA256, &h, err) < 0 || hash_update(&h, cmdline, err) < 0 ||
        hash_update(&h, span_of("", 1), err) < 0)
        return -1;
    return hash_end(&h, hash, err);
}

static void put_hash(struct writer *w, const uint8_t *guid, const uint8_t *hash)
{
    writer_bytes(w, span_of(guid, GUID_SIZE));
    writer_le16(w, TABLE_ENTRY_SIZE);
    writer_bytes(w, span_of(hash, SNP_LAUNCH_HASH_SIZE));
}

void snp_launch_table(const struct snp_launch_kernel *kernel, struct writer *w)
{
    writer_bytes(w, span_of(guid_table, GUID_SIZE));
    writer_le16(w, TABLE_SIZE);
    put_hash(w, guid_cmdline, kernel->cmdline);
    put_hash(w, guid_initrd, kernel->initrd);
    put_hash(w, guid_kernel, kernel->kernel);
    writer_zeros(w, SNP_LAUNCH_TABLE_SIZE - TABLE_SIZE);
}

/* The page that QEMU fills with the table of hashes. */
static int extend_kernel_hashes(uint8_t *digest, const struct snp_launch *launch, uint32_t gpa,
                                struct err *err)
{
    uint32_t offset = launch->ovmf->hash_table_gpa % OVMF_PAGE;
    uint8_t page[OVMF_PAGE];
    struct writer w = writer_of(page, sizeof page);

    if (launch->ovmf->hash_table_gpa - offset != gpa || offset > OVMF_PAGE - SNP_LAUNCH_TABLE_SIZE)
        return err_set(err, ERR_FORMAT, 0,
                       "firmware: table of kernel hashes at 0x%x is not inside its page at 0x%x",
                       launch->ovmf->hash_table_gpa, gpa);
    writer_zeros(&w, offset);
    snp_launch_table(launch->kernel, &w);
    writer_zeros(&w, sizeof page - w.len);
    return extend_page(digest, PAGE_NORMAL, gpa, writer_span(&w), err);
}

static int extend_section(uint8_t *digest, const struct snp_launch *launch, const struct ovmf_section *s,
                          struct err *err)
{
    switch (s->type) {
    case OVMF_SEC_MEM:
        return extend_range(digest, launch->vmm == SNP_LAUNCH_GCE ? PAGE_UNMEASURED : PAGE_ZERO, s->gpa,
                            s->size, err);
    case OVMF_SVSM_CAA:
        return extend_range(digest, PAGE_ZERO, s->gpa, s->size, err);
    case OVMF_SECRETS:
        return extend_range(digest, PAGE_SECRETS, s->gpa, s->size, err);
    case OVMF_CPUID:
        return extend_range(digest, PAGE_CPUID, s->gpa, s->size, err);
    case OVMF_KERNEL_HASHES:
        if (launch->kernel)
            return extend_kernel_hashes(digest, launch, s->gpa, err);
        return extend_range(digest, PAGE_ZERO, s->gpa, s->size, err);
    }
    return err_set(err, ERR_FORMAT, 0, "firmware: section type %d is not known", (int) s->type);
}

/* EC2 loads the CPUID page behind all other sections, everybody else in the table's order. */
static int extend_sections(uint8_t *digest, const struct snp_launch *launch, struct err *err)
{
    bool cpuid_last = launch->vmm == SNP_LAUNCH_EC2 || launch->vmm == SNP_LAUNCH_EC2_RDX0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < launch->ovmf->section_count; i++) {
            const struct ovmf_section *s = &launch->ovmf->sections[i];
            bool late = cpuid_last && s->type == OVMF_CPUID;

            if (late == (pass == 1) && extend_section(digest, launch, s, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int vmsa_contents(const struct snp_launch *launch, uint32_t eip, uint8_t contents[SHA384_SIZE],
                         struct err *err)
{
    uint8_t page[OVMF_PAGE];

    snp_vmsa_write(launch, eip, eip == SNP_VMSA_BSP_EIP, page);
    return hash_bytes(HASH_SHA384, span_of(page, sizeof page), contents, err);
}

static int check_input(const struct snp_launch *launch, unsigned first, unsigned last, struct err *err)
{
    if (first < 1 || last < first || last > SNP_LAUNCH_VCPUS_MAX)
        return err_set(err, ERR_LIMIT, 0, "vCPUs: expected 1 to %d, found %u to %u", SNP_LAUNCH_VCPUS_MAX,
                       first, last);
    if (launch->ovmf->section_count == 0)
        return err_set(err, ERR_DENIED, 0, "firmware: no SEV metadata: it cannot start under SEV-SNP");
    if (!launch->ovmf->has_reset_eip || (last > 1 && launch->ovmf->reset_eip == 0))
        return err_set(err, ERR_DENIED, 0,
                       "firmware: no SEV-ES reset block: further vCPUs have no place to start");
    if (launch->kernel && (!launch->ovmf->has_kernel_hashes || launch->ovmf->hash_table_gpa == 0))
        return err_set(
            err, ERR_DENIED, 0,
            "firmware: no page for kernel hashes, so it would not check the kernel; build OvmfPkg/AmdSev");
    return 0;
}

int snp_launch_digests(const struct snp_launch *launch, unsigned first, unsigned last, uint8_t *digests,
                       struct err *err)
{
    uint8_t ld[SHA384_SIZE], bsp[SHA384_SIZE], ap[SHA384_SIZE];
    uint32_t ap_eip = launch->ovmf->reset_eip;
    uint32_t bsp_eip = launch->vmm == SNP_LAUNCH_SVSM ? ap_eip : SNP_VMSA_BSP_EIP;

    if (check_input(launch, first, last, err) < 0)
        return -1;
    memcpy(ld, launch->firmware_digest, sizeof ld);
    if (extend_sections(ld, launch, err) < 0 || vmsa_contents(launch, bsp_eip, bsp, err) < 0 ||
        vmsa_contents(launch, ap_eip, ap, err) < 0)
        return -1;
    for (unsigned vcpu = 1; vcpu <= last; vcpu++) {
        if (extend(ld, PAGE_VMSA, VMSA_GPA, vcpu == 1 ? bsp : ap, err) < 0)
            return -1;
        if (vcpu >= first)
            memcpy(digests + (size_t) (vcpu - first) * SNP_LAUNCH_DIGEST_SIZE, ld, sizeof ld);
    }
    return 0;
}
