/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "boot.h"

#include "agent_link.h"

#include <string.h>

void boot_init(struct boot *boot)
{
    memset(boot, 0, sizeof *boot);
    log_start(&boot->log, -1);
}

void boot_wipe(struct boot *boot)
{
    secret_wipe(&boot->secret);
}

void boot_free(struct boot *boot)
{
    boot_wipe(boot);
    agent_link_free(boot->agent);
    policy_free(boot->policy);
    initdata_free(&boot->initdata);
    boot_init(boot);
}
