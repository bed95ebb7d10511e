/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(n) (UINT64_C(1) << (n))

/* User 0 is a user like any other, and all of this stays so. */
#define BITS                                                                                                 \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |        \
     SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int caps_set(uint64_t held, uint64_t inheritable, struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (unsigned i = 0; i < 2; i++) {
        data[i].effective = (uint32_t) (held >> (32 * i));
        data[i].permitted = data[i].effective;
        data[i].inheritable = (uint32_t) (inheritable >> (32 * i));
    }
    if (syscall(SYS_capset, &head, data) < 0)
        return err_set(err, ERR_SYS, errno, "capabilities: capset");
    return 0;
}

static const char *cap_name(unsigned cap)
{
    const char *name = policy_capability_name(cap);
    return name == NULL ? "unnamed capability" : name;
}

/* Ambient, so that the set comes through the execve for every user; the bounding set ends it there. */
static int caps_keep(uint64_t keep, struct err *err)
{
    for (unsigned cap = 0; cap < 64; cap++) {
        int known = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        bool wanted = (keep & BIT(cap)) != 0;
        if (wanted && known != 1)
            return err_set(err, ERR_DENIED, 0, "capabilities: %s: this kernel does not have it",
                           cap_name(cap));
        if (wanted && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
            return err_set(err, ERR_SYS, errno, "capabilities: %s: keep", cap_name(cap));
        if (!wanted && known == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return err_set(err, ERR_SYS, errno, "capabilities: %s: drop", cap_name(cap));
    }
    return 0;
}

static int ids_set(const struct policy_workload *w, struct err *err)
{
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return err_set(err, ERR_SYS, errno, "keep capabilities");
    if (setgroups(w->group_count, w->groups) < 0)
        return err_set(err, ERR_SYS, errno, "groups");
    if (setresgid(w->gid, w->gid, w->gid) < 0)
        return err_set(err, ERR_SYS, errno, "gid %u", w->gid);
    if (setresuid(w->uid, w->uid, w->uid) < 0)
        return err_set(err, ERR_SYS, errno, "uid %u", w->uid);
    return 0;
}

int launch_identity(const struct policy *policy, struct err *err)
{
    const struct policy_workload *w = &policy->workload;
    uint64_t keep = w->capabilities;
    if (ids_set(w, err) < 0 || caps_set(keep | BIT(CAP_SETPCAP), keep, err) < 0 || caps_keep(keep, err) < 0)
        return -1;
    if (prctl(PR_SET_SECUREBITS, BITS, 0, 0, 0) < 0)
        return err_set(err, ERR_SYS, errno, "securebits");
    if (caps_set(keep, keep, err) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_set(err, ERR_SYS, errno, "no_new_privs");
    if (chdir(w->cwd) < 0)
        return err_set(err, errno == ENOENT ? ERR_MISSING : ERR_SYS, errno == ENOENT ? 0 : errno, "cwd %s",
                       w->cwd);
    if (faccessat(AT_FDCWD, w->argv[0], X_OK, AT_EACCESS) < 0)
        return err_set(err, errno == ENOENT ? ERR_MISSING : ERR_SYS, errno == ENOENT ? 0 : errno,
                       "argv[0] %s", w->argv[0]);
    return 0;
}
