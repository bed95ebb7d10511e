/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNAL_MAX 64 /* the kernel's last real-time signal */

/* Both at once: the default for every signal, and none blocked. SIGKILL and SIGSTOP cannot be set. */
static int signals_reset(struct err *err)
{
    for (int s = 1; s <= SIGNAL_MAX; s++)
        (void) signal(s, SIG_DFL); /* fails for those two, and for those that libc keeps for itself */
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return err_set(err, ERR_SYS, errno, "unblock signals");
    return 0;
}

/* Input from nowhere; output stays what PID 1 made it; the socket ends with the execve, all else now. */
static int descriptors_set(struct err *err)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0)
        return err_set(err, ERR_SYS, errno, "/dev/null: open");
    if (dup2(null, 0) < 0)
        return err_set(err, ERR_SYS, errno, "standard input");
    if (syscall(SYS_close_range, 4U, ~0U, 0U) < 0)
        return err_set(err, ERR_SYS, errno, "close_range");
    if (fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
        return err_set(err, ERR_SYS, errno, "standard output and error must be open");
    return 0;
}

static int limit_set(int resource, const char *name, rlim_t soft, rlim_t hard, struct err *err)
{
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    /* glibc's first parameter is an enum of its own */
    if (syscall(SYS_prlimit64, 0, resource, &limit, NULL) < 0)
        return err_set(err, ERR_SYS, errno, "rlimit %s", name);
    return 0;
}

static int limits_set(const struct policy_workload *w, struct err *err)
{
    bool core = false;
    for (size_t i = 0; i < w->rlimit_count; i++) {
        const struct policy_rlimit *r = &w->rlimits[i];
        core = core || r->resource == RLIMIT_CORE;
        if (limit_set(r->resource, r->name, r->soft, r->hard, err) < 0)
            return -1;
    }
    /* a core file would put secrets on a volume or in front of a handler */
    return core ? 0 : limit_set(RLIMIT_CORE, "core", 0, 0, err);
}

int launch_process(const struct policy *policy, struct err *err)
{
    umask(022);
    if (getsid(0) != getpid() && setsid() < 0)
        return err_set(err, ERR_SYS, errno, "setsid");
    if (signals_reset(err) < 0 || descriptors_set(err) < 0)
        return -1;
    return limits_set(&policy->workload, err);
}
