/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "helper.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#define LAUNCH_PATH "/sbin/init-launch"
#define LAUNCH_DEADLINE_MS 60000
/* A PID namespace begins with a new process; init-launch makes all the other ones itself. */
#define LAUNCH_NAMESPACES CLONE_NEWPID

/* The console for the workload: not PID 1's own descriptor, whose flags it could change. -1 for none, also
 * where the machine has no console: the kernel log is not for the workload. */
static int open_output(const struct policy_workload *workload, int *output, struct err *err)
{
    int fd = -1;

    if (workload->console == POLICY_CONSOLE_HOST) {
        fd = sys_open("/dev/console", O_WRONLY, 0);
        if (fd < 0 && fd != -ENODEV)
            return err_set(err, ERR_SYS, -fd, "open /dev/console");
    }
    *output = fd < 0 ? -1 : fd;
    return 0;
}

int stage_workload(struct boot *boot, struct err *err)
{
    AUTO_FD output = -1;
    struct helper launch = {.job = WIRE_JOB_LAUNCH,
                            .path = LAUNCH_PATH,
                            .namespaces = LAUNCH_NAMESPACES,
                            .listener = -1,
                            .deadline_ms = LAUNCH_DEADLINE_MS};
    pid_t workload;

    if (open_output(&boot->policy->workload, &output, err) < 0)
        return -1;
    launch.output = output;
    if (initdata_file(&boot->initdata, POLICY_NAME, &launch.policy, err) < 0)
        return -1;
    if (helper_launch(&launch, &workload, err) < 0)
        return -1;
    boot->workload = workload;
    return 0;
}
