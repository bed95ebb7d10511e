/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervise.h"

#include "agent_link.h"
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

/* Reap whatever has ended. Returns 1 when the workload was among it, with *end filled; 0; or -1 on failure,
 * which the agent's end is too. */
static int reap_all(struct boot *boot, struct boot_end *end)
{
    bool agent_died = false;

    for (;;) {
        struct sys_end child = {0};
        pid_t pid = sys_wait_child(-1, 0, &child);

        if (pid < 0)
            return err_set(&end->err, ERR_SYS, -pid, "wait for the workload");
        if (pid == 0)
            break;
        if (pid == boot->workload) {
            end->exited = true;
            end->status = child.by_signal ? SIGNALLED + child.status : child.status;
            return 1;
        }
        if (boot->agent != NULL && agent_link_is_dead(boot->agent, &child, &end->err))
            agent_died = true;
    }
    if (!agent_died)
        return 0;
    end->stage = "attest";
    return -1;
}

/* The agent has something to say. After a renewal the workload is told, if the policy wants it. */
static int hear_agent(struct boot *boot, struct boot_end *end)
{
    int signal = boot->policy->workload.reload_signal;
    int r = agent_link_turn(boot->agent, &end->err);

    if (r < 0)
        end->stage = "attest";
    if (r <= 0)
        return r;
    log_info(&boot->log, "certificate renewed");
    if (signal != 0)
        (void) sys_kill(boot->workload, signal); /* it may just have ended: the next turn reaps it */
    return 0;
}

/* Wait for a signal or for the agent, and do what it asks for. */
static int turn(struct boot *boot, struct boot_end *end)
{
    const struct agent_link *agent = boot->agent;
    int signal = 0;
    int r = sys_wait_event(agent != NULL ? agent_link_fd(agent) : -1, SYS_FOREVER, &signal);

    if (r < 0)
        return err_set(&end->err, ERR_SYS, -r, "wait for a signal");
    if (is_forwarded(signal))
        (void) sys_kill(boot->workload, signal); /* as above */
    if (r == 0 || agent == NULL)
        return 0;
    return hear_agent(boot, end);
}

void supervise(struct boot *boot, struct boot_end *end)
{
    end->stage = "supervise";
    if (figures_say(&boot->log, boot->start_ns, &end->err) < 0)
        return;
    while (reap_all(boot, end) == 0 && turn(boot, end) == 0)
        ;
}
