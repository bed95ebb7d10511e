/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent.h"
#include "attempts.h"
#include "channel.h"
#include "os.h"
#include "renew.h"
#include "sandbox.h"

/* The agent's work, in order; beside each step what is true once it has passed. */
static int (*const steps[])(struct agent *agent, struct err *err) = {
    sandbox_enter,   /* no privilege, no file, a filter on system calls */
    channel_start,   /* the policy is parsed */
    attempts_run,    /* the Coordinator that the policy pins, if there is one, has issued our certificate */
    renew_hand_over, /* PID 1 has certificates, key and secret */
    channel_ready,   /* it knows that we stay */
    renew_run,       /* until the VM's end */
};

int main(void)
{
    struct agent agent = {.start_ms = os_now_ms()};
    struct err err = {0};
    int rc = 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rc == 0; i++)
        rc = steps[i](&agent, &err);
    if (rc < 0)
        channel_failed(&err);
    join_free(agent.join);
    policy_free(agent.policy);
    return rc < 0 ? 1 : 0;
}
