/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sbom_write over any lock and list of licences (the input's halves, parted by its first byte 0): it fails
 * with a reason, or what it writes is JSON. */
#include "json.h"
#include "sbom.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct measurements image;
    static uint8_t buf[SBOM_TEXT_MAX];
    const uint8_t *part = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t first = part ? (size_t) (part - data) : size;
    const size_t second = part ? first + 1 : size;
    struct sbom sbom = {
        .image = &image,
        .image_name = "nacre",
        .locks = {{"lock", span_of(data, first)}},
        .lock_count = 1,
        .licences = { "licences", span_of(data + second, size - second)},
    };
    struct writer w = writer_of(buf, sizeof buf);
    struct json_doc doc = {0};
    struct err err = {0};

    if (sbom_write(&sbom, &w, &err) < 0) {
        require(err.code != ERR_NONE && err.text[0] != '\0');
        return 0;
    }
    require(json_doc_parse(writer_span(&w), "sbom", sizeof buf, &doc, &err) == 0);
    json_doc_free(&doc);
    return 0;
}
