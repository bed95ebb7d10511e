/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"
#include "launch_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define NOSUID_NODEV (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define DATA_ONLY (NOSUID_NODEV | MOUNT_ATTR_NOEXEC)
#define PATH_CAP (POLICY_PATH_MAX + 32)

/* The detached trees that come from the old root. */
struct sources {
    int image;
    int contrast; /* -1: there is none */
    int attest;   /* -1: the policy wants none */
    int volumes[POLICY_VOLUMES_MAX];
};

/* What any workload sees of the kernel through /proc is cut down to its own processes and plain numbers.
 * A path that this kernel does not have needs no mask. */
static const char *const proc_masked[] = {
    "/proc/acpi",         "/proc/asound",      "/proc/interrupts", "/proc/iomem",         "/proc/ioports",
    "/proc/kallsyms",     "/proc/kcore",       "/proc/key-users",  "/proc/keys",          "/proc/kmsg",
    "/proc/kpagecgroup",  "/proc/kpagecount",  "/proc/kpageflags", "/proc/latency_stats", "/proc/modules",
    "/proc/pagetypeinfo", "/proc/sched_debug", "/proc/scsi",       "/proc/slabinfo",      "/proc/timer_list",
    "/proc/timer_stats",  "/proc/vmallocinfo",
};
static const char *const proc_readonly[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};

struct device {
    const char *name;
    unsigned int major, minor;
};
static const struct device devices[] = {
    {"null",    1, 3},
    {"zero",    1, 5},
    {"full",    1, 7},
    {"random",  1, 8},
    {"urandom", 1, 9},
};

struct link {
    const char *name, *target;
};
static const struct link links[] = {
    {"fd",     "/proc/self/fd"  },
    {"stdin",  "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"},
};

/* Mount points in /dev; "nacre" is for the attestation socket. */
static const char *const folders[] = {"shm", "nacre"};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static int sources_take(const struct policy *policy, struct sources *s, struct err *err)
{
    char path[PATH_CAP];
    s->image = launch_mount_copy(LAUNCH_IMAGE, MOUNT_ATTR_RDONLY | NOSUID_NODEV, err);
    if (s->image < 0)
        return err_prefix(err, "image");
    for (size_t i = 0; i < policy->volume_count; i++) {
        (void) snprintf(path, sizeof path, LAUNCH_VOLUMES "/%s", policy->volumes[i].name);
        s->volumes[i] = launch_mount_copy(path, NOSUID_NODEV, err);
        if (s->volumes[i] < 0)
            return err_prefix(err, "volume %s", policy->volumes[i].name);
    }
    if (policy->workload.attestation != POLICY_ATTESTATION_NONE) {
        s->attest = launch_mount_copy(LAUNCH_ATTEST, MOUNT_ATTR_RDONLY | DATA_ONLY, err);
        if (s->attest < 0)
            return -1;
    }
    struct stat st;
    if (!policy->has_coordinator)
        return 0;
    if (lstat(LAUNCH_CONTRAST, &st) < 0)
        return errno == ENOENT ? 0 : err_set(err, ERR_SYS, errno, LAUNCH_CONTRAST ": stat");
    s->contrast = launch_mount_copy(LAUNCH_CONTRAST, MOUNT_ATTR_RDONLY | DATA_ONLY, err);
    return s->contrast < 0 ? -1 : 0;
}

static void sources_close(struct sources *s)
{
    launch_mount_close(&s->image);
    launch_mount_close(&s->contrast);
    launch_mount_close(&s->attest);
    for (size_t i = 0; i < POLICY_VOLUMES_MAX; i++)
        launch_mount_close(&s->volumes[i]);
}

/* pivot_root does not work where the old root is the initramfs: so the old tree's mounts go, and the image is
 * moved on top of what is left, the measured initramfs, which no path leads to any more. */
static int root_change(int image, struct err *err)
{
    static const char *const old[] = {"/run", "/dev", "/sys", "/tmp", "/proc"};
    for (size_t i = 0; i < COUNT(old); i++)
        if (launch_mount_detach(old[i], err) < 0)
            return -1;
    if (launch_mount_attach(image, "/", err) < 0)
        return -1;
    if (fchdir(image) < 0 || chroot(".") < 0 || chdir("/") < 0)
        return err_set(err, ERR_SYS, errno, "image: chroot");
    return 0;
}

static int proc_make(struct err *err)
{
    static const char *const options[] = {"hidepid", "invisible", NULL};
    AUTO_MOUNT tree = launch_mount_new("proc", options, DATA_ONLY, err);
    return tree < 0 ? -1 : launch_mount_attach(tree, "/proc", err);
}

