/* SPDX-License-Identifier: GPL-2.0-or-later */
/* init-launch: becomes the workload (docs/launch.md). PID 1 starts it in a new PID namespace with START on
 * the socket; when the socket closes without a word, the execve has succeeded. */
#include "job.h"
#include "launch.h"

#include <errno.h>
#include <unistd.h>

#define STATUS_FAILED 127 /* exit status: the workload never ran */

struct step {
    const char *name;
    int (*run)(const struct policy *policy, struct err *err);
};

static const struct step steps[] = {
    {"namespaces", launch_namespaces},
    {"root",       launch_root      },
    {"process",    launch_process   },
    {"identity",   launch_identity  },
    {"filter",     launch_seccomp   },
};

static int confine(const struct policy *policy, struct err *err)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i].run(policy, err) < 0)
            return err_prefix(err, "%s", steps[i].name);
    return 0;
}

static int launch(struct err *err)
{
    AUTO_JOB job = {0};
    if (job_begin(&job, err) < 0)
        return -1;
    if (job.job != WIRE_JOB_LAUNCH)
        return err_set(err, ERR_HELPER, 0, "expected job launch, found %s", wire_job_name(job.job));
    if (confine(job.policy, err) < 0)
        return -1;
    const struct policy_workload *w = &job.policy->workload;
    (void) execve(w->argv[0], w->argv, w->env);
    return err_set(err, ERR_SYS, errno, "execve %s", w->argv[0]);
}

int main(void)
{
    struct err err;
    (void) launch(&err); /* it only comes back with an error */
    job_failed(&err);
    return STATUS_FAILED;
}
