/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mesh_secret.h"

#include "hash.h"
#include "keygen.h"

#define INFO_WORKLOAD "WORKLOAD SECRET ID: "

void mesh_secret_seed_wipe(struct mesh_secret_seed *s)
{
    if (s == NULL)
        return;
    secret_wipe(&s->seed);
    secret_wipe(&s->salt);
}

static int check_lengths(const struct mesh_secret_seed *from, struct err *err)
{
    if (from->seed.len != MESH_SECRET_SEED_SIZE || from->salt.len != MESH_SECRET_SALT_SIZE)
        return err_set(err, ERR_LIMIT, 0, "seed of %zu and salt of %zu bytes, expected %d and %d",
                       from->seed.len, from->salt.len, MESH_SECRET_SEED_SIZE, MESH_SECRET_SALT_SIZE);
    return 0;
}

static int derive(const struct secret *from, const struct secret *salt, struct span info, struct secret *out,
                  struct err *err)
{
    if (hash_hkdf(HASH_SHA256, secret_span(from), secret_span(salt), info, out->bytes, MESH_SECRET_SIZE,
                  err) < 0)
        return -1;
    out->len = MESH_SECRET_SIZE;
    return 0;
}

static int derive_key(const struct mesh_secret_seed *from, const char *info, struct secret *scalar,
                      struct err *err)
{
    AUTO_SECRET key_seed = {0};

    if (check_lengths(from, err) < 0 || derive(&from->seed, &from->salt, span_str(info), &key_seed, err) < 0)
        return -1;
    return keygen_p384(secret_span(&key_seed), scalar, err);
}

int mesh_secret_root_ca_key(const struct mesh_secret_seed *from, struct secret *scalar, struct err *err)
{
    return derive_key(from, "ROOT CA SEED", scalar, err);
}

int mesh_secret_transaction_key(const struct mesh_secret_seed *from, struct secret *scalar, struct err *err)
{
    return derive_key(from, "TRANSACTION SIGNING SECRET", scalar, err);
}

int mesh_secret_workload(const struct mesh_secret_seed *from, struct span id, struct secret *out,
                         struct err *err)
{
    AUTO_SECRET pod_state = {0};
    AUTO_SECRET workload = {0};
    uint8_t info[sizeof INFO_WORKLOAD + MESH_SECRET_ID_MAX];
    struct writer w = writer_of(info, sizeof info);

    if (check_lengths(from, err) < 0)
        return -1;
    if (id.len == 0 || id.len > MESH_SECRET_ID_MAX)
        return err_set(err, ERR_LIMIT, 0, "workload secret id of %zu bytes, expected 1 to %d", id.len,
                       MESH_SECRET_ID_MAX);
    writer_str(&w, INFO_WORKLOAD);
    writer_bytes(&w, id);
    if (derive(&from->seed, &from->salt, span_str("POD STATE SECRET"), &pod_state, err) < 0 ||
        derive(&pod_state, &from->salt, writer_span(&w), &workload, err) < 0)
        return -1;
    *out = workload;
    return 0;
}

int mesh_secret_epochs(const struct mesh_secret_seed *from, struct secret *out, struct err *err)
{
    AUTO_SECRET key = {.len = MESH_SECRET_EPOCHS_SIZE};

    if (check_lengths(from, err) < 0 ||
        hash_hkdf(HASH_SHA256, secret_span(&from->seed), secret_span(&from->salt),
                  span_str("nacre epochs v1"), key.bytes, key.len, err) < 0)
        return -1;
    *out = key;
    return 0;
}
