/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "helper.h"

#define VOLUMES_PATH "/sbin/init-volumes"
#define VOLUMES_DEADLINE_MS 600000 /* a new volume gets a file system first */

int stage_volumes(struct boot *boot, struct err *err)
{
    struct helper volumes = {.job = WIRE_JOB_VOLUMES,
                             .path = VOLUMES_PATH,
                             .output = -1,
                             .listener = -1,
                             .deadline_ms = VOLUMES_DEADLINE_MS,
                             .secret = secret_span(&boot->secret)};
    int r = 0;

    if (boot->policy->volume_count > 0) {
        if (boot->secret.len == 0)
            return err_set(err, ERR_MISSING, 0,
                           "the Coordinator gave no workload secret, but volumes need one");
        r = initdata_file(&boot->initdata, POLICY_NAME, &volumes.policy, err);
        if (r == 0)
            r = helper_run(&volumes, err);
    }
    secret_wipe(&boot->secret); /* nobody needs it any more: the workload has its own copy */
    return r;
}
