/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stages.h"

#include "disk.h"

/* The policy's platforms and devices are this machine's. */
static int check_fit(const struct boot *boot, const struct policy *policy, struct err *err)
{
    struct disk_list disks;

    if ((policy->platforms & (unsigned) boot->platform.tee) == 0)
        return err_set(err, ERR_DENIED, 0, "policy.json: platforms: this machine is %s, which is not listed",
                       boot->platform.tee == POLICY_SNP ? "snp" : "tdx");
    if (disk_list(&disks, err) < 0)
        return -1;
    if (disk_check_serial(&disks, policy->image.device, err) < 0)
        return err_prefix(err, "policy.json: image.device");
    for (size_t i = 0; i < policy->volume_count; i++)
        if (disk_check_serial(&disks, policy->volumes[i].device, err) < 0)
            return err_prefix(err, "policy.json: volumes[%zu].device", i);
    return 0;
}

int stage_policy(struct boot *boot, struct err *err)
{
    struct span text;
    AUTO_POLICY *policy = NULL;

    if (initdata_file(&boot->initdata, POLICY_NAME, &text, err) < 0)
        return -1;
    if (policy_parse(text, &policy, err) < 0 || check_fit(boot, policy, err) < 0)
        return -1;
    boot->policy = policy;
    policy = NULL;
    return 0;
}
