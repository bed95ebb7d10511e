/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervise.h"

#include "figures.h"
#include "sys.h"

#include <signal.h>

#define SIGNALLED 128 /* the exit status of a process killed by signal N is this + N, as in a shell */

static bool is_forwarded(int signal)
{
    static const int forwarded[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

    for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++)
        if (forwarded[i] == signal)
            return true;
    return false;
}

/* Reap whatever has ended. Returns 1 when the workload was among it, with *end filled; 0; or -1 on failure.
 */
static int reap_all(pid_t workload, struct boot_end *end)
{
    for (;;) {
        struct sys_end child = {0};
        pid_t pid = sys_wait_child(-1, 0, &child);

        if (pid < 0)
            return err_set(&end->err, ERR_SYS, -pid, "wait for the workload");
        if (pid == 0)
            return 0;
        if (pid == workload) {
            end->exited = true;
            end->status = child.by_signal ? SIGNALLED + child.status : child.status;
            return 1;
        }
    }
}

void supervise(struct boot *boot, struct boot_end *end)
{
    end->stage = "supervise";
    if (figures_say(&boot->log, boot->start_ns, &end->err) < 0)
        return;
    while (reap_all(boot->workload, end) == 0) {
        int signal = sys_signal_next(SYS_FOREVER);

        if (signal < 0) {
            (void) err_set(&end->err, ERR_SYS, -signal, "wait for a signal");
            return;
        }
        if (is_forwarded(signal))
            (void) sys_kill(boot->workload, signal); /* it may just have ended: the next turn reaps it */
    }
}
