/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "meshapi.h"

#include "protobuf.h"

#include <stddef.h>

#define AT(member) offsetof(struct meshapi_response, member)

/* The response's fields, in the order of their numbers. */
static const struct field {
    uint32_t number;
    const char *name;
    size_t offset; /* of its span in struct meshapi_response */
    size_t min;    /* bytes, when it is there */
    size_t max;
    bool required;
} fields[] = {
    {1, "MeshCACert",     AT(mesh_ca),    1,                   MESHAPI_PEM_MAX,     true },
    {2, "CertChain",      AT(cert_chain), 1,                   MESHAPI_PEM_MAX,     true },
    {3, "RootCACert",     AT(root_ca),    1,                   MESHAPI_PEM_MAX,     true },
    {4, "WorkloadSecret", AT(secret),     MESHAPI_SECRET_SIZE, MESHAPI_SECRET_SIZE, false},
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static struct span *slot(struct meshapi_response *response, const struct field *f)
{
    return (struct span *) (void *) ((char *) response + f->offset);
}

static int check_length(const struct field *f, size_t len, struct err *err)
{
    if (len < f->min || len > f->max)
        return err_set(err, len > f->max ? ERR_LIMIT : ERR_FORMAT, 0,
                       "mesh API response: %s has %zu bytes, expected %zu to %zu", f->name, len, f->min,
                       f->max);
    return 0;
}

int meshapi_request_decode(struct span message, struct err *err)
{
    if (message.len != 0)
        return err_set(err, ERR_FORMAT, 0, "mesh API request: %zu bytes, expected an empty message",
                       message.len);
    return 0;
}

int meshapi_response_encode(const struct meshapi_response *response, struct writer *w, struct err *err)
{
    struct meshapi_response copy = *response;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        struct span value = *slot(&copy, &fields[i]);
        if (value.len == 0 && !fields[i].required)
            continue;
        if (check_length(&fields[i], value.len, err) < 0)
            return -1;
        protobuf_put_bytes(w, fields[i].number, value);
    }
    if (w->bad)
        return err_set(err, ERR_LIMIT, 0, "mesh API response: does not fit into %zu bytes", w->cap);
    return 0;
}

int meshapi_response_decode(struct span message, struct meshapi_response *out, struct err *err)
{
    struct meshapi_response got = {0};
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;
    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (field.number > FIELD_COUNT)
            return err_set(err, ERR_FORMAT, 0, "mesh API response: unknown field %u", field.number);
        const struct field *f = &fields[field.number - 1];
        if (protobuf_once(&seen, &field, PROTOBUF_BYTES, err) < 0)
            return err_prefix(err, "mesh API response");
        if (check_length(f, field.bytes.len, err) < 0)
            return -1;
        *slot(&got, f) = field.bytes;
    }
    if (rc < 0)
        return err_prefix(err, "mesh API response");
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (fields[i].required && slot(&got, &fields[i])->len == 0)
            return err_set(err, ERR_MISSING, 0, "mesh API response: %s is missing", fields[i].name);
    *out = got;
    return 0;
}
