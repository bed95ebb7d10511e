/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"
#include "launch_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_CGROUP LAUNCH_CGROUP "/workload"

/* Move this process into a cgroup of its own: it becomes the root of the workload's cgroup namespace. */
static int cgroup_join(struct err *err)
{
    if (mkdir(OWN_CGROUP, 0755) < 0 && errno != EEXIST)
        return err_set(err, ERR_SYS, errno, "%s: mkdir", OWN_CGROUP);
    AUTO_MOUNT procs = open(OWN_CGROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (procs < 0)
        return err_set(err, ERR_SYS, errno, "%s/cgroup.procs: open", OWN_CGROUP);
    if (write(procs, "0", 1) != 1)
        return err_set(err, ERR_SYS, errno, "%s/cgroup.procs: write", OWN_CGROUP);
    return 0;
}

int launch_namespaces(const struct policy *policy, struct err *err)
{
    const char *hostname = policy->workload.hostname;
    if (getpid() != 1)
        return err_set(err, ERR_HELPER, 0, "expected to be process 1 of a new PID namespace");
    if (cgroup_join(err) < 0)
        return -1;
    if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) < 0)
        return err_set(err, ERR_SYS, errno, "unshare mount, IPC, UTS and cgroup namespaces");
    if (sethostname(hostname, strlen(hostname)) < 0)
        return err_set(err, ERR_SYS, errno, "hostname %s", hostname);
    return launch_mount_private(err);
}
