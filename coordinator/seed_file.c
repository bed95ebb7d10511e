/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seed_file.h"

#include "fileio.h"
#include "hash.h"
#include "rng.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char magic[8] = {'N', 'C', 'S', 'E', 'E', 'D', '0', '1'};

int seed_file_encode(const struct mesh_secret_seed *seed, uint8_t out[SEED_FILE_SIZE], struct err *err)
{
    uint8_t sum[SHA256_SIZE];
    struct writer w = writer_of(out, SEED_FILE_SIZE);

    if (seed->seed.len != MESH_SECRET_SEED_SIZE || seed->salt.len != MESH_SECRET_SALT_SIZE)
        return err_set(err, ERR_LIMIT, 0, "seed of %zu and salt of %zu bytes, expected %d and %d",
                       seed->seed.len, seed->salt.len, MESH_SECRET_SEED_SIZE, MESH_SECRET_SALT_SIZE);
    writer_bytes(&w, span_of(magic, sizeof magic));
    writer_bytes(&w, secret_span(&seed->seed));
    writer_bytes(&w, secret_span(&seed->salt));
    if (hash_bytes(HASH_SHA256, writer_span(&w), sum, err) < 0)
        return -1;
    writer_bytes(&w, span_of(sum, sizeof sum));
    return 0;
}

int seed_file_decode(struct span file, struct mesh_secret_seed *out, struct err *err)
{
    uint8_t sum[SHA256_SIZE];

    if (file.len != SEED_FILE_SIZE)
        return err_set(err, ERR_FORMAT, 0, "seed file of %zu bytes, expected %d", file.len, SEED_FILE_SIZE);
    struct reader r = reader_of(file);
    if (!span_eq(reader_bytes(&r, sizeof magic), span_of(magic, sizeof magic)))
        return err_set(err, ERR_FORMAT, 0, "seed file does not start with NCSEED01");
    if (hash_bytes(HASH_SHA256, span_sub(file, 0, SEED_FILE_SIZE - SHA256_SIZE), sum, err) < 0)
        return -1;
    if (!span_eq(span_sub(file, SEED_FILE_SIZE - SHA256_SIZE, SHA256_SIZE), span_of(sum, sizeof sum)))
        return err_set(err, ERR_FORMAT, 0, "seed file is damaged: its checksum does not match");
    out->seed.len = MESH_SECRET_SEED_SIZE;
    reader_copy(&r, out->seed.bytes, MESH_SECRET_SEED_SIZE);
    out->salt.len = MESH_SECRET_SALT_SIZE;
    reader_copy(&r, out->salt.bytes, MESH_SECRET_SALT_SIZE);
    return 0;
}

int seed_file_create(const char *dir, struct mesh_secret_seed *out, struct err *err)
{
    __attribute__((cleanup(mesh_secret_seed_wipe))) struct mesh_secret_seed seed = {
        .seed.len = MESH_SECRET_SEED_SIZE, .salt.len = MESH_SECRET_SALT_SIZE};
    const struct fileio_target to = {.dir = dir, .name = SEED_FILE_NAME, .mode = 0600, .replace = false};
    uint8_t file[SEED_FILE_SIZE];

    if (rng_bytes(seed.seed.bytes, seed.seed.len, err) < 0 ||
        rng_bytes(seed.salt.bytes, seed.salt.len, err) < 0)
        return -1;
    if (seed_file_encode(&seed, file, err) < 0)
        return -1;
    int rc = fileio_make_dir(dir, 0700, err);
    if (rc == 0)
        rc = fileio_write(&to, span_of(file, sizeof file), err);
    secret_wipe_bytes(file, sizeof file);
    if (rc < 0)
        return -1;
    *out = seed;
    return 0;
}

int seed_file_load(const char *dir, struct mesh_secret_seed *out, struct err *err)
{
    AUTO_BYTES file = {0};
    char path[PATH_MAX];
    struct stat st;

    if ((size_t) snprintf(path, sizeof path, "%s/%s", dir, SEED_FILE_NAME) >= sizeof path)
        return err_set(err, ERR_LIMIT, 0, "the state folder's name is too long");
    if (stat(path, &st) < 0 && errno == ENOENT)
        return 0;
    if (stat(path, &st) < 0)
        return err_set(err, ERR_SYS, errno, "open %s", path);
    if ((st.st_mode & 077) != 0)
        return err_set(err, ERR_DENIED, 0, "%s has mode %04o, expected 0600: others can read the seed", path,
                       st.st_mode & 07777);
    if (fileio_read(path, SEED_FILE_SIZE, &file, err) < 0)
        return -1;
    if (seed_file_decode(fileio_span(&file), out, err) < 0)
        return err_prefix(err, "%s", path);
    return 1;
}
