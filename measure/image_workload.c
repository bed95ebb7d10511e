/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image_workload.h"

#include "command.h"
#include "files.h"
#include "hex.h"
#include "output.h"
#include "verity_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENV_MAX 4096  /* bytes of the .env file */
#define VALUE_MAX 128 /* bytes of a value */

enum env_key {
    ENV_ROOT_HASH,
    ENV_SALT,
    ENV_DATA_BLOCKS,
    ENV_HASH_START_BLOCK,
    ENV_KEYS,
};

static const char *const names[ENV_KEYS] = {"ROOT_HASH", "SALT", "DATA_BLOCKS", "HASH_START_BLOCK"};

/* NAME.img -> NAME.env */
static int env_path(const char *image, char path[OUTPUT_PATH_MAX], struct err *err)
{
    size_t len = strlen(image);

    if (len < 5 || len >= OUTPUT_PATH_MAX || strcmp(image + len - 4, ".img") != 0)
        return err_set(err, ERR_FORMAT, 0, "%s: expected a name that ends in .img", image);
    memcpy(path, image, len + 1);
    memcpy(path + len - 4, ".env", sizeof ".env");
    return 0;
}

/* One line KEY=VALUE. */
static int take_line(const char *path, struct span line, char values[ENV_KEYS][VALUE_MAX + 1],
                     struct err *err)
{
    for (size_t i = 0; i < ENV_KEYS; i++) {
        const size_t len = strlen(names[i]);
        const size_t left = line.len > len ? line.len - len - 1 : 0;

        if (line.len <= len || memcmp(line.data, names[i], len) != 0 || line.data[len] != '=')
            continue;
        if (values[i][0] != '\0' || left == 0 || left > VALUE_MAX || memchr(line.data, 0, line.len))
            return err_set(err, ERR_FORMAT, 0, "%s: %s: given twice, empty or too long", path, names[i]);
        memcpy(values[i], line.data + len + 1, left);
        return 0;
    }
    return err_set(err, ERR_FORMAT, 0, "%s: '%.*s' is no line of ours", path,
                   (int) (line.len < 40 ? line.len : 40), (const char *) line.data);
}

static int read_env(const char *path, char values[ENV_KEYS][VALUE_MAX + 1], struct err *err)
{
    AUTO_MAP map = {0};
    struct span rest;

    if (files_map_open(path, ENV_MAX, &map, err) < 0)
        return -1;
    for (rest = map.bytes; rest.len > 0;) {
        const uint8_t *lf = memchr(rest.data, '\n', rest.len);
        const size_t len = lf ? (size_t) (lf - rest.data) : rest.len;

        if (take_line(path, span_sub(rest, 0, len), values, err) < 0)
            return -1;
        rest = span_sub(rest, len + (lf != NULL), rest.len - len - (lf != NULL));
    }
    for (size_t i = 0; i < ENV_KEYS; i++)
        if (values[i][0] == '\0')
            return err_set(err, ERR_MISSING, 0, "%s: no %s", path, names[i]);
    return 0;
}

static int take_values(const char *path, char values[ENV_KEYS][VALUE_MAX + 1], struct verity_geometry *v,
                       struct err *err)
{
    v->data_block_size = VERITY_BLOCK_MAX;
    v->hash_block_size = VERITY_BLOCK_MAX;
    v->salt_len = strlen(values[ENV_SALT]) / 2;
    if (v->salt_len > VERITY_SALT_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: SALT: more than %d bytes", path, VERITY_SALT_MAX);
    if (hex_decode(span_str(values[ENV_ROOT_HASH]), v->root_hash, VERITY_HASH_SIZE, err) < 0 ||
        hex_decode(span_str(values[ENV_SALT]), v->salt, v->salt_len, err) < 0 ||
        command_number("DATA_BLOCKS", values[ENV_DATA_BLOCKS], 10, VERITY_DATA_BLOCKS_MAX, &v->data_blocks,
                       err) < 0 ||
        command_number("HASH_START_BLOCK", values[ENV_HASH_START_BLOCK], 10, 2 * VERITY_DATA_BLOCKS_MAX,
                       &v->hash_start_block, err) < 0 ||
        verity_check(v, err) < 0)
        return err_prefix(err, "%s", path);
    return 0;
}

static int check_root(const char *path, int fd, const struct verity_geometry *v, struct err *err)
{
    struct verity_tree tree = {
        .alg = HASH_SHA256,
        .salt_len = v->salt_len,
        .data_block_size = v->data_block_size,
        .hash_block_size = v->hash_block_size,
        .data_blocks = v->data_blocks,
    };
    const struct verity_pool_job job = {
        .tree = &tree, .in_path = path, .in = fd, .out_path = path, .out = -1};
    uint8_t root[HASH_MAX];
    char found[2 * VERITY_HASH_SIZE + 1];
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", path);
    if ((uint64_t) st.st_size < verity_device_bytes(v))
        return err_set(err, ERR_FORMAT, 0, "%s: %lld bytes, with its tree it has %llu", path,
                       (long long) st.st_size, (unsigned long long) verity_device_bytes(v));
    memcpy(tree.salt, v->salt, v->salt_len);
    if (verity_pool_run(&job, root, err) < 0)
        return -1;
    if (memcmp(root, v->root_hash, VERITY_HASH_SIZE) == 0)
        return 0;
    if (hex_encode(span_of(root, VERITY_HASH_SIZE), found, sizeof found, err) < 0)
        return -1;
    return err_set(err, ERR_DENIED, 0, "%s: the root hash is %s, not as the .env file says", path, found);
}

int image_workload_verity(const char *path, struct verity_geometry *verity, struct err *err)
{
    char env[OUTPUT_PATH_MAX];
    char values[ENV_KEYS][VALUE_MAX + 1] = {{0}};
    struct verity_geometry v = {0};
    int fd, rc;

    if (env_path(path, env, err) < 0 || read_env(env, values, err) < 0 ||
        take_values(env, values, &v, err) < 0)
        return -1;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_SYS, errno, "%s: %m", path);
    rc = check_root(path, fd, &v, err);
    (void) close(fd); /* only read */
    if (rc == 0)
        *verity = v;
    return rc;
}
