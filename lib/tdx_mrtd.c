/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx_mrtd.h"

#include <string.h>

#define CHUNK 256     /* bytes that one TDH.MR.EXTEND measures */
#define OPERATION 128 /* name, zeros, address at 16, zeros */

static int operation(struct hash *h, const char *name, uint64_t gpa, struct err *err)
{
    uint8_t block[OPERATION];
    struct writer w = writer_of(block, sizeof block);

    writer_str(&w, name);
    writer_zeros(&w, 16 - w.len);
    writer_le64(&w, gpa);
    writer_zeros(&w, OPERATION - w.len);
    return hash_update(h, writer_span(&w), err);
}

static int add_page(struct hash *h, uint64_t gpa, struct err *err)
{
    return operation(h, "MEM.PAGE.ADD", gpa, err);
}

/* Measure the page at offset `at` of the section; what lies behind its data is zeros. */
static int extend_page(struct hash *h, struct span data, const struct tdvf_section *s, uint64_t at,
                       struct err *err)
{
    uint8_t page[TDVF_PAGE] = {0};
    size_t have = at >= data.len ? 0 : data.len - at < TDVF_PAGE ? data.len - (size_t) at : TDVF_PAGE;

    if (have > 0)
        memcpy(page, data.data + at, have);
    for (size_t chunk = 0; chunk < TDVF_PAGE; chunk += CHUNK) {
        if (operation(h, "MR.EXTEND", s->gpa + at + chunk, err) < 0 ||
            hash_update(h, span_of(page + chunk, CHUNK), err) < 0)
            return -1;
    }
    return 0;
}

static int measure_section(struct hash *h, struct span firmware, const struct tdvf_section *s, bool add,
                           bool extend, struct err *err)
{
    struct span data = span_sub(firmware, s->offset, s->data_size);

    for (uint64_t at = 0; (add || extend) && at < s->size; at += TDVF_PAGE) {
        if (add && add_page(h, s->gpa + at, err) < 0)
            return -1;
        if (extend && extend_page(h, data, s, at, err) < 0)
            return -1;
    }
    return 0;
}

int tdx_mrtd(struct span firmware, const struct tdvf *tdvf, enum tdx_mrtd_order order,
             uint8_t mrtd[SHA384_SIZE], struct err *err)
{
    struct hash h;

    if (hash_begin(HASH_SHA384, &h, err) < 0)
        return -1;
    for (size_t i = 0; i < tdvf->count; i++) {
        const struct tdvf_section *s = &tdvf->sections[i];
        int rc;

        if (order == TDX_MRTD_SINGLE_PASS)
            rc = measure_section(&h, firmware, s, !s->augment, s->extend, err);
        else
            rc = measure_section(&h, firmware, s, !s->augment, false, err) < 0 ||
                         measure_section(&h, firmware, s, false, s->extend, err) < 0
                     ? -1
                     : 0;
        if (rc < 0)
            return -1;
    }
    return hash_end(&h, mrtd, err);
}
