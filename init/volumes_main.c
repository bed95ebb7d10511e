/* SPDX-License-Identifier: GPL-2.0-or-later */
/* init-volumes: opens and mounts disks for PID 1: one job over the socket, then it is gone. */
#include "job.h"
#include "volumes.h"

static int work(struct err *err)
{
    AUTO_JOB job = {0};
    if (job_begin(&job, err) < 0)
        return -1;
    switch (job.job) {
    case WIRE_JOB_VOLUMES:
        return volumes_encrypted(job.policy, &job.secret, err);
    case WIRE_JOB_IMAGE:
        return volumes_image(job.policy, err);
    case WIRE_JOB_AGENT:
    case WIRE_JOB_LAUNCH:
        break;
    }
    return err_set(err, ERR_HELPER, 0, "expected job volumes or image, found %s", wire_job_name(job.job));
}

int main(void)
{
    struct err err;
    if (work(&err) < 0) {
        job_failed(&err);
        return 1;
    }
    job_done();
    return 0;
}
