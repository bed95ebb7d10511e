/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start the agent: it joins the Coordinator, and stays to renew and to serve the workload's attestation
 * socket. A VM whose policy wants neither has no agent.
 */
#include "stages.h"

#include "agent_link.h"
#include "sys.h"

int stage_attest(struct boot *boot, struct err *err)
{
    const struct policy *policy = boot->policy;
    struct agent_link_config config = {.policy = policy,
                                       .event_head = boot->events.head,
                                       .log = &boot->log,
                                       .secret = &boot->secret,
                                       .epochs = &boot->epochs};
    struct agent_link *link = NULL;
    int r;

    if (!policy->has_coordinator && policy->workload.attestation == POLICY_ATTESTATION_NONE)
        return 0;
    r = sys_lock_memory(&boot->secret, sizeof boot->secret);
    if (r < 0)
        return err_set(err, ERR_SYS, -r, "lock memory");
    if (initdata_file(&boot->initdata, POLICY_NAME, &config.policy_text, err) < 0)
        return -1;
    if (agent_link_start(&config, &link, err) < 0) {
        secret_wipe(&boot->secret);
        return -1;
    }
    boot->agent = link;
    return 0;
}
