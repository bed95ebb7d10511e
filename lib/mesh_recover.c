/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mesh_recover.h"

#include "mesh_secret.h"
#include "protobuf.h"

#define FIELDS 4

/* In the order of their numbers, from 1. */
static const struct {
    const char *name;
    size_t min;
    size_t max;
} fields[FIELDS] = {
    {"Seed",           MESH_SECRET_SEED_SIZE, MESH_SECRET_SEED_SIZE    },
    {"Salt",           MESH_SECRET_SALT_SIZE, MESH_SECRET_SALT_SIZE    },
    {"MeshCAKey",      1,                     MESH_RECOVER_KEY_MAX     },
    {"LatestManifest", 1,                     MESH_RECOVER_MANIFEST_MAX},
};

static int check_length(size_t i, size_t len, struct err *err)
{
    if (len < fields[i].min || len > fields[i].max)
        return err_set(err, len > fields[i].max ? ERR_LIMIT : ERR_FORMAT, 0,
                       "Recover response: %s has %zu bytes, expected %zu to %zu", fields[i].name, len,
                       fields[i].min, fields[i].max);
    return 0;
}

int mesh_recover_encode(const struct mesh_recover *m, struct writer *w, struct err *err)
{
    const struct span values[FIELDS] = {m->seed, m->salt, m->mesh_ca_key, m->manifest};

    for (uint32_t i = 0; i < FIELDS; i++) {
        if (check_length(i, values[i].len, err) < 0)
            return -1;
        protobuf_put_bytes(w, i + 1, values[i]);
    }
    return w->bad ? err_set(err, ERR_LIMIT, 0, "Recover response: does not fit into %zu bytes", w->cap) : 0;
}

int mesh_recover_decode(struct span message, struct mesh_recover *out, struct err *err)
{
    struct span values[FIELDS] = {0};
    struct reader r = reader_of(message);
    struct protobuf_field field;
    uint64_t seen = 0;
    int rc;

    while ((rc = protobuf_next(&r, &field, err)) == 1) {
        if (field.number > FIELDS)
            return err_set(err, ERR_FORMAT, 0, "Recover response: unknown field %u", field.number);
        if (protobuf_once(&seen, &field, PROTOBUF_BYTES, err) < 0)
            return err_prefix(err, "Recover response");
        if (check_length(field.number - 1, field.bytes.len, err) < 0)
            return -1;
        values[field.number - 1] = field.bytes;
    }
    if (rc < 0)
        return err_prefix(err, "Recover response");
    for (size_t i = 0; i < FIELDS; i++) {
        if (values[i].len == 0)
            return err_set(err, ERR_MISSING, 0, "Recover response: %s is missing", fields[i].name);
    }
    *out = (struct mesh_recover){values[0], values[1], values[2], values[3]};
    return 0;
}
