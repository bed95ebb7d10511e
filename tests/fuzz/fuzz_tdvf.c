/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tdvf: sections are whole pages that do not overlap, with data inside the file; MRTD and TD HOB can be made
 * of whatever is accepted. The metadata begins where the input's last four bytes say. */
#include "tdx_hob.h"
#include "tdx_mrtd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t check_sections(const struct tdvf *t, size_t size)
{
    uint64_t pages = 0;

    if (t->count == 0 || t->count > TDVF_SECTIONS_MAX)
        abort();
    for (size_t i = 0; i < t->count; i++) {
        const struct tdvf_section *s = &t->sections[i];

        if (s->size == 0 || s->size % TDVF_PAGE || s->gpa % TDVF_PAGE || s->data_size > s->size ||
            s->offset > size || s->data_size > size - s->offset || s->gpa + s->size > TDVF_ADDRESS_MAX)
            abort();
        for (size_t j = 0; j < i; j++) {
            if (s->gpa < t->sections[j].gpa + t->sections[j].size && t->sections[j].gpa < s->gpa + s->size)
                abort();
        }
        pages += s->size / TDVF_PAGE;
    }
    return pages;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span file = span_of(data, size);
    struct reader r = reader_of(span_sub(file, size < 4 ? 0 : size - 4, 4));
    uint32_t from_end = reader_le32(&r);
    struct tdvf t, before;
    uint8_t single[SHA384_SIZE], two[SHA384_SIZE], list[TDX_HOB_MAX];
    struct writer w = writer_of(list, sizeof list);
    struct err err = {0};

    memset(&t, 0x5a, sizeof t);
    memcpy(&before, &t, sizeof t);
    if (tdvf_parse(file, from_end, &t, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&t, &before, sizeof t) != 0)
            abort();
        return 0;
    }
    if (check_sections(&t, size) > 64) /* keep it fast */
        return 0;
    if (tdx_mrtd(file, &t, TDX_MRTD_SINGLE_PASS, single, &err) < 0 ||
        tdx_mrtd(file, &t, TDX_MRTD_TWO_PASS, two, &err) < 0)
        abort();
    if (tdx_hob_build(&t, UINT64_C(4) << 30, &w, &err) == 0 && (w.len < 56 || (w.len - 56) % 48))
        abort();
    return 0;
}