static int dev_fill(int tree, struct err *err)
{
    for (size_t i = 0; i < COUNT(devices); i++) {
        const struct device *d = &devices[i];
        if (mknodat(tree, d->name, S_IFCHR | 0666, makedev(d->major, d->minor)) < 0 ||
            fchmodat(tree, d->name, 0666, 0) < 0)
            return err_set(err, ERR_SYS, errno, "/dev/%s: mknod", d->name);
    }
    for (size_t i = 0; i < COUNT(links); i++)
        if (symlinkat(links[i].target, tree, links[i].name) < 0)
            return err_set(err, ERR_SYS, errno, "/dev/%s: symlink", links[i].name);
    for (size_t i = 0; i < COUNT(folders); i++)
        if (mkdirat(tree, folders[i], 0755) < 0)
            return err_set(err, ERR_SYS, errno, "/dev/%s: mkdir", folders[i]);
    return 0;
}

static int tmpfs_make(const char *path, uint64_t size_bytes, struct err *err)
{
    char size[24];
    (void) snprintf(size, sizeof size, "%llu", (unsigned long long) size_bytes);
    const char *const options[] = {"mode", "1777", "size", size, NULL};
    AUTO_MOUNT tree = launch_mount_new("tmpfs", options, DATA_ONLY, err);
    return tree < 0 ? -1 : launch_mount_attach(tree, path, err);
}

static int dev_make(struct err *err)
{
    static const char *const options[] = {"mode", "0755", "size", "64k", NULL};
    AUTO_MOUNT tree = launch_mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
    if (tree < 0 || dev_fill(tree, err) < 0 ||
        launch_mount_protect(tree, MOUNT_ATTR_RDONLY, "/dev", err) < 0 ||
        launch_mount_attach(tree, "/dev", err) < 0)
        return -1;
    return tmpfs_make("/dev/shm", LAUNCH_SHM_BYTES, err);
}

/* An empty read-only folder over a folder, /dev/null over anything else. */
static int mask(const char *path, struct err *err)
{
    static const char *const options[] = {"mode", "0555", "size", "4k", "nr_inodes", "1", NULL};
    struct stat st;
    AUTO_MOUNT target = launch_mount_target(path, err);
    if (target < 0)
        return -1;
    if (fstat(target, &st) < 0)
        return err_set(err, ERR_SYS, errno, "%s: stat", path);
    AUTO_MOUNT tree = S_ISDIR(st.st_mode)
                          ? launch_mount_new("tmpfs", options, MOUNT_ATTR_RDONLY | DATA_ONLY, err)
                          : launch_mount_copy("/dev/null", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
    return tree < 0 ? -1 : launch_mount_attach(tree, path, err);
}

static int readonly(const char *path, struct err *err)
{
    AUTO_MOUNT target = launch_mount_target(path, err);
    if (target < 0)
        return -1;
    AUTO_MOUNT tree = launch_mount_copy(path, MOUNT_ATTR_RDONLY, err);
    return tree < 0 ? -1 : launch_mount_attach(tree, path, err);
}

/* Which files /proc has depends on the kernel: what is not there needs no protection. */
static bool kernels_choice(const char *path)
{
    return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0;
}

static int protect(const char *const *paths, size_t count, int (*how)(const char *, struct err *),
                   struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (how(paths[i], err) == 0)
            continue;
        if (err->code != ERR_MISSING || !kernels_choice(paths[i]))
            return -1;
    }
    return 0;
}

static int data_make(const struct policy *policy, const struct sources *s, struct err *err)
{
    const struct policy_workload *w = &policy->workload;
    for (size_t i = 0; i < w->tmpfs_count; i++)
        if (tmpfs_make(w->tmpfs[i].path, w->tmpfs[i].size_bytes, err) < 0)
            return err_prefix(err, "tmpfs");
    for (size_t i = 0; i < policy->volume_count; i++)
        if (launch_mount_attach(s->volumes[i], policy->volumes[i].mount, err) < 0)
            return err_prefix(err, "volume %s", policy->volumes[i].name);
    if (s->attest >= 0 && launch_mount_attach(s->attest, "/dev/nacre", err) < 0)
        return -1;
    return s->contrast < 0 ? 0 : launch_mount_attach(s->contrast, "/contrast", err);
}

static int root_fill(const struct policy *policy, const struct sources *s, struct err *err)
{
    const struct policy_workload *w = &policy->workload;
    if (root_change(s->image, err) < 0 || proc_make(err) < 0 || dev_make(err) < 0 ||
        data_make(policy, s, err) < 0)
        return -1;
    if (protect(w->readonly_paths, w->readonly_count, readonly, err) < 0 ||
        protect(w->masked_paths, w->masked_count, mask, err) < 0)
        return err_prefix(err, "policy path");
    if (protect(proc_readonly, COUNT(proc_readonly), readonly, err) < 0)
        return -1;
    return protect(proc_masked, COUNT(proc_masked), mask, err);
}

int launch_root(const struct policy *policy, struct err *err)
{
    struct sources s = {.image = -1, .contrast = -1, .attest = -1};
    for (size_t i = 0; i < POLICY_VOLUMES_MAX; i++)
        s.volumes[i] = -1;
    int rc = sources_take(policy, &s, err);
    if (rc == 0)
        rc = root_fill(policy, &s, err);
    sources_close(&s);
    return rc;
}
