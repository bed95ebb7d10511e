/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "helper.h"

#include <sched.h>

#define LAUNCH_PATH "/sbin/init-launch"
#define LAUNCH_DEADLINE_MS 60000
/* A PID namespace begins with a new process; init-launch makes all the other ones itself. */
#define LAUNCH_NAMESPACES CLONE_NEWPID

int stage_workload(struct boot *boot, struct err *err)
{
    struct helper launch = {.job = WIRE_JOB_LAUNCH,
                            .path = LAUNCH_PATH,
                            .namespaces = LAUNCH_NAMESPACES,
                            .output =
                                boot->policy->workload.console == POLICY_CONSOLE_HOST ? boot->log.fd : -1,
                            .deadline_ms = LAUNCH_DEADLINE_MS};
    pid_t workload;

    if (initdata_file(&boot->initdata, POLICY_NAME, &launch.policy, err) < 0)
        return -1;
    if (helper_launch(&launch, &workload, err) < 0)
        return -1;
    boot->workload = workload;
    return 0;
}
