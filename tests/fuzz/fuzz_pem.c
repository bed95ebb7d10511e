/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PEM texts, as certificates come from a Coordinator, from files and with evidence. A block that is read is
 * written again in one way only, and read again it is the same; a text is used up, or refused.
 */
#include "pem.h"

#include <stdlib.h>

#define MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(struct span der)
{
    static uint8_t text[2 * MAX];
    static uint8_t back[MAX];
    struct writer t = writer_of(text, sizeof text);
    struct writer b = writer_of(back, sizeof back);
    struct span again;
    struct err err;

    pem_put(&t, PEM_LABEL_CERTIFICATE, der);
    struct span rest = writer_span(&t);
    if (t.bad || t.len > PEM_SIZE(der.len, sizeof PEM_LABEL_CERTIFICATE - 1))
        abort();
    if (pem_next(&rest, PEM_LABEL_CERTIFICATE, &b, &again, &err) < 0 || !span_eq(again, der) || rest.len != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[MAX];
    struct writer w = writer_of(out, sizeof out);
    struct span text = span_of(data, size);
    struct span der = {0};
    struct err err = {0};

    for (;;) {
        const struct span before = text;

        if (pem_next(&text, PEM_LABEL_CERTIFICATE, &w, &der, &err) < 0)
            break;
        if (text.len >= before.len || text.data + text.len != data + size || der.len == 0 || der.data < out ||
            der.data + der.len != out + w.len)
            abort();
        read_again(der);
    }
    if (err.code == ERR_NONE)
        abort();
    return 0;
}
