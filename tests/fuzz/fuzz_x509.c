/* SPDX-License-Identifier: GPL-2.0-or-later */
/* der, x509, snp_certs and mesh_claims_read: what is accepted lies inside the input; names, extensions and
 * dates can be walked.
 */
#include "der_time.h"
#include "mesh_claims_read.h"
#include "snp_certs.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct span part, const uint8_t *data, size_t size)
{
    if (part.len > 0 && (part.data < data || part.data + part.len > data + size))
        abort();
}

/* Walk elements into each other; every one is what its whole says. */
static void walk(struct span bytes, int depth)
{
    struct reader r = reader_of(bytes);
    struct der d;
    struct err err;

    while (reader_left(&r) > 0 && der_any(&r, "fuzz", &d, &err) == 0) {
        uint8_t head[8];
        struct writer w = writer_of(head, sizeof head);
        size_t len = d.whole.len - d.body.len;

        if (d.whole.len > bytes.len || len < 2 || len > 4 || d.whole.data[0] != d.tag)
            abort();
        if (d.body.len < 4) { /* the only encoding there is */
            der_put(&w, d.tag, d.body);
            if (!span_eq(writer_span(&w), d.whole))
                abort();
        }
        if (d.tag & 0x20 && depth < 8)
            walk(d.body, depth + 1);
    }
}

static void look_at_claims(const struct x509 *cert, const uint8_t *data, size_t size)
{
    enum mesh_claims_read_kind kind = MESH_CLAIMS_READ_NONE;
    struct san sans[MESH_CLAIMS_READ_SANS_MAX];
    struct span bytes = {0};
    size_t count = 0;
    struct err err;

    if (mesh_claims_read_kind(cert, &kind, &err) < 0)
        kind = MESH_CLAIMS_READ_NONE;
    for (unsigned n = 1; n < 47 && kind != MESH_CLAIMS_READ_NONE; n++) {
        const struct mesh_claims_read_bytes which = {kind, n, 48};

        if (mesh_claims_read_bytes(cert, &which, &bytes, &err) == 0 && bytes.len != 48)
            abort();
        inside(bytes, data, size);
    }
    if (mesh_claims_read_secret_id(cert, &bytes, &err) == 0)
        inside(bytes, data, size);
    if (mesh_claims_read_sans(cert, sans, &count, &err) == 0 && count > MESH_CLAIMS_READ_SANS_MAX)
        abort();
    for (size_t i = 0; i < count; i++)
        inside(sans[i].text, data, size);
}

static void look_at(const struct x509 *cert, const uint8_t *data, size_t size)
{
    struct reader r = reader_of(cert->extensions);
    struct snp_leaf leaf = {0};
    struct err err;
    char text[DER_TIME_TEXT_SIZE];

    inside(cert->tbs, data, size);
    inside(cert->serial, data, size);
    inside(cert->issuer_cn, data, size);
    inside(cert->subject_cn, data, size);
    inside(cert->spki, data, size);
    inside(cert->signature, data, size);
    while (reader_left(&r) > 0) {
        struct x509_ext ext, found;

        if (x509_next_ext(&r, &ext, &err) < 0 || x509_find_ext(cert, ext.oid, &found, &err) < 0 ||
            found.value.data != ext.value.data)
            abort();
    }
    der_time_text(cert->not_before_s, text);
    if (cert->not_before_s < DER_TIME_MIN || cert->not_after_s > DER_TIME_MAX || strlen(text) != 20)
        abort();
    if (snp_certs_leaf(cert, &leaf, &err) == 0 && leaf.product == SNP_PRODUCT_UNKNOWN)
        abort();
    inside(leaf.hwid, data, size);
    inside(leaf.csp_id, data, size);
    look_at_claims(cert, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct x509 cert, before;
    struct err err = {0};

    walk(span_of(data, size), 0);
    memset(&cert, 0x5a, sizeof cert);
    memcpy(&before, &cert, sizeof cert);
    if (x509_parse(span_of(data, size), &cert, &err) < 0) {
        if (err.code == ERR_NONE || memcmp(&cert, &before, sizeof cert) != 0)
            abort();
        return 0;
    }
    if (cert.der.len != size)
        abort();
    look_at(&cert, data, size);
    return 0;
}
