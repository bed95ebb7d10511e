/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "helper.h"

#define VOLUMES_PATH "/sbin/init-volumes"
#define IMAGE_DEADLINE_MS 60000

int stage_image(struct boot *boot, struct err *err)
{
    struct helper image = {.job = WIRE_JOB_IMAGE,
                           .path = VOLUMES_PATH,
                           .output = -1,
                           .listener = -1,
                           .deadline_ms = IMAGE_DEADLINE_MS};

    if (initdata_file(&boot->initdata, POLICY_NAME, &image.policy, err) < 0)
        return -1;
    return helper_run(&image, err);
}
