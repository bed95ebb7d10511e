/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An initdata disk from its first byte to the file in it. The digest is not compared, as if it always fit. */
#include "inflate.h"
#include "initdata.h"
#include "utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_document(struct span document)
{
    struct initdata d = {0};
    struct err err = {0};
    struct span content;

    if (initdata_document_parse(document, &d, &err) < 0) {
        assert(err.code != ERR_NONE && d.doc.strings.buf == NULL);
        return;
    }
    assert(d.count == 1); /* one name is known and none may come twice */
    assert(initdata_file(&d, "policy.json", &content, &err) == 0);
    assert(utf8_valid(content) && content.data[content.len] == 0);
    assert(memchr(content.data, 0, content.len + 1) == content.data + content.len);
    initdata_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t max = 64 * 1024; /* less than the boot's bound: the fuzzer shall not wait for memset */
    uint8_t *document = NULL;
    struct err err = {0};
    struct span gzip = {0};
    size_t image = 0;
    size_t len = 0;

    if (initdata_disk_size(span_of(data, size), size, &image, &err) < 0) {
        assert(err.code != ERR_NONE && image == 0);
        return 0;
    }
    assert(image <= size && image % INITDATA_SECTOR == 0 && initdata_disk_probe(span_of(data, size)));
    if (initdata_disk_parse(span_of(data, image), &gzip, &err) < 0)
        return 0;
    assert(gzip.len > 0 && gzip.len <= INITDATA_GZIP_MAX && gzip.data == data + INITDATA_HEAD_SIZE);
    if (inflate_gzip(gzip, max, &document, &len, &err) < 0) {
        assert(err.code != ERR_NONE && document == NULL && len == 0);
        return 0;
    }
    assert(len <= max);
    read_document(span_of(document, len));
    free(document);
    return 0;
}
