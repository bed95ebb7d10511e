/* SPDX-License-Identifier: GPL-2.0-or-later */
/* meshapi: what decodes encodes to a message that says the same; what does not leaves the output alone. */
#include "mesh_recover.h"
#include "meshapi.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct span part, const uint8_t *data, size_t size)
{
    return part.len == 0 || (part.data >= data && part.len <= size && part.data + part.len <= data + size);
}

static void round_trip(const struct meshapi_response *in)
{
    static uint8_t buf[MESHAPI_RESPONSE_MAX];
    struct writer w = writer_of(buf, sizeof(buf));
    struct meshapi_response out;
    struct err err;
    if (meshapi_response_encode(in, &w, &err) < 0 || meshapi_response_decode(writer_span(&w), &out, &err) < 0)
        abort();
    if (!span_eq(in->mesh_ca, out.mesh_ca) || !span_eq(in->cert_chain, out.cert_chain) ||
        !span_eq(in->root_ca, out.root_ca) || !span_eq(in->secret, out.secret))
        abort();
}

/* The same for the answer of Recover. */
static void recover(struct span message)
{
    static uint8_t buf[MESH_RECOVER_MAX];
    struct writer w = writer_of(buf, sizeof(buf));
    struct mesh_recover in = {.seed.len = 77};
    struct mesh_recover out;
    struct err err = {0};
    if (mesh_recover_decode(message, &in, &err) < 0) {
        if (in.seed.len != 77 || err.code == ERR_NONE)
            abort();
        return;
    }
    if (mesh_recover_encode(&in, &w, &err) < 0 || mesh_recover_decode(writer_span(&w), &out, &err) < 0 ||
        !span_eq(in.seed, out.seed) || !span_eq(in.manifest, out.manifest) || !span_eq(in.salt, out.salt) ||
        !span_eq(in.mesh_ca_key, out.mesh_ca_key))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    recover(span_of(data, size));
    struct meshapi_response r = {
        .secret = {NULL, 77}
    };
    struct err err = {0};
    if (meshapi_response_decode(span_of(data, size), &r, &err) < 0) {
        if (r.secret.len != 77 || err.code == ERR_NONE || err.text[0] == 0)
            abort();
        return 0;
    }
    if (!inside(r.mesh_ca, data, size) || !inside(r.cert_chain, data, size) ||
        !inside(r.root_ca, data, size) || !inside(r.secret, data, size))
        abort();
    round_trip(&r);
    return 0;
}
