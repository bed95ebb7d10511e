/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "out_dir.h"

#include "ca_cert.h"
#include "hash.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

static int put(const char *dir, const char *name, struct span bytes, struct err *err)
{
    const struct fileio_target to = {.dir = dir, .name = name, .mode = 0644, .replace = true};

    if (fileio_write(&to, bytes, err) < 0)
        return err_prefix(err, "%s", strerror(err->sys_errno));
    return 0;
}

static int put_manifests(const char *dir, const struct history *h, struct err *err)
{
    for (size_t i = 0; i < h->response.manifests.count; i++) {
        char name[64];

        (void) snprintf(name, sizeof name, "manifest.%zu.json", i);
        if (put(dir, name, h->manifests[i], err) < 0)
            return -1;
    }
    return 0;
}

static int put_policies(const char *dir, const struct history *h, struct err *err)
{
    for (size_t i = 0; i < h->response.policies.count; i++) {
        uint8_t digest[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1];
        char name[128];

        if (hash_bytes(HASH_SHA256, h->policies[i], digest, err) < 0)
            return -1;
        ca_cert_hex(digest, hex);
        (void) snprintf(name, sizeof name, "policy.%.32s.toml", hex);
        if (put(dir, name, h->policies[i], err) < 0)
            return -1;
    }
    return 0;
}

int out_dir_write(const char *dir, const struct history *h, struct err *err)
{
    char history[PATH_BYTES];

    if (snprintf(history, sizeof history, "%s/history", dir) >= (int) sizeof history)
        return err_set(err, ERR_LIMIT, 0, "%.100s...: the path is too long", dir);
    if (fileio_make_dir(dir, 0755, err) < 0 || fileio_make_dir(history, 0755, err) < 0)
        return err_prefix(err, "%s", strerror(err->sys_errno));
    if (put_manifests(history, h, err) < 0 || put_policies(history, h, err) < 0)
        return -1;
    if (put(dir, OUT_DIR_ROOT_CA, h->response.root_ca, err) < 0)
        return -1;
    return put(dir, OUT_DIR_MESH_CA, h->response.mesh_ca, err);
}
