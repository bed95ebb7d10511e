/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ovmf: sections are whole pages below 4 GiB and few; where a launch digest can be computed at all, the range
 * of vCPU counts agrees with a single one. */
#include "snp_launch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sections(const struct ovmf *o)
{
    int hashes = 0;

    if (o->section_count > OVMF_SECTIONS_MAX)
        abort();
    for (size_t i = 0; i < o->section_count; i++) {
        const struct ovmf_section *s = &o->sections[i];

        if (s->size == 0 || s->size % OVMF_PAGE || s->gpa % OVMF_PAGE || s->size > OVMF_SECTION_BYTES_MAX ||
            (uint64_t) s->gpa + s->size > UINT64_C(1) << 32)
            abort();
        hashes += s->type == OVMF_KERNEL_HASHES;
    }
    if (hashes > 1 || o->has_kernel_hashes != (hashes == 1))
        abort();
}

/* No page belongs to two sections. */
static void check_apart(const struct ovmf *o)
{
    for (size_t i = 0; i < o->section_count; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct ovmf_section *a = &o->sections[i], *b = &o->sections[k];

            if ((uint64_t) a->gpa + a->size > b->gpa && (uint64_t) b->gpa + b->size > a->gpa)
                abort();
        }
    }
}

/* Where an SVSM starts lies inside it. */
static void check_svsm(const struct ovmf *o, size_t size)
{
    struct snp_launch_svsm sizes = {.firmware_size = OVMF_PAGE, .vars_size = OVMF_PAGE, .size = size};
    struct ovmf svsm = *o;
    uint64_t gpa = 0;
    struct err err = {0};

    if (snp_launch_svsm_place(&sizes, &svsm, &gpa, &err) == 0 &&
        (!o->has_svsm_info || svsm.reset_eip < gpa || svsm.reset_eip >= gpa + size))
        abort();
}

static uint64_t pages(const struct ovmf *o)
{
    uint64_t n = 0;

    for (size_t i = 0; i < o->section_count; i++)
        n += o->sections[i].size / OVMF_PAGE;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ovmf ovmf, before;
    struct snp_launch_kernel kernel = {{1}, {2}, {3}};
    struct snp_launch launch = {.ovmf = &ovmf, .kernel = &kernel, .vcpu_sig = 1, .features = 1};
    uint8_t all[3 * SNP_LAUNCH_DIGEST_SIZE], one[SNP_LAUNCH_DIGEST_SIZE];
    struct err err = {0};

    memset(&ovmf, 0x5a, sizeof ovmf);
    memcpy(&before, &ovmf, sizeof ovmf);
    if (ovmf_parse(span_of(data, size), &ovmf, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&ovmf, &before, sizeof ovmf) != 0)
            abort();
        return 0;
    }
    check_sections(&ovmf);
    check_apart(&ovmf);
    check_svsm(&ovmf, (size + OVMF_PAGE - 1) / OVMF_PAGE * OVMF_PAGE);
    if (pages(&ovmf) > 64) /* keep it fast */
        return 0;
    if (snp_launch_digests(&launch, 1, 3, all, &err) < 0)
        return 0;
    if (snp_launch_digests(&launch, 2, 2, one, &err) < 0 ||
        memcmp(one, all + SNP_LAUNCH_DIGEST_SIZE, sizeof one) != 0)
        abort();
    return 0;
}
