/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrast.h"

#include "boot.h"
#include "file.h"
#include "hex.h"
#include "secret.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#define DIR BOOT_CONTRAST_DIR
#define TLS DIR "/tls-config"
#define TLS_OTHER DIR "/.tls-config" /* the next generation in the making, then the one before */
#define MOUNT_OPTIONS "mode=0500,size=256k,nr_inodes=16,uid=%u,gid=%u"
#define MOUNT_OPTIONS_MAX 80
#define MOUNT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define SEED_TEXT_MAX (2 * WIRE_SECRET_SIZE + 1)
#define TLS_FILES 4

struct tls_file {
    const char *name;
    unsigned int mode;
    struct span bytes;
};

static void list_files(const struct wire_certificates *c, struct tls_file files[TLS_FILES])
{
    const struct tls_file list[TLS_FILES] = {
        {"mesh-ca.pem",             0444, c->mesh_ca_pem   },
        {"certChain.pem",           0444, c->cert_chain_pem},
        {"key.pem",                 0400, c->key_pem       },
        {"coordinator-root-ca.pem", 0444, c->root_ca_pem   },
    };

    for (size_t i = 0; i < TLS_FILES; i++)
        files[i] = list[i];
}

static int make_folder(const char *path, const struct policy_workload *owner, struct err *err)
{
    int r = sys_mkdir(path, 0500);

    if (r >= 0)
        r = sys_chown(path, owner->uid, owner->gid);
    return r < 0 ? err_set(err, ERR_SYS, -r, "make %s", path) : 0;
}

static int make_file(const char *path, unsigned int mode, struct span bytes,
                     const struct policy_workload *owner, struct err *err)
{
    AUTO_FD fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    ssize_t n;
    int r;

    if (fd < 0)
        return err_set(err, ERR_SYS, -fd, "make %s", path);
    n = sys_write(fd, bytes.data, bytes.len);
    if (n != (ssize_t) bytes.len)
        return err_set(err, ERR_SYS, n < 0 ? (int) -n : 0, "write %s", path);
    r = sys_owner(fd, owner->uid, owner->gid);
    return r < 0 ? err_set(err, ERR_SYS, -r, "chown %s", path) : 0;
}

static int make_tls(const char *dir, const struct wire_certificates *c, const struct policy_workload *owner,
                    struct err *err)
{
    struct tls_file files[TLS_FILES];
    char path[FILE_PATH_MAX];

    list_files(c, files);
    if (make_folder(dir, owner, err) < 0)
        return -1;
    for (size_t i = 0; i < TLS_FILES; i++)
        if (file_path(path, err, "%s/%s", dir, files[i].name) < 0 ||
            make_file(path, files[i].mode, files[i].bytes, owner, err) < 0)
            return -1;
    return 0;
}

static int write_secret(struct span secret, const struct policy_workload *owner, struct err *err)
{
    char text[SEED_TEXT_MAX];
    int r = hex_encode(secret, text, sizeof text, err);

    if (r == 0)
        r = make_file(DIR "/secrets/workload-secret-seed", 0400, span_str(text), owner, err);
    secret_wipe_bytes(text, sizeof text);
    return r;
}

/* Mount it, or change the flags of what is mounted. The size holds for the mount as a whole. */
static int mount_it(const char *type, unsigned long flags, const struct policy_workload *owner,
                    struct err *err)
{
    char options[MOUNT_OPTIONS_MAX];
    int r;

    (void) snprintf(options, sizeof options, MOUNT_OPTIONS, owner->uid, owner->gid);
    r = sys_mount(type, DIR, type, flags | MOUNT_FLAGS, options);
    return r < 0 ? err_set(err, ERR_SYS, -r, "%s " DIR, type != NULL ? "mount" : "remount") : 0;
}

int contrast_lay_out(const struct wire_certificates *c, const struct policy_workload *owner, struct err *err)
{
    if (mount_it("tmpfs", 0, owner, err) < 0 || make_tls(TLS, c, owner, err) < 0 ||
        make_folder(DIR "/secrets", owner, err) < 0)
        return -1;
    if (c->workload_secret.len > 0 && write_secret(c->workload_secret, owner, err) < 0)
        return -1;
    return mount_it(NULL, MS_REMOUNT | MS_RDONLY, owner, err);
}

/* The generation before the last: nobody needs it any more. */
static int drop_other(const struct wire_certificates *c, struct err *err)
{
    struct tls_file files[TLS_FILES];
    char path[FILE_PATH_MAX];
    int r;

    list_files(c, files);
    for (size_t i = 0; i < TLS_FILES; i++) {
        if (file_path(path, err, "%s/%s", TLS_OTHER, files[i].name) < 0)
            return -1;
        r = sys_unlink(path);
        if (r == -ENOENT && i == 0)
            return 0; /* the first renewal */
        if (r < 0)
            return err_set(err, ERR_SYS, -r, "remove %s", path);
    }
    r = sys_rmdir(TLS_OTHER);
    return r < 0 ? err_set(err, ERR_SYS, -r, "remove " TLS_OTHER) : 0;
}

int contrast_renew(const struct wire_certificates *c, const struct policy_workload *owner, struct err *err)
{
    int r;

    if (mount_it(NULL, MS_REMOUNT, owner, err) < 0 || drop_other(c, err) < 0 ||
        make_tls(TLS_OTHER, c, owner, err) < 0)
        return -1;
    r = sys_exchange(TLS_OTHER, TLS);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "exchange " TLS_OTHER " and " TLS);
    return mount_it(NULL, MS_REMOUNT | MS_RDONLY, owner, err);
}
