/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "file.h"
#include "sys.h"

#include <errno.h>
#include <sys/mount.h>

struct early_mount {
    const char *type, *target;
    unsigned long flags;
    const char *data;
    bool make; /* the folder is ours, in the initrd; else the kernel makes it */
};

/* /dev was mounted by console. */
static const struct early_mount mounts[] = {
    {"proc",       "/proc",                MS_NOSUID | MS_NODEV | MS_NOEXEC,             "hidepid=2",         true },
    {"sysfs",      "/sys",                 MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL,                true },
    {"tmpfs",      "/run",                 MS_NOSUID | MS_NODEV | MS_NOEXEC,             "mode=0755",         true },
    {"tmpfs",      "/tmp",                 MS_NOSUID | MS_NODEV | MS_NOEXEC,             "mode=1777,size=1m", true },
    {"configfs",   "/sys/kernel/config",   MS_NOSUID | MS_NODEV | MS_NOEXEC,             NULL,                false},
    {"securityfs", "/sys/kernel/security", MS_NOSUID | MS_NODEV | MS_NOEXEC,             NULL,                false},
    {"cgroup2",    "/sys/fs/cgroup",       MS_NOSUID | MS_NODEV | MS_NOEXEC,             "nsdelegate",        false},
};

static const char *const folders[] = {"/run/nacre", BOOT_VOLUMES_DIR, BOOT_CONTRAST_DIR, BOOT_ATTEST_DIR};

struct early_sysctl {
    const char *path, *value;
    bool must; /* else: the switch belongs to a feature that our kernel leaves out */
};

static const struct early_sysctl sysctls[] = {
    {"/proc/sys/kernel/panic",                     "-1", true }, /* a panic ends the VM at once */
    {"/proc/sys/kernel/panic_on_oops",             "1",  true }, /* never go on after a kernel fault */
    {"/proc/sys/kernel/kptr_restrict",             "2",  true }, /* no kernel address in any file */
    {"/proc/sys/kernel/dmesg_restrict",            "1",  true }, /* the kernel log is for root */
    {"/proc/sys/kernel/core_pattern",              "\n", false}, /* no core files */
    {"/proc/sys/kernel/sysrq",                     "0",  false}, /* no commands from the console */
    {"/proc/sys/kernel/yama/ptrace_scope",         "2",  false}, /* ptrace needs CAP_SYS_PTRACE */
    {"/proc/sys/kernel/unprivileged_bpf_disabled", "2",  false},
    {"/proc/sys/kernel/perf_event_paranoid",       "3",  false},
    {"/proc/sys/kernel/kexec_load_disabled",       "1",  false},
    {"/proc/sys/kernel/modules_disabled",          "1",  false},
    {"/proc/sys/kernel/io_uring_disabled",         "2",  false},
    {"/proc/sys/dev/tty/ldisc_autoload",           "0",  false},
    {"/proc/sys/dev/tty/legacy_tiocsti",           "0",  false},
    {"/proc/sys/vm/unprivileged_userfaultfd",      "0",  false},
    {"/proc/sys/fs/suid_dumpable",                 "0",  false},
    {"/proc/sys/fs/protected_symlinks",            "1",  true },
    {"/proc/sys/fs/protected_hardlinks",           "1",  true },
    {"/proc/sys/fs/protected_fifos",               "2",  true },
    {"/proc/sys/fs/protected_regular",             "2",  true },
};

static int make_folder(const char *path, struct err *err)
{
    int r = sys_mkdir(path, 0755);

    return r < 0 && r != -EEXIST ? err_set(err, ERR_SYS, -r, "mkdir %s", path) : 0;
}

static int mount_one(const struct early_mount *m, struct err *err)
{
    int r;

    if (m->make && make_folder(m->target, err) < 0)
        return -1;
    r = sys_mount(m->type, m->target, m->type, m->flags, m->data);
    return r < 0 ? err_set(err, ERR_SYS, -r, "mount %s", m->target) : 0;
}

static int set_sysctl(const struct early_sysctl *s, struct err *err)
{
    struct err why;

    if (file_write(s->path, span_str(s->value), &why) == 0)
        return 0;
    if (!s->must && why.code == ERR_SYS && why.sys_errno == ENOENT)
        return 0;
    *err = why;
    return -1;
}

int stage_earlyfs(struct boot *boot, struct err *err)
{
    (void) boot;
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++)
        if (mount_one(&mounts[i], err) < 0)
            return -1;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (make_folder(folders[i], err) < 0)
            return -1;
    for (size_t i = 0; i < sizeof sysctls / sizeof sysctls[0]; i++)
        if (set_sysctl(&sysctls[i], err) < 0)
            return -1;
    return 0;
}
